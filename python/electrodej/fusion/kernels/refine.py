"""Compiled: the grey inside and around each particle, and borders that move to where it is half way."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled


@compiled
def add_greys(labels: Any, grey: Any, first: int, count: int, deep: Any, far: Any, sums: Any) -> None:
    """Add the grey of ``count`` slices from slice ``first`` on to ``sums`` (label, 4).

    Columns are sum and number inside, sum and number around. A voxel is inside a particle where the voxels
    at ``deep`` (z, y, x) from it along each axis are the particle's too. It is around one that lies just
    ``far`` (z, y, x) from it, along an axis, if none is next to it. What lies beyond the arrays is not asked.
    """
    shape = labels.shape
    for z in range(first, first + count):
        for y in range(shape[1]):
            for x in range(shape[2]):
                own = labels[z, y, x]
                at = (z, y, x)
                inside, alone = True, True
                if own:
                    for axis in range(3):
                        for side in (-1, 1):
                            other = _along(labels, at, axis, side * deep[axis])
                            inside = inside and (other < 0 or other == own)
                    if inside:
                        sums[own, 0] += grey[z, y, x]
                        sums[own, 1] += 1
                    continue
                for axis in range(3):
                    for side in (-1, 1):
                        alone = alone and _along(labels, at, axis, side) <= 0
                if not alone:
                    continue
                for axis in range(3):
                    for side in (-1, 1):
                        for step in range(1, far[axis] + 1):
                            other = _along(labels, at, axis, side * step)
                            if other < 0:
                                break
                            if other:
                                if step == far[axis]:
                                    sums[other, 2] += grey[z, y, x]
                                    sums[other, 3] += 1
                                break


@compiled
def _along(labels: Any, at: Any, axis: int, step: int) -> Any:
    """The label at a distance along an axis, -1 beyond the array."""
    z, y, x = at
    if axis == 0:
        z += step
    elif axis == 1:
        y += step
    else:
        x += step
    if z < 0 or y < 0 or x < 0 or z >= labels.shape[0] or y >= labels.shape[1] or x >= labels.shape[2]:
        return np.int64(-1)
    return np.int64(labels[z, y, x])


@compiled
def move_borders(labels: Any, grey: Any, least: Any, axes: Any, out: Any) -> None:
    """Let every border move by one voxel at most, along the ``axes`` (z, y, x) that are not 0.

    A particle's voxel next to background becomes background where it is darker than the particle's
    ``least`` (label,). A background voxel becomes that particle's of which it is at least as bright as
    ``least`` asks, and to which most of its neighbours belong; the lower number of equals. NaN: as it is.
    """
    depth, rows, columns = labels.shape
    near = np.empty(6, np.int64)
    for z in range(depth):
        for y in range(rows):
            line = labels[z, y]
            target = out[z, y]
            target[:] = line
            for x in range(columns):
                own = np.int64(line[x])
                found, background = 0, False
                for axis in range(3):
                    if axes[axis] == 0:
                        continue
                    for side in (-1, 1):
                        other = _along(labels, (z, y, x), axis, side)
                        if other == 0:
                            background = True
                        elif other > 0 and other != own:
                            near[found] = other
                            found += 1
                if own:
                    if background and grey[z, y, x] < least[own]:
                        target[x] = 0
                elif found:
                    target[x] = _most(near[:found], grey[z, y, x], least)


@compiled
def _most(near: Any, value: float, least: Any) -> Any:
    """The most frequent label whose particle a voxel of this grey belongs to, 0 where there is none."""
    best, times = np.int64(0), 0
    for one in near:
        if not value >= least[one]:
            continue
        equal = 0
        for other in near:
            equal += one == other
        if equal > times or (equal == times and one < best):
            best, times = one, equal
    return best
