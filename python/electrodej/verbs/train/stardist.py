"""``electrodej train stardist``: a network that outlines particles on sections, or finds them in volumes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from electrodej.errors import UsageError
from electrodej.networks.stardist.settings import StarDistSettings
from electrodej.options import Choice, PathTo, nested, option
from electrodej.run import Run
from electrodej.verb import Menu, Outcome, Verb
from electrodej.verbs.train.particles import LearningOptions, trained_outcome
from electrodej.vocabulary import PathLike

if TYPE_CHECKING:
    from electrodej.networks.training.particles import Trained


@dataclass(frozen=True, kw_only=True)
class TrainStarDistOptions(LearningOptions):
    """What a StarDist model learns from, and how."""

    init: PathLike | None = option(
        None,
        PathTo(metavar="MODEL", role="model"),
        "start from this model: a bundled name or a StarDist folder",
    )
    dimensions: int = option(
        2, Choice((2, 3)), "2: on sections; 3: on label volumes, for a model that finds 3D particles at once"
    )
    settings: StarDistSettings = nested(StarDistSettings)


def train(options: TrainStarDistOptions, run: Run) -> Outcome:
    """Train on a folder of images with labels, VIA polygons or ImageJ ROIs."""
    from electrodej.annotation import read_pairs
    from electrodej.files import check_target
    from electrodej.models.libraries import use_threads
    from electrodej.networks.stardist.train import train_stardist

    check_target(options.out, force=run.force, inputs=[options.data])
    use_threads(run.cores)
    pairs = read_pairs(options.data)
    if options.dimensions == 3:
        trained = _train_solid(options, pairs, run)
    else:
        trained = train_stardist(
            pairs,
            options.out,
            options.settings,
            run,
            **options.asked(),
        )
    return trained_outcome(options.out, pairs, trained)


# What sections are trained with and volumes are not.
_OF_SECTIONS = ("blank",)


def _train_solid(options: TrainStarDistOptions, pairs: Any, run: Run) -> Trained:
    """Train on volumes; what is not given is as `SolidSettings` has it."""
    from electrodej.networks.stardist3d.settings import SolidSettings
    from electrodej.networks.stardist3d.train import train_solid
    from electrodej.networks.stardist3d.volumes import read_label_volumes

    given, usual = options.settings.as_plain(), StarDistSettings().as_plain()
    changed = {name: value for name, value in given.items() if value != usual[name]}
    for name in _OF_SECTIONS:
        if name in changed:
            raise UsageError(f"--{name} is for sections; leave it out with --dimensions 3")
    if "grid" in changed:
        rows, columns = changed["grid"]
        if rows != columns:
            raise UsageError("--grid is one number with --dimensions 3; long voxels are seen to")
        changed["grid"] = rows
    settings = SolidSettings().changed(changed)
    run.note(
        f"for volumes: {settings.rays} rays, depth {settings.depth}, patches of {settings.patch} voxels, "
        f"{settings.batch} in each of {settings.steps} steps, learning rate {settings.learning_rate:g}"
    )
    return train_solid(
        read_label_volumes(pairs, progress=run.progress),
        options.out,
        settings,
        run,
        **options.asked(),
    )


VERB = Verb(
    name="train stardist",
    summary="outlines particles on sections, or finds them in volumes",
    help="""Train a StarDist model, which outlines particles on sections.

DATA is a folder with the subfolders images and masks (label images), a VIA JSON beside its images, or a
folder of images with ImageJ ROI zips of the same name.

With --dimensions 3 it learns from grey volumes with label volumes (images and masks), all of one voxel size,
and finds particles in a volume at once; long voxels are honoured. It then has 64 rays, a U-Net of depth 2 and
patches of 96 voxels, 2 of them in a step, where no other value than the ones below is given.""",
    example="electrodej train stardist annotated/ --out my-particles --init nmc-particles --epochs 30",
    options=TrainStarDistOptions,
    work=train,
    takes=("force", "jobs"),
    menu=Menu(
        "Train StarDist",
        ("data", "init", "dimensions", "epochs", "resume", "spacing", "out"),
        further=("steps", "batch", "patch", "patience", "learning_rate", "rays", "seed", "description"),
    ),
)
