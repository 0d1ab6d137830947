"""Compiled: labels found at reduced size, brought back without steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled


@compiled
def enlarge(values: Any, labels: Any, n: int, least: int, z0: int, out: Any) -> None:
    """Label the voxels of ``out``, whose first slice is ``z0``, from blocks of ``n`` voxels.

    A voxel is inside where the blocks' values, interpolated between their centres, reach ``least``. Of the
    eight blocks around it, the label with the most weight is its own.
    """
    depth, rows, columns = out.shape
    weight = np.empty(8)
    label = np.empty(8, np.int64)
    for z in range(depth):
        for y in range(rows):
            for x in range(columns):
                value = 0.0
                lz, hz, fz = between(z + z0, n, values.shape[0])
                ly, hy, fy = between(y, n, values.shape[1])
                lx, hx, fx = between(x, n, values.shape[2])
                for corner in range(8):
                    cz, cy, cx = corner >> 2, (corner >> 1) & 1, corner & 1
                    at_z, at_y, at_x = (hz if cz else lz), (hy if cy else ly), (hx if cx else lx)
                    share = (fz if cz else 1 - fz) * (fy if cy else 1 - fy) * (fx if cx else 1 - fx)
                    weight[corner] = share
                    label[corner] = labels[at_z, at_y, at_x]
                    value += share * values[at_z, at_y, at_x]
                out[z, y, x] = heaviest(label, weight) if value >= least else 0


@compiled
def between(at: int, n: int, blocks: int) -> Any:
    """The two blocks whose centres are around a voxel, and how far it is from the first to the second."""
    place = (at + 0.5) / n - 0.5
    low = int(np.floor(place))
    share = place - low
    return min(max(low, 0), blocks - 1), min(max(low + 1, 0), blocks - 1), share


@compiled
def heaviest(label: Any, weight: Any) -> int:
    """The label other than 0 with the most weight in all, the lower of equals; 0 where there is none."""
    best, most = 0, 0.0
    for n in range(8):
        if label[n] == 0:
            continue
        total = 0.0
        for m in range(8):
            if label[m] == label[n]:
                total += weight[m]
        if total > most or (total == most and label[n] < best):
            best, most = label[n], total
    return best
