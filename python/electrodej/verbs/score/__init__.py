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
    Settings,
    Whole,
    argument,
    flag,
    option,
    output,
    voxel_size,
)
from electrodej.run import Run
from electrodej.verb import Outcome, Verb
from electrodej.vocabulary import PathLike, Spacing

if TYPE_CHECKING:
    from electrodej.score import InstanceScores, PhaseScores


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
            raise ValueError(f"{value!r} is not a label; give a whole number from 0, or none")
        return value


@dataclass(frozen=True, kw_only=True)
class ScoreOptions(Settings):
    """What is compared with what, and how."""

    pred: Any = argument(Image(labels=True), "the labels or phases to judge", title="Labels to judge")
    truth: Any = argument(Image(labels=True), "the labels or phases that are right", title="True labels")
    phases: bool = flag("compare phases, not particles")
    ignore: int | Literal["none"] | None = option(
        None,
        LabelOrNone(),
        "value of TRUTH where nobody annotated; such voxels do not count",
        usual="none; with --phases 255, and none makes 255 a class",
    )
    criterion: Literal["iou", "iot", "iop"] = option(
        "iou",
        Choice(("iou", "iot", "iop")),
        "what two particles share, over their union (iou), over the true one (iot) or over the predicted "
        "one (iop)",
        group="particles",
    )
    min_volume: float = option(
        0.0,
        Number(0, metavar="UM3"),
        "leave out smaller particles, in cubic micrometres",
        usual="0",
        group="particles",
    )
    exclude_border: bool = flag("leave out particles cut by the border", group="particles")
    names: tuple[str, ...] = option(
        (),
        Names(numbered=True),
        "names of the classes 0, 1, ..., e.g. pore,binder,particle,crack",
        group="phases",
    )
    only: int | None = option(
        None,
        Whole(0, metavar="CLASS"),
        "judge this class of TRUTH against all others; in PRED it may be the only number other than 0",
        group="phases",
    )
    spacing: Spacing | None = voxel_size()
    out: PathLike | None = output(
        "write the scores (.json), or the best partner of every true particle (.csv)",
        ".json",
        ".csv",
        default=None,
    )

    def check(self) -> None:
        others = ("criterion", "min_volume", "exclude_border") if self.phases else ("names", "only")
        for each in self.options():
            if each.name in others and self.value_of(each) != each.default:
                kind = "particles; leave it out with --phases" if self.phases else "--phases; leave it out"
                raise UsageError(f"{each.flag} is for {kind}")
        if self.only is not None and self.only == self.ignore:
            raise UsageError("--only and --ignore name the same class; choose two")


def score(options: ScoreOptions, run: Run) -> Outcome:
    """Compare the two images."""
    from electrodej.verbs.score.text import particle_text, phase_text

    plain = options.as_plain()
    kind = "phases" if options.phases else "particles"
    scores: InstanceScores | PhaseScores
    if options.phases:
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

    suffix = check_out(options.out, (".json", ".csv"), force=run.force)
    with (
        open_volume(options.pred, spacing=options.spacing) as pred,
        open_volume(options.truth, spacing=options.spacing) as truth,
    ):
        name = Path(truth.path).name
        scores = score_instances(
            pred,
            truth,
            settings=InstanceSettings(
                criterion=options.criterion,
                ignore=None if options.ignore == "none" else options.ignore,
                min_volume=options.min_volume,
                exclude_border=options.exclude_border,
            ),
            spacing=options.spacing,
            particles=suffix == ".csv",
            run=run,
        )
    if options.out is not None and suffix == ".json":
        write_json(options.out, scores.as_dict(), force=run.force)
    if options.out is not None and scores.particles is not None:
        write_partners(options.out, name, scores, force=run.force)
    return scores


def score_phases(options: ScoreOptions, run: Run) -> PhaseScores:
    """Score one phase volume against another, and write what is asked for."""
    from electrodej import score as room
    from electrodej.verbs.score.files import check_out, write_json
    from electrodej.volume import open_volume

    check_out(options.out, (".json",), force=run.force)
    ignore = room.UNLABELLED if options.ignore is None else options.ignore
    with (
        open_volume(options.pred, spacing=options.spacing) as pred,
        open_volume(options.truth, spacing=options.spacing) as truth,
    ):
        scores = room.score_phases(
            pred,
            truth,
            ignore=None if ignore == "none" else ignore,
            only=options.only,
            names=dict(enumerate(options.names)),
            run=run,
        )
    if options.out is not None:
        write_json(options.out, scores.as_dict(), force=run.force)
    return scores


VERB = Verb(
    name="score",
    summary="compare a segmentation with the truth",
    help="""Compare a segmentation with the truth, on images of any size.

Particles are paired one to one by their intersection over union (IoU) and counted as found, invented
or missed at each threshold from 0.5 to 0.95. With --phases every value is a class, and the classes are
compared voxel by voxel. What each figure means: docs/score.md.""",
    example="electrodej score particles.tif labels.tif --exclude-border",
    options=ScoreOptions,
    work=score,
    takes=("force", "jobs", "memory"),
)
