"""``electrodej fuse``: three views to 3D particles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from electrodej.errors import UsageError
from electrodej.fusion.settings import METHODS, FusionSettings, Method
from electrodej.models.engines.names import EngineName, engine_option
from electrodej.options import (
    Choice,
    Image,
    PathTo,
    Settings,
    Whole,
    argument,
    as_is,
    flag,
    nested,
    network_scale,
    option,
    output,
    voxel_size,
)
from electrodej.run import Run
from electrodej.verb import Menu, Outcome, Verb
from electrodej.verbs.fuse.settings import RoundSettings
from electrodej.vocabulary import VIEWS, PathLike, Spacing, counted

_INSTEAD = "instead of a model"
_FUSION = "fusion"
_OF_A_MODEL = ("model", "scale", "as_is", "rounds", "resume")


_VIEW = Image(metavar="P")


@dataclass(frozen=True, kw_only=True)
class FuseOptions(Settings):
    """In what particles are sought, and how three views are fused."""

    image: Any = argument(Image(), "the grey volume", default=None, title="Grey image")
    model: PathLike | None = option(
        None, PathTo(metavar="M", role="model"), "a bundled model, a model folder or an exported zip"
    )
    scale: float | None = network_scale()
    as_is: bool = as_is()
    engine: EngineName = engine_option()
    resume: bool = flag("take the views that a stopped run has finished")
    rounds: int = option(
        0,
        Whole(0, 9),
        "first train the model further on what it found in the three views together, N times",
    )
    teaching: RoundSettings = nested(RoundSettings)
    xy: Any = option(None, _VIEW, "probability of the xy sections", group=_INSTEAD)
    xz: Any = option(None, _VIEW, "probability of the xz sections", group=_INSTEAD)
    yz: Any = option(None, _VIEW, "probability of the yz sections", group=_INSTEAD)
    grey: Any = option(
        None, Image(), "the grey volume, for --intact, --refine and the pictures", group=_INSTEAD
    )
    method: Method = option("flow", Choice(METHODS), "how the views are fused", group=_FUSION)
    intact: bool = flag(
        "leave cracks and dark cores out of the labels, as measure needs it for the damage", group=_FUSION
    )
    refine: int | None = option(
        None,
        Whole(0, 8),
        "move borders by up to N voxels to the edges in the grey volume",
        usual="1 where there is one",
        group=_FUSION,
    )
    settings: FusionSettings = nested(FusionSettings)
    pictures: PathLike | None = option(
        None,
        PathTo(metavar="DIR", role="folder"),
        "draw outlines in three views and a sheet of doubtful particles",
        group=_FUSION,
    )
    shapes: PathLike | None = option(
        None,
        PathTo(metavar="M", role="model"),
        "run this model over the labels in three views, and fuse what it says",
        group=_FUSION,
    )
    spacing: Spacing | None = voxel_size()
    out: PathLike = output("the label volume to write", ".tif", title="Save labels as")

    def check(self) -> None:
        given = [view for view in VIEWS if getattr(self, view) is not None]
        if self.image is None:
            self._check_views(given)
        elif given:
            raise UsageError(f"--{given[0]} replaces the image and the model; leave one or the other out")
        elif self.model is None:
            raise UsageError("say which model finds the particles with --model, e.g. --model nmc-particles")
        elif self.grey is not None:
            raise UsageError("--grey is for three probability volumes; the image is the grey volume")
        if self.settings.reduce != 1 and self.method != "kmeans":
            raise UsageError("--reduce is for the method kmeans; leave it out, or add --method kmeans")

    def _check_views(self, given: list[Any]) -> None:
        """Refuse what does not go with three probability volumes."""
        if not given:
            raise UsageError(
                "give a grey volume with --model, or three probabilities with --xy, --xz and --yz"
            )
        for each in self.options():
            if each.name in _OF_A_MODEL and self.value_of(each) != each.default:
                raise UsageError(f"{each.flag} is for a grey volume; leave it out with --{given[0]}")
        if self.engine != "auto" and self.shapes is None:
            raise UsageError(f"--engine is for a model; leave it out with --{given[0]}")
        if missing := [f"--{view}" for view in VIEWS if view not in given]:
            raise UsageError(f"fusion needs three views; add {' and '.join(missing)}")
        if self.refine and self.grey is None:
            raise UsageError("--refine moves borders to the edges in the grey volume; add --grey IMAGE")
        if self.intact and self.grey is None:
            raise UsageError("--intact leaves out what is dark in the grey volume; add --grey IMAGE")


def fuse(options: FuseOptions, run: Run) -> Outcome:
    """Fuse three views that are given, or that a model makes, and write the particles."""
    from electrodej.verbs.fuse.work import fuse_given_views, fuse_grey_volume

    if run.scheduler is not None and options.method != "flow":
        raise UsageError(f"--scheduler is for the method flow; leave it out with --method {options.method}")
    numbers = (fuse_given_views if options.image is None else fuse_grey_volume)(options, run)
    _note(numbers, run)
    return Outcome(numbers, _text(numbers), {"labels": numbers["labels"], "table": numbers["table"]})


def _note(numbers: Mapping[str, Any], run: Run) -> None:
    """Say what a person should know of the particles."""
    if dropped := numbers["dropped_without_material"]:
        run.note(f"{dropped} more had less intact material than --min-volume")
    if numbers["particles"] == 0:
        doubt = (
            "does the model know such images"
            if "model" in numbers
            else "are the probabilities those of particles, and not all 0"
        )
        run.note(
            f"no particle was found; {doubt}? Are the particles larger than --min-volume and at least "
            "5 voxels across?"
        )


def _text(numbers: Mapping[str, Any]) -> str:
    lines = [
        f"{counted(numbers['particles'], 'particle')} in {numbers['labels']}",
        f"agreement of the views: {numbers['table']}",
    ]
    if "model_learnt" in numbers:
        lines.append(f"model trained on them: {numbers['model_learnt']}")
    lines += [f"picture: {picture}" for picture in numbers.get("pictures", ())]
    return "\n".join(lines)


VERB = Verb(
    name="fuse",
    summary="find 3D particles from the three views of a volume",
    help="""Find 3D particles from the three views of a volume.

Give a grey volume and a StarDist model, which then runs over all xy, xz and yz sections; or three probability
volumes that are there already, all in the volume's own ZYX order. What one view misses the others show.
Beside the labels lies a table of how far the views agree on each particle. The methods: docs/fusion.md.""",
    example="electrodej fuse grey.tif --model nmc-particles --out particles.tif",
    options=FuseOptions,
    work=fuse,
    takes=("force", "jobs", "memory", "scheduler"),
    menu=Menu(
        "Fuse Views",
        ("image", "model", "method", "spacing", "out"),
        further=("scale", "intact", "min_volume", "rounds"),
        models=("nmc-particles",),
        shows="labels",
        names={"image": "grey"},
    ),
)
