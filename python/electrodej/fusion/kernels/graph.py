"""Compiled parts of the graph of basins: one number for each, and which belong to one particle."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled
from electrodej.unions import root_of


@compiled
def follow(parents: Any) -> None:
    """Make every entry point to the end of its chain; ends point to themselves."""
    for at in range(len(parents)):
        end = at
        while parents[end] != end:
            end = parents[end]
        while parents[at] != end:
            parents[at], at = end, parents[at]


@compiled
def ends_of(parents: Any, entries: Any) -> Any:
    """The end of the chain of each of ``entries``."""
    ends = np.empty(len(entries), np.int64)
    for n in range(len(entries)):
        end = entries[n]
        while parents[end] != end:
            end = parents[end]
        ends[n] = end
    return ends


@compiled
def gather(
    low: Any, high: Any, heights: Any, peaks: Any, sizes: Any, depth: float, necking: float, blur: float
) -> Any:
    """Join basins over the passes, highest first, and return each basin's particle.

    Parameters
    ----------
    low, high, heights
        Pairs of basins and the height of the pass, falling.
    peaks
        Each basin's highest value. Of equal ones the earlier basin is the higher.
    sizes
        Volume of each basin, in cubes of the shortest edge of a voxel.
    depth, necking, blur
        As in `electrodej.fusion.FusionSettings`, ``depth`` on the field's scale.
    """
    count = len(peaks)
    parents = np.arange(count)
    grown = sizes.copy()
    for n in range(len(low)):
        one, other = root_of(parents, low[n]), root_of(parents, high[n])
        if one == other:
            continue
        if peaks[one] < peaks[other] or (peaks[one] == peaks[other] and other < one):
            one, other = other, one
        radius = (min(grown[one], grown[other]) * 0.75 / np.pi) ** (1 / 3)
        share = necking * max(0.0, 1.0 - blur / radius)
        if peaks[other] - heights[n] < max(depth, share * peaks[other]):
            parents[other] = one
            grown[one] += grown[other]
    follow(parents)
    return parents


@compiled
def tally_levels(field: Any, first: int, ids: Any, floor: int, width: int, counts: Any) -> None:
    """Count voxels by number and level, ``(value - floor) // width``, the last column for all above."""
    depth, rows, columns = ids.shape
    last = counts.shape[1] - 1
    for z in range(depth):
        for y in range(rows):
            for x in range(columns):
                number = ids[z, y, x]
                if number:
                    level = (np.int64(field[z + first, y + 1, x + 1]) - floor) // width
                    counts[number, min(level, last)] += 1


@compiled
def label_slab(ids: Any, values: Any, labels_of: Any, least: Any, out: Any) -> None:
    """Write the label of every voxel that reaches its particle's least value, 0 elsewhere."""
    numbers = ids.reshape(-1)
    levels = values.reshape(-1)
    flat = out.reshape(-1)
    for at in range(len(numbers)):
        label = 0
        if numbers[at]:
            label = labels_of[numbers[at] - 1]
            if levels[at] < least[label]:
                label = 0
        flat[at] = label


@compiled
def tally_particles(labels: Any, xy: Any, xz: Any, yz: Any, z0: int, seen: int, skip: int, sums: Any) -> None:
    """Add to ``sums`` (label - skip, 7): voxels, sum of z, y and x, and voxels that each view sees."""
    depth, rows, columns = labels.shape
    for z in range(depth):
        for y in range(rows):
            for x in range(columns):
                label = labels[z, y, x]
                if label:
                    row = np.int64(label) - skip
                    sums[row, 0] += 1
                    sums[row, 1] += z + z0
                    sums[row, 2] += y
                    sums[row, 3] += x
                    sums[row, 4] += xy[z, y, x] >= seen
                    sums[row, 5] += xz[z, y, x] >= seen
                    sums[row, 6] += yz[z, y, x] >= seen
