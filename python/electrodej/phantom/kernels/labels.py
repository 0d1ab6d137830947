"""Rows of particles to labels, and sums over labels."""

from __future__ import annotations

import numpy as np

from electrodej.compiled import compiled


@compiled
def number(
    owner: np.ndarray, outside: np.ndarray, phase: np.ndarray, outlines: np.ndarray, labels: np.ndarray
) -> None:
    """``outlines``: row + 1 inside a particle; ``labels``: the same without its cracks."""
    for z in range(owner.shape[0]):
        for y in range(owner.shape[1]):
            for x in range(owner.shape[2]):
                value = 0
                if outside[z, y, x] <= 0.0:
                    value = owner[z, y, x] + 1
                outlines[z, y, x] = value
                labels[z, y, x] = 0 if phase[z, y, x] == 3 else value


@compiled
def tally(outlines: np.ndarray, phase: np.ndarray, z0: int, depth: int, sums: np.ndarray) -> None:
    """Add voxels, cracks, index sums (z, y, x) and voxels at the volume's faces to each label's row."""
    for z in range(outlines.shape[0]):
        z_face = z0 + z == 0 or z0 + z == depth - 1
        for y in range(outlines.shape[1]):
            y_face = z_face or y == 0 or y == outlines.shape[1] - 1
            for x in range(outlines.shape[2]):
                label = outlines[z, y, x]
                if label == 0:
                    continue
                sums[label, 0] += 1
                if phase[z, y, x] == 3:
                    sums[label, 1] += 1
                sums[label, 2] += z0 + z
                sums[label, 3] += y
                sums[label, 4] += x
                if y_face or x == 0 or x == outlines.shape[2] - 1:
                    sums[label, 5] += 1
