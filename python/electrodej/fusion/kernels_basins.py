"""Compiled parts of the basins: every voxel's way up, what the ways end in, and the passes between them."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
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
    rows, columns = tall - 2, wide - 2
    pointers = np.full(depth * plane, -1, np.int32)
    for z in range(first, first + count):
        for y in range(1, rows + 1):
            start = z * plane + y * wide
            for at in range(start + 1, start + columns + 1):
                own = np.int64(values[at])
                if own < floor:
                    continue
                best, most = at, np.int64(-1)
                for n in range(26):
                    if (n < 9 and z == 0) or (n >= 17 and z == depth - 1):
                        continue
                    other = at + steps[n]
                    rise = np.int64(values[other]) - own
                    if rise > 0 or (rise == 0 and n >= 13):
                        rise *= weights[n]
                        if rise >= most:
                            most, best = rise, other
                pointers[at] = best
    return _number_ends(pointers, first * plane, count, tall, wide, ids)


@numba.njit(cache=True, nogil=True)
def _number_ends(pointers: Any, begin: int, count: int, tall: int, wide: int, ids: Any) -> Any:
    """Follow the pointers to their ends and number these in the order they are met."""
    numbers = np.zeros(len(pointers), np.int32)
    ends = np.empty(1024, np.int64)
    found = 0
    for z in range(count):
        for y in range(tall - 2):
            start = begin + (z * tall + y + 1) * wide + 1
            for x in range(wide - 2):
                at = start + x
                if pointers[at] < 0:
                    ids[z, y, x] = 0
                    continue
                end = at
                while numbers[end] == 0 and pointers[end] >= 0 and pointers[end] != end:
                    end = pointers[end]
                if numbers[end] == 0:
                    if found == len(ends):
                        more = np.empty(2 * found, np.int64)
                        more[:found] = ends
                        ends = more
                    ends[found] = end
                    found += 1
                    numbers[end] = found
                number = numbers[end]
                ids[z, y, x] = number
                while numbers[at] == 0:
                    numbers[at] = number
                    at = pointers[at]
    return ends[:found].copy()


@numba.njit(cache=True, nogil=True)
def passes_within(field: Any, first: int, ids: Any) -> Any:
    """Return the passes between numbers that touch: pairs ``low << 32 | high`` and the highest way over.

    The height of a way over is the lower of the two voxels that touch, 26 neighbours counted.
    """
    depth, rows, columns = ids.shape
    keys = np.full(4096, -1, np.int64)
    heights = np.zeros(4096, np.uint16)
    used = 0
    for z in range(depth):
        for y in range(rows):
            for x in range(columns):
                own = ids[z, y, x]
                if own == 0:
                    continue
                for dz in range(2):
                    if z + dz == depth:
                        continue
                    for dy in range(-1 if dz else 0, 2):
                        if y + dy < 0 or y + dy >= rows:
                            continue
                        for dx in range(-1 if dz or dy else 1, 2):
                            if x + dx < 0 or x + dx >= columns:
                                continue
                            other = ids[z + dz, y + dy, x + dx]
                            if other == own or other == 0:
                                continue
                            height = min(
                                field[z + first, y + 1, x + 1], field[z + first + dz, y + dy + 1, x + dx + 1]
                            )
                            used += put_highest(keys, heights, own, other, height)
                            if 2 * used > len(keys):
                                keys, heights = grow(keys, heights)
    taken = keys >= 0
    return keys[taken], heights[taken]


@numba.njit(cache=True, nogil=True)
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
            for dy in range(-1, 2):
                if y + dy < 0 or y + dy >= rows:
                    continue
                for dx in range(-1, 2):
                    if x + dx < 0 or x + dx >= columns:
                        continue
                    other = ids_high[y + dy, x + dx]
                    if other == 0 or other == own:
                        continue
                    height = min(field_low[y + 1, x + 1], field_high[y + dy + 1, x + dx + 1])
                    used += put_highest(keys, heights, own, other, height)
                    if 2 * used > len(keys):
                        keys, heights = grow(keys, heights)
    taken = keys >= 0
    return keys[taken], heights[taken]


@numba.njit(cache=True, nogil=True)
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


@numba.njit(cache=True, nogil=True)
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
