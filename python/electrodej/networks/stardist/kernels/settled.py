"""Which of many outlines are certainly not chosen, told before StarDist chooses among the others.

StarDist takes outlines by their probability, and each that is taken removes all those that overlap it by more
than a share of the smaller one. A hundred outlines stand for each particle, and it cuts out and measures the
common part of every pair, with coordinates in whole pixels. Here the area of that part is summed up along the
edges, which is quicker by far, and whatever lies near the threshold is left to StarDist.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled

# How exact an overlap is: StarDist rounds the corners of the common part to whole pixels.
_DOUBT = 0.35
# Moves one of two outlines by a little, so that none of its corners lies on an edge of the other.
_ASIDE_X, _ASIDE_Y = 0.000731, 0.001173
_OPEN, _DOUBTFUL, _GONE = 0, 1, 2


def settled(rows: Any, columns: Any, threshold: float) -> tuple[Any, bool]:
    """Return for each outline whether it may be chosen, and whether any of these is doubtful.

    Parameters
    ----------
    rows, columns
        Corners, (n, rays) in whole pixels, the most probable outline first; from positive columns to positive
        rows around the centre.
    threshold
        Least share of the smaller one's area by which two overlap.
    """
    box = np.stack([rows.min(axis=1), rows.max(axis=1), columns.min(axis=1), columns.max(axis=1)], axis=1)
    next_rows, next_columns = np.roll(rows, -1, axis=1), np.roll(columns, -1, axis=1)
    area = 0.5 * (columns * next_rows - rows * next_columns).sum(axis=1)
    rim = np.hypot(next_rows - rows, next_columns - columns).sum(axis=1)
    order = np.argsort(box[:, 0], kind="stable")
    tops = box[order, 0]
    tallest = np.max(box[:, 1] - box[:, 0])
    first = np.searchsorted(tops, box[:, 0] - tallest)
    last = np.searchsorted(tops, box[:, 1], side="right")
    about = np.column_stack([box, area, rim])
    state = _settle(rows, columns, about, order, np.stack([first, last], axis=1), threshold)
    whole = bool(np.isfinite(about).all())  # a broken network may give NaN or infinity
    return state != _GONE, bool((state == _DOUBTFUL).any()) or not whole


@compiled
def _settle(rows: Any, columns: Any, about: Any, order: Any, near: Any, threshold: float) -> Any:
    """Return what is known of each outline.

    Parameters
    ----------
    rows, columns, threshold
        As above.
    about
        First and last row, first and last column, area, length of the rim.
    order, near
        Outlines from top to bottom, and where in that order those stand that may overlap each.
    """
    count, rays = rows.shape
    state = np.zeros(count, np.uint8)
    lengths, turns = np.empty(rays), np.empty(rays, np.int64)
    for i in range(count):
        if state[i] == _GONE:
            continue
        for place in range(near[i, 0], near[i, 1]):
            j = order[place]
            if j <= i or state[j] == _GONE or (state[i] == _DOUBTFUL and state[j] == _DOUBTFUL):
                continue
            if about[i, 0] > about[j, 1] or about[i, 2] > about[j, 3] or about[j, 2] > about[i, 3]:
                continue
            small = i if about[i, 4] < about[j, 4] else j
            area = about[small, 4]
            if area <= 0:
                state[j] = _DOUBTFUL
                continue
            common, sound = _common(rows[i], columns[i], rows[j], columns[j], lengths, turns)
            share = common / area
            if not (sound and abs(share - threshold) > _DOUBT * about[small, 5] / area):
                state[j] = _DOUBTFUL
            elif share > threshold:
                state[j] = _DOUBTFUL if state[i] == _DOUBTFUL else _GONE
    return state


@compiled
def _common(rows: Any, columns: Any, other_rows: Any, other_columns: Any, lengths: Any, turns: Any) -> Any:
    """Return the area that two outlines have in common, and whether it is sound.

    Half the sum of x dy - y dx along those parts of the edges of each that lie in the other. On a straight
    edge from a to b that is (a x b) times the share of its length that lies inside: 1 where a does, and at
    each crossing at t, 1 - t more or less. ``lengths`` and ``turns`` are room for it.
    """
    rays = len(rows)
    y0, x0 = rows[0], columns[0]
    inside = other_inside = 0
    for k in range(rays):
        m = k + 1 if k + 1 < rays else 0
        ay, ax = other_rows[k] - y0 + _ASIDE_Y, other_columns[k] - x0 + _ASIDE_X
        by, bx = other_rows[m] - y0 + _ASIDE_Y, other_columns[m] - x0 + _ASIDE_X
        if (ay > 0) != (by > 0) and ax + (bx - ax) * (-ay) / (by - ay) > 0:
            inside += 1 if by > ay else -1
        lengths[k], turns[k] = 0.0, 0
    y1, x1 = other_rows[0] - y0 + _ASIDE_Y, other_columns[0] - x0 + _ASIDE_X
    double_area = 0.0
    sound = True
    for k in range(rays):
        m = k + 1 if k + 1 < rays else 0
        ay, ax, by, bx = rows[k] - y0, columns[k] - x0, rows[m] - y0, columns[m] - x0
        if (ay > y1) != (by > y1) and ax + (bx - ax) * (y1 - ay) / (by - ay) > x1:
            other_inside += 1 if by > ay else -1
        dy, dx = by - ay, bx - ax
        length = float(inside)
        cy, cx = y1, x1
        side = dx * (cy - ay) - dy * (cx - ax)
        for n in range(rays):
            p = n + 1 if n + 1 < rays else 0
            ey, ex = other_rows[p] - y0 + _ASIDE_Y, other_columns[p] - x0 + _ASIDE_X
            next_side = dx * (ey - ay) - dy * (ex - ax)
            if (side > 0) != (next_side > 0):
                fy, fx = ey - cy, ex - cx
                before = fx * (ay - cy) - fy * (ax - cx)
                after = fx * (by - cy) - fy * (bx - cx)
                if (before > 0) != (after > 0):
                    sign = 1 if after > 0 else -1
                    length += sign * (1 - before / (before - after))
                    inside += sign
                    sign = 1 if next_side > 0 else -1
                    lengths[n] += sign * (1 - side / (side - next_side))
                    turns[n] += sign
            cy, cx, side = ey, ex, next_side
        sound = sound and 0 <= inside <= 1
        double_area += (ax * by - ay * bx) * length
    cy, cx = y1, x1
    for n in range(rays):
        p = n + 1 if n + 1 < rays else 0
        ey, ex = other_rows[p] - y0 + _ASIDE_Y, other_columns[p] - x0 + _ASIDE_X
        double_area += (cx * ey - cy * ex) * (lengths[n] + other_inside)
        other_inside += turns[n]
        sound = sound and 0 <= other_inside <= 1
        cy, cx = ey, ex
    return 0.5 * double_area, sound
