"""Non-local means over a volume."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrodej.compiled import compiled_without_nan
from electrodej.filters.kernels.rows import add, add_square, divide, weigh_patches

Grid = NDArray[np.float32]

# Of a tile, whose arrays stay in the nearest memory.
_ROWS, _COLUMNS = 16, 256


@compiled_without_nan
def nonlocal_means(
    padded: Grid,
    out: Grid,
    patch: tuple[int, int, int],
    reach: tuple[int, int, int],
    scale: np.float32,
    noise: np.float32,
) -> None:
    """Filter ``padded`` into ``out``.

    w = exp(-max(d - noise, 0) * scale), d the mean squared difference of the two patches; sums run over the
    patch anew for each place, so that a slab gives the same bits as the whole.

    Parameters
    ----------
    padded
        float32, ``patch + reach`` voxels wider than ``out`` on each side.
    patch, reach
        Half edges (z, y, x) of what is compared and of where.
    scale
        1 / h^2.
    noise
        Twice the noise's variance, by which two patches of the same object differ.
    """
    depth, height, width = out.shape
    pz, py, px = patch
    rz, ry, rx = reach
    share = np.float32(1 / ((2 * pz + 1) * (2 * py + 1) * (2 * px + 1)))
    zero = np.float32(0)
    columns = min(_COLUMNS, width)
    square = np.empty(columns + 2 * px, np.float32)
    across = np.empty((_ROWS + 2 * py, columns), np.float32)
    patches = np.empty(columns, np.float32)
    total = np.empty((_ROWS, columns), np.float32)
    weights = np.empty((_ROWS, columns), np.float32)
    for z in range(depth):
        for y0 in range(0, height, _ROWS):
            rows = min(_ROWS, height - y0)
            for x0 in range(0, width, columns):
                n = min(columns, width - x0)
                total[:] = zero
                weights[:] = zero
                for dz in range(-rz, rz + 1):
                    for dy in range(-ry, ry + 1):
                        for dx in range(-rx, rx + 1):
                            # Squared differences, summed over the patch along z, then x, then y.
                            for y in range(rows + 2 * py):
                                square[:] = zero
                                for kz in range(2 * pz + 1):
                                    here = padded[z + rz + kz, y0 + ry + y, x0 + rx :]
                                    there = padded[z + rz + kz + dz, y0 + ry + y + dy, x0 + rx + dx :]
                                    add_square(square, here, there, n + 2 * px)
                                across[y] = zero
                                for k in range(2 * px + 1):
                                    add(across[y], square[k:], n)
                            for y in range(rows):
                                patches[:] = zero
                                for k in range(2 * py + 1):
                                    add(patches, across[y + k], n)
                                values = padded[z + rz + pz + dz, y0 + ry + py + y + dy, x0 + rx + px + dx :]
                                weigh_patches(values, patches, total[y], weights[y], n, share, noise, scale)
                for y in range(rows):
                    divide(out[z, y0 + y, x0:], total[y], weights[y], n)
