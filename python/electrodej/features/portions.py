"""Which particles are measured together, so that memory is bounded and every core has work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrodej.features.particles import Plan
from electrodej.features.sources import Box
from electrodej.features.typing import Ints

# Voxels of boxes that a task treats at most, so that work stops soon when it is cancelled.
_AT_ONCE = 1e8


@dataclass(frozen=True)
class Portion:
    """Rows of the table, and the window of the volume that holds all these particles need."""

    index: Ints
    window: Box
    cost: float


def in_portions(plan: Plan, boxes: Ints, *, voxel_bytes: int, budget: float, parts: int) -> list[Portion]:
    """Split the particles into portions.

    A portion's window takes at most ``budget`` bytes at ``voxel_bytes`` for each voxel, unless a single
    particle needs more, and at most one part in ``parts`` of the work. Portions are split across z as long
    as that helps, because volumes are stored by planes.
    """
    if not len(boxes):
        return []
    pad = np.asarray(plan.reach, dtype=np.int64) + 1
    low = np.maximum(boxes[:, 0::2] - pad, 0)
    high = np.minimum(boxes[:, 1::2] + pad, np.asarray(plan.shape))
    cost = np.prod(high - low, axis=1).astype(float)
    limit = min(cost.sum() / parts, _AT_ONCE)
    portions = []
    waiting = [np.lexsort((boxes[:, 4], boxes[:, 2], boxes[:, 0]))]
    while waiting:
        index = waiting.pop()
        first, last = low[index].min(axis=0), high[index].max(axis=0)
        size = float(np.prod(last - first)) * voxel_bytes
        if len(index) == 1 or (size <= budget and cost[index].sum() <= limit):
            window = tuple(int(v) for pair in zip(first, last, strict=True) for v in pair)
            portions.append(Portion(index, _box(window), float(cost[index].sum())))
            continue
        axis = _axis(last - first, (high - low)[index].max(axis=0))
        middle = (low[index, axis] + high[index, axis]) / 2
        ranked = index[np.argsort(middle, kind="stable")]
        waiting += [ranked[len(ranked) // 2 :], ranked[: len(ranked) // 2]]
    return portions


def _axis(window: Ints, largest: Ints) -> int:
    if window[0] > 2 * largest[0]:
        return 0
    return int(np.argmax(window / np.maximum(largest, 1)))


def _box(values: tuple[int, ...]) -> Box:
    z0, z1, y0, y1, x0, x1 = values
    return z0, z1, y0, y1, x0, x1
