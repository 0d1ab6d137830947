"""Distances inside particles: how deep their cracks lie and how wide they are."""

from __future__ import annotations

import numpy as np

from electrodej.features.kernels.bits import NONE, ONE, view
from electrodej.features.kernels.compiled import compiled
from electrodej.features.typing import Floats, Ints, Real, Whole, Words


@compiled
def _is_set(a: Words, box: Ints, z: Whole, y: Whole, x: Whole) -> Whole:
    p = box[4] + x
    return (a[box[0] + z, p >> 6, box[2] + y] >> np.uint64(p & 63)) & ONE


@compiled
def _along_x(a: Words, b: Words, box: Ints, step: Real, out: Floats) -> None:
    """Squared distance along x from each voxel of ``a`` without ``b`` to the nearest other; else 0."""
    nz, ny, nx = out.shape
    for z in range(nz):
        for y in range(ny):
            row = out[z, y]
            away = 0.0
            for x in range(nx):
                inside = _is_set(a, box, z, y, x) & ~_is_set(b, box, z, y, x)
                away = away + 1.0 if inside != NONE else 0.0
                row[x] = away
            away = 0.0
            for x in range(nx - 1, -1, -1):
                away = min(row[x], away + 1.0)
                row[x] = (away * step) * (away * step)


@compiled
def _join(lines: Floats, step: Real, out: Floats) -> None:
    """out[i] = min over j of lines[j] + (step (i - j))^2, where beyond both ends lie zeros.

    Goes outward from each line only as far as a smaller value can still be found there.
    """
    n, m = lines.shape
    for i in range(n):
        row = out[i]
        edge = (step * min(i + 1, n - i)) ** 2
        deepest = 0.0
        for x in range(m):
            row[x] = min(lines[i, x], edge)
            deepest = max(deepest, row[x])
        j = 1
        while (step * j) ** 2 < deepest and (i - j >= 0 or i + j < n):
            square = (step * j) ** 2
            # A line beyond either end is zero, and ``edge`` has seen to that.
            below = lines[i - j if i - j >= 0 else i + j]
            above = lines[i + j if i + j < n else i - j]
            deepest = 0.0
            for x in range(m):
                value = min(row[x], min(below[x], above[x]) + square)
                row[x] = value
                deepest = max(deepest, value)
            j += 1


@compiled
def _square_depth(a: Words, b: Words, box: Ints, spacing: Floats, line: Floats, plane: Floats) -> Real:
    """Into ``line``: squared distance from each voxel of ``a`` without ``b`` to the nearest other voxel.

    ``box`` holds all of ``a``; outside of it is background. Returns the largest.
    """
    nz, ny, nx = line.shape
    _along_x(a, b, box, spacing[2], line)
    for z in range(nz):
        _join(line[z], spacing[1], plane[z])
    flat = line.reshape((nz, ny * nx))
    _join(plane.reshape((nz, ny * nx)), spacing[0], flat)
    deepest = 0.0
    for z in range(nz):
        for p in range(ny * nx):
            deepest = max(deepest, flat[z, p])
    return deepest


@compiled
def crack_measures(
    fill: Words, raw: Words, shapes: Ints, places: Ints, boxes: Ints, spacing: Floats, out: Floats
) -> None:
    """Crack share of the outer, middle and inner third of the depth, and the largest crack width.

    The depth of a voxel is its distance to the nearest voxel outside ``fill``; the thirds are thirds of
    the particle's largest depth, NaN where one holds no voxel. The width is twice the largest distance
    from a crack voxel to the nearest voxel that is not crack, 0 without a crack.
    """
    for i in range(places.size):
        a, b, box = view(fill, shapes, places, i), view(raw, shapes, places, i), boxes[i]
        size = (box[1] - box[0], box[3] - box[2], box[5] - box[4])
        line, plane = np.empty(size, dtype=np.float64), np.empty(size, dtype=np.float64)
        nothing = np.zeros(a.shape, dtype=np.uint64)
        deepest = _square_depth(a, nothing, box, spacing, line, plane)
        one_third, two_thirds = deepest / 9 * (1 + 1e-9), deepest * 4 / 9 * (1 + 1e-9)
        whole, crack = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)
        for z in range(size[0]):
            for y in range(size[1]):
                for x in range(size[2]):
                    value = line[z, y, x]
                    if value > 0.0:
                        third = 0 if value <= one_third else 1 if value <= two_thirds else 2
                        whole[third] += 1
                        crack[third] += 1 - np.int64(_is_set(b, box, z, y, x))
        for third in range(3):
            out[i, third] = crack[third] / whole[third] if whole[third] > 0 else np.nan
        out[i, 3] = 0.0
        if crack[0] + crack[1] + crack[2] > 0:
            out[i, 3] = 2 * np.sqrt(_square_depth(a, b, box, spacing, line, plane))
