"""Distances inside particles: how deep their cracks lie and how wide they are.

Squared distances are in units of the smallest voxel edge, in 32 bits: for cubic voxels they are whole
numbers and exact, for others right to seven digits.
"""

from __future__ import annotations

import numpy as np

from electrodej.compiled import compiled, compiled_without_nan
from electrodej.features.kernels.bits import NONE, next_place, view
from electrodej.features.kernels.layers import LAYERS
from electrodej.features.typing import Array, Bytes, Floats, Ints, Real, Words

# Relative difference below which two squared distances are the same.
_SAME = 1e-6


@compiled
def _along_x(a: Words, box: Ints, step: Real, out: Floats) -> None:
    """Squared distance along x from each voxel of ``a`` to the nearest that is not; 0 outside of ``a``."""
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            row, bits = out[z, y], a[box[0] + z, :, box[2] + y]
            for x in range(row.size):
                row[x] = 0.0
            start = next_place(bits, box[4], box[5], NONE)
            while start < box[5]:
                stop = next_place(bits, start, box[5], ~NONE)
                part = row[start - box[4] : stop - box[4]]
                for x in range(part.size):
                    away = step * min(x + 1, part.size - x)
                    part[x] = away * away
                start = next_place(bits, stop, box[5], NONE)


@compiled
def _largest(values: Array) -> Real:
    """The largest of numbers from 0 on, by their bits: those are in the order of the numbers.

    The compiler takes several whole numbers at once, but only one real number.
    """
    largest = np.zeros(1, dtype=np.int32)
    most = np.int32(0)
    as_whole = values.view(np.int32)
    for x in range(as_whole.size):
        most = max(most, as_whole[x])
    largest[0] = most
    return float(largest.view(np.float32)[0])


@compiled_without_nan
def _nearer(row: Floats, a: Floats, b: Floats, one: Real, c: Floats, d: Floats, two: Real) -> None:
    """row = min(row, a + one, b + one, c + two, d + two)."""
    for x in range(row.size):
        near = (a[x] if a[x] < b[x] else b[x]) + one
        far = (c[x] if c[x] < d[x] else d[x]) + two
        near = near if near < far else far
        row[x] = row[x] if row[x] < near else near


@compiled
def _join(lines: Floats, step: Real, out: Floats) -> None:
    """out[i] = min over j of lines[j] + (step (i - j))^2, where beyond both ends lie zeros.

    Goes outward from each line, four lines on either side at a time, only as far as a smaller value can
    still be found there.
    """
    n, m = lines.shape
    for i in range(n):
        row, here = out[i], lines[i]
        edge = np.float32((step * min(i + 1, n - i)) ** 2)
        for x in range(m):
            row[x] = here[x] if here[x] < edge else edge
        j = 1
        while (step * j) ** 2 < _largest(row):
            for _ in range(2):
                # A line beyond an end is zero, and ``edge`` has seen to that: the line itself stands in.
                a, b = lines[i - j if i - j >= 0 else i], lines[i + j if i + j < n else i]
                c, d = lines[i - j - 1 if i - j > 0 else i], lines[i + j + 1 if i + j + 1 < n else i]
                one, two = np.float32((step * j) ** 2), np.float32((step * (j + 1)) ** 2)
                _nearer(row, a, b, one, c, d, two)
                j += 2


@compiled
def _square_depth(a: Words, box: Ints, steps: Floats, line: Floats, plane: Floats) -> Real:
    """Into ``line``: squared distance from each voxel of ``a`` to the nearest that is not in it.

    ``box`` holds all of ``a``; outside of it is background. Returns the largest.
    """
    nz, ny, nx = line.shape
    _along_x(a, box, steps[2], line)
    for z in range(nz):
        _join(line[z], steps[1], plane[z])
    flat = line.reshape((nz, ny * nx))
    _join(plane.reshape((nz, ny * nx)), steps[0], flat)
    return _largest(line.reshape(-1))


@compiled
def _layers(line: Floats, deepest: Real, box: Ints, out: Bytes) -> None:
    """The layer of each voxel, from squared depths: k where its depth is in (k, k + 1] / LAYERS of the
    largest. What it is outside the particle does not matter."""
    nz, ny, nx = box[1] - box[0], box[3] - box[2], box[5] - box[4]
    scale = LAYERS * LAYERS / (deepest * (1 + _SAME)) if deepest > 0 else 0.0
    at = 0
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                layer = int(np.ceil(np.sqrt(line[z, y, x] * scale))) - 1
                out[at] = min(max(layer, 0), LAYERS - 1)
                at += 1


@compiled
def crack_measures(
    fill: Words,
    crack: Words,
    where: tuple[Ints, Ints],
    boxes: Ints,
    spacing: Floats,
    out: Floats,
    layers: Bytes,
    starts: Ints,
) -> None:
    """Crack share of the outer, middle and inner third of the depth, and the largest crack width.

    The depth of a voxel is its distance to the nearest voxel outside ``fill``; the thirds are thirds of
    the particle's largest depth, NaN where one holds no voxel. The width is twice the largest distance
    from a crack voxel to the nearest voxel that is not crack, 0 without a crack.

    Where ``layers`` has room, the layer of each voxel of each box is put there from ``starts`` on: 0 at the
    outside to `LAYERS` - 1, see `_layers`.
    """
    shapes, places = where
    unit = spacing.min()
    steps = spacing / unit
    for i in range(places.size):
        a, b, box = view(fill, shapes, places, i), view(crack, shapes, places, i), boxes[i]
        # Rows of whole vectors, so that the compiler's loops have no rest.
        size = (box[1] - box[0], box[3] - box[2], (box[5] - box[4] + 15) // 16 * 16)
        line, plane = np.empty(size, dtype=np.float32), np.empty(size, dtype=np.float32)
        deepest = _square_depth(a, box, steps, line, plane)
        limits = (0.0, deepest / 9 * (1 + _SAME), deepest * 4 / 9 * (1 + _SAME))
        if layers.size > 0:
            _layers(line, deepest, box, layers[starts[i] : starts[i + 1]])
        whole = np.zeros(3, dtype=np.int64)
        values = line.reshape(-1)
        for third in range(3):
            limit, n = np.float32(limits[third]), 0
            for x in range(values.size):
                n += values[x] > limit
            whole[third] += n
            if third > 0:
                whole[third - 1] -= n
        cracked = np.zeros(3, dtype=np.int64)
        for z in range(size[0]):
            for y in range(size[1]):
                bits = b[box[0] + z, :, box[2] + y]
                x = next_place(bits, box[4], box[5], NONE)
                while x < box[5]:
                    value = line[z, y, x - box[4]]
                    cracked[0 if value <= limits[1] else 1 if value <= limits[2] else 2] += 1
                    x = next_place(bits, x + 1, box[5], NONE)
        for third in range(3):
            out[i, third] = cracked[third] / whole[third] if whole[third] > 0 else np.nan
        out[i, 3] = 0.0
        if cracked[0] + cracked[1] + cracked[2] > 0:
            out[i, 3] = 2 * unit * np.sqrt(_square_depth(b, box, steps, line, plane))
