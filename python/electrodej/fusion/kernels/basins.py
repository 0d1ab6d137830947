"""Compiled parts of the basins: every voxel's way up, what the ways end in, and the passes between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled

# Background as wide as this is not worked on, in voxels; less would cost more to leave out.
_NEAR = 16
_BITE = 64


@compiled
def climb(field: Any, floor: int, steps: Any, weights: Any, first: int, count: int, ids: Any) -> Any:
    """Number the ends of the ways up from ``count`` slices of ``field``, from slice ``first`` on.

    Parameters
    ----------
    field
        uint16 with a rim of zeros in y and x, and one more slice on either side where there is one.
    floor
        Voxels below it are 0 in ``ids``.
    steps, weights
        Offsets of the 26 neighbours in ``field``, rising, and 1024 x shortest edge / distance.
    ids
        int32 (count, Y, X), filled with 1, 2, ... for the ends.

    Returns
    -------
    array of int64
        Where in ``field`` each end lies, in the order of their numbers. It is a maximum, or a voxel of
        the slice before or after through which the ways leave the slab.

    Notes
    -----
    A voxel leads to the neighbour to which the field rises most per length. Equal values rise with the
    voxels' order, so that no way is a circle and the ways do not depend on the slab.
    """
    depth, tall, wide = field.shape
    plane = tall * wide
    values = field.reshape(-1)
    columns = wide - 2
    pointers = np.full(depth * plane, -1, np.int32)
    best = np.empty(columns, np.int32)
    begins = np.empty(columns // _NEAR + 1, np.int64)
    stops = np.empty(columns // _NEAR + 1, np.int64)
    for z in range(first, first + count):
        for y in range(1, tall - 1):
            row = z * plane + y * wide + 1
            for span in range(_spans(values[row : row + columns], floor, begins, stops)):
                start = row + begins[span]
                length = stops[span] - begins[span]
                own = values[start : start + length]
                # The steepest rise and, among equal ones, the later neighbour, in one number; a level way
                # leads to later neighbours alone, which are those above 12.
                best[:length] = 12
                for n in range(9 if z == 0 else 0, 17 if z == depth - 1 else 26):
                    weight = np.int32(weights[n] * 32)
                    mark = np.int32(n)
                    other = values[start + steps[n] : start + steps[n] + length]
                    for x in range(length):
                        best[x] = max(best[x], (np.int32(other[x]) - np.int32(own[x])) * weight + mark)
                for x in range(length):
                    if own[x] >= floor:
                        at = start + x
                        pointers[at] = at if best[x] == 12 else at + steps[best[x] & 31]
    return _number_ends(pointers, first * plane, count, tall, wide, ids)


@compiled
def _spans(line: Any, floor: int, begins: Any, stops: Any) -> int:
    """Find where a row reaches ``floor``; stretches nearer to each other than ``_NEAR`` are one."""
    found = 0
    last = -_NEAR - 1
    for x in range(len(line)):
        if line[x] >= floor:
            if x - last > _NEAR:
                begins[found] = x
                found += 1
            last = x
            stops[found - 1] = x + 1
    return found


@compiled
def _number_ends(pointers: Any, begin: int, count: int, tall: int, wide: int, ids: Any) -> Any:
    """Follow the pointers to their ends and number these.

    Numbers take the pointers' place, number n as -1 - n; -1 is background and what lies outside the slab.
    Once backward over the voxels and once forward settles nearly all of them by a look at a neighbour:
    following each way on its own would go all over the memory.
    """
    stop = begin + count * tall * wide
    maxima = 0
    for at in range(begin, stop):
        maxima += pointers[at] == at
    # Ways leave the slab through the slices before and after it.
    ends = np.empty(maxima + len(pointers) - (stop - begin), np.int64)
    found = 0
    for at in range(stop - 1, begin - 1, -1):
        following = np.int64(pointers[at])
        if following < at:
            continue
        number = np.int64(-1) if following == at else np.int64(pointers[following])
        if number == -1:
            ends[found] = following
            found += 1
            number = np.int64(-1 - found)
            pointers[following] = number
        pointers[at] = number
    for z in range(count):
        for y in range(tall - 2):
            start = begin + (z * tall + y + 1) * wide + 1
            target = ids[z, y]
            for x in range(wide - 2):
                number = np.int64(pointers[start + x])
                if number >= 0:
                    end = number
                    while number >= 0:
                        end = number
                        number = np.int64(pointers[end])
                    if number == -1:
                        ends[found] = end
                        found += 1
                        number = np.int64(-1 - found)
                        pointers[end] = number
                    pointers[start + x] = number
                target[x] = -1 - number
    return ends[:found].copy()


@compiled
def passes_within(field: Any, first: int, ids: Any) -> Any:
    """Return the passes between numbers that touch: pairs ``low << 32 | high`` and the highest way over.

    The height of a way over is the lower of the two voxels that touch by a face.
    """
    depth, rows, columns = ids.shape
    keys = np.full(4096, -1, np.int64)
    heights = np.zeros(4096, np.uint16)
    places = np.empty(columns, np.int64)
    used = 0
    for z in range(depth):
        for y in range(rows):
            line = ids[z, y]
            height = field[z + first, y + 1, 1:-1]
            for n in range(3):
                if (n == 0 and z + 1 == depth) or (n == 1 and y + 1 == rows):
                    continue
                dz, dy, dx = n == 0, n == 1, n == 2
                other = ids[z + dz, y + dy, dx:]
                beyond = field[z + first + dz, y + 1 + dy, 1 + dx : -1]
                found = _where_apart(line, other, places)
                for at in range(found):
                    x = places[at]
                    used += put_highest(keys, heights, line[x], other[x], min(height[x], beyond[x]))
                    if 2 * used > len(keys):
                        keys, heights = grow(keys, heights)
    taken = keys >= 0
    return keys[taken], heights[taken]


@compiled
def _where_apart(line: Any, other: Any, places: Any) -> int:
    """Find where two rows have different numbers, neither of them 0."""
    found = 0
    for begin in range(0, len(other), _BITE):
        own, beyond = line[begin : begin + _BITE], other[begin : begin + _BITE]
        # Most stretches are all background or of one number, and many voxels are told at once that they are.
        different = np.int32(0)
        for x in range(len(beyond)):
            different |= own[x] ^ beyond[x]
        if different == 0:
            continue
        for x in range(len(beyond)):
            places[found] = begin + x
            found += (own[x] != beyond[x]) & (own[x] != 0) & (beyond[x] != 0)
    return found


@compiled
def passes_between(field_low: Any, ids_low: Any, field_high: Any, ids_high: Any) -> Any:
    """Return the passes between two slices of two slabs, as `passes_within`; the fields have rims."""
    rows, columns = ids_low.shape
    keys = np.full(4096, -1, np.int64)
    heights = np.zeros(4096, np.uint16)
    used = 0
    for y in range(rows):
        for x in range(columns):
            own = ids_low[y, x]
            if own == 0:
                continue
            other = ids_high[y, x]
            if other == 0 or other == own:
                continue
            height = min(field_low[y + 1, x + 1], field_high[y + 1, x + 1])
            used += put_highest(keys, heights, own, other, height)
            if 2 * used > len(keys):
                keys, heights = grow(keys, heights)
    taken = keys >= 0
    return keys[taken], heights[taken]


@compiled
def put_highest(keys: Any, heights: Any, one: int, other: int, height: int) -> int:
    """Keep the highest pass of a pair in the table; return 1 if the pair is new."""
    key = (np.int64(min(one, other)) << np.int64(32)) | np.int64(max(one, other))
    mask = np.int64(len(keys) - 1)
    mixed = (key ^ (key >> np.int64(29))) * np.int64(0x9E3779B97F4A7C1)
    slot = (mixed >> np.int64(20)) & mask
    while keys[slot] != -1 and keys[slot] != key:
        slot = (slot + 1) & mask
    if keys[slot] == key:
        heights[slot] = max(heights[slot], height)
        return 0
    keys[slot] = key
    heights[slot] = height
    return 1


@compiled
def grow(keys: Any, heights: Any) -> Any:
    """Return a table with twice the room and the same entries."""
    new_keys = np.full(2 * len(keys), -1, np.int64)
    new_heights = np.zeros(2 * len(keys), np.uint16)
    for slot in range(len(keys)):
        if keys[slot] >= 0:
            put_highest(
                new_keys,
                new_heights,
                keys[slot] >> np.int64(32),
                keys[slot] & np.int64(0xFFFFFFFF),
                heights[slot],
            )
    return new_keys, new_heights
