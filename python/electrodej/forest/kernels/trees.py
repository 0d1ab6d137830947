"""Voxels go down the trees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrodej.compiled import compiled

# Voxels whose measures stay in the processor's nearest memory while they go down all trees.
_BLOCK = 256
# Of them so many go down side by side, without waiting for each other; `_BLOCK` is a multiple of it.
_SIDE_BY_SIDE = 8


@compiled
def as_steps(
    measures: NDArray[np.float32],
    low: NDArray[np.float32],
    factor: NDArray[np.float32],
    out: NDArray[np.uint16],
) -> None:
    """Write measures, shape (measures, voxels), in 65,536 equal steps; what lies beyond stops at the ends."""
    for m in range(measures.shape[0]):
        start, times = low[m], factor[m]
        source, target = measures[m], out[m]
        for v in range(measures.shape[1]):
            target[v] = np.uint16(min(max((source[v] - start) * times, np.float32(0)), np.float32(65535)))


@compiled
def ask_trees(
    steps: NDArray[np.uint16],
    roots: NDArray[np.int32],
    nodes: NDArray[np.uint64],
    leaves: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Write the mean over all trees of what their leaves hold.

    Parameters
    ----------
    steps
        Measures in whole steps, shape (measures, voxels).
    roots
        First node of each tree.
    nodes
        Of each node, from its low bits on: the measure (8 bits), the threshold (16 bits), and the child's
        number (32 bits). A voxel goes to that child where its measure is at most the threshold, else to the
        node after that. A leaf has the threshold 65535 and is its own child, so that four voxels can go down
        side by side without waiting for each other.
    leaves
        For each node what its leaf holds, shape (nodes, values); nothing of other nodes is used.
    out
        Shape (voxels, values).
    """
    count, voxels = steps.shape
    values = leaves.shape[1]
    # Four values are added at once.
    fours = values - values % 4
    block = np.zeros((_BLOCK, count), np.uint16)
    total = np.empty((_BLOCK, values), np.float32)
    here = np.empty(_SIDE_BY_SIDE, np.uint64)
    share = np.float32(1.0 / roots.size)
    # Without signs, so that no index is looked at for being negative.
    eight, low_bits, high = np.uint64(8), np.uint64(255), np.uint64(24)
    sixteen, none = np.uint64(65535), np.uint64(0)
    for start in range(0, voxels, _BLOCK):
        size = min(_BLOCK, voxels - start)
        for m in range(count):
            for row in range(size):
                block[row, m] = steps[m, start + row]
        total[:] = 0.0
        for tree in range(roots.size):
            for first in range(0, size, _SIDE_BY_SIDE):
                here[:] = np.uint64(roots[tree])
                moved = np.uint64(1)
                while moved != none:
                    moved = none
                    for k in range(_SIDE_BY_SIDE):
                        voxel = np.uint64(first + k)
                        node = nodes[here[k]]
                        then = (node >> high) + np.uint64(
                            block[voxel, node & low_bits] > ((node >> eight) & sixteen)
                        )
                        # Two decisions before it is asked whether all have arrived.
                        node = nodes[then]
                        at = (node >> high) + np.uint64(
                            block[voxel, node & low_bits] > ((node >> eight) & sixteen)
                        )
                        moved |= then ^ at
                        here[k] = at
                for k in range(_SIDE_BY_SIDE):
                    voxel, at = np.uint64(first + k), here[k]
                    for v in range(0, fours, 4):
                        total[voxel, v] += leaves[at, v]
                        total[voxel, v + 1] += leaves[at, v + 1]
                        total[voxel, v + 2] += leaves[at, v + 2]
                        total[voxel, v + 3] += leaves[at, v + 3]
                    for v in range(fours, values):
                        total[voxel, v] += leaves[at, v]
        for row in range(size):
            for k in range(values):
                out[start + row, k] = share * total[row, k]
