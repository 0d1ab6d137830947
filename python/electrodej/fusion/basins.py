"""The field's basins over a whole volume, slab by slab, and the particles that they gather into.

Every voxel leads to the neighbour to which the field rises most. The ways end in maxima; the voxels whose
ways end in one maximum are its basin. A slab knows this of its own voxels, but for those whose way leaves
it: these are numbered by the voxel through which they leave, and that voxel's basin is known to the next
slab. So the basins, and all that follows from them, do not depend on how the volume was cut.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.fusion.field import ONE, Field
from electrodej.fusion.scratch import Scratch
from electrodej.fusion.settings import FusionSettings
from electrodej.fusion.slabs import Slab
from electrodej.progress import Progress
from electrodej.run import Run
from electrodej.vocabulary import Spacing
from electrodej.workers import in_order

Ints = NDArray[np.int64]

# Levels at which a basin's voxels are counted, for its particle's border.
LEVELS = 96
_HIGHEST_EDGE = 1.6  # no particle is so small that its border lies higher


@dataclass(frozen=True)
class SlabBasins:
    """What a slab tells the others of its basins: all but the numbers and values inside it.

    Attributes
    ----------
    slab
        Its first slice and the one after its last.
    ends, peaks
        Linear index in the volume, and value, of where the ways end that have each number.
    filled, voxels
        ``number * LEVELS + level`` of the levels that have voxels, and how many; the first number is 0.
    keys, heights
        Passes between numbers, the first of which is 1.
    ids, values
        The numbers (from 1 on) and values of its first and its last slice, the values with a rim.
    """

    slab: Slab
    ends: Ints
    peaks: NDArray[np.uint16]
    filled: Ints
    voxels: Ints
    keys: Ints
    heights: NDArray[np.uint16]
    ids: tuple[NDArray[np.int32], NDArray[np.int32]]
    values: tuple[NDArray[np.uint16], NDArray[np.uint16]]


@dataclass(frozen=True)
class Basins:
    """The basins of a volume.

    Attributes
    ----------
    offsets
        By slab, where its numbers begin in ``basin_of``.
    basin_of
        The basin of every number of every slab.
    places, peaks
        Linear index and value of every basin's maximum; basins are in the order of their places.
    counts
        (basin, level): voxels by level of the field.
    low, high, heights
        The passes, highest first.
    """

    offsets: Ints
    basin_of: Ints
    places: Ints
    peaks: Ints
    counts: Ints
    low: Ints
    high: Ints
    heights: Ints


class LevelScale:
    """Levels of the field between the floor and the highest border of a particle."""

    def __init__(self, settings: FusionSettings) -> None:
        self.floor = max(1, round(settings.floor * ONE))
        self.width = max(1, math.ceil((max(_HIGHEST_EDGE, settings.floor + 0.1) * ONE - self.floor) / LEVELS))

    def lower_edges(self) -> NDArray[np.float64]:
        """The least sum of each level, from 0 to 3."""
        return (self.floor + np.arange(LEVELS) * self.width) / ONE


def find_basins(
    field: Field, slabs: list[Slab], settings: FusionSettings, run: Run, *, ids: Scratch, values: Scratch
) -> Basins:
    """Find the basins of the field; each slab's numbers and values go to ``ids`` and ``values``."""
    scale = LevelScale(settings)

    def surveyed() -> Iterator[SlabBasins]:
        for number, (basins, own_ids, own_values) in enumerate(
            in_order(lambda slab: climb_slab(field, slab, scale), slabs, jobs=run.cores)
        ):
            ids.put(number, own_ids)
            values.put(number, own_values[:, 1:-1, 1:-1])
            yield basins

    return put_together(surveyed(), len(slabs), field.shape[0], run.progress)


def put_together(slabs: Iterable[SlabBasins], count: int, depth: int, progress: Progress) -> Basins:
    """Join the basins of ``count`` slabs, which come from the first slice on, to those of the volume."""
    collector = _Collector(count)
    previous: SlabBasins | None = None
    for number, basins in enumerate(slabs):
        collector.add(number, basins, previous)
        previous = basins
        progress(basins.slab[1], depth, "follow the views' fused direction")
    return collector.basins()


def climb_slab(
    field: Field, slab: Slab, scale: LevelScale
) -> tuple[SlabBasins, NDArray[np.int32], NDArray[np.uint16]]:
    """Return what a slab tells the others of its basins, its voxels' numbers, and its values with a rim."""
    from electrodej.fusion.kernels.basins import climb, passes_within
    from electrodej.fusion.kernels.graph import tally_levels

    z0, z1 = slab
    depth, rows, columns = field.shape
    low, high = max(z0 - 1, 0), min(z1 + 1, depth)
    values = field.read(low, high)
    steps, weights = neighbours(values.shape, field.views.spacing)
    ids = np.empty((z1 - z0, rows, columns), np.int32)
    ends = climb(values, scale.floor, steps, weights, z0 - low, z1 - z0, ids)
    z, y, x = np.unravel_index(ends, values.shape)
    counts = np.zeros((len(ends) + 1, LEVELS), np.int32)
    tally_levels(values, z0 - low, ids, scale.floor, scale.width, counts)
    keys, heights = passes_within(values, z0 - low, ids)
    filled = np.flatnonzero(counts[1:])
    own = values[z0 - low : z1 - low]
    basins = SlabBasins(
        slab=slab,
        ends=((z + low) * rows + y - 1) * columns + x - 1,
        peaks=values.reshape(-1)[ends],
        filled=filled,
        voxels=counts[1:].reshape(-1)[filled].astype(np.int64),
        keys=keys,
        heights=heights,
        ids=(ids[0].copy(), ids[-1].copy()),
        values=(own[0].copy(), own[-1].copy()),
    )
    return basins, ids, own


def neighbours(shape: tuple[int, ...], spacing: Spacing) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Offsets of the 26 neighbours in the linear order of ``shape``, and 1024 x shortest edge / distance.

    Examples
    --------
    >>> steps, weights = neighbours((5, 10, 10), (0.1, 0.1, 0.1))
    >>> int(steps[0]), int(weights[0]), int(weights[13])
    (-111, 591, 1024)
    """
    steps, weights = [], []
    for z in (-1, 0, 1):
        for y in (-1, 0, 1):
            for x in (-1, 0, 1):
                if z or y or x:
                    length = math.hypot(z * spacing[0], y * spacing[1], x * spacing[2])
                    steps.append((z * shape[1] + y) * shape[2] + x)
                    weights.append(round(1024 * min(spacing) / length))
    return np.array(steps, np.int64), np.array(weights, np.int64)


class _Collector:
    """Puts the slabs' numbers together.

    A slab has far more numbers than basins, for nearly every voxel at its border is a way out. Once the
    next slab is there, what is known of them is added up by where they end.
    """

    def __init__(self, slabs: int) -> None:
        self.offsets = np.zeros(slabs + 1, np.int64)
        self.parents = np.empty(1024, np.int64)
        self.maxima: list[Ints] = []
        self.places: list[Ints] = []
        self.peaks: list[Ints] = []
        self.counts: list[tuple[Ints, Ints]] = []
        self.keys: list[Ints] = []
        self.heights: list[Ints] = []
        self.leaving: tuple[Ints, Ints] | None = None
        self.unsettled: tuple[list[Ints], list[Ints], Ints, Ints] | None = None

    def add(self, number: int, part: SlabBasins, previous: SlabBasins | None) -> None:
        """Take in one more slab, the next after ``previous``."""
        offset = int(self.offsets[number])
        end = offset + len(part.ends)
        self.offsets[number + 1] = end
        if end > len(self.parents):
            self.parents = np.concatenate([self.parents[:offset], np.empty(end, np.int64)])
        plane = part.ids[0].size
        mine = self.parents[offset:end]
        mine[:] = np.arange(offset, end)
        z = part.ends // plane
        keys, heights = [part.keys + (offset - 1) * ((1 << 32) + 1)], [part.heights.astype(np.int64)]
        if previous is not None:
            before = int(self.offsets[number - 1])
            below = np.flatnonzero(z < part.slab[0])
            mine[below] = before - 1 + previous.ids[-1].reshape(-1)[part.ends[below] % plane]
            assert self.leaving is not None
            rows, places = self.leaving
            self.parents[rows] = offset - 1 + part.ids[0].reshape(-1)[places]
            self._settle()
            between, over = _border_passes(before, previous, offset, part)
            keys.append(between)
            heights.append(over)
        above = np.flatnonzero(z >= part.slab[1])
        self.leaving = (above + offset, part.ends[above] % plane)
        inside = np.flatnonzero((z >= part.slab[0]) & (z < part.slab[1]))
        self.maxima.append(inside + offset)
        self.places.append(part.ends[inside])
        self.peaks.append(part.peaks[inside].astype(np.int64))
        self.unsettled = (keys, heights, part.filled + offset * LEVELS, part.voxels)

    def _settle(self) -> None:
        """Add up the last slab's passes and counts by where its numbers end, as far as that is known."""
        from electrodej.fusion.kernels.graph import ends_of

        if self.unsettled is None:
            return
        all_keys, all_heights, where, voxels = self.unsettled
        self.unsettled = None
        keys, heights = np.concatenate(all_keys), np.concatenate(all_heights)
        one, other = ends_of(self.parents, keys >> 32), ends_of(self.parents, keys & 0xFFFFFFFF)
        low, high, heights = _highest_passes(one, other, heights)
        self.keys.append((low << 32) | high)
        self.heights.append(heights)
        where = ends_of(self.parents, where // LEVELS) * LEVELS + where % LEVELS
        entries, inverse = np.unique(where, return_inverse=True)
        total = np.zeros(len(entries), np.int64)
        np.add.at(total, inverse, voxels)
        self.counts.append((entries, total))

    def basins(self) -> Basins:
        """Follow the numbers over the slabs' borders and number the basins in the order of their maxima."""
        from electrodej.fusion.kernels.graph import follow

        self._settle()
        parents = self.parents[: int(self.offsets[-1])]
        follow(parents)
        maxima, places = np.concatenate(self.maxima), np.concatenate(self.places)
        order = np.argsort(places, kind="stable")
        number = np.full(len(parents), -1, np.int64)
        number[maxima[order]] = np.arange(len(order))
        basin_of = number[parents]
        counts = np.zeros((len(order), LEVELS), np.int64)
        for where, voxels in self.counts:
            np.add.at(counts, (basin_of[where // LEVELS], where % LEVELS), voxels)
        keys, heights = np.concatenate(self.keys), np.concatenate(self.heights)
        low, high, heights = _highest_passes(basin_of[keys >> 32], basin_of[keys & 0xFFFFFFFF], heights)
        falling = np.lexsort((high, low, -heights))
        return Basins(
            offsets=self.offsets,
            basin_of=basin_of,
            places=places[order],
            peaks=np.concatenate(self.peaks)[order],
            counts=counts,
            low=low[falling],
            high=high[falling],
            heights=heights[falling],
        )


def _highest_passes(one: Ints, other: Ints, heights: Ints) -> tuple[Ints, Ints, Ints]:
    """Each pair once, the lower number first, with its highest pass; pairs of a number with itself go."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    apart = low != high
    low, high, heights = low[apart], high[apart], heights[apart]
    order = np.lexsort((-heights, high, low))
    low, high, heights = low[order], high[order], heights[order]
    first = np.ones(len(low), bool)
    first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    return low[first], high[first], heights[first]


def _border_passes(before: int, previous: SlabBasins, offset: int, part: SlabBasins) -> tuple[Ints, Ints]:
    from electrodej.fusion.kernels.basins import passes_between

    low = _whole_numbers(previous.ids[-1], before)
    high = _whole_numbers(part.ids[0], offset)
    keys, heights = passes_between(previous.values[-1], low, part.values[0], high)
    # Numbers begin at 1 there, so that 0 is no basin.
    return keys - ((1 << 32) + 1), heights.astype(np.int64)


def _whole_numbers(ids: NDArray[np.int32], offset: int) -> Ints:
    return np.where(ids > 0, ids.astype(np.int64) + offset, 0)


@dataclass(frozen=True)
class Particles:
    """What basins gather into.

    Attributes
    ----------
    labels
        (basin,): the particle of each basin, 0 where it is dropped.
    least
        (label,): the least value of the field inside each particle; of label 0 more than there is.
    places
        (label,): linear index of each particle's maximum; that of label 0 means nothing.
    """

    labels: Ints
    least: Ints
    places: Ints


def gather_basins(basins: Basins, settings: FusionSettings, *, spacing: Spacing) -> Particles:
    """Join basins over shallow passes, find every particle's border and drop what is too small."""
    from electrodej.fusion.kernels.graph import gather

    unit = min(spacing)
    voxel = math.prod(spacing)
    sizes = basins.counts.sum(axis=1) * (voxel / unit**3)
    heads = gather(
        basins.low, basins.high, basins.heights, basins.peaks, sizes,
        settings.depth * ONE, settings.necking, settings.blur,
    )  # fmt: skip
    counts = np.zeros_like(basins.counts)
    np.add.at(counts, heads, basins.counts)
    level, voxels = _borders(counts, settings, voxel / unit**3)
    is_particle = (heads == np.arange(len(heads))) & (basins.peaks >= settings.peak * ONE) & (level >= 0)
    is_particle &= voxels >= settings.least_voxels(spacing)
    particles = np.flatnonzero(is_particle)
    new = np.zeros(len(heads), np.int64)
    new[particles] = np.arange(1, len(particles) + 1)
    scale = LevelScale(settings)
    least = np.full(len(particles) + 1, np.iinfo(np.uint16).max, np.int64)
    least[1:] = scale.floor + level[particles] * scale.width
    places = np.concatenate([np.full(1, -1), basins.places[particles]])
    return Particles(labels=new[heads], least=least, places=places)


def _borders(counts: Ints, settings: FusionSettings, voxel: float) -> tuple[Ints, Ints]:
    """The first level that is high enough for the volume above it, -1 where none is, and that volume."""
    above: NDArray[Any] = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
    radius = np.cbrt(above * (0.75 / np.pi * voxel))
    edges = LevelScale(settings).lower_edges()
    with np.errstate(divide="ignore", invalid="ignore"):
        enough = (edges >= settings.edge + settings.edge_blur / radius) & (above > 0)
    level = np.where(enough.any(axis=1), enough.argmax(axis=1), -1)
    return level, above[np.arange(len(above)), np.maximum(level, 0)]
