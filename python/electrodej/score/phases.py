"""Scores of a phase segmentation: how far the classes agree, voxel by voxel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.run import Run
from electrodej.score.images import LabelImage, pair_images, spacing_notes
from electrodej.score.overlap import OverlapTable, overlaps_of_pair
from electrodej.vocabulary import UNLABELLED, Shape

_MOST_CLASSES = 256


@dataclass(frozen=True)
class ClassScore:
    """How well one class is segmented. Ratios over nothing are None.

    Attributes
    ----------
    value, name
        The class in the images, and what it is called.
    truth_voxels, pred_voxels
        Voxels of the class in the truth and in the prediction, n_t and n_p.
    shared_voxels
        Voxels that are of the class in both, n.
    iou, dice
        n / (n_t + n_p - n) and 2 n / (n_t + n_p).
    precision, recall
        n / n_p and n / n_t.
    truth_share, pred_share
        n_t and n_p over all counted voxels: the volume fraction by either image.
    """

    value: int
    name: str
    truth_voxels: int
    pred_voxels: int
    shared_voxels: int
    iou: float
    dice: float
    precision: float | None
    recall: float | None
    truth_share: float
    pred_share: float

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class PhaseScores:
    """Scores of a phase segmentation against its truth.

    Attributes
    ----------
    shape
        (Z, Y, X) of the images.
    voxels
        Voxels that are counted: those whose truth is known.
    classes
        One entry for each class that occurs among the counted voxels of either image, by value.
    confusion
        Voxels by true class (row) and predicted class (column), in the order of ``classes``.
    unlabelled
        Voxels by true class that the prediction leaves unlabelled. They count against that class's
        recall and against the accuracy.
    accuracy
        Share of the counted voxels whose class is right; None where no voxel is counted.
    mean_iou, mean_dice
        Mean over ``classes``; a class that is in neither image has no entry and does not count.
    notes
        Sentences for the user, such as voxel sizes that differ.
    """

    shape: Shape
    voxels: int
    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    unlabelled: tuple[int, ...]
    accuracy: float | None
    mean_iou: float | None
    mean_dice: float | None
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "shape": list(self.shape),
            "voxels": self.voxels,
            "classes": [score.as_dict() for score in self.classes],
            "confusion": [list(row) for row in self.confusion],
            "unlabelled": list(self.unlabelled),
            "accuracy": self.accuracy,
            "mean_iou": self.mean_iou,
            "mean_dice": self.mean_dice,
            "notes": list(self.notes),
        }


def score_phases(
    pred: LabelImage,
    truth: LabelImage,
    run: Run | None = None,
    *,
    ignore: int | None = UNLABELLED,
    only: int | None = None,
    names: Mapping[int, str] | None = None,
) -> PhaseScores:
    """Score predicted phases against true ones, class by class.

    Parameters
    ----------
    pred, truth
        Phase images of one shape, (Z, Y, X) or (Y, X): arrays, memory maps or open volumes, read box
        by box. Every value is a class, 0 too.
    ignore
        Value of voxels that are not labelled. Where ``truth`` has it, a voxel does not count at all;
        where only ``pred`` has it, the voxel is wrong. None: every value is a class.
    only
        Judge this class alone, against all others: 1 where ``truth`` has it and 0 elsewhere. In ``pred`` it
        may have the same value, or be the only value other than 0.
    names
        What the classes are called; their value where they are not named.
    run
        See `electrodej.score.count_overlaps`.

    Raises
    ------
    InputError
        The shapes differ, the values are no classes, or there are more than 256 of them.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([[0, 0, 1, 1, 255]], np.uint8)
    >>> pred = np.array([[0, 0, 0, 1, 1]], np.uint8)
    >>> scores = score_phases(pred, truth, names={0: "pore", 1: "particle"})
    >>> scores.accuracy, [(c.name, round(c.iou, 3), round(c.dice, 3)) for c in scores.classes]
    (0.75, [('pore', 0.667, 0.8), ('particle', 0.5, 0.667)])
    """
    pair = pair_images(pred, truth)
    table = overlaps_of_pair(pair, border=False, run=run or Run())
    if only is not None:
        table, ignore = _alone(table, only, ignore)
    values, confusion, unlabelled = _confusion(table, ignore)
    classes = _class_scores(values, confusion, unlabelled, names or {})
    voxels = int(confusion.sum() + unlabelled.sum())
    return PhaseScores(
        shape=pair.shape,
        voxels=voxels,
        classes=classes,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        unlabelled=tuple(unlabelled.tolist()),
        accuracy=float(np.trace(confusion) / voxels) if voxels else None,
        mean_iou=float(np.mean([score.iou for score in classes])) if classes else None,
        mean_dice=float(np.mean([score.dice for score in classes])) if classes else None,
        notes=(*spacing_notes(pair), *_empty_notes(voxels)),
    )


def _empty_notes(voxels: int) -> tuple[str, ...]:
    return () if voxels else ("no voxel of the truth counts, so there are no scores",)


def _alone(table: OverlapTable, only: int, ignore: int | None) -> tuple[OverlapTable, int | None]:
    """Return the table with 1 for one class and 0 for the others, and what says unlabelled in it."""
    known = np.ones(table.truth.size, bool) if ignore is None else table.truth != ignore
    truth, pred = table.truth[known], table.pred[known]
    others = np.setdiff1d(pred, [0, only, *([] if ignore is None else [ignore])])
    if others.size and only not in pred:
        if others.size > 1:
            raise InputError(
                f"the prediction has no class {only}, but {', '.join(map(str, others[:5]))}; give the number "
                "of a class that it has, or an image of 0 and one other number"
            )
        pred = np.where(pred == others[0], only, pred)
    left = np.zeros(pred.size, bool) if ignore is None else pred == ignore
    alone = replace(
        table,
        truth=(truth == only).astype(np.uint32),
        pred=np.where(left, UNLABELLED, pred == only).astype(np.uint32),
        voxels=table.voxels[known],
    )
    return alone, UNLABELLED


def _confusion(
    table: OverlapTable, ignore: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the classes' values, the voxels by true and predicted class, and those left unlabelled."""
    truth, pred, voxels = table.truth, table.pred, table.voxels
    if ignore is not None:
        counted = truth != ignore
        truth, pred, voxels = truth[counted], pred[counted], voxels[counted]
    labelled = np.ones(pred.size, bool) if ignore is None else pred != ignore
    values = np.unique(np.concatenate([truth, pred[labelled]])).astype(np.int64)
    if values.size > _MOST_CLASSES:
        raise InputError(
            f"the images hold {values.size:,} different values, too many for phases; "
            "score particle labels without --phases (score_instances)"
        )
    confusion = np.zeros((values.size, values.size), np.int64)
    unlabelled = np.zeros(values.size, np.int64)
    rows = np.searchsorted(values, truth)
    columns = np.searchsorted(values, pred[labelled])
    np.add.at(confusion, (rows[labelled], columns), voxels[labelled])
    np.add.at(unlabelled, rows[~labelled], voxels[~labelled])
    return values, confusion, unlabelled


def _class_scores(
    values: NDArray[np.int64],
    confusion: NDArray[np.int64],
    unlabelled: NDArray[np.int64],
    names: Mapping[int, str],
) -> tuple[ClassScore, ...]:
    in_truth = (confusion.sum(axis=1) + unlabelled).tolist()
    in_pred = confusion.sum(axis=0).tolist()
    shared = np.diagonal(confusion).tolist()
    voxels = sum(in_truth)
    return tuple(
        ClassScore(
            value=value,
            name=names.get(value, str(value)),
            truth_voxels=n_t,
            pred_voxels=n_p,
            shared_voxels=n,
            iou=n / (n_t + n_p - n),
            dice=2 * n / (n_t + n_p),
            precision=n / n_p if n_p else None,
            recall=n / n_t if n_t else None,
            truth_share=n_t / voxels,
            pred_share=n_p / voxels,
        )
        for value, n_t, n_p, n in zip(values.tolist(), in_truth, in_pred, shared, strict=True)
    )
