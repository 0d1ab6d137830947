"""One pass over the runs of equal labels: counts, moments, boxes, grey sums and touching faces.

``rows[z * ny + y]`` is the number of the first run of a row; runs are listed with their first voxel
``start``, the one past their last ``stop`` and their ``label``.
"""

from __future__ import annotations

import numpy as np

from electrodej.compiled import compiled
from electrodej.features.kernels.bits import NONE, ONE, gather, lowest
from electrodej.features.typing import Array, Floats, Ints, Whole

# Columns of the record of a label.
LABEL, COUNT, Z, Y, X, ZZ, YY, XX, ZY, ZX, YX, Z0, Z1, Y0, Y1, X0, X1, GREY, GREY2 = range(19)
COLUMNS = 19
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_SPREAD2 = np.uint64(0xC2B2AE3D27D4EB4F)
_HALF = np.uint64(32)


@compiled
def list_runs(labels: Array, rows: Ints, start: Array, stop: Array, label: Ints) -> Whole:
    """List the runs of ``labels`` (z, y, x); background is left out. Returns their number.

    A row is compared with itself moved by one voxel, which tells 64 places in a word whether a run
    begins there.
    """
    nz, ny, nx = labels.shape
    words = (nx + 63) // 64
    changes = np.zeros(64 * words, dtype=np.uint8)
    as_words = changes.view(np.uint64)
    n = 0
    for z in range(nz):
        for y in range(ny):
            rows[z * ny + y] = n
            row = labels[z, y]
            here, before, target = row[1:], row[:-1], changes[1:nx]
            for x in range(target.size):
                target[x] = here[x] != before[x]
            value, first = row[0], 0
            for w in range(words):
                change = gather(as_words, w)
                while change != NONE:
                    x = 64 * w + lowest(change)
                    change &= change - ONE
                    if value != 0:
                        start[n], stop[n], label[n] = first, x, value
                        n += 1
                    value, first = row[x], x
            if value != 0:
                start[n], stop[n], label[n] = first, nx, value
                n += 1
    rows[nz * ny] = n
    return n


@compiled
def add_runs(
    z0: Whole,
    ny: Whole,
    skip: Whole,
    runs: tuple[Ints, Array, Array],
    label: Ints,
    records: Ints,
    of_run: Array,
) -> bool:
    """Add the runs, from plane ``skip`` on, to the records of their labels; plane 0 has the index ``z0``.

    ``runs`` are the first run of each row, and where each run starts and stops.

    ``records`` is an open hash table, empty where the label is 0; ``of_run`` takes each run's place in
    it. Returns False where the table is more than half full: then a larger one is needed.
    """
    rows, start, stop = runs
    mask = records.shape[0] - 1
    used = 0
    for row in range(skip * ny, rows.size - 1):
        z, y = z0 + row // ny, row % ny
        for i in range(rows[row], rows[row + 1]):
            value = label[i]
            place = np.int64((np.uint64(value) * _SPREAD) >> _HALF) & mask
            while records[place, LABEL] != 0 and records[place, LABEL] != value:
                place = (place + 1) & mask
            r = records[place]
            of_run[i] = place
            x0, x1 = np.int64(start[i]), np.int64(stop[i])
            if r[LABEL] == 0:
                used += 1
                if 2 * used > mask:
                    return False
                r[LABEL], r[Z0], r[Y0], r[X0] = value, z, y, x0
            n = x1 - x0
            x = n * (x0 + x1 - 1) // 2
            r[COUNT] += n
            r[Z] += n * z
            r[Y] += n * y
            r[X] += x
            r[ZZ] += n * z * z
            r[YY] += n * y * y
            r[XX] += ((x1 - 1) * x1 * (2 * x1 - 1) - (x0 - 1) * x0 * (2 * x0 - 1)) // 6
            r[ZY] += n * z * y
            r[ZX] += z * x
            r[YX] += y * x
            r[Z1] = z + 1
            r[Y0], r[Y1] = min(r[Y0], y), max(r[Y1], y + 1)
            r[X0], r[X1] = min(r[X0], x0), max(r[X1], x1)
    return True


@compiled
def add_whole_grey(
    grey: Array, skip: Whole, rows: Ints, start: Array, stop: Array, of_run: Array, records: Ints
) -> None:
    """Add the sums of ``grey`` (z, y, x), integers of at most 16 bits, and of their squares: exact."""
    ny = grey.shape[1]
    for row in range(skip * ny, rows.size - 1):
        line = grey[row // ny - skip, row % ny]
        for i in range(rows[row], rows[row + 1]):
            total, square = np.int64(0), np.int64(0)
            part = line[start[i] : stop[i]]
            for x in range(part.size):
                value = np.int64(part[x])
                total += value
                square += value * value
            records[of_run[i], GREY] += total
            records[of_run[i], GREY2] += square


@compiled
def add_real_grey(
    grey: Array, skip: Whole, rows: Ints, start: Array, stop: Array, of_run: Array, sums: Floats
) -> None:
    """Add the sums of any numbers, in scan order, into ``sums`` (record, [pivot, sum, squares]).

    They are sums of grey minus a pivot, the first value met, so that the variance keeps its digits.
    """
    ny = grey.shape[1]
    for row in range(skip * ny, rows.size - 1):
        line = grey[row // ny - skip, row % ny]
        for i in range(rows[row], rows[row + 1]):
            s = sums[of_run[i]]
            if np.isnan(s[0]):
                s[0] = float(line[start[i]])
            for x in range(start[i], stop[i]):
                value = float(line[x]) - s[0]
                s[1] += value
                s[2] += value * value


@compiled
def _pair_place(pairs: Ints, a: Whole, b: Whole) -> Whole:
    """The place of the pair of labels in an open hash table; new pairs are entered. -1 where it is full.

    Row 0 of the table is not a pair: it counts them.
    """
    mask = pairs.shape[0] - 2
    low, high = min(a, b), max(a, b)
    mixed = (np.uint64(low) * _SPREAD) ^ (np.uint64(high) * _SPREAD2)
    place = np.int64(mixed >> _HALF) & mask
    while pairs[place + 1, 0] != 0 and (pairs[place + 1, 0] != low or pairs[place + 1, 1] != high):
        place = (place + 1) & mask
    if pairs[place + 1, 0] == 0:
        pairs[0, 0] += 1
        if 2 * pairs[0, 0] > mask:
            return -1
        pairs[place + 1, 0], pairs[place + 1, 1] = low, high
    return place + 1


@compiled
def add_faces(
    ny: Whole, skip: Whole, rows: Ints, start: Array, stop: Array, label: Ints, pairs: Ints
) -> bool:
    """Count the faces between different labels into ``pairs`` (place, [labels, faces across z, y, x]).

    Faces within the planes from ``skip`` on and with the plane before each, where there is one. Returns
    False where the table of pairs is more than half full.
    """
    for row in range(skip * ny, rows.size - 1):
        for i in range(rows[row] + 1, rows[row + 1]):
            if start[i] == stop[i - 1]:
                place = _pair_place(pairs, label[i], label[i - 1])
                if place < 0:
                    return False
                pairs[place, 4] += 1
        for axis in range(2):
            beside = row - ny if axis == 0 else row - 1
            if beside < 0 or (axis == 1 and row % ny == 0):
                continue
            i, j = rows[row], rows[beside]
            while i < rows[row + 1] and j < rows[beside + 1]:
                faces = min(stop[i], stop[j]) - max(start[i], start[j])
                if faces > 0 and label[i] != label[j]:
                    place = _pair_place(pairs, label[i], label[j])
                    if place < 0:
                        return False
                    pairs[place, 2 + axis] += faces
                if stop[i] < stop[j]:
                    i += 1
                else:
                    j += 1
    return True


@compiled
def merge_real_grey(slot: Ints, count: Ints, sums: Floats, out: Floats) -> None:
    """Join the grey sums of several scans, in their order, into ``out`` (label, [n, mean, squares])."""
    for i in range(slot.size):
        n = float(count[i])
        mean = sums[i, 0] + sums[i, 1] / n
        square = sums[i, 2] - sums[i, 1] * sums[i, 1] / n
        o = out[slot[i]]
        shift = mean - o[1]
        together = o[0] + n
        o[1] += shift * n / together
        o[2] += square + shift * shift * o[0] * n / together
        o[0] = together
