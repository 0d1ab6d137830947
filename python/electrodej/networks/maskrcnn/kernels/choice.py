"""The best of boxes that overlap."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled


@compiled
def choose_boxes(boxes: Any, kinds: Any, overlap: Any, count: int) -> Any:
    """Return which boxes (N, 4) are kept, at most ``count``, as places; the best come first.

    A box that shares more than ``overlap`` (intersection over union) with a better one of its kind goes.
    """
    number = len(boxes)
    area = np.empty(number, np.float32)
    for one in range(number):
        area[one] = (boxes[one, 2] - boxes[one, 0]) * (boxes[one, 3] - boxes[one, 1])
    gone = np.zeros(number, np.bool_)
    kept = np.empty(min(number, count), np.int64)
    found = 0
    for one in range(number):
        if gone[one]:
            continue
        if found == count:
            break
        kept[found] = one
        found += 1
        for other in range(one + 1, number):
            if gone[other] or kinds[other] != kinds[one]:
                continue
            down = min(boxes[one, 2], boxes[other, 2]) - max(boxes[one, 0], boxes[other, 0])
            right = min(boxes[one, 3], boxes[other, 3]) - max(boxes[one, 1], boxes[other, 1])
            if down <= 0 or right <= 0:
                continue
            both = down * right
            whole = area[one] + area[other] - both
            if whole > 0 and both / whole > overlap:
                gone[other] = True
    return kept[:found]
