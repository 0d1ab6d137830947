"""Compiled: flooding from given centres, highest level first."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled

LEVELS = 1024


@compiled
def start_flood(field: Any, labels: Any, places: Any, heads: Any, tails: Any, following: Any) -> None:
    """Label the centres, ``places[1:]`` in the linear order of ``labels``, and put them in their queues."""
    wide = labels.shape[2]
    rows = labels.shape[1]
    flat = labels.reshape(-1)
    for label in range(1, len(places)):
        at = places[label]
        flat[at] = label
        z, rest = at // (rows * wide), at % (rows * wide)
        push(heads, tails, following, field[z, rest // wide, rest % wide] >> 6, at)


@compiled
def flood(
    field: Any, floor: int, labels: Any, heads: Any, tails: Any, following: Any, level: int, most: int
) -> int:
    """Give up to ``most`` voxels' labels on to their neighbours; return the level to go on with, or -1."""
    depth, rows, columns = labels.shape
    flat = labels.reshape(-1)
    done = 0
    while level >= 0:
        at = heads[level]
        if at < 0:
            level -= 1
            continue
        if done == most:
            return level
        done += 1
        heads[level] = following[at]
        if following[at] < 0:
            tails[level] = -1
        z = at // (rows * columns)
        y = at // columns % rows
        x = at % columns
        for zz in range(max(0, z - 1), min(depth, z + 2)):
            for yy in range(max(0, y - 1), min(rows, y + 2)):
                for xx in range(max(0, x - 1), min(columns, x + 2)):
                    if labels[zz, yy, xx] == 0 and field[zz, yy, xx] >= floor:
                        labels[zz, yy, xx] = flat[at]
                        other = (zz * rows + yy) * columns + xx
                        push(heads, tails, following, _lower(level, field[zz, yy, xx]), other)
    return -1


@compiled
def _lower(level: Any, value: Any) -> Any:
    """The level of a value, but none above the one that the flood is at."""
    return min(np.int64(level), np.int64(value) >> np.int64(6))


@compiled
def push(heads: Any, tails: Any, following: Any, level: int, at: int) -> None:
    """Put a voxel at the end of its level's queue."""
    following[at] = -1
    if heads[level] < 0:
        heads[level] = at
    else:
        following[tails[level]] = at
    tails[level] = at
