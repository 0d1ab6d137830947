"""Compiled connected components: runs of voxels along x, joined by union and find."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled
from electrodej.unions import join


@compiled
def find_runs(mask: Any) -> Any:
    """Return where runs along x begin and end (exclusive), and the first run of each row of (Z, Y, X)."""
    depth, rows, columns = mask.shape
    starts = np.empty(4096, np.int32)
    stops = np.empty(4096, np.int32)
    first = np.empty(depth * rows + 1, np.int64)
    count = 0
    for row in range(depth * rows):
        first[row] = count
        line = mask[row // rows, row % rows]
        if count + columns // 2 + 1 > len(starts):
            room = 2 * len(starts) + columns
            more_starts = np.empty(room, np.int32)
            more_stops = np.empty(room, np.int32)
            more_starts[:count] = starts[:count]
            more_stops[:count] = stops[:count]
            starts, stops = more_starts, more_stops
        inside = False
        for x in range(columns):
            now = line[x]
            if now != inside:
                if now:
                    starts[count] = x
                else:
                    stops[count] = x
                    count += 1
                inside = now
        if inside:
            stops[count] = columns
            count += 1
    first[depth * rows] = count
    return starts[:count], stops[:count], first


@compiled
def join_runs(starts: Any, stops: Any, first: Any, rows: int, full: bool) -> Any:
    """Return the first run that each run is connected to, over 26 neighbours (``full``) or 6."""
    parents = np.arange(len(starts))
    lines = len(first) - 1
    reach = 1 if full else 0
    for row in range(lines):
        y = row % rows
        for n in range(4):
            # The rows before: along y, and those of the slice before.
            if n == 0:
                if y == 0:
                    continue
                other = row - 1
            else:
                shift = n - 2
                if row < rows or y + shift < 0 or y + shift >= rows or (not full and shift != 0):
                    continue
                other = row - rows + shift
            a, b = first[row], first[other]
            while a < first[row + 1] and b < first[other + 1]:
                if starts[a] < stops[b] + reach and starts[b] < stops[a] + reach:
                    join(parents, a, b)
                if stops[a] < stops[b]:
                    a += 1
                else:
                    b += 1
    return parents


@compiled
def number_runs(parents: Any, starts: Any, stops: Any) -> Any:
    """Number the components 1, 2, ... in the order of their first runs; return those and their voxels."""
    numbers = np.empty(len(parents), np.int64)
    voxels = np.zeros(len(parents) + 1, np.int64)
    count = 0
    for run in range(len(parents)):
        if parents[run] == run:
            count += 1
            numbers[run] = count
        else:
            # Parents come before, so theirs is known.
            numbers[run] = numbers[parents[run]]
        voxels[numbers[run]] += stops[run] - starts[run]
    return numbers, voxels[: count + 1]


@compiled
def paint_runs(starts: Any, stops: Any, first: Any, numbers: Any, out: Any) -> None:
    """Write the runs' numbers into ``out`` (Z, Y, X)."""
    rows = out.shape[1]
    for row in range(len(first) - 1):
        line = out[row // rows, row % rows]
        line[:] = 0
        for run in range(first[row], first[row + 1]):
            line[starts[run] : stops[run]] = numbers[run]


@compiled
def join_planes(low: Any, high: Any, parents: Any, full: bool) -> None:
    """Join the numbers of two neighbouring slices; 0 is background."""
    rows, columns = low.shape
    reach = 1 if full else 0
    for y in range(rows):
        for x in range(columns):
            own = low[y, x]
            if own == 0:
                continue
            for yy in range(max(0, y - reach), min(rows, y + reach + 1)):
                for xx in range(max(0, x - reach), min(columns, x + reach + 1)):
                    if high[yy, xx]:
                        join(parents, own, high[yy, xx])
