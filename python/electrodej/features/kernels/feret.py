"""The longest extent of each particle."""

from __future__ import annotations

import numpy as np

from electrodej.compiled import compiled
from electrodej.features.kernels.bits import NONE, lowest, ones, view
from electrodej.features.typing import Floats, Ints, Real, Whole, Words


@compiled
def ferets(flat: Words, shapes: Ints, places: Ints, boxes: Ints, spacing: Floats, out: Floats) -> None:
    """The largest distance between two corners of voxels of each set.

    Only the outermost corners of a row can be ends. A long pair, of length l, is found first. A longer one
    p, q has |p + q|^2 = 2 |p|^2 + 2 |q|^2 - |p - q|^2 < 2 |p|^2 + 2 f^2 - l^2 about any centre, f being the
    farthest point's distance: q is sought near the place opposite to p only.
    """
    for i in range(places.size):
        nz, ny = boxes[i, 1] - boxes[i, 0] + 1, boxes[i, 3] - boxes[i, 2] + 1
        points = np.empty((2 * nz * ny, 3), dtype=np.float64)
        away = np.empty(2 * nz * ny, dtype=np.float64)
        _corners(view(flat, shapes, places, i), boxes[i], spacing, points, away)
        middle = np.zeros(3)
        square = _long_pair(points, away, middle)
        farthest = _centre(points, away, np.sqrt(square) / 2, middle)
        for p in range(away.size):
            # By the parallelogram law the other end lies around the place opposite to p.
            around = (2 * away[p] ** 2 + 2 * farthest**2) * (1 + 1e-12) - square
            if away[p] < 0.0 or around < 0.0:
                continue
            around = np.sqrt(around)
            opposite_z, opposite_y = 2 * middle[0] - points[p, 0], 2 * middle[1] - points[p, 1]
            z0: Whole = max(np.int64((opposite_z - around) / spacing[0]), 0)
            z1: Whole = min(np.int64((opposite_z + around) / spacing[0]) + 2, nz)
            y0: Whole = max(np.int64((opposite_y - around) / spacing[1]), 0)
            y1: Whole = min(np.int64((opposite_y + around) / spacing[1]) + 2, ny)
            for z in range(z0, z1):
                for q in range(2 * (z * ny + y0), 2 * (z * ny + y1)):
                    if away[q] >= 0.0:
                        square = max(square, _square(points, p, q))
        out[i] = np.sqrt(square)


@compiled
def _square(points: Floats, p: Whole, q: Whole) -> Real:
    z, y, x = points[p, 0] - points[q, 0], points[p, 1] - points[q, 1], points[p, 2] - points[q, 2]
    return z * z + y * y + x * x


@compiled
def _corners(a: Words, box: Ints, spacing: Floats, points: Floats, away: Floats) -> None:
    """The two outermost voxel corners of every row of corners, in um; where there are none, away is -1."""
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
            for side in range(2):
                points[n, 0], points[n, 1] = z * spacing[0], y * spacing[1]
                points[n, 2] = (start if side == 0 else stop) * spacing[2]
                away[n] = 0.0 if stop >= 0 else -1.0
                n += 1


@compiled
def _long_pair(points: Floats, away: Floats, middle: Floats) -> Real:
    """The squared length of a long pair, and its middle.

    The longest of the extents along the 13 directions to neighbours, then from one of its ends to the
    farthest point, as long as that is longer.
    """
    best, one, two = -1.0, 0, 0
    for direction in range(14, 27):
        a, b, c = direction // 9 - 1, direction // 3 % 3 - 1, direction % 3 - 1
        low, high, least, most = 0, 0, np.inf, -np.inf
        for p in range(away.size):
            if away[p] < 0.0:
                continue
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
        for p in range(away.size):
            if away[p] >= 0.0 and _square(points, start, p) > best:
                best, one, two, longer = _square(points, start, p), p, start, True
    for axis in range(3):
        middle[axis] = 0.5 * (points[one, axis] + points[two, axis])
    return best


@compiled
def _centre(points: Floats, away: Floats, radius: Real, middle: Floats) -> Real:
    """Move ``middle`` to where no point is much farther than ``radius``, and measure ``away`` from there.

    Again and again half of the way towards the farthest point that would bring that to ``radius``.
    Returns the farthest one's distance; whatever it is, what follows is exact, only slower.
    """
    best, place = np.inf, middle.copy()
    last = False
    for turn in range(25):
        if last:
            break
        last = turn == 24 or best <= 1.01 * radius
        if last:
            middle[:] = place
        farthest, at = -1.0, 0
        for p in range(away.size):
            if away[p] >= 0.0:
                z, y, x = points[p, 0] - middle[0], points[p, 1] - middle[1], points[p, 2] - middle[2]
                square = z * z + y * y + x * x
                if last:
                    away[p] = np.sqrt(square)
                if square > farthest:
                    farthest, at = square, p
        farthest = np.sqrt(farthest)
        if farthest < best:
            best, place = farthest, middle.copy()
        if farthest > 0.0 and not last:
            share = 0.5 * max(1 - radius / farthest, 0.0)
            for axis in range(3):
                middle[axis] += share * (points[at, axis] - middle[axis])
    return best
