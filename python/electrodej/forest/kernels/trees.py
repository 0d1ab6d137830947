"""Voxels go down the trees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrodej.compiled import compiled

# Voxels whose measures stay in the processor's nearest memory while they go down all trees.
_BLOCK = 256
_AT_ONCE = 8


@compiled
def ask_trees(
    measures: NDArray[np.float32],
    roots: NDArray[np.int32],
    depths: NDArray[np.int32],
    feature: NDArray[np.int16],
    threshold: NDArray[np.float32],
    child: NDArray[np.int32],
    leaves: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Write the mean over all trees of what their leaves hold.

    Parameters
    ----------
    measures
        Shape (measures, voxels).
    roots, depths
        First node of each tree, and how many steps its deepest leaf is away.
    feature, threshold, child
        Of each node: a voxel goes to ``child`` where its measure is at most the threshold, else to the node
        after that. A leaf's threshold is infinite and its child is the leaf itself.
    leaves
        For each node what its leaf holds, shape (nodes, values); nothing of other nodes is used.
    out
        Shape (voxels, values).
    """
    count, voxels = measures.shape
    values = leaves.shape[1]
    block = np.empty((_BLOCK, count), np.float32)
    total = np.empty((_BLOCK, values), np.float32)
    node = np.zeros(_AT_ONCE, np.int64)
    share = np.float32(1.0 / roots.size)
    for start in range(0, voxels, _BLOCK):
        size = min(_BLOCK, voxels - start)
        for m in range(count):
            for v in range(size):
                block[v, m] = measures[m, start + v]
        total[:] = 0.0
        for tree in range(roots.size):
            for low in range(0, size, _AT_ONCE):
                some = min(_AT_ONCE, size - low)
                for lane in range(some):
                    node[lane] = roots[tree]
                # All lanes step together, so that none waits for the memory alone; leaves lead to themselves.
                for _ in range(depths[tree]):
                    moved = 0
                    for lane in range(some):
                        at = node[lane]
                        then = child[at] + (block[low + lane, feature[at]] > threshold[at])
                        moved |= then ^ at
                        node[lane] = then
                    if moved == 0:
                        break
                for lane in range(some):
                    for k in range(values):
                        total[low + lane, k] += leaves[node[lane], k]
        for v in range(size):
            for k in range(values):
                out[start + v, k] = share * total[v, k]
