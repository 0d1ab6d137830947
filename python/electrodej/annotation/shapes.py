"""Outlines to pixels, by one rule.

Coordinates are those of ImageJ and of VIA's canvas: ``x`` runs right, ``y`` down, and the pixel in row ``i``
and column ``j`` is the square from ``(j, i)`` to ``(j + 1, i + 1)`` around its centre ``(j + 0.5, i + 0.5)``.
A pixel belongs to a shape when its centre lies inside. A centre exactly on a polygon's outline belongs to the
shape on its left, or to the one above where the outline is level, so that two polygons with a common border
share no pixel and leave none between them. Where outlines overlap, inside is what a ray crosses an odd number
of times (even-odd). All this is as ImageJ fills its selections.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.volume import compact_dtype

Point = NDArray[np.float64]
Ring = NDArray[np.float64]
Mask = NDArray[np.bool_]
Box = tuple[slice, slice]

_AT_ONCE = 2**20  # crossings of edges and rows in memory
_EDGES_AT_ONCE = 64


class Shape(Protocol):
    """An area with an outline."""

    def mask(self, size: tuple[int, int]) -> tuple[Box, Mask]:
        """Return the box of an image of ``size`` (Y, X) that holds the shape, and its pixels in that box."""


@dataclass(frozen=True)
class Polygon:
    """The inside of one or several closed outlines, even-odd.

    Attributes
    ----------
    rings
        Outlines, each an array of ``(x, y)`` in pixels, shape (points, 2); the last point joins the first.

    Examples
    --------
    >>> square = np.array([[1, 0], [3, 0], [3, 2], [1, 2]], float)
    >>> Polygon((square,)).mask((3, 4))[1]
    array([[ True,  True],
           [ True,  True]])
    """

    rings: tuple[Ring, ...]

    def mask(self, size: tuple[int, int]) -> tuple[Box, Mask]:
        points = np.concatenate(self.rings)
        box = _box(points.min(0), points.max(0), size)
        rows, columns = box
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if height == 0 or width == 0:
            return box, np.zeros((height, width), np.bool_)
        start = np.concatenate(self.rings)
        end = np.concatenate([np.roll(ring, -1, axis=0) for ring in self.rings])
        # From top to bottom, so that an edge that two shapes share is cut at the same places for both.
        down = start[:, 1] <= end[:, 1]
        top, bottom = (np.where(down[:, None], *pair) for pair in ((start, end), (end, start)))
        # Row i is crossed where top < i + 0.5 <= bottom.
        first = np.clip(np.floor(top[:, 1] + 0.5), rows.start, rows.stop).astype(np.int64)
        last = np.clip(np.floor(bottom[:, 1] + 0.5), rows.start, rows.stop).astype(np.int64)
        counts = last - first
        toggles = np.zeros((height, width + 1), np.int32)
        for edges in np.array_split(np.arange(len(top)), 1 + int(counts.sum()) // _AT_ONCE):
            edge = np.repeat(edges, counts[edges])
            begins = np.cumsum(counts[edges]) - counts[edges]
            row = np.arange(len(edge)) - np.repeat(begins, counts[edges]) + first[edge]
            (x0, y0), (x1, y1) = top[edge].T, bottom[edge].T
            # The product first: it is exact for whole coordinates, so that a centre on an edge is seen to be.
            crossed_at = x0 + (row + 0.5 - y0) * (x1 - x0) / (y1 - y0)
            column = np.clip(np.floor(crossed_at + 0.5), columns.start, columns.stop).astype(np.int64)
            np.add.at(toggles, (row - rows.start, column - columns.start), 1)
        return box, (np.cumsum(toggles[:, :width], axis=1) & 1).astype(np.bool_)


@dataclass(frozen=True)
class Ellipse:
    """An ellipse, or a circle.

    Attributes
    ----------
    x, y
        Centre.
    radius_x, radius_y
        Half axes before turning.
    angle
        Turned by so much, in radians, clockwise on the screen.
    """

    x: float
    y: float
    radius_x: float
    radius_y: float
    angle: float = 0.0

    def mask(self, size: tuple[int, int]) -> tuple[Box, Mask]:
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        reach_x = math.hypot(self.radius_x * cos, self.radius_y * sin)
        reach_y = math.hypot(self.radius_x * sin, self.radius_y * cos)
        centre, reach = np.array([self.x, self.y]), np.array([reach_x, reach_y])
        box = _box(centre - reach, centre + reach, size)
        dy = np.arange(box[0].start, box[0].stop)[:, None] + 0.5 - self.y
        dx = np.arange(box[1].start, box[1].stop)[None, :] + 0.5 - self.x
        along, across = (dx * cos + dy * sin) / self.radius_x, (dy * cos - dx * sin) / self.radius_y
        return box, along * along + across * across <= 1.0


def _box(low: Point, high: Point, size: tuple[int, int]) -> Box:
    """Return the pixels between two corners ``(x, y)`` that an image of ``size`` has."""

    def cut(axis: int, length: int) -> slice:
        start = min(max(math.floor(low[axis]), 0), length)
        return slice(start, max(start, min(math.ceil(high[axis]), length)))

    return cut(1, size[0]), cut(0, size[1])


@dataclass(frozen=True)
class Region:
    """A shape that somebody drew: its pixels' label, what messages call it, and the word they gave it."""

    shape: Shape
    label: int
    name: str = "a shape"
    word: str = ""


@dataclass(frozen=True)
class Drawing:
    """The regions of one slice of ``size`` (Y, X)."""

    regions: tuple[Region, ...]
    size: tuple[int, int]

    def read(self) -> NDArray[Any]:
        """Return the label image, see `draw`."""
        return draw(self.regions, self.size)


def draw(regions: Iterable[Region], size: tuple[int, int]) -> NDArray[Any]:
    """Return regions as a label image; where two overlap, the later one wins.

    Parameters
    ----------
    regions
        In the order in which they were drawn.
    size
        Of the image, ``(Y, X)``.

    Returns
    -------
    array of uint16 or uint32
        0 is background.

    Raises
    ------
    InputError
        A region covers no pixel of the image, or later ones cover it wholly.

    Examples
    --------
    >>> left, right = Ellipse(1.5, 1.5, 1.2, 1.2), Ellipse(3.5, 1.5, 1.2, 1.2)
    >>> draw([Region(left, 1), Region(right, 2)], (3, 5))
    array([[0, 1, 0, 2, 0],
           [1, 1, 2, 2, 2],
           [0, 1, 0, 2, 0]], dtype=uint16)
    """
    drawn = list(regions)
    image = np.zeros(size, compact_dtype(max((region.label for region in drawn), default=0)))
    boxes = []
    for region in drawn:
        box, mask = region.shape.mask(size)
        if not mask.any():
            raise InputError(
                f"{region.name} covers no pixel centre of the image of {size[1]} x {size[0]} pixels; "
                "it is too small or lies outside, remove it or give the image it was drawn on"
            )
        image[box][mask] = region.label
        boxes.append(box)
    for region, box in zip(drawn, boxes, strict=True):
        if not (image[box] == region.label).any():
            raise InputError(
                f"{region.name} is wholly covered by shapes that were drawn after it; "
                "remove it, or put it after them"
            )
    return image


def clean_ring(points: Ring) -> Ring:
    """Return an outline without points that repeat the one before; raise where no area is left.

    Raises
    ------
    ValueError
        With the fault as text: fewer than three different points, or all on one line.
    """
    ring = points[np.any(points != np.roll(points, 1, axis=0), axis=1)]
    if len(np.unique(ring, axis=0)) < 3:
        raise ValueError("has fewer than three different points")
    away = ring - ring[0]
    farthest = away[np.argmax(np.hypot(*away.T))]
    if not np.any(away[:, 0] * farthest[1] != away[:, 1] * farthest[0]):
        raise ValueError("has all its points on one line")
    return ring


def crossing(ring: Ring) -> tuple[float, float] | None:
    """Return a point where an outline crosses itself, or None; touching itself is no crossing."""
    order = np.argsort(np.minimum(ring[:, 1], np.roll(ring[:, 1], -1)), kind="stable")
    start, end = ring[order], np.roll(ring, -1, axis=0)[order]
    low, high = np.minimum(start, end), np.maximum(start, end)
    # Taken from top to bottom, a few edges can meet few others; all against all would take minutes.
    for first in range(0, len(ring), _EDGES_AT_ONCE):
        some = slice(first, first + _EDGES_AT_ONCE)
        others = np.flatnonzero((low[:, 1] <= high[some, 1].max()) & (high[:, 1] >= low[some, 1].min()))
        near = (low[some, None] <= high[others]) & (high[some, None] >= low[others])
        i, j = np.nonzero(near.all(axis=2))
        a, b, c, d = start[some][i], end[some][i], start[others[j]], end[others[j]]
        side_of_a, side_of_b = _side(c, d, a), _side(c, d, b)
        crossed = (np.sign(_side(a, b, c)) * np.sign(_side(a, b, d)) < 0) & (
            np.sign(side_of_a) * np.sign(side_of_b) < 0
        )
        if crossed.any():
            k = int(np.argmax(crossed))
            x, y = a[k] + side_of_a[k] / (side_of_a[k] - side_of_b[k]) * (b[k] - a[k])
            return float(x), float(y)
    return None


def _side(a: Ring, b: Ring, c: Ring) -> NDArray[np.float64]:
    """Return on which side of a line from a to b the point c lies, by the sign; 0 is on it."""
    return (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
