"""The third pass: each particle in its own box, as bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from electrodej.features.ball import ball_half_widths, crofton_directions, steps_within
from electrodej.features.sources import Box, Source, Window, grey_kind
from electrodej.features.typing import Array, Floats, Ints, Words

# Words of bits packed at a time: enough to fill the cache, little enough to stop soon.
_BATCH = 1 << 16


@dataclass(frozen=True)
class Particle:
    """One particle as a measure of one's own sees it.

    All arrays cover ``box`` and a rim of background voxels around it: ``raw`` and ``fill`` are truth
    values, ``grey`` the grey values (0 outside the volume).
    """

    label: int
    box: Box
    spacing: tuple[float, float, float]
    raw: Array
    fill: Array
    grey: Array


@dataclass(frozen=True)
class Plan:
    """What to measure of each particle, and how."""

    radius: float
    spacing: tuple[float, float, float]
    shape: tuple[int, int, int]
    wanted: int
    with_grey: bool
    own_measures: tuple[tuple[str, Callable[[Particle], float]], ...] = ()
    reach: tuple[int, int, int] = field(init=False)

    def __post_init__(self) -> None:
        z, y, x = (steps_within(self.radius, step) for step in self.spacing)
        object.__setattr__(self, "reach", (z, y, x))


@dataclass(frozen=True)
class Measured:
    """Results of some particles: ``index`` says which rows of the table they are."""

    index: Ints
    counts: Ints
    lengths: Floats
    grey: Floats  # (n, 3) number, mean, sum of squared differences of the non-zero grey in fill
    own: Floats  # (n, number of own measures)


def measure_group(
    labels: Source, grey: Source | None, plan: Plan, index: Ints, ids: Ints, boxes: Ints, window: Box
) -> Measured:
    """Measure the particles ``ids`` with bounding boxes ``boxes``, all of which lie in ``window``."""
    from electrodej.features.kernels import particle as k

    here = labels.read(window)
    shade = grey.read(window) if grey and (plan.with_grey or plan.own_measures) else None
    counts = np.zeros((len(ids), k.COUNTS), dtype=np.int64)
    lengths = np.full((len(ids), k.LENGTHS), np.nan)
    greys = np.full((len(ids), 3), np.nan)
    own = np.full((len(ids), len(plan.own_measures)), np.nan)
    half_width = ball_half_widths(plan.radius, plan.spacing)
    directions, _ = crofton_directions(plan.spacing)
    spacing = np.asarray(plan.spacing, dtype=np.float64)
    for batch in _batches(plan, boxes):
        bits = _Batch(plan, boxes[batch], here)
        k.pack_all(here.array, ids[batch], bits.corners, bits.shapes, bits.places, bits.raw, bits.other)
        part_counts, part_lengths = counts[batch], lengths[batch]
        k.measure_all(
            bits.raw,
            bits.other,
            bits.fill,
            bits.shapes,
            bits.places,
            bits.inner,
            bits.within,
            plan.wanted,
            half_width,
            directions,
            spacing,
            part_counts,
            part_lengths,
        )
        if shade is not None and plan.with_grey and grey is not None:
            whole = grey_kind(grey) == 1
            k.grey_of_all(
                shade.array,
                bits.corners,
                bits.fill,
                bits.shapes,
                bits.places,
                bits.inner,
                whole,
                greys[batch],
            )
        if plan.own_measures and shade is not None:
            own[batch] = _own(plan, ids[batch], boxes[batch], bits, shade)
    return Measured(index, counts, lengths, greys, own)


def _padding(plan: Plan) -> Ints:
    return np.asarray(plan.reach, dtype=np.int64) + 1


def _shapes(plan: Plan, boxes: Ints) -> Ints:
    """Shapes (z, words, y) of the padded boxes as bits."""
    sizes = boxes[:, 1::2] - boxes[:, 0::2] + 2 * _padding(plan)
    return np.stack([sizes[:, 0], (sizes[:, 2] + 63) // 64, sizes[:, 1]], axis=1)


def _batches(plan: Plan, boxes: Ints) -> Iterator[slice]:
    words = np.prod(_shapes(plan, boxes), axis=1)
    start, total = 0, 0
    for i, n in enumerate(words):
        if i > start and total + n > _BATCH:
            yield slice(start, i)
            start, total = i, 0
        total += n
    if len(boxes) > start:
        yield slice(start, len(boxes))


class _Batch:
    """Room for the bits of some particles, one after another, and where each one's are."""

    def __init__(self, plan: Plan, boxes: Ints, window: Window) -> None:
        pad = _padding(plan)
        size = boxes[:, 1::2] - boxes[:, 0::2]
        first = boxes[:, 0::2] - pad  # of the padded box, in the volume
        self.shapes = _shapes(plan, boxes)
        ends = np.cumsum(np.prod(self.shapes, axis=1))
        self.places: Ints = np.concatenate([[0], ends[:-1]]).astype(np.int64)
        self.corners: Ints = first - np.asarray(window.origin, dtype=np.int64)
        self.inner = np.empty_like(boxes)
        self.inner[:, 0::2], self.inner[:, 1::2] = pad, pad + size
        self.within = np.empty_like(boxes)
        self.within[:, 0::2] = np.maximum(-first, 0)
        self.within[:, 1::2] = np.minimum(size + 2 * pad, np.asarray(plan.shape) - first)
        self.raw: Words = np.zeros(ends[-1], dtype=np.uint64)
        self.other: Words = np.zeros(ends[-1], dtype=np.uint64)
        self.fill: Words = np.zeros(ends[-1], dtype=np.uint64)

    def of(self, bits: Words, i: int) -> Words:
        shape = self.shapes[i]
        return bits[self.places[i] : self.places[i] + np.prod(shape)].reshape(shape)


def _own(plan: Plan, ids: Ints, boxes: Ints, bits: _Batch, shade: Window) -> Floats:
    """The user's own measures, which see plain arrays."""
    from electrodej.features.kernels.particle import unpack

    values = np.full((len(ids), len(plan.own_measures)), np.nan)
    for i, label in enumerate(ids):
        rim = bits.inner[i] + np.array([-1, 1, -1, 1, -1, 1])
        particle = Particle(
            label=int(label),
            box=_as_box(boxes[i]),
            spacing=plan.spacing,
            raw=unpack(bits.of(bits.raw, i), rim),
            fill=unpack(bits.of(bits.fill, i), rim),
            grey=_with_rim(shade, boxes[i]),
        )
        for j, (_, function) in enumerate(plan.own_measures):
            values[i, j] = float(function(particle))
    return values


def _with_rim(window: Window, box: Ints) -> Array:
    size = box[1::2] - box[0::2]
    out = np.zeros(tuple(size + 2), dtype=window.array.dtype)
    from_, to = [], []
    for axis in range(3):
        first = int(box[2 * axis]) - 1 - window.origin[axis]
        start, stop = max(first, 0), min(first + int(size[axis]) + 2, window.array.shape[axis])
        from_.append(slice(start, stop))
        to.append(slice(start - first, stop - first))
    out[tuple(to)] = window.array[tuple(from_)]
    return out


def _as_box(row: Sequence[int] | Ints) -> Box:
    z0, z1, y0, y1, x0, x1 = (int(v) for v in row)
    return z0, z1, y0, y1, x0, x1
