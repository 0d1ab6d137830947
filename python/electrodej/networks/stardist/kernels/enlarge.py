"""A probability map brought from the network's grid to the section's own pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled


@compiled
def enlarge(coarse: Any, rows: int, columns: int, step_y: float, step_x: float) -> Any:
    """Interpolate linearly between cells; cell (i, j) stands on the pixel (i step_y, j step_x).

    Returned as uint8, 0 to 255 for 0 to 1.
    """
    out = np.empty((rows, columns), np.uint8)
    last_y, last_x = coarse.shape[0] - 1, coarse.shape[1] - 1
    for y in range(rows):
        place = min(y / step_y, float(last_y))
        upper = int(place)
        lower = min(upper + 1, last_y)
        down = place - upper
        for x in range(columns):
            place = min(x / step_x, float(last_x))
            left = int(place)
            right = min(left + 1, last_x)
            across = place - left
            above = coarse[upper, left] * (1 - across) + coarse[upper, right] * across
            below = coarse[lower, left] * (1 - across) + coarse[lower, right] * across
            value = above * (1 - down) + below * down
            out[y, x] = np.uint8(min(max(value, 0.0), 1.0) * 255 + 0.5)
    return out
