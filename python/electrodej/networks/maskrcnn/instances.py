"""Particles as boxes with a mask in each, and the labels that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodej.models.grey import FloatArray

# Of a particle, what better ones must leave free for it to be one of its own.
FREE = 0.5


@dataclass(frozen=True)
class Instances:
    """What was found on a section, the surest first.

    Attributes
    ----------
    boxes
        (n, 4): first and last row and column, in pixels and parts of them.
    scores
        (n,): how sure the network is.
    masks
        (n, 28, 28): the probability of the particle in its box; outer values lie on the box's edge.
    """

    boxes: FloatArray
    scores: FloatArray
    masks: FloatArray

    def __len__(self) -> int:
        return len(self.scores)

    def some(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Instances:
        """Return those that are chosen."""
        return Instances(self.boxes[which], self.scores[which], self.masks[which])

    def moved(self, row: int, column: int) -> Instances:
        """Return them on a larger section, in which this one begins at a row and a column."""
        offset = np.array([row, column, row, column], np.float32)
        return Instances(self.boxes + offset, self.scores, self.masks)


def together(parts: Sequence[Instances]) -> Instances:
    """Return all of several parts, the surest first."""
    if not parts:
        return Instances(
            np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 28, 28), np.float32)
        )
    every = Instances(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.masks for part in parts]),
    )
    return every.some(np.argsort(-every.scores, kind="stable"))


def mask_in(
    instances: Instances, number: int, shape: tuple[int, int]
) -> tuple[tuple[slice, slice], NDArray[np.bool_]]:
    """Return where in a section of a shape a particle's box lies, and its mask there."""
    (first_y, first_x, last_y, last_x) = instances.boxes[number].tolist()
    rows, read_rows = _reading(first_y, last_y, shape[0], instances.masks.shape[1])
    columns, read_columns = _reading(first_x, last_x, shape[1], instances.masks.shape[2])
    return (rows, columns), read_rows @ instances.masks[number] @ read_columns.T >= 0.5


def _reading(first: float, last: float, length: int, edge: int) -> tuple[slice, FloatArray]:
    """Return the pixels of an axis in a box, and for each the weights (pixels, edge) of the box's values."""
    start, stop = max(0, int(np.ceil(first - 0.5))), min(length, int(np.floor(last + 0.5)) + 1)
    places = np.arange(start, max(start, stop), dtype=np.float32)
    at = np.clip((places - first) * (edge - 1) / max(last - first, 1e-3), 0, edge - 1)
    below = np.minimum(at.astype(np.intp), edge - 2)
    weights = np.zeros((places.size, edge), np.float32)
    row = np.arange(places.size)
    weights[row, below] = below + 1 - at
    weights[row, below + 1] = at - below
    return slice(start, max(start, stop)), weights


def draw(
    instances: Instances, shape: tuple[int, int], *, free: float = FREE
) -> tuple[NDArray[np.uint16], NDArray[np.intp]]:
    """Draw particles as labels from 1 on, the surest on top.

    One of which surer ones leave less than ``free`` is left out: it is one of them, seen twice.

    Returns
    -------
    labels, kept
        The labels, and which particle has the label 1, 2, ...
    """
    labels = np.zeros(shape, np.uint16)
    kept: list[int] = []
    for number in range(len(instances)):
        box, mask = mask_in(instances, number, shape)
        open_ = mask & (labels[box] == 0)
        size, left = np.count_nonzero(mask), np.count_nonzero(open_)
        if not size or left < free * size or len(kept) == np.iinfo(np.uint16).max:
            continue
        kept.append(number)
        labels[box][open_] = len(kept)
    return labels, np.array(kept, np.intp)
