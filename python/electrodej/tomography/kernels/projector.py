"""Parallel projection of slices, forth and back: each the exact transpose of the other.

A pixel at (y, x) falls at t = (x - x0) cos + (y - y0) sin + centre on the detector, and is shared by the two
nearest bins. The slices of a slab lie next to one another in memory, because all share the places.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrodej.compiled import compiled_inline, compiled_without_nan

Grid = NDArray[np.float32]
Turns = NDArray[np.float64]

# Edge of the tiles of pixels; a tile and the bins that it meets stay in the nearest memory.
_TILE = 16


@compiled_inline
def _gather(total: Grid, low: Grid, high: Grid, share: np.float32, n: int) -> None:
    for k in range(n):
        total[k] += low[k] + share * (high[k] - low[k])


@compiled_inline
def _scatter(values: Grid, low: Grid, high: Grid, share: np.float32, n: int) -> None:
    for k in range(n):
        part = share * values[k]
        high[k] += part
        low[k] += values[k] - part


@compiled_inline
def _meet(image: Grid, turns: Turns, middle: Turns, bins: Grid, back: bool) -> None:
    """Visit each pixel at each angle, tile by tile, with the two bins that it falls between."""
    count, columns, depth = bins.shape
    height, width, _ = image.shape
    x0, y0, centre = middle
    for ty in range(0, height, _TILE):
        for tx in range(0, width, _TILE):
            for a in range(count):
                cos, sin = turns[a]
                for y in range(ty, min(ty + _TILE, height)):
                    start = (y - y0) * sin - x0 * cos + centre
                    for x in range(tx, min(tx + _TILE, width)):
                        t = start + x * cos
                        if t >= 0 and t <= columns - 1:
                            i = min(int(t), columns - 2)
                            share = np.float32(t - i)
                            if back:
                                _gather(image[y, x], bins[a, i], bins[a, i + 1], share, depth)
                            else:
                                _scatter(image[y, x], bins[a, i], bins[a, i + 1], share, depth)


@compiled_without_nan
def back_project(bins: Grid, turns: Turns, middle: Turns, out: Grid) -> None:
    """Add up, for each pixel, the bins that it falls on.

    Parameters
    ----------
    bins
        (angles, columns, slices).
    turns
        (angles, 2): cosine and sine.
    middle
        (x0, y0, centre): the axis in the pixels of ``out``, and on the detector.
    out
        (y, x, slices); added to. Bins beyond the detector count nothing.
    """
    _meet(out, turns, middle, bins, True)


@compiled_without_nan
def project(image: Grid, turns: Turns, middle: Turns, bins: Grid) -> None:
    """Add each pixel to the bins that it falls on: the transpose of `back_project`."""
    _meet(image, turns, middle, bins, False)
