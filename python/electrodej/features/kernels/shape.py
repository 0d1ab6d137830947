"""Shape of one particle from its bits: surface crossings, longest extent, pieces."""

from __future__ import annotations

import numpy as np

from electrodej.features.kernels.bits import ONE, TOP, highest, lowest, ones
from electrodej.features.kernels.compiled import compiled
from electrodej.features.typing import Array, Floats, Ints, Real, Whole, Words


@compiled
def crossings(a: Words, box: Array, directions: Array, out: Ints) -> None:
    """Count for each direction (dz, dy, dx) the pairs of voxels, one step apart, that the surface parts."""
    words = a.shape[1]
    for d in range(directions.shape[0]):
        dz, dy, dx = directions[d, 0], directions[d, 1], directions[d, 2]
        total = np.uint64(0)
        for z in range(box[0] - 1, box[1] + 1):
            if z + dz < 0 or z + dz >= a.shape[0]:
                continue
            for w in range(words):
                for y in range(box[2] - 1, box[3] + 1):
                    if y + dy < 0 or y + dy >= a.shape[2]:
                        continue
                    v = a[z + dz, w, y + dy]
                    if dx > 0:
                        v >>= ONE
                        if w + 1 < words:
                            v |= a[z + dz, w + 1, y + dy] << TOP
                    elif dx < 0:
                        v <<= ONE
                        if w > 0:
                            v |= a[z + dz, w - 1, y + dy] >> TOP
                    total += ones(a[z, w, y] ^ v)
        out[d] = np.int64(total)


@compiled
def row_ends(a: Words, box: Array, first: Ints, last: Ints) -> None:
    """The first and last voxel of each row (z, y) of ``box``; first > last where a row is empty."""
    words = a.shape[1]
    for z in range(box[0], box[1]):
        for y in range(box[2], box[3]):
            start, stop = 64 * words, -1
            for w in range(words):
                v = a[z, w, y]
                if v != np.uint64(0):
                    if start == 64 * words:
                        start = 64 * w + lowest(v)
                    stop = 64 * w + highest(v)
            first[z - box[0], y - box[2]] = start
            last[z - box[0], y - box[2]] = stop


@compiled
def _corner_points(first: Ints, last: Ints, spacing: Floats) -> Floats:
    """The voxel corners that can end the longest extent: the two outermost of every row of corners."""
    nz, ny = first.shape
    points = np.empty((2 * (nz + 1) * (ny + 1), 3), dtype=np.float64)
    n = 0
    for z in range(nz + 1):
        for y in range(ny + 1):
            start, stop = np.int64(1 << 62), np.int64(-1)
            for i in range(max(z - 1, 0), min(z + 1, nz)):
                for j in range(max(y - 1, 0), min(y + 1, ny)):
                    if first[i, j] <= last[i, j]:
                        start = min(start, first[i, j])
                        stop = max(stop, last[i, j] + 1)
            if stop < 0:
                continue
            for x in (start, stop):
                points[n, 0], points[n, 1], points[n, 2] = z * spacing[0], y * spacing[1], x * spacing[2]
                n += 1
    return points[:n]


@compiled
def _longest_in_directions(points: Floats) -> tuple[Real, Floats]:
    """A good first pair: the best of the extremes along 49 directions. Returns its squared length, middle."""
    best, middle = -1.0, np.zeros(3)
    for a in range(-3, 4):
        for b in range(-3, 4):
            for c in range(4):
                if max(abs(a), abs(b), c) != 3 and max(abs(a), abs(b), c) != 1:
                    continue
                low, high = 0, 0
                low_value, high_value = np.inf, -np.inf
                for i in range(points.shape[0]):
                    value = a * points[i, 0] + b * points[i, 1] + c * points[i, 2]
                    if value < low_value:
                        low, low_value = i, value
                    if value > high_value:
                        high, high_value = i, value
                square = 0.0
                for axis in range(3):
                    square += (points[high, axis] - points[low, axis]) ** 2
                if square > best:
                    best = square
                    for axis in range(3):
                        middle[axis] = 0.5 * (points[high, axis] + points[low, axis])
    return best, middle


@compiled
def feret(first: Ints, last: Ints, spacing: Floats) -> Real:
    """The largest distance between two corners of the particle's voxels.

    Only the outermost corners of each row can be ends. They are sorted by their distance from the
    middle of a long pair found first; a pair can beat that one only if the sum of its two distances
    does, which leaves a few points at the tips to compare.
    """
    points = _corner_points(first, last, spacing)
    best, middle = _longest_in_directions(points)
    n = points.shape[0]
    away = np.empty(n, dtype=np.float64)
    for i in range(n):
        away[i] = np.sqrt(
            (points[i, 0] - middle[0]) ** 2
            + (points[i, 1] - middle[1]) ** 2
            + (points[i, 2] - middle[2]) ** 2
        )
    order = np.argsort(-away)
    length = np.sqrt(best)
    for i in range(n):
        p = order[i]
        if 2.0 * away[p] * (1.0 + 1e-12) < length:
            break
        for j in range(i):
            q = order[j]
            if (away[p] + away[q]) * (1.0 + 1e-12) < length:
                break
            square = 0.0
            for axis in range(3):
                square += (points[p, axis] - points[q, axis]) ** 2
            if square > best:
                best = square
                length = np.sqrt(best)
    return length


@compiled
def _root(parent: Ints, i: Whole) -> Whole:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@compiled
def _runs(a: Words, box: Array) -> tuple[Ints, Ints, Ints]:
    """All runs of voxels along x, row by row: where each row's begin, and the runs' first and last x."""
    nz, ny, words = box[1] - box[0], box[3] - box[2], a.shape[1]
    rows = np.zeros(nz * ny + 1, dtype=np.int64)
    for z in range(nz):
        for y in range(ny):
            n = np.uint64(0)
            for w in range(words):
                v = a[box[0] + z, w, box[2] + y]
                before = a[box[0] + z, w - 1, box[2] + y] >> TOP if w > 0 else np.uint64(0)
                n += ones(v & ~((v << ONE) | before))
            rows[z * ny + y + 1] = rows[z * ny + y] + np.int64(n)
    start = np.empty(rows[-1], dtype=np.int64)
    stop = np.empty(rows[-1], dtype=np.int64)
    for z in range(nz):
        for y in range(ny):
            i = j = rows[z * ny + y]
            for w in range(words):
                v = a[box[0] + z, w, box[2] + y]
                before = a[box[0] + z, w - 1, box[2] + y] >> TOP if w > 0 else np.uint64(0)
                after = a[box[0] + z, w + 1, box[2] + y] << TOP if w + 1 < words else np.uint64(0)
                begins = v & ~((v << ONE) | before)
                ends = v & ~((v >> ONE) | after)
                while begins != np.uint64(0):
                    start[i] = 64 * w + lowest(begins)
                    begins &= begins - ONE
                    i += 1
                while ends != np.uint64(0):
                    stop[j] = 64 * w + lowest(ends)
                    ends &= ends - ONE
                    j += 1
    return rows, start, stop


@compiled
def pieces(a: Words, box: Array) -> Whole:
    """The number of 26-connected pieces: runs along x joined to those they touch in neighbouring rows."""
    nz, ny = box[1] - box[0], box[3] - box[2]
    rows, start, stop = _runs(a, box)
    parent = np.arange(start.size)
    n = start.size
    for z in range(nz):
        for y in range(ny):
            row = z * ny + y
            for dz, dy in ((0, -1), (-1, -1), (-1, 0), (-1, 1)):
                if z + dz < 0 or y + dy < 0 or y + dy >= ny:
                    continue
                other = row + dz * ny + dy
                i, j = rows[row], rows[other]
                while i < rows[row + 1] and j < rows[other + 1]:
                    if start[i] <= stop[j] + 1 and start[j] <= stop[i] + 1:
                        p, q = _root(parent, i), _root(parent, j)
                        if p != q:
                            parent[max(p, q)] = min(p, q)
                            n -= 1
                    if stop[i] < stop[j]:
                        i += 1
                    else:
                        j += 1
    return n
