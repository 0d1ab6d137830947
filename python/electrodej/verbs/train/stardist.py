"""``electrodej train stardist``: a network that outlines particles on sections."""

from __future__ import annotations

from dataclasses import dataclass

from electrodej.networks.stardist.settings import StarDistSettings
from electrodej.options import PathTo, Settings, Text, argument, flag, nested, option, output, voxel_size
from electrodej.run import Run
from electrodej.verb import Outcome, Verb
from electrodej.vocabulary import PathLike, Spacing


@dataclass(frozen=True, kw_only=True)
class TrainStarDistOptions(Settings):
    """What a StarDist model learns from, and how."""

    data: PathLike = argument(PathTo(), "images with their annotations")
    init: PathLike | None = option(
        None,
        PathTo(metavar="MODEL", role="model"),
        "start from this model: a bundled name or a StarDist folder",
    )
    resume: bool = flag("go on with a training that was stopped, with the same options")
    description: str = option("", Text(), "a sentence for the model's card")
    settings: StarDistSettings = nested(StarDistSettings)
    spacing: Spacing | None = voxel_size(
        "voxel size of the images in micrometres, instead of the one in the files"
    )
    out: PathLike = output("the model's folder", role="folder")


def train(options: TrainStarDistOptions, run: Run) -> Outcome:
    """Train on a folder of images with labels, VIA polygons or ImageJ ROIs."""
    from electrodej.annotation import read_pairs
    from electrodej.files import check_target
    from electrodej.models.libraries import use_threads
    from electrodej.networks.stardist.train import train_stardist

    check_target(options.out, force=run.force, inputs=[options.data])
    use_threads(run.cores)
    trained = train_stardist(
        read_pairs(options.data),
        options.out,
        settings=options.settings,
        init=options.init,
        description=options.description,
        spacing=options.spacing,
        resume=options.resume,
        run=run,
    )
    numbers = trained.as_dict()
    f1 = ", ".join(f"{score:.3f} at IoU {iou}" for iou, score in numbers["validation_f1"].items())
    return Outcome(
        numbers,
        f"{options.out}: best after epoch {numbers['best_epoch']} of {numbers['epochs']}, "
        f"F1 {f1} on {numbers['validation_images']} validation images",
        {"model": options.out},
        result=trained,
    )


VERB = Verb(
    name="train stardist",
    summary="outlines particles on sections",
    help="""Train a StarDist model, which outlines particles on sections.

DATA is a folder with the subfolders images and masks (label images), a VIA JSON beside its images, or a
folder of images with ImageJ ROI zips of the same name.""",
    example="electrodej train stardist annotated/ --out my-particles --init nmc-particles --epochs 30",
    options=TrainStarDistOptions,
    work=train,
    takes=("force", "jobs"),
)
