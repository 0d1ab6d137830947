"""Anisotropic diffusion over a volume (P. Perona, J. Malik, IEEE PAMI 12 (1990) 629)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrodej.compiled import compiled_without_nan

Grid = NDArray[np.float32]

_ONE = np.float32(1)
_ZERO = np.float32(0)


@compiled_without_nan
def diffuse(grey: Grid, flow: Grid, scale: np.float32, rounds: int) -> Grid:
    """Return grey values after so many rounds; ``grey`` is changed too.

    u += sum over neighbours of flow * d / (1 + d^2 * scale), d the difference to the neighbour. Nothing flows
    through the sides.

    Parameters
    ----------
    grey
        float32, ZYX.
    flow
        The share that flows along z, y and x each round.
    scale
        1 / K^2.
    """
    depth, height, width = grey.shape
    fz, fy, fx = flow
    old, new = grey, np.empty_like(grey)
    for _ in range(rounds):
        for z in range(depth):
            for y in range(height):
                here = old[z, y]
                up, down = old[max(z - 1, 0), y], old[min(z + 1, depth - 1), y]
                back, front = old[z, max(y - 1, 0)], old[z, min(y + 1, height - 1)]
                for x in range(width):
                    value = here[x]
                    left = here[x - 1] if x > 0 else value
                    right = here[x + 1] if x < width - 1 else value
                    total = _ZERO
                    d = up[x] - value
                    total += fz * d / (_ONE + d * d * scale)
                    d = down[x] - value
                    total += fz * d / (_ONE + d * d * scale)
                    d = back[x] - value
                    total += fy * d / (_ONE + d * d * scale)
                    d = front[x] - value
                    total += fy * d / (_ONE + d * d * scale)
                    d = left - value
                    total += fx * d / (_ONE + d * d * scale)
                    d = right - value
                    total += fx * d / (_ONE + d * d * scale)
                    new[z, y, x] = value + total
        old, new = new, old
    return old
