"""Smoothing along one axis, coarser grids and back; every value depends on its surroundings alone.

Sums are taken in one fixed order, so that a voxel has the same value whatever box it is computed in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrodej.compiled import compiled

Grid = NDArray[np.float32]


@compiled
def smooth_along(source: Grid, taps: Grid, out: Grid) -> None:
    """Write the sum of ``taps[k] (v[x - k] + v[x + k])``, mirrored at the ends, along the last axis."""
    depth, rows, length = source.shape
    reach = taps.size - 1
    padded = np.empty(length + 2 * reach, np.float32)
    for z in range(depth):
        for y in range(rows):
            line = source[z, y]
            for x in range(length):
                padded[reach + x] = line[x]
            for k in range(1, reach + 1):
                padded[reach - k] = line[_mirrored(-k, length)]
                padded[reach + length - 1 + k] = line[_mirrored(length - 1 + k, length)]
            target = out[z, y]
            for x in range(length):
                target[x] = taps[0] * padded[reach + x]
            for k in range(1, reach + 1):
                tap = taps[k]
                low = padded[reach - k : reach - k + length]
                high = padded[reach + k : reach + k + length]
                for x in range(length):
                    target[x] += tap * (low[x] + high[x])


@compiled
def smooth_across(source: Grid, taps: Grid, out: Grid) -> None:
    """The same along the middle axis, whole lines at a time."""
    depth, rows, length = source.shape
    for z in range(depth):
        for y in range(rows):
            target = out[z, y]
            line = source[z, y]
            for x in range(length):
                target[x] = taps[0] * line[x]
            for k in range(1, taps.size):
                tap = taps[k]
                low = source[z, _mirrored(y - k, rows)]
                high = source[z, _mirrored(y + k, rows)]
                for x in range(length):
                    target[x] += tap * (low[x] + high[x])


@compiled
def _mirrored(at: int, length: int) -> int:
    """Return the index that a place beyond the ends is a mirror image of: ``d c b a | a b c d | d c b a``."""
    period = 2 * length
    at = at % period
    return period - 1 - at if at >= length else at


@compiled
def enlarge(source: Grid, steps: tuple[int, int, int], start: tuple[int, int, int], out: Grid) -> None:
    """Interpolate linearly from a grid of every ``steps``-th voxel to a box of all voxels.

    ``start`` is where the box begins, in voxels from the coarse grid's first one. Beyond the last one, its
    value holds.
    """
    depth, rows, length = out.shape
    across = np.empty(source.shape[2], np.float32)
    near_x, far_x = np.empty(length, np.int64), np.empty(length, np.int64)
    share_x = np.empty(length, np.float32)
    for x in range(length):
        near_x[x], far_x[x], share_x[x] = _between(start[2] + x, steps[2], source.shape[2])
    for z in range(depth):
        z0, z1, fz = _between(start[0] + z, steps[0], source.shape[0])
        for y in range(rows):
            y0, y1, fy = _between(start[1] + y, steps[1], source.shape[1])
            a, b, c, d = source[z0, y0], source[z0, y1], source[z1, y0], source[z1, y1]
            for x in range(across.size):
                near = a[x] + fy * (b[x] - a[x])
                far = c[x] + fy * (d[x] - c[x])
                across[x] = near + fz * (far - near)
            target = out[z, y]
            for x in range(length):
                low = across[near_x[x]]
                target[x] = low + share_x[x] * (across[far_x[x]] - low)


@compiled
def _between(at: int, step: int, count: int) -> tuple[int, int, np.float32]:
    low = min(at // step, count - 1)
    return (
        low,
        min(low + 1, count - 1),
        np.float32((at - low * step) / step) if low + 1 < count else np.float32(0),
    )
