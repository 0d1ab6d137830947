"""Scores as a person reads them: tables on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from electrodej.vocabulary import counted

if TYPE_CHECKING:
    from electrodej.score import CocoScores, InstanceScores, PhaseScores, ThresholdScore

_PARTICLE_COLUMNS = ("IoU", "found", "invented", "missed", "precision", "recall")
_PARTICLE_RATIOS = ("F1", "AP", "matched IoU", "true IoU", "PQ")
_PHASE_COLUMNS = ("class", "IoU", "Dice", "precision", "recall", "true share", "predicted share")


def particle_text(scores: InstanceScores) -> str:
    """Return a row for each threshold, and the mean."""
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


def phase_text(scores: PhaseScores) -> str:
    """Return a row for each class, and which was taken for which."""
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


def coco_text(scores: CocoScores) -> str:
    """Return a row for each kind of particles, as COCO's own evaluation lists them."""
    rows = [
        ["all", *map(_share, (scores.ap, scores.ap50, scores.ap75, scores.ar_1, scores.ar_10, scores.ar))]
    ]
    for area in ("small", "medium", "large"):
        ap, ar = getattr(scores, f"ap_{area}"), getattr(scores, f"ar_{area}")
        if ap is not None:
            rows.append([area, _share(ap), "", "", "", "", _share(ar)])
    images = counted(scores.images, "image")
    return (
        f"{scores.n_true} true and {scores.n_pred} predicted particles in {images}; undefined is empty\n\n"
        + _table(("particles", "AP", "AP50", "AP75", "AR 1", "AR 10", f"AR {scores.most}"), rows)
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
