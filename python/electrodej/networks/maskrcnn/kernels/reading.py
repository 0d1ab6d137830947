"""What the pyramid shows in boxes, read between its cells."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled


@compiled
def read_boxes(cells: Any, boxes: Any, levels: Any, out: Any) -> None:
    """Read values in boxes (N, 4), bilinearly, into ``out`` (N, pool, pool, C), zeros so far.

    As TensorFlow's ``crop_and_resize``: the outer values lie on the box's edge, and what lies outside the
    image stays 0.

    Parameters
    ----------
    cells
        (M, C or more): the cells of all levels, row after row, level after level.
    boxes
        In shares of the image.
    levels
        (N, 3): rows, columns and first cell of the level that each box is read from.
    out
        What is filled.
    """
    number, pool, _, channels = out.shape
    for box in range(number):
        rows, columns, start = levels[box, 0], levels[box, 1], levels[box, 2]
        last_y, last_x = np.float32(rows - 1), np.float32(columns - 1)
        first_y, first_x = boxes[box, 0] * last_y, boxes[box, 1] * last_x
        step_y = (boxes[box, 2] - boxes[box, 0]) * last_y / np.float32(pool - 1)
        step_x = (boxes[box, 3] - boxes[box, 1]) * last_x / np.float32(pool - 1)
        for i in range(pool):
            y = first_y + np.float32(i) * step_y
            # What is no number is nowhere either.
            if not (y >= 0 and y <= last_y):
                continue
            top = int(y)
            bottom = min(top + 1, rows - 1)
            down = y - np.float32(top)
            for j in range(pool):
                x = first_x + np.float32(j) * step_x
                if not (x >= 0 and x <= last_x):
                    continue
                left = int(x)
                right = min(left + 1, columns - 1)
                across = x - np.float32(left)
                one, two = start + top * columns + left, start + top * columns + right
                three, four = start + bottom * columns + left, start + bottom * columns + right
                for channel in range(channels):
                    upper = cells[one, channel] * (np.float32(1) - across) + cells[two, channel] * across
                    lower = cells[three, channel] * (np.float32(1) - across) + cells[four, channel] * across
                    out[box, i, j, channel] = upper * (np.float32(1) - down) + lower * down
