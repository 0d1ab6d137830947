"""``electrodej score``: compare a segmentation with the truth."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from electrodej.cli.context import Context
from electrodej.cli.options import add_common, number_within, whole_from

if TYPE_CHECKING:
    from electrodej.score import InstanceScores, PhaseScores, ThresholdScore

HELP = """Compare a segmentation with the truth, on images of any size.

Particles are paired one to one by their intersection over union (IoU) and counted as found, invented
or missed at each threshold from 0.5 to 0.95. With --phases every value is a class, and the classes are
compared voxel by voxel. What each figure means: docs/score.md."""
EXAMPLE = "electrodej score particles.tif labels.tif --exclude-border"

_PARTICLE_COLUMNS = ("IoU", "found", "invented", "missed", "precision", "recall")
_PARTICLE_RATIOS = ("F1", "AP", "matched IoU", "true IoU", "PQ")
_PHASE_COLUMNS = ("class", "IoU", "Dice", "precision", "recall", "true share", "predicted share")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    parser.add_argument("pred", metavar="PRED", help="the labels or phases to judge")
    parser.add_argument("truth", metavar="TRUTH", help="the labels or phases that are right")
    parser.add_argument("--phases", action="store_true", help="compare phases, not particles")
    parser.add_argument(
        "--ignore",
        metavar="LABEL",
        type=_parse_ignore,
        default=argparse.SUPPRESS,
        help="value of TRUTH where nobody annotated; such voxels do not count "
        "(default: none; with --phases 255, and none makes 255 a class)",
    )
    group = parser.add_argument_group("particles")
    group.add_argument(
        "--criterion",
        choices=("iou", "iot", "iop"),
        help="what two particles share, over their union (iou, the default), over the true one (iot) or over "
        "the predicted one (iop)",
    )
    group.add_argument(
        "--min-volume",
        metavar="UM3",
        type=number_within(0),
        help="leave out smaller particles, in cubic micrometres",
    )
    group.add_argument("--exclude-border", action="store_true", help="leave out particles cut by the border")
    group = parser.add_argument_group("phases")
    group.add_argument(
        "--names", metavar="A,B,...", help="names of the classes 0, 1, ..., e.g. pore,binder,particle,crack"
    )
    group.add_argument(
        "--only",
        metavar="CLASS",
        type=whole_from(0),
        help="judge this class of TRUTH against all others; in PRED it may be the only number other than 0",
    )
    add_common(
        parser,
        "spacing",
        "out",
        "force",
        "jobs",
        "memory",
        out="write the scores (.json), or the best partner of every true particle (.csv)",
    )


def run(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Score the two images and show the scores."""
    _check_usage(options)
    scores = (_phases if options.phases else _particles)(options, context)
    for note in scores.notes:
        context.note(f"note: {note}")
    kind = "phases" if options.phases else "particles"
    return {"pred": options.pred, "truth": options.truth, "kind": kind} | scores.as_dict()


def _particles(options: argparse.Namespace, context: Context) -> InstanceScores:
    from dataclasses import replace

    from electrodej.jobs.score import score_particles

    scores = score_particles(
        options.pred,
        options.truth,
        out=options.out,
        criterion=options.criterion or "iou",
        ignore=getattr(options, "ignore", None),
        min_volume=options.min_volume or 0.0,
        exclude_border=options.exclude_border,
        spacing=options.spacing,
        memory=options.memory,
        jobs=options.jobs,
        force=options.force,
        progress=context.progress,
    )
    context.finish_progress()
    context.say(_particle_text(scores))
    if scores.particles is not None:
        context.say(f"\nbest partner of every true particle: {options.out}")
    # The table may have a hundred thousand rows; it is in the file.
    return replace(scores, particles=None)


def _phases(options: argparse.Namespace, context: Context) -> PhaseScores:
    from electrodej.jobs.score import score_phases
    from electrodej.score import UNLABELLED

    names = [] if options.names is None else [name.strip() for name in options.names.split(",")]
    scores = score_phases(
        options.pred,
        options.truth,
        out=options.out,
        ignore=getattr(options, "ignore", UNLABELLED),
        only=options.only,
        names=dict(enumerate(names)),
        spacing=options.spacing,
        memory=options.memory,
        jobs=options.jobs,
        force=options.force,
        progress=context.progress,
    )
    context.finish_progress()
    context.say(_phase_text(scores))
    return scores


def _check_usage(options: argparse.Namespace) -> None:
    from electrodej.errors import UsageError

    if not options.phases:
        for name, value in (("--names", options.names), ("--only", options.only)):
            if value is not None:
                raise UsageError(f"{name} is for --phases; leave it out")
        return
    for name, given in (
        ("--criterion", options.criterion is not None),
        ("--min-volume", options.min_volume is not None),
        ("--exclude-border", options.exclude_border),
    ):
        if given:
            raise UsageError(f"{name} is for particles; leave it out with --phases")
    if options.only is not None and options.only == getattr(options, "ignore", None):
        raise UsageError("--only and --ignore name the same class; choose two")


def _parse_ignore(text: str) -> int | None:
    if text.lower() == "none":
        return None
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a label; give a whole number from 0, or none")
    return int(text)


def _particle_text(scores: InstanceScores) -> str:
    mean = scores.mean
    rows = [_particle_row(score) for score in scores.thresholds]
    rows.append(
        ["mean", "", "", ""]
        + [_share(mean[name]) for name in ("precision", "recall", "f1", "accuracy")]
        + [_share(mean[name]) for name in ("mean_matched_score", "mean_true_score", "panoptic_quality")]
    )
    head = [name.replace("IoU", scores.criterion.replace("iou", "IoU")) for name in _PARTICLE_COLUMNS]
    ratios = [name.replace("IoU", scores.criterion.replace("iou", "IoU")) for name in _PARTICLE_RATIOS]
    shape = " x ".join(map(str, scores.shape))
    return f"{scores.n_true} true and {scores.n_pred} predicted particles in {shape} voxels\n\n" + _table(
        [*head, *ratios], rows
    )


def _particle_row(score: ThresholdScore) -> list[str]:
    return [
        f"{score.threshold:.2f}",
        *map(str, (score.tp, score.fp, score.fn)),
        *map(_share, (score.precision, score.recall, score.f1, score.accuracy)),
        *map(_share, (score.mean_matched_score, score.mean_true_score, score.panoptic_quality)),
    ]


def _phase_text(scores: PhaseScores) -> str:
    rows = [
        [c.name, *map(_share, (c.iou, c.dice, c.precision, c.recall, c.truth_share, c.pred_share))]
        for c in scores.classes
    ]
    rows.append(["mean", _share(scores.mean_iou), _share(scores.mean_dice)] + [""] * 4)
    return (
        f"accuracy {_share(scores.accuracy) or 'undefined'} over {scores.voxels} voxels\n\n"
        + _table(_PHASE_COLUMNS, rows)
        + "\n\nvoxels by true class (row) and predicted class (column)\n"
        + _table(*_confusion(scores))
    )


def _confusion(scores: PhaseScores) -> tuple[list[str], list[list[str]]]:
    names = [score.name for score in scores.classes]
    none = any(scores.unlabelled)
    rows = [
        [name, *map(str, voxels), *([str(left)] if none else [])]
        for name, voxels, left in zip(names, scores.confusion, scores.unlabelled, strict=True)
    ]
    return ["", *names, *(["unlabelled"] if none else [])], rows


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
