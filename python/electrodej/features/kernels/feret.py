"""The longest extent of each particle."""

from __future__ import annotations

import numpy as np

from electrodej.features.kernels.bits import NONE, lowest, ones, view
from electrodej.features.kernels.compiled import compiled
from electrodej.features.typing import Floats, Ints, Real, Whole, Words


@compiled
def ferets(flat: Words, shapes: Ints, places: Ints, boxes: Ints, spacing: Floats, out: Floats) -> None:
    """The largest distance between two corners of voxels of each set.

    Only the outermost corners of a row can be ends. A long pair is found first. A pair of points beats
    it only if their distances from its middle add up to more, which leaves a few points near the tips.
    """
    for i in range(places.size):
        nz, ny = boxes[i, 1] - boxes[i, 0], boxes[i, 3] - boxes[i, 2]
        points = np.empty((2 * (nz + 1) * (ny + 1), 3), dtype=np.float64)
        n = _corners(view(flat, shapes, places, i), boxes[i], spacing, points)
        away = np.empty(n, dtype=np.float64)
        square = _long_pair(points, n, away)
        farthest = 0.0
        for p in range(n):
            farthest = max(farthest, away[p])
        length = np.sqrt(square)
        kept = 0
        for p in range(n):
            if (away[p] + farthest) * (1 + 1e-12) >= length:
                away[kept] = away[p]
                points[kept, 0], points[kept, 1], points[kept, 2] = points[p, 0], points[p, 1], points[p, 2]
                kept += 1
        for p in range(kept):
            if (away[p] + farthest) * (1 + 1e-12) < length:
                continue
            for q in range(p):
                found = _square(points, p, q)
                if found > square:
                    square = found
            length = np.sqrt(square)
        out[i] = length


@compiled
def _square(points: Floats, p: Whole, q: Whole) -> Real:
    z, y, x = points[p, 0] - points[q, 0], points[p, 1] - points[q, 1], points[p, 2] - points[q, 2]
    return z * z + y * y + x * x


@compiled
def _corners(a: Words, box: Ints, spacing: Floats, points: Floats) -> Whole:
    """The two outermost voxel corners of every row of corners, in um. Returns their number."""
    nz, ny = box[1] - box[0], box[3] - box[2]
    first, last = np.empty((nz, ny), dtype=np.int64), np.empty((nz, ny), dtype=np.int64)
    for z in range(nz):
        for y in range(ny):
            first[z, y], last[z, y] = 1 << 40, -1
            for w in range(a.shape[1]):
                v = a[box[0] + z, w, box[2] + y]
                if v != NONE:
                    first[z, y] = min(first[z, y], 64 * w + lowest(v))
                    for shift in (1, 2, 4, 8, 16, 32):
                        v |= v >> np.uint64(shift)
                    last[z, y] = 64 * w + np.int64(ones(v))
    n = 0
    for z in range(nz + 1):
        for y in range(ny + 1):
            start, stop = 1 << 40, -1
            for i in range(max(z - 1, 0), min(z + 1, nz)):
                for j in range(max(y - 1, 0), min(y + 1, ny)):
                    start, stop = min(start, first[i, j]), max(stop, last[i, j])
            if stop >= 0:
                for side in range(2):
                    points[n, 0], points[n, 1] = z * spacing[0], y * spacing[1]
                    points[n, 2] = (start if side == 0 else stop) * spacing[2]
                    n += 1
    return n


@compiled
def _long_pair(points: Floats, n: Whole, away: Floats) -> Real:
    """The squared length of a long pair, and each point's distance from its middle.

    The longest of the extents along the 13 directions to neighbours, then from either end to the
    farthest point, as long as that is longer.
    """
    best, one, two = -1.0, 0, 0
    for direction in range(14, 27):
        a, b, c = direction // 9 - 1, direction // 3 % 3 - 1, direction % 3 - 1
        low, high, least, most = 0, 0, np.inf, -np.inf
        for p in range(n):
            value = a * points[p, 0] + b * points[p, 1] + c * points[p, 2]
            if value < least:
                low, least = p, value
            if value > most:
                high, most = p, value
        square = _square(points, low, high)
        if square > best:
            best, one, two = square, low, high
    longer = True
    while longer:
        longer = False
        start = one
        for p in range(n):
            square = _square(points, start, p)
            if square > best:
                best, one, two, longer = square, p, start, True
    for p in range(n):
        square = 0.0
        for axis in range(3):
            square += (points[p, axis] - 0.5 * (points[one, axis] + points[two, axis])) ** 2
        away[p] = np.sqrt(square)
    return best
