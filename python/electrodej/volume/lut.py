"""Colours for labels: neighbours in number look as different as can be."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

_STEPS = 12


@functools.lru_cache(maxsize=1)
def label_colours() -> NDArray[np.uint8]:
    """Return 256 colours, shape ``(3, 256)``; the first is black, for the background.

    Each colour is the one of a grid over the sRGB cube that is farthest from all chosen before it, in
    CIELAB, where equal distances look equally different (the idea of Glasbey et al., Color Research and
    Application 32 (2007) 304). Colours too dark to be told from the background are left out.
    """
    ramp = np.linspace(0, 255, _STEPS).round()
    grid = np.stack(np.meshgrid(ramp, ramp, ramp, indexing="ij"), axis=-1).reshape(-1, 3)
    lab = _lab(grid / 255.0)
    bright = lab[:, 0] >= 30
    grid, lab = grid[bright], lab[bright]
    chosen = np.zeros((256, 3), np.uint8)
    distance = np.sum((lab - _lab(np.zeros((1, 3)))) ** 2, axis=1)
    for number in range(1, 256):
        best = int(np.argmax(distance))
        chosen[number] = grid[best]
        distance = np.minimum(distance, np.sum((lab - lab[best]) ** 2, axis=1))
    return np.ascontiguousarray(chosen.T)


def _lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return CIELAB (D65) of sRGB values in 0..1, IEC 61966-2-1 and CIE 15."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    matrix = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    relative = (linear @ matrix.T) / matrix.sum(axis=1)
    root = np.where(relative > 216 / 24389, np.cbrt(relative), (24389 / 27 * relative + 16) / 116)
    return np.stack(
        [116 * root[:, 1] - 16, 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])], axis=-1
    )
