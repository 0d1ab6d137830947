"""The bilateral filter over a volume."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrodej.compiled import compiled_without_nan
from electrodej.filters.kernels.rows import divide, weigh_values

Grid = NDArray[np.float32]


@compiled_without_nan
def bilateral(padded: Grid, out: Grid, near: Grid, scale: np.float32) -> None:
    """Filter ``padded`` into ``out``: weights of distance times exp(-difference^2 * scale).

    Parameters
    ----------
    padded
        float32, wider than ``out`` by half of ``near`` on each side.
    near
        The weights of distance, float32, of odd lengths (z, y, x).
    scale
        1 / (2 s^2).
    """
    depth, height, width = out.shape
    lz, ly, lx = near.shape
    total = np.empty(width, np.float32)
    weights = np.empty(width, np.float32)
    for z in range(depth):
        for y in range(height):
            total[:] = np.float32(0)
            weights[:] = np.float32(0)
            here = padded[z + lz // 2, y + ly // 2, lx // 2 :]
            for dz in range(lz):
                for dy in range(ly):
                    for dx in range(lx):
                        values = padded[z + dz, y + dy, dx:]
                        weigh_values(values, here, total, weights, width, near[dz, dy, dx], scale)
            divide(out[z, y], total, weights, width)
