"""``electrodej score``: compare a segmentation with the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from electrodej.errors import UsageError
from electrodej.options import (
    Choice,
    Image,
    Kind,
    Names,
    Number,
    PathTo,
    Settings,
    Whole,
    argument,
    flag,
    option,
    output,
    quoted,
    voxel_size,
)
from electrodej.run import Run
from electrodej.verb import Menu, Outcome, Verb
from electrodej.vocabulary import PathLike, Spacing

if TYPE_CHECKING:
    from electrodej.score import CocoScores, InstanceScores, PhaseScores


@dataclass(frozen=True)
class LabelOrNone(Kind):
    """A label, or the word none.

    >>> LabelOrNone().read("7"), LabelOrNone().read("None")
    (7, 'none')
    """

    metavar: str = "LABEL"

    def read(self, text: str) -> int | str:
        return self.check(int(text) if text.isdecimal() else text)

    def check(self, value: Any) -> int | str:
        if isinstance(value, str) and value.lower() == "none":
            return "none"
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"{quoted(value)} is not a label; give a whole number from 0, or none")
        return value


@dataclass(frozen=True, kw_only=True)
class ScoreOptions(Settings):
    """What is compared with what, and how."""

    pred: Any = argument(Image(labels=True), "the labels or phases to judge", title="Labels to judge")
    truth: Any = argument(Image(labels=True), "the labels or phases that are right", title="True labels")
    phases: bool = flag("compare phases, not particles", title="Compare phases")
    ignore: int | Literal["none"] | None = option(
        None,
        LabelOrNone(),
        "value of TRUTH where nobody annotated; such voxels do not count",
        usual="none; with --phases 255, and none makes 255 a class",
        title="Number of what is not annotated",
    )
    criterion: Literal["iou", "iot", "iop"] = option(
        "iou",
        Choice(("iou", "iot", "iop")),
        "what two particles share, over their union (iou), over the true one (iot) or over the predicted "
        "one (iop)",
        title="Particles match by",
        group="particles",
    )
    min_volume: float = option(
        0.0,
        Number(0, metavar="UM3"),
        "leave out smaller particles, in cubic micrometres",
        usual="0",
        title="Smallest volume (um^3)",
        group="particles",
    )
    exclude_border: bool = flag(
        "leave out particles cut by the border", title="Leave out particles at the border", group="particles"
    )
    coco: bool = flag("COCO's average precision and recall instead", title="COCO scores", group="particles")
    confidence: PathLike | None = option(
        None,
        PathTo(metavar="TABLE.csv", suffixes=(".csv",)),
        "how sure the method is: a table with the columns Label, Confidence and, where slices are images of "
        "their own, Slice (from 0)",
        title="Table of confidence",
        group="with --coco",
    )
    slices: bool = flag(
        "every slice is an image of its own, not part of a body",
        title="Slices are unrelated",
        group="with --coco",
    )
    most: int = option(
        100,
        Whole(1, metavar="N"),
        "so many predictions count in an image, the most confident ones; COCO's own limit is 100",
        title="Most predictions in an image",
        group="with --coco",
    )
    names: tuple[str, ...] = option(
        (),
        Names(numbered=True),
        "names of the classes 0, 1, ..., e.g. pore,binder,particle,crack",
        title="Names of the phases",
        group="phases",
    )
    only: int | None = option(
        None,
        Whole(0, metavar="CLASS"),
        "judge this class of TRUTH against all others; in PRED it may be the only number other than 0",
        title="Only this phase",
        group="phases",
    )
    spacing: Spacing | None = voxel_size()
    out: PathLike | None = output(
        "write the scores (.json), or the best partner of every true particle (.csv)",
        ".json",
        ".csv",
        default=None,
        title="Save scores as",
    )

    def check(self) -> None:
        for each in self.options():
            if self.value_of(each) != each.default and (place := self._elsewhere(each.name)):
                raise UsageError(f"{each.flag} is for {place}")
        if self.only is not None and self.only == self.ignore:
            raise UsageError("--only and --ignore name the same class; choose two")

    def _elsewhere(self, name: str) -> str:
        """Return for what an option is, where that is not what is asked for."""
        if self.phases and name in ("criterion", "min_volume", "exclude_border", "coco"):
            return "particles; leave it out with --phases"
        if not self.phases and name in ("names", "only"):
            return "--phases; leave it out"
        if self.coco and name in ("criterion", "min_volume", "exclude_border"):
            return "scores other than COCO's; leave it out with --coco"
        if not self.coco and name in ("confidence", "slices", "most"):
            return "COCO's scores; give --coco too"
        return ""


def score(options: ScoreOptions, run: Run) -> Outcome:
    """Compare the two images."""
    from electrodej.verbs.score.text import coco_text, particle_text, phase_text

    plain = options.as_plain()
    kind = "phases" if options.phases else "coco" if options.coco else "particles"
    scores: InstanceScores | PhaseScores | CocoScores
    if options.coco:
        scores = coco = score_coco(options, run)
        text = coco_text(coco)
    elif options.phases:
        scores = phases = score_phases(options, run)
        text = phase_text(phases)
    else:
        found = score_particles(options, run)
        text = particle_text(found)
        if found.particles is not None:
            text += f"\n\nbest partner of every true particle: {options.out}"
        # The table may have a hundred thousand rows; it is in the file.
        scores = replace(found, particles=None)
    run.note(*scores.notes)
    numbers = {"pred": plain["pred"], "truth": plain["truth"], "kind": kind} | scores.as_dict()
    files = {} if options.out is None else {"scores": options.out}
    return Outcome(numbers, text, files, result=scores)


def score_particles(options: ScoreOptions, run: Run) -> InstanceScores:
    """Score the particles of one label volume against those of another, and write what is asked for."""
    from electrodej.score import InstanceSettings, score_instances
    from electrodej.verbs.score.files import check_out, write_json, write_partners
    from electrodej.volume import open_volume

    suffix = check_out(options.out, (".json", ".csv"), run)
    with (
        open_volume(options.pred, spacing=options.spacing) as pred,
        open_volume(options.truth, spacing=options.spacing) as truth,
    ):
        name = Path(truth.path).name
        scores = score_instances(
            pred,
            truth,
            InstanceSettings(
                criterion=options.criterion,
                ignore=None if options.ignore == "none" else options.ignore,
                min_volume=options.min_volume,
                exclude_border=options.exclude_border,
            ),
            run,
            spacing=options.spacing,
            particles=suffix == ".csv",
        )
    if options.out is not None and suffix == ".json":
        write_json(options.out, scores.as_dict(), run)
    if options.out is not None and scores.particles is not None:
        write_partners(options.out, name, scores, run)
    return scores


def score_coco(options: ScoreOptions, run: Run) -> CocoScores:
    """Score particles as COCO does, and write what is asked for."""
    from electrodej import score as room
    from electrodej.verbs.score.confidence import read_confidence
    from electrodej.verbs.score.files import check_out, write_json
    from electrodej.volume import open_volume

    check_out(options.out, (".json",), run)
    with (
        open_volume(options.pred, spacing=options.spacing) as pred,
        open_volume(options.truth, spacing=options.spacing) as truth,
    ):
        slices = pred.shape[0] if options.slices else None
        scores = room.score_coco(
            pred,
            truth,
            run,
            confidences=None
            if options.confidence is None
            else read_confidence(options.confidence, slices=slices),
            slices=options.slices,
            ignore=None if options.ignore == "none" else options.ignore,
            most=options.most,
        )
    if options.out is not None:
        write_json(options.out, scores.as_dict(), run)
    return scores


def score_phases(options: ScoreOptions, run: Run) -> PhaseScores:
    """Score one phase volume against another, and write what is asked for."""
    from electrodej import score as room
    from electrodej.verbs.score.files import check_out, write_json
    from electrodej.volume import open_volume

    check_out(options.out, (".json",), run)
    ignore = room.UNLABELLED if options.ignore is None else options.ignore
    with (
        open_volume(options.pred, spacing=options.spacing) as pred,
        open_volume(options.truth, spacing=options.spacing) as truth,
    ):
        scores = room.score_phases(
            pred,
            truth,
            run,
            ignore=None if ignore == "none" else ignore,
            only=options.only,
            names=dict(enumerate(options.names)),
        )
    if options.out is not None:
        write_json(options.out, scores.as_dict(), run)
    return scores


VERB = Verb(
    name="score",
    summary="compare a segmentation with the truth",
    help="""Compare a segmentation with the truth, on images of any size.

Particles are paired one to one by their intersection over union (IoU) and counted as found, invented
or missed at each threshold from 0.5 to 0.95. With --coco they are ranked by --confidence, and the figures are
COCO's: AP, AP50, AP75, AR. With --phases every value is a class, and the classes are
compared voxel by voxel. What each figure means: docs/score.md.""",
    example="electrodej score particles.tif labels.tif --exclude-border",
    options=ScoreOptions,
    work=score,
    takes=("force", "jobs", "memory"),
    menu=Menu(
        "Score Labels",
        ("pred", "truth", "phases", "exclude_border", "min_volume", "spacing", "out"),
        further=("criterion", "ignore", "names", "only", "coco", "confidence", "slices", "most"),
        names={"phases": "comparePhases"},
    ),
)
