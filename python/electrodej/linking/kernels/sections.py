"""Compiled loops over the slices that are linked."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled
from electrodej.unions import join

# Columns of the table of sections.
LABEL, AREA, SUM_Y, SUM_X, TOP, BOTTOM, LEFT, RIGHT = range(8)
COLUMNS = 8


@compiled
def list_sections(image: Any, number_of: Any, numbered: Any, table: Any) -> int:
    """Number the labels of a slice 1, 2, 3 ... in the order of their first pixels, and measure them.

    Parameters
    ----------
    image
        The slice, (Y, X).
    number_of
        A place for every label; zero before, each label's number afterwards.
    numbered
        Receives the slice with the new numbers.
    table
        Zero before. Receives a row for each number: its label, its pixels, the sum of their y and twice
        that of their x, and its box.

    Returns
    -------
    count
        How many sections there are; where the table has too few rows, the number that did not fit.
    """
    height, width = image.shape
    count = 0
    for y in range(height):
        row, target = image[y], numbered[y]
        stop = 0
        while stop < width:
            start, label = stop, row[stop]
            stop += 1
            while stop < width and row[stop] == label:
                stop += 1
            number = 0
            if label != 0:
                number = number_of[label]
                if number == 0:
                    count += 1
                    number = count
                    number_of[label] = number
                    if number >= table.shape[0]:
                        return number
                    section = table[number]
                    section[LABEL], section[TOP], section[LEFT] = label, y, start
                section = table[number]
                section[AREA] += stop - start
                section[SUM_Y] += y * (stop - start)
                section[SUM_X] += (start + stop - 1) * (stop - start)
                section[BOTTOM] = y + 1
                section[LEFT] = min(section[LEFT], start)
                section[RIGHT] = max(section[RIGHT], stop)
            for x in range(start, stop):
                target[x] = number
    return count


@compiled
def measure_sections(image: Any, numbered: Any, table: Any) -> None:
    """Fill the table of `list_sections` for a slice that is numbered already."""
    height, width = image.shape
    for y in range(height):
        for x in range(width):
            number = numbered[y, x]
            if number == 0:
                continue
            section = table[number]
            if section[AREA] == 0:
                section[LABEL], section[TOP], section[LEFT] = image[y, x], y, x
            section[AREA] += 1
            section[SUM_Y] += y
            section[SUM_X] += 2 * x
            section[BOTTOM] = y + 1
            section[LEFT] = min(section[LEFT], x)
            section[RIGHT] = max(section[RIGHT], x + 1)


@compiled
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
        upper, lower = first[y], second[y]
        stop = 0
        while stop < width:
            begin, a, b = stop, upper[stop], lower[stop]
            stop += 1
            while stop < width and upper[stop] == a and lower[stop] == b:
                stop += 1
            if a != 0 and b != 0:
                keys[found] = (np.int64(a) << 32) | np.int64(b)
                lengths[found] = stop - begin
                found += 1
    return height, found


@compiled
def apply_numbers(image: Any, table: Any, out: Any) -> None:
    """Write ``table[label]`` for every pixel of ``image`` to ``out``."""
    height, width = image.shape
    for y in range(height):
        row, target = image[y], out[y]
        stop = 0
        while stop < width:
            start, label = stop, row[stop]
            stop += 1
            while stop < width and row[stop] == label:
                stop += 1
            number = table[label]
            for x in range(start, stop):
                target[x] = number


@compiled
def group_pairs(one: Any, other: Any, root: Any) -> None:
    """Let ``root`` name, for every node, the lowest one that pairs connect it with."""
    for node in range(root.size):
        root[node] = node
    for pair in range(one.size):
        join(root, one[pair], other[pair])
    for node in range(root.size):
        root[node] = root[root[node]]
