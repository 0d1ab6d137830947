"""Grey values inside sets of voxels, and sets as plain arrays."""

from __future__ import annotations

import numpy as np

from electrodej.compiled import compiled
from electrodej.features.kernels.bits import NONE, ONE, next_place, view
from electrodej.features.typing import Array, Bytes, Floats, Ints, Words


@compiled
def grey_inside(
    grey: Array, corners: Ints, flat: Words, shapes: Ints, places: Ints, boxes: Ints, whole: bool, out: Floats
) -> None:
    """Number, mean and sum of squared differences of the non-zero grey inside each set, into ``out``.

    ``grey[corners[i]]`` is voxel (0, 0, 0) of set i. Integers of at most 16 bits (``whole``) are summed
    exactly; other numbers in scan order, minus the mean of a first pass.
    """
    for i in range(places.size):
        a = view(flat, shapes, places, i)
        n, total, square = np.int64(0), np.int64(0), np.int64(0)
        mean, real_total, real_square = 0.0, 0.0, 0.0
        for turn in range(1 if whole else 2):
            if turn == 1:
                mean = real_total / n if n > 0 else np.nan
                real_square = 0.0
            for z in range(boxes[i, 0], boxes[i, 1]):
                for y in range(boxes[i, 2], boxes[i, 3]):
                    bits = a[z, :, y]
                    line = grey[corners[i, 0] + z, corners[i, 1] + y]
                    x = next_place(bits, boxes[i, 4], boxes[i, 5], NONE)
                    while x < boxes[i, 5]:
                        stop = next_place(bits, x, boxes[i, 5], ~NONE)
                        row = line[corners[i, 2] + x : corners[i, 2] + stop]
                        if whole:
                            for k in range(row.size):
                                value = np.int64(row[k])
                                n += np.int64(value != 0)
                                total += value
                                square += value * value
                        else:
                            for k in range(row.size):
                                real = float(row[k])
                                if real != 0.0:
                                    n += 1 - turn
                                    real_total += real
                                    real_square += (real - mean) * (real - mean) * turn
                        x = next_place(bits, stop, boxes[i, 5], NONE)
        if whole and n > 0:
            # About the integer part of the mean, exactly; then the small rest in floating point.
            pivot = total // n
            rest = total - n * pivot
            about = square - 2 * pivot * total + n * pivot * pivot
            mean = pivot + rest / n
            real_square = about - float(rest) * rest / n
        out[i, 0] = n
        out[i, 1] = mean if n > 0 else np.nan
        out[i, 2] = real_square


@compiled
def grey_by_layer(
    grey: Array,
    corners: Ints,
    flat: Words,
    where: tuple[Ints, Ints],
    boxes: Ints,
    layers: Bytes,
    starts: Ints,
    out: Floats,
) -> None:
    """Number and sum of the grey of each set's voxels in each layer, into ``out`` (n, LAYERS, 2).

    ``layers`` holds the layer of each voxel of each box, see `crack_measures`. Sums are in scan order, and
    of whole grey values exact.
    """
    for i in range(boxes.shape[0]):
        a, box = view(flat, where[0], where[1], i), boxes[i]
        ny, nx = box[3] - box[2], box[5] - box[4]
        for z in range(box[0], box[1]):
            for y in range(box[2], box[3]):
                line = grey[corners[i, 0] + z, corners[i, 1] + y]
                row = starts[i] + ((z - box[0]) * ny + y - box[2]) * nx - box[4]
                x = next_place(a[z, :, y], box[4], box[5], NONE)
                while x < box[5]:
                    layer = layers[row + x]
                    out[i, layer, 0] += 1
                    out[i, layer, 1] += float(line[corners[i, 2] + x])
                    x = next_place(a[z, :, y], x + 1, box[5], NONE)


@compiled
def unpack(a: Words, box: Ints, out: Array) -> None:
    """The bits of ``box`` of one set as truth values."""
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                p = box[4] + x
                word = a[box[0] + z, p >> 6, box[2] + y] >> np.uint64(p & 63)
                out[z, y, x] = (word & ONE) != NONE
