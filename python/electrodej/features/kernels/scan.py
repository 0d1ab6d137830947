"""One pass over the runs of equal labels: counts, moments, boxes, grey sums and touching faces."""

from __future__ import annotations

import numpy as np

from electrodej.features.kernels.compiled import compiled
from electrodej.features.typing import Array, Floats, Ints, Whole

# Columns of the integer record of a label.
LABEL, COUNT, Z, Y, X, ZZ, YY, XX, ZY, ZX, YX, Z0, Z1, Y0, Y1, X0, X1, GREY, GREY2 = range(19)
COLUMNS = 19
# Columns of the record of a pair of labels: the two, and the faces they share across z, y and x.
PAIR_COLUMNS = 5
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


@compiled
def _place(keys: Ints, label: Whole) -> Whole:
    """The slot of ``label`` in an open hash table, or the free slot where it belongs."""
    mask = keys.size - 1
    i = np.int64((np.uint64(label) * _SPREAD) >> np.uint64(32)) & mask
    while keys[i] != 0 and keys[i] != label:
        i = (i + 1) & mask
    return i


@compiled
def _grown(keys: Ints, values: Ints) -> tuple[Ints, Ints]:
    wider, moved = np.zeros(2 * keys.size, dtype=np.int64), np.zeros(2 * keys.size, dtype=np.int64)
    for i in range(keys.size):
        if keys[i] != 0:
            j = _place(wider, keys[i])
            wider[j], moved[j] = keys[i], values[i]
    return wider, moved


@compiled
def runs_of_plane(plane: Array, rows: Ints, start: Array, stop: Array, label: Array) -> None:
    """List the runs of equal labels of a plane (y, x), row by row; background is left out."""
    ny, nx = plane.shape
    n = 0
    for y in range(ny):
        rows[y] = n
        row = plane[y]
        x = 0
        while x < nx:
            value = row[x]
            first = x
            x += 1
            while x + 8 <= nx:
                differs = row[x] ^ value
                for k in range(1, 8):
                    differs |= row[x + k] ^ value
                if differs != 0:
                    break
                x += 8
            while x < nx and row[x] == value:
                x += 1
            if value != 0:
                start[n], stop[n], label[n] = first, x, value
                n += 1
    rows[ny] = n


@compiled
def add_runs(
    z: Whole,
    rows: Ints,
    start: Array,
    stop: Array,
    label: Array,
    keys: Ints,
    slots: Ints,
    records: Ints,
    used: Whole,
) -> tuple[Ints, Ints, Ints, Whole, Ints]:
    """Add the runs of plane ``z`` to the labels' records. Also returns the record of every run."""
    ny = rows.size - 1
    of_run = np.empty(rows[ny], dtype=np.int64)
    for y in range(ny):
        for i in range(rows[y], rows[y + 1]):
            value = np.int64(label[i])
            j = _place(keys, value)
            if keys[j] == 0:
                if 2 * (used + 1) > keys.size:
                    keys, slots = _grown(keys, slots)
                    j = _place(keys, value)
                if used == records.shape[0]:
                    more = np.empty((2 * used, records.shape[1]), dtype=np.int64)
                    more[:used] = records
                    records = more
                keys[j], slots[j] = value, used
                records[used] = 0
                records[used, LABEL] = value
                records[used, Z0], records[used, Z1] = z, z + 1
                records[used, Y0], records[used, Y1] = y, y + 1
                records[used, X0], records[used, X1] = start[i], stop[i]
                used += 1
            r = records[slots[j]]
            of_run[i] = slots[j]
            x0, x1 = np.int64(start[i]), np.int64(stop[i])
            n = x1 - x0
            sum_x = n * (x0 + x1 - 1) // 2
            r[COUNT] += n
            r[Z] += n * z
            r[Y] += n * y
            r[X] += sum_x
            r[ZZ] += n * z * z
            r[YY] += n * y * y
            r[XX] += ((x1 - 1) * x1 * (2 * x1 - 1) - (x0 - 1) * x0 * (2 * x0 - 1)) // 6
            r[ZY] += n * z * y
            r[ZX] += z * sum_x
            r[YX] += y * sum_x
            r[Z1] = z + 1
            r[Y0], r[Y1] = min(r[Y0], y), max(r[Y1], y + 1)
            r[X0], r[X1] = min(r[X0], x0), max(r[X1], x1)
    return keys, slots, records, used, of_run


@compiled
def add_whole_grey(grey: Array, rows: Ints, start: Array, stop: Array, of_run: Ints, records: Ints) -> None:
    """Add the grey sums of a plane of integers of at most 16 bits: exact."""
    for y in range(rows.size - 1):
        for i in range(rows[y], rows[y + 1]):
            total, square = np.int64(0), np.int64(0)
            row = grey[y, start[i] : stop[i]]
            for x in range(row.size):
                value = np.int64(row[x])
                total += value
                square += value * value
            records[of_run[i], GREY] += total
            records[of_run[i], GREY2] += square


@compiled
def add_real_grey(grey: Array, rows: Ints, start: Array, stop: Array, of_run: Ints, sums: Floats) -> None:
    """Add the grey sums of a plane of any numbers, in scan order: ``sums`` (record, [pivot, sum, square]).

    They are sums of grey minus a pivot, the first value met, so that the variance keeps its digits.
    """
    for y in range(rows.size - 1):
        for i in range(rows[y], rows[y + 1]):
            s = sums[of_run[i]]
            if np.isnan(s[0]):
                s[0] = float(grey[y, start[i]])
            for x in range(start[i], stop[i]):
                value = float(grey[y, x]) - s[0]
                s[1] += value
                s[2] += value * value


@compiled
def _add_pair(keys: Array, values: Ints, a: Whole, b: Whole, axis: Whole, faces: Whole) -> bool:
    """Count ``faces`` shared by the labels a and b. Returns False where the table is too full."""
    if a > b:
        a, b = b, a
    mask = keys.shape[0] - 1
    mixed = (np.uint64(a) * _SPREAD) ^ (np.uint64(b) * np.uint64(0xC2B2AE3D27D4EB4F))
    i = np.int64(mixed >> np.uint64(32)) & mask
    while keys[i, 0] != 0 and (keys[i, 0] != a or keys[i, 1] != b):
        i = (i + 1) & mask
    if keys[i, 0] == 0:
        keys[i, 0], keys[i, 1] = a, b
        values[0, 0] += 1
    values[i + 1, axis] += faces
    return True


@compiled
def _grown_pairs(keys: Ints, values: Ints) -> tuple[Ints, Ints]:
    wider = np.zeros((2 * keys.shape[0], 2), dtype=np.int64)
    moved = np.zeros((2 * keys.shape[0] + 1, 3), dtype=np.int64)
    for i in range(keys.shape[0]):
        if keys[i, 0] != 0:
            for axis in range(3):
                _add_pair(wider, moved, keys[i, 0], keys[i, 1], axis, values[i + 1, axis])
    return wider, moved


@compiled
def _add_rows(
    axis: Whole,
    i: Whole,
    i_end: Whole,
    start: Array,
    stop: Array,
    label: Array,
    j: Whole,
    j_end: Whole,
    start2: Array,
    stop2: Array,
    label2: Array,
    keys: Ints,
    values: Ints,
) -> None:
    """Count the faces between the runs i of one row and the runs j of its neighbour."""
    while i < i_end and j < j_end:
        overlap = min(stop[i], stop2[j]) - max(start[i], start2[j])
        if overlap > 0 and label[i] != label2[j]:
            _add_pair(keys, values, np.int64(label[i]), np.int64(label2[j]), axis, np.int64(overlap))
        if stop[i] < stop2[j]:
            i += 1
        else:
            j += 1


@compiled
def add_faces(
    rows: Ints,
    start: Array,
    stop: Array,
    label: Array,
    has_before: bool,
    rows2: Ints,
    start2: Array,
    stop2: Array,
    label2: Array,
    keys: Ints,
    values: Ints,
) -> tuple[Ints, Ints]:
    """Count the faces between different labels in a plane and between it and the plane before."""
    for y in range(rows.size - 1):
        # A row and its two neighbours can bring at most three new pairs for each of their runs.
        coming = 3 * (rows[y + 1] - rows[y]) + (rows2[y + 1] - rows2[y] if has_before else 0)
        coming += rows[y] - rows[y - 1] if y > 0 else 0
        while 2 * (values[0, 0] + coming) > keys.shape[0]:
            keys, values = _grown_pairs(keys, values)
        for i in range(rows[y] + 1, rows[y + 1]):
            if start[i] == stop[i - 1]:
                _add_pair(keys, values, np.int64(label[i]), np.int64(label[i - 1]), 2, 1)
        if y > 0:
            _add_rows(
                1,
                rows[y],
                rows[y + 1],
                start,
                stop,
                label,
                rows[y - 1],
                rows[y],
                start,
                stop,
                label,
                keys,
                values,
            )
        if has_before:
            _add_rows(
                0, rows[y], rows[y + 1], start, stop, label,
                rows2[y], rows2[y + 1], start2, stop2, label2, keys, values,
            )  # fmt: skip
    return keys, values


@compiled
def scan(
    labels: Array, z0: Whole, before: Whole, with_faces: bool, grey: Array, grey_kind: int
) -> tuple[Ints, Floats, Ints]:
    """Measure the planes of ``labels`` (z, y, x) from ``before`` on; plane 0 has the index ``z0``.

    ``before`` is 1 where the first plane only serves to find the faces shared with it. ``grey_kind`` is
    0 without grey, 1 for integers of at most 16 bits, 2 for any other numbers. Returns the records of
    the labels (n, COLUMNS), the sums of real grey (n, 3) and the records of touching pairs (m, 5).
    """
    ny, nx = labels.shape[1], labels.shape[2]
    room = ny * nx
    rows, rows2 = np.zeros(ny + 1, dtype=np.int64), np.zeros(ny + 1, dtype=np.int64)
    start, start2 = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32)
    stop, stop2 = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32)
    label, label2 = np.empty(room, dtype=labels.dtype), np.empty(room, dtype=labels.dtype)
    keys, slots = np.zeros(256, dtype=np.int64), np.zeros(256, dtype=np.int64)
    records = np.empty((128, COLUMNS), dtype=np.int64)
    sums = np.empty((0, 3), dtype=np.float64)
    pair_keys, pair_values = np.zeros((256, 2), dtype=np.int64), np.zeros((257, 3), dtype=np.int64)
    used = 0
    for z in range(labels.shape[0]):
        rows, rows2, start, start2 = rows2, rows, start2, start
        stop, stop2, label, label2 = stop2, stop, label2, label
        runs_of_plane(labels[z], rows, start, stop, label)
        if z < before:
            continue
        keys, slots, records, used, of_run = add_runs(
            z0 + z, rows, start, stop, label, keys, slots, records, used
        )
        if grey_kind == 1:
            add_whole_grey(grey[z - before], rows, start, stop, of_run, records)
        elif grey_kind == 2:
            if sums.shape[0] < used:
                more = np.zeros((2 * used, 3), dtype=np.float64)
                more[:, 0] = np.nan
                more[: sums.shape[0]] = sums
                sums = more
            add_real_grey(grey[z - before], rows, start, stop, of_run, sums)
        if with_faces:
            pair_keys, pair_values = add_faces(
                rows, start, stop, label, z > 0, rows2, start2, stop2, label2, pair_keys, pair_values
            )
    pairs = np.empty((pair_values[0, 0], PAIR_COLUMNS), dtype=np.int64)
    n = 0
    for i in range(pair_keys.shape[0]):
        if pair_keys[i, 0] != 0:
            pairs[n, 0], pairs[n, 1] = pair_keys[i, 0], pair_keys[i, 1]
            pairs[n, 2:] = pair_values[i + 1]
            n += 1
    return records[:used], sums[:used], pairs


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
