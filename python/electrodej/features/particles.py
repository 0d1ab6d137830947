"""The third pass: each particle in its own box, as bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from electrodej.errors import InputError
from electrodej.features.ball import ball_half_widths, crofton_directions, steps_within
from electrodej.features.kernels.layers import LAYERS
from electrodej.features.needs import Need
from electrodej.features.own import Particle
from electrodej.features.sources import Box, Source, Window, grey_kind
from electrodej.features.typing import Array, Bytes, Floats, Ints, Words
from electrodej.vocabulary import Shape, Spacing

# What is counted of each particle, in voxels.
COUNTS = (
    "raw",
    "fill",
    "edge_raw",
    "edge_fill",
    "edge_smooth_raw",
    "edge_smooth_fill",
    "shell",
    "shell_other",
    "pieces",
)
# Lengths in um and shares.
LENGTHS = ("crack_outer", "crack_middle", "crack_inner", "crack_width", "feret")

# Words of bits packed at a time: enough to fill the cache, little enough to stop soon.
_BATCH = 1 << 16


@dataclass(frozen=True)
class Plan:
    """What to measure of each particle, and how."""

    radius: float
    spacing: Spacing
    shape: Shape
    needs: Need
    own_measures: tuple[tuple[str, Callable[[Particle], float]], ...] = ()
    reach: tuple[int, int, int] = field(init=False)

    def __post_init__(self) -> None:
        z, y, x = (steps_within(self.radius, step) for step in self.spacing)
        object.__setattr__(self, "reach", (z, y, x))


@dataclass(frozen=True)
class Measured:
    """Results of some particles: ``index`` says which rows of the table they are."""

    index: Ints
    counts: Ints  # (n, COUNTS)
    crossings: Ints  # (n, 2, 13) of the surface of raw and of fill with lines in 13 directions
    lengths: Floats  # (n, LENGTHS)
    grey: Floats  # (n, 3) number, mean, sum of squared differences of the non-zero grey in fill
    layers: Floats  # (n, LAYERS, 2) number and sum of the grey of raw in layers of equal depth of fill
    own: Floats  # (n, number of own measures)

    @classmethod
    def empty(cls, index: Ints, own_measures: int) -> Measured:
        """Room for the results of as many particles as ``index`` has."""
        n = len(index)
        return cls(
            index,
            np.zeros((n, len(COUNTS)), dtype=np.int64),
            np.zeros((n, 2, 13), dtype=np.int64),
            np.full((n, len(LENGTHS)), np.nan),
            np.full((n, 3), np.nan),
            np.zeros((n, LAYERS, 2)),
            np.full((n, own_measures), np.nan),
        )

    def part(self, rows: slice | Ints) -> Measured:
        """The results of some of the particles; views where ``rows`` is a slice."""
        return Measured(*(getattr(self, field.name)[rows] for field in fields(self)))

    def put(self, other: Measured) -> None:
        """Take over the results of ``other`` in the rows that it is about."""
        for name in ("counts", "crossings", "lengths", "grey", "layers", "own"):
            getattr(self, name)[other.index] = getattr(other, name)


def measure_portion(
    labels: Source, grey: Source, plan: Plan, index: Ints, ids: Ints, boxes: Ints, window: Box
) -> Measured:
    """Measure the particles ``ids`` with bounding boxes ``boxes``, all of which lie in ``window``."""
    here = labels.read(window)
    of_grey = plan.needs & (Need.FILL_GREY | Need.DEPTH_GREY)
    shade = grey.read(window) if plan.own_measures or of_grey else None
    out = Measured.empty(index, len(plan.own_measures))
    for batch in _batches(plan, boxes):
        bits = _Batch(plan, boxes[batch], here)
        part = out.part(batch)
        bits.measure(plan, ids[batch], here, part)
        if shade is not None and Need.FILL_GREY in plan.needs:
            bits.measure_grey(shade, part, whole=grey_kind(grey) == 1)
        if shade is not None and Need.DEPTH_GREY in plan.needs:
            bits.measure_layers(shade, part)
        if plan.own_measures and shade is not None:
            part.own[:] = _own(plan, ids[batch], boxes[batch], bits, shade)
    return out


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
        self.first: Ints = boxes[:, 0::2] - pad  # voxel of the padded box, in the volume
        first = self.first
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
        # The layer by depth of each voxel of each box, and where each box begins; only where it is needed.
        self.layers: Bytes = np.zeros(0, dtype=np.uint8)
        self.starts: Ints = np.zeros(1, dtype=np.int64)

    def measure(self, plan: Plan, ids: Ints, window: Window, out: Measured) -> None:
        """Measure everything but the grey; sets ``fill`` too."""
        from electrodej.features.kernels import bits, depth, feret, pieces, surfaces

        needs, spacing = plan.needs, np.asarray(plan.spacing, dtype=np.float64)
        counted = {name: out.counts[:, column] for column, name in enumerate(COUNTS)}
        where = (self.shapes, self.places)
        contact = Need.CONTACT in needs
        bits.pack(window.array, ids, self.corners, where, self.inner, self.raw, self.other, contact)
        bits.count(self.raw, *where, counted["raw"])
        if Need.FILL in needs:
            self._close(plan, counted)
            bits.count(self.fill, *where, counted["fill"])
            surfaces.perimeters(self.fill, *where, self.inner, counted["edge_fill"])
        if Need.EDGES in needs:
            surfaces.perimeters(self.raw, *where, self.inner, counted["edge_raw"])
        if Need.ROUGH in needs:
            for source, name in ((self.raw, "edge_smooth_raw"), (self.fill, "edge_smooth_fill")):
                smooth = np.zeros_like(source)
                surfaces.medians(source, *where, self.inner, smooth)
                surfaces.perimeters(smooth, *where, self.inner, counted[name])
        if Need.SURFACE in needs:
            directions, _ = crofton_directions(plan.spacing)
            for source, number in ((self.raw, 0), (self.fill, 1)):
                surfaces.crossings(source, *where, self.inner, directions, out.crossings[:, number])
        if Need.PIECES in needs:
            pieces.pieces(self.raw, *where, self.inner, counted["pieces"])
        if Need.DEPTH in needs:
            crack = self.fill & ~self.raw
            if Need.DEPTH_GREY in needs:
                sizes = np.prod(self.inner[:, 1::2] - self.inner[:, 0::2], axis=1)
                self.starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
                self.layers = np.zeros(self.starts[-1], dtype=np.uint8)
            depth.crack_measures(
                self.fill, crack, where, self.inner, spacing, out.lengths[:, :4], self.layers, self.starts
            )
        if Need.FERET in needs:
            feret.ferets(self.raw, *where, self.inner, spacing, out.lengths[:, 4])

    def _close(self, plan: Plan, counted: dict[str, Ints]) -> None:
        """``fill``: the particles closed with the ball and their holes filled; count the shells.

        A closing never leaves the box, because a half space is closed under the ball. Dilating it gives
        the dilation of the particle again, so one dilation serves both; only where holes were filled is
        their dilation added.
        """
        from electrodej.features.kernels import bits, holes

        where = (self.shapes, self.places)
        ball = ball_half_widths(plan.radius, plan.spacing)
        dilated = np.zeros_like(self.raw)
        added = np.zeros(len(self.places), dtype=np.int64)
        bits.dilate(self.raw, *where, self.inner, ball, dilated, added != 0)
        bits.erode(dilated, *where, self.inner, ball, self.fill)
        holes.fill_holes(self.fill, *where, self.inner, added)
        if Need.CONTACT in plan.needs:
            bits.dilate(self.fill, *where, self.inner, ball, dilated, added == 0)
            holes.shells(
                self.fill,
                dilated,
                self.other,
                *where,
                self.within,
                counted["shell"],
                counted["shell_other"],
            )

    def measure_grey(self, shade: Window, out: Measured, *, whole: bool) -> None:
        """Grey inside ``fill``; ``shade`` covers the same window as the labels."""
        from electrodej.features.kernels.grey import grey_inside

        corners = self.first - np.asarray(shade.origin, dtype=np.int64)
        grey_inside(shade.array, corners, self.fill, self.shapes, self.places, self.inner, whole, out.grey)

    def measure_layers(self, shade: Window, out: Measured) -> None:
        """Grey inside ``raw`` by depth; after `measure`."""
        from electrodej.features.kernels.grey import grey_by_layer

        corners = self.first - np.asarray(shade.origin, dtype=np.int64)
        where = (self.shapes, self.places)
        grey_by_layer(shade.array, corners, self.raw, where, self.inner, self.layers, self.starts, out.layers)

    def of(self, bits: Words, i: int) -> Words:
        shape = self.shapes[i]
        return bits[self.places[i] : self.places[i] + np.prod(shape)].reshape(shape)


def _own(plan: Plan, ids: Ints, boxes: Ints, bits: _Batch, shade: Window) -> Floats:
    """The user's own measures, which see plain arrays."""
    from electrodej.features.kernels.grey import unpack

    values = np.full((len(ids), len(plan.own_measures)), np.nan)
    for i, label in enumerate(ids):
        rim = bits.inner[i] + np.array([-1, 1, -1, 1, -1, 1])
        plain = [np.empty(tuple(rim[1::2] - rim[0::2]), dtype=np.bool_) for _ in range(2)]
        unpack(bits.of(bits.raw, i), rim, plain[0])
        unpack(bits.of(bits.fill, i), rim, plain[1])
        particle = Particle(
            label=int(label),
            box=_as_box(boxes[i]),
            spacing=plan.spacing,
            raw=plain[0],
            fill=plain[1],
            grey=_with_rim(shade, boxes[i]),
        )
        for j, (name, function) in enumerate(plan.own_measures):
            values[i, j] = _value(name, function, particle)
    return values


def _value(name: str, function: Callable[[Particle], float], particle: Particle) -> float:
    try:
        return float(function(particle))
    except Exception as error:
        raise InputError(
            f'the measure "{name}" fails for label {particle.label}: {type(error).__name__}: {error}; '
            "let it return a number, or math.nan where it is undefined"
        ) from error


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
