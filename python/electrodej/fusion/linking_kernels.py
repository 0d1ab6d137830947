"""Compiled loops over the slices that are linked."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

# Columns of the table that `measure_sections` fills.
AREA, SUM_Y, SUM_X, TOP, BOTTOM, LEFT, RIGHT = range(7)
COLUMNS = 7


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def number_sections(image: Any, table: Any, numbered: Any) -> int:
    """Number the labels of a slice 1, 2, 3 ... in the order of their first pixels.

    ``table`` has a place for every label and is zero before; afterwards it holds each label's number.
    ``numbered`` receives the slice with the new numbers. Returns how many there are.
    """
    count = 0
    for y in range(image.shape[0]):
        last, number = image[y, 0], table[image[y, 0]]
        for x in range(image.shape[1]):
            label = image[y, x]
            if label != last:
                last, number = label, table[label]
            if label != 0 and number == 0:
                count += 1
                number = count
                table[label] = number
            numbered[y, x] = number if label != 0 else 0
    return count


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def measure_sections(numbered: Any, image: Any, table: Any, labels: Any) -> None:
    """Fill a row of ``table`` for each number: pixels, sums of y and x, and the box.

    ``labels[number]`` becomes the label that ``image`` has there.
    """
    height, width = numbered.shape
    table[:, TOP] = height
    table[:, LEFT] = width
    for y in range(height):
        x = 0
        while x < width:
            number = numbered[y, x]
            start = x
            x += 1
            while x < width and numbered[y, x] == number:
                x += 1
            if number == 0:
                continue
            length = x - start
            row = table[number]
            if row[AREA] == 0:
                labels[number] = image[y, start]
            row[AREA] += length
            row[SUM_Y] += y * length
            row[SUM_X] += (start + x - 1) * length  # twice the sum, so that it stays whole
            row[TOP] = min(row[TOP], y)
            row[BOTTOM] = max(row[BOTTOM], y + 1)
            row[LEFT] = min(row[LEFT], start)
            row[RIGHT] = max(row[RIGHT], x)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def list_overlaps(first: Any, second: Any, start: int, keys: Any, lengths: Any) -> tuple[int, int]:
    """List the runs of pixels where both slices have a section, from row ``start`` on.

    A run's key is the first slice's number in the upper 32 bits and the second's in the lower ones. Stops
    before a row that might not fit. Returns the row reached and the number of runs.
    """
    height, width = first.shape
    found = 0
    for y in range(start, height):
        if found + width > keys.size:
            return y, found
        x = 0
        while x < width:
            a, b = first[y, x], second[y, x]
            begin = x
            x += 1
            while x < width and first[y, x] == a and second[y, x] == b:
                x += 1
            if a != 0 and b != 0:
                keys[found] = (np.int64(a) << 32) | np.int64(b)
                lengths[found] = x - begin
                found += 1
    return height, found


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def apply_numbers(image: Any, table: Any, out: Any) -> None:
    """Write ``table[label]`` for every pixel of ``image`` to ``out``."""
    for y in range(image.shape[0]):
        last, number = image[y, 0], table[image[y, 0]]
        for x in range(image.shape[1]):
            if image[y, x] != last:
                last = image[y, x]
                number = table[last]
            out[y, x] = number
