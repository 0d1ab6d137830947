"""Distances inside one particle: how deep its cracks lie and how wide they are."""

from __future__ import annotations

import numpy as np

from electrodej.features.kernels.bits import ONE
from electrodej.features.kernels.compiled import compiled
from electrodej.features.typing import Array, Floats, Real, Words


@compiled
def _along_x(a: Words, box: Array, step: float, out: Floats) -> None:
    """Squared distance along x from each voxel of ``a`` to the nearest that is not; 0 outside of ``a``."""
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            away = 0.0
            for x in range(out.shape[2]):
                p = box[4] + x
                inside = (a[box[0] + z, p >> 6, box[2] + y] >> np.uint64(p & 63)) & ONE
                away = away + 1.0 if inside != np.uint64(0) else 0.0
                out[z, y, x] = away
            away = 0.0
            for x in range(out.shape[2] - 1, -1, -1):
                away = min(out[z, y, x], away + 1.0)
                out[z, y, x] = away
            for x in range(out.shape[2]):
                out[z, y, x] = (out[z, y, x] * step) ** 2


@compiled
def _join(lines: Floats, step: float, out: Floats) -> None:
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
        while (step * j) ** 2 < deepest:
            square = (step * j) ** 2
            deepest = 0.0
            if i - j >= 0 and i + j < n:
                below, above = lines[i - j], lines[i + j]
                for x in range(m):
                    value = min(row[x], min(below[x], above[x]) + square)
                    row[x] = value
                    deepest = max(deepest, value)
            else:
                # A line beyond either end is zero, and ``edge`` has seen to that.
                inner = lines[i - j] if i - j >= 0 else lines[i + j] if i + j < n else lines[i]
                for x in range(m):
                    value = min(row[x], inner[x] + square)
                    row[x] = value
                    deepest = max(deepest, value)
            j += 1


@compiled
def square_depth(a: Words, box: Array, spacing: Floats) -> Floats:
    """Squared distance, for each voxel of ``box``, to the nearest voxel centre that is not in ``a``.

    ``box`` (z0, z1, y0, y1, x0, x1) holds all of ``a``; outside of it is background.
    """
    nz, ny, nx = box[1] - box[0], box[3] - box[2], box[5] - box[4]
    line = np.empty((nz, ny, nx), dtype=np.float64)
    _along_x(a, box, spacing[2], line)
    plane = np.empty((nz, ny, nx), dtype=np.float64)
    for z in range(nz):
        _join(line[z], spacing[1], plane[z])
    flat, out = plane.reshape((nz, ny * nx)), line.reshape((nz, ny * nx))
    _join(flat, spacing[0], out)
    return line


@compiled
def crack_depths(fill: Words, raw: Words, box: Array, spacing: Floats, out: Floats) -> None:
    """Crack share of the outer, middle and inner third of the depth, into ``out[0:3]``.

    The depth of a voxel is its distance to the nearest voxel outside ``fill``; the thirds are thirds of
    the particle's largest depth. NaN where a third holds no voxel.
    """
    depth = square_depth(fill, box, spacing)
    deepest: Real = 0.0
    for value in depth.flat:
        deepest = max(deepest, value)
    whole = np.zeros(3, dtype=np.int64)
    crack = np.zeros(3, dtype=np.int64)
    one_third, two_thirds = deepest / 9.0 * (1.0 + 1e-9), deepest * 4.0 / 9.0 * (1.0 + 1e-9)
    for z in range(depth.shape[0]):
        for y in range(depth.shape[1]):
            for x in range(depth.shape[2]):
                value = depth[z, y, x]
                if value == 0.0:
                    continue
                third = 0 if value <= one_third else 1 if value <= two_thirds else 2
                p = box[4] + x
                inside = (raw[box[0] + z, p >> 6, box[2] + y] >> np.uint64(p & 63)) & ONE
                whole[third] += 1
                crack[third] += 1 - np.int64(inside)
    for third in range(3):
        out[third] = crack[third] / whole[third] if whole[third] > 0 else np.nan


@compiled
def crack_width(crack: Words, box: Array, spacing: Floats) -> Real:
    """Twice the largest distance from a crack voxel to the nearest voxel that is not crack; 0 without."""
    deepest: Real = 0.0
    for value in square_depth(crack, box, spacing).flat:
        deepest = max(deepest, value)
    return 2.0 * np.sqrt(deepest)
