"""What is measured of one particle after another from their bits."""

from __future__ import annotations

import numpy as np

from electrodej.features.kernels import bits, depth, shape
from electrodej.features.kernels.bits import ONE
from electrodej.features.kernels.compiled import compiled
from electrodej.features.typing import Array, Floats, Ints, Whole, Words

# What to measure, as bits of ``wanted``.
FILL, ROUGH, CONTACT, SURFACE, FERET, PIECES, DEPTH, WIDTH = (1 << i for i in range(8))
DIRECTIONS = 13
# Columns of the counts of a particle.
(RAW, FILLED, EDGE_RAW, EDGE_FILL, EDGE_SMOOTH_RAW, EDGE_SMOOTH_FILL, SHELL, SHELL_OTHER, PARTS) = range(9)
CROSS_RAW = 9
CROSS_FILL = CROSS_RAW + DIRECTIONS
COUNTS = CROSS_FILL + DIRECTIONS
# Columns of its lengths and shares.
LONGEST, CRACK_OUTER, CRACK_MIDDLE, CRACK_INNER, CRACK_WIDTH = range(5)
LENGTHS = 5


@compiled
def pack_all(
    labels: Array, ids: Ints, corners: Ints, shapes: Ints, places: Ints, own: Words, other: Words
) -> None:
    """Pack each particle's voxels; ``corners`` are its padded box's first voxel within ``labels``."""
    for i in range(ids.size):
        nz, words, ny = shapes[i, 0], shapes[i, 1], shapes[i, 2]
        a, b = places[i], places[i] + nz * words * ny
        bits.pack(
            labels,
            ids[i],
            corners[i, 0],
            corners[i, 1],
            corners[i, 2],
            own[a:b].reshape((nz, words, ny)),
            other[a:b].reshape((nz, words, ny)),
        )


@compiled
def close(raw: Words, half_width: Array, box: Ints, fill: Words, dilated: Words) -> None:
    """``fill``: ``raw`` closed with the ball and its holes filled. ``dilated``: ``fill`` dilated by it.

    A closing never leaves the box of ``raw``, and dilating it gives the dilation of ``raw`` again, so
    one dilation serves both; only where holes were filled is their dilation added.
    """
    nz, words, ny = raw.shape
    whole = np.array([0, nz, 0, ny])
    bits.dilate(raw, False, half_width, box[:4], dilated, whole)
    bits.dilate(dilated, True, half_width, whole, fill, box[:4])
    inside = bits.span_mask(words, box[4], box[5])
    for z in range(box[0], box[1]):
        for w in range(words):
            for y in range(box[2], box[3]):
                fill[z, w, y] = ~fill[z, w, y] & inside[w]
    if bits.fill_holes(fill, box) > 0:
        bits.dilate(fill, False, half_width, box[:4], dilated, whole)


@compiled
def shell(fill: Words, dilated: Words, other: Words, within: Ints, counts: Ints) -> None:
    """Count the voxels of ``dilated`` outside ``fill``, and those of other labels among them.

    ``within`` (z0, z1, y0, y1, x0, x1) is the part of the box that lies inside the volume.
    """
    inside = bits.span_mask(fill.shape[1], within[4], within[5])
    every, foreign = np.uint64(0), np.uint64(0)
    for z in range(within[0], within[1]):
        for w in range(fill.shape[1]):
            for y in range(within[2], within[3]):
                v = dilated[z, w, y] & ~fill[z, w, y] & inside[w]
                every += bits.ones(v)
                foreign += bits.ones(v & other[z, w, y])
    counts[SHELL], counts[SHELL_OTHER] = np.int64(every), np.int64(foreign)


@compiled
def measure_one(
    raw: Words,
    other: Words,
    fill: Words,
    box: Ints,
    within: Ints,
    wanted: Whole,
    half_width: Array,
    directions: Array,
    spacing: Floats,
    counts: Ints,
    lengths: Floats,
) -> None:
    """Measure one particle; see `measure_all`."""
    counts[RAW] = bits.count(raw)
    scratch = np.zeros(raw.shape, dtype=np.uint64)
    if wanted & FILL:
        close(raw, half_width, box, fill, scratch)
        counts[FILLED] = bits.count(fill)
        counts[EDGE_FILL] = bits.perimeter(fill, box)
        if wanted & CONTACT:
            shell(fill, scratch, other, within, counts)
    counts[EDGE_RAW] = bits.perimeter(raw, box)
    if wanted & ROUGH:
        scratch[:] = np.uint64(0)
        bits.median(raw, box, scratch)
        counts[EDGE_SMOOTH_RAW] = bits.perimeter(scratch, box)
        bits.median(fill, box, scratch)
        counts[EDGE_SMOOTH_FILL] = bits.perimeter(scratch, box)
    if wanted & SURFACE:
        shape.crossings(raw, box, directions, counts[CROSS_RAW:CROSS_FILL])
        shape.crossings(fill, box, directions, counts[CROSS_FILL:COUNTS])
    if wanted & FERET:
        first = np.empty((box[1] - box[0], box[3] - box[2]), dtype=np.int64)
        last = np.empty((box[1] - box[0], box[3] - box[2]), dtype=np.int64)
        shape.row_ends(raw, box, first, last)
        lengths[LONGEST] = shape.feret(first, last, spacing)
    if wanted & PIECES:
        counts[PARTS] = shape.pieces(raw, box)
    if wanted & DEPTH:
        depth.crack_depths(fill, raw, box, spacing, lengths[CRACK_OUTER : CRACK_INNER + 1])
    if wanted & WIDTH:
        lengths[CRACK_WIDTH] = 0.0
        if counts[FILLED] > counts[RAW]:
            for z in range(raw.shape[0]):
                for w in range(raw.shape[1]):
                    for y in range(raw.shape[2]):
                        scratch[z, w, y] = fill[z, w, y] & ~raw[z, w, y]
            lengths[CRACK_WIDTH] = depth.crack_width(scratch, box, spacing)


@compiled
def measure_all(
    raw: Words,
    other: Words,
    fill: Words,
    shapes: Ints,
    places: Ints,
    boxes: Ints,
    withins: Ints,
    wanted: Whole,
    half_width: Array,
    directions: Array,
    spacing: Floats,
    counts: Ints,
    lengths: Floats,
) -> None:
    """Measure the particles whose bits lie one after another in ``raw`` and ``other``.

    ``boxes`` are their bounding boxes inside their padded boxes and ``withins`` the parts of those that
    lie in the volume. Writes ``fill``, ``counts`` (n, COUNTS) and ``lengths`` (n, LENGTHS).
    """
    for i in range(places.size):
        nz, words, ny = shapes[i, 0], shapes[i, 1], shapes[i, 2]
        a, b = places[i], places[i] + nz * words * ny
        measure_one(
            raw[a:b].reshape((nz, words, ny)),
            other[a:b].reshape((nz, words, ny)),
            fill[a:b].reshape((nz, words, ny)),
            boxes[i],
            withins[i],
            wanted,
            half_width,
            directions,
            spacing,
            counts[i],
            lengths[i],
        )


@compiled
def _run_end(fill: Words, z: Whole, y: Whole, x: Whole, stop: Whole) -> Whole:
    while x < stop:
        rest = ~fill[z, x >> 6, y] >> np.uint64(x & 63)
        if rest != np.uint64(0):
            return min(x + bits.lowest(rest), stop)
        x = (x | 63) + 1
    return stop


@compiled
def _run_start(fill: Words, z: Whole, y: Whole, x: Whole, stop: Whole) -> Whole:
    while x < stop:
        rest = fill[z, x >> 6, y] >> np.uint64(x & 63)
        if rest != np.uint64(0):
            return min(x + bits.lowest(rest), stop)
        x = (x | 63) + 1
    return stop


@compiled
def grey_of_one(
    grey: Array, z0: Whole, y0: Whole, x0: Whole, fill: Words, box: Ints, whole: bool, out: Floats
) -> None:
    """Number, mean and sum of squared differences of the non-zero grey inside ``fill``, into ``out``.

    ``grey[z0, y0, x0]`` is voxel (0, 0, 0) of ``fill``. Integers of at most 16 bits (``whole``) are
    summed exactly; other numbers in scan order, minus the mean of a first pass.
    """
    n, total, square = np.int64(0), np.int64(0), np.int64(0)
    mean, real_total, real_square = 0.0, 0.0, 0.0
    for turn in range(1 if whole else 2):
        if turn == 1:
            mean = real_total / n if n > 0 else np.nan
        for z in range(box[0], box[1]):
            for y in range(box[2], box[3]):
                x = _run_start(fill, z, y, box[4], box[5])
                while x < box[5]:
                    stop = _run_end(fill, z, y, x, box[5])
                    row = grey[z0 + z, y0 + y, x0 + x : x0 + stop]
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
                                if turn == 0:
                                    n += 1
                                    real_total += real
                                else:
                                    real_square += (real - mean) ** 2
                    x = _run_start(fill, z, y, stop, box[5])
    if whole and n > 0:
        # Exact: about the integer part of the mean, then the small rest in floating point.
        pivot = total // n
        rest = total - n * pivot
        about = square - 2 * pivot * total + n * pivot * pivot
        mean = pivot + rest / n
        real_square = about - float(rest) * rest / n
    out[0] = n
    out[1] = mean if n > 0 else np.nan
    out[2] = real_square


@compiled
def grey_of_all(
    grey: Array, corners: Ints, fill: Words, shapes: Ints, places: Ints, boxes: Ints, whole: bool, out: Floats
) -> None:
    """`grey_of_one` for particles whose bits lie one after another; ``corners`` as in `pack_all`."""
    for i in range(places.size):
        nz, words, ny = shapes[i, 0], shapes[i, 1], shapes[i, 2]
        a, b = places[i], places[i] + nz * words * ny
        grey_of_one(
            grey,
            corners[i, 0],
            corners[i, 1],
            corners[i, 2],
            fill[a:b].reshape((nz, words, ny)),
            boxes[i],
            whole,
            out[i],
        )


@compiled
def unpack(a: Words, box: Ints) -> Array:
    """The bits of ``box`` as an array of truth values."""
    out = np.empty((box[1] - box[0], box[3] - box[2], box[5] - box[4]), dtype=np.bool_)
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                p = box[4] + x
                word = a[box[0] + z, p >> 6, box[2] + y] >> np.uint64(p & 63)
                out[z, y, x] = (word & ONE) != np.uint64(0)
    return out
