"""Rings about an axis and straight stripes, taken away slice by slice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from electrodej.filters.quantities import Length, Level, Quantity
from electrodej.filters.step import Filter, Grey, Place, Step
from electrodej.options import Choice, Number, Whole, option

_TURN = 2 * math.pi
_MOST_ANGLES = 720


@dataclass(frozen=True, kw_only=True)
class Rings(Step):
    """Rings about the axis of rotation."""

    name: ClassVar[str] = "rings"
    summary: ClassVar[str] = "rings about the axis of rotation taken away"
    width: Any = option(Quantity(6, "px"), Length(), "rings are narrower than this")
    strength: Any = option(Quantity(3, "n"), Level(), "rings are weaker than this; edges are stronger")
    sectors: int = option(1, Whole(1, 36), "parts of a turn that are looked at by themselves, for arcs")
    y: float | None = option(None, Number(), "row of the axis", usual="the middle", unit="px")
    x: float | None = option(None, Number(), "column of the axis", usual="the middle", unit="px")

    def prepare(self, place: Place) -> Filter:
        _, height, width = place.shape
        middle = (
            (height - 1) / 2 if self.y is None else self.y,
            (width - 1) / 2 if self.x is None else self.x,
        )
        size = max(self.width.in_voxels(min(place.spacing[1:])), 1.0)
        most = self.strength.in_greys(place.noise())
        about = _About(middle, (height, width))

        def apply(grey: Grey, _: int) -> Grey:
            out = np.empty_like(grey)
            for z, plane in enumerate(grey):
                out[z] = plane - about.rings(plane, size, most, self.sectors)
            return out

        return Filter(apply, copies=4)


class _About:
    """A slice in polar coordinates: which radius and which angle each pixel has."""

    def __init__(self, middle: tuple[float, float], shape: tuple[int, int]) -> None:
        rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
        rows -= np.float32(middle[0])
        columns -= np.float32(middle[1])
        self.radius = np.hypot(rows, columns)
        self.angle = np.arctan2(rows, columns) % np.float32(_TURN)
        self.count = math.ceil(float(self.radius.max())) + 1
        angles = min(_MOST_ANGLES, max(36, int(_TURN * self.count / 2)))
        radii, turns = np.mgrid[: self.count, :angles].astype(np.float32)
        turns *= np.float32(_TURN / angles)
        self.places = np.stack([middle[0] + radii * np.sin(turns), middle[1] + radii * np.cos(turns)])
        inside = [(line >= -0.5) & (line <= n - 0.5) for line, n in zip(self.places, shape, strict=True)]
        self.inside: NDArray[np.bool_] = inside[0] & inside[1]

    def rings(
        self, plane: NDArray[np.float32], size: float, most: float, sectors: int
    ) -> NDArray[np.float32]:
        """Return the rings of a slice: what the median along the turn has and its smoothed course has not.

        What stands out by more than ``most`` at a single place is an edge and counts as so much.
        """
        from scipy.ndimage import map_coordinates, median_filter

        polar = map_coordinates(plane, self.places, order=1, mode="nearest")
        window = 2 * max(1, round(size)) + 1
        rest = polar - median_filter(polar, size=(window, 1), mode="nearest")
        rest = np.clip(rest, -most, most) if most > 0 else rest
        rest[~self.inside] = np.nan
        parts = np.array_split(rest, sectors, axis=1)
        profiles = np.stack([_middle(part) for part in parts])
        if sectors == 1:
            return np.asarray(np.interp(self.radius, np.arange(self.count), profiles[0]), np.float32)
        turns = self.angle * np.float32(sectors / _TURN) - np.float32(0.5)
        return np.asarray(
            map_coordinates(profiles, np.stack([turns, self.radius]), order=1, mode="grid-wrap"), np.float32
        )


def _middle(part: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the median along the turn, 0 where little of it lies within the slice."""
    known = np.isfinite(part).sum(axis=1)
    filled = np.where(np.isfinite(part), part, np.float32(0))
    medians = np.zeros(len(part), np.float32)
    enough = known >= max(8, part.shape[1] // 8)
    for row in np.flatnonzero(enough):
        line = part[row]
        medians[row] = np.median(line[np.isfinite(line)] if known[row] < len(line) else filled[row])
    return medians


@dataclass(frozen=True, kw_only=True)
class Stripes(Step):
    """Straight stripes, as ion beams and bad lines of cameras leave them."""

    name: ClassVar[str] = "stripes"
    summary: ClassVar[str] = "straight stripes taken away"
    along: str = option("y", Choice(("y", "x")), "the axis that they run along")
    width: Any = option(Quantity(6, "px"), Length(), "stripes are narrower than this")
    length: Any = option(
        Quantity(0, "px"), Length(above=False), "stripes are at least this long; 0: all across"
    )
    strength: Any = option(Quantity(3, "n"), Level(), "stripes are weaker than this; edges are stronger")

    def prepare(self, place: Place) -> Filter:
        axis = 0 if self.along == "y" else 1
        edges = place.spacing[1:]
        window = 2 * max(1, round(self.width.in_voxels(edges[1 - axis]))) + 1
        length = round(self.length.in_voxels(edges[axis]))
        most = self.strength.in_greys(place.noise())

        def apply(grey: Grey, _: int) -> Grey:
            return np.stack([_without_stripes(plane, axis, window, length, most) for plane in grey])

        return Filter(apply, copies=3)


def _without_stripes(
    plane: NDArray[np.float32], axis: int, window: int, length: int, most: float
) -> NDArray[np.float32]:
    """Return a slice without what the median along its stripes has and its smoothed course across has not."""
    from scipy.ndimage import median_filter

    size = [1, 1]
    size[1 - axis] = window
    rest = plane - median_filter(plane, size=tuple(size), mode="nearest")
    if most > 0:
        rest = np.clip(rest, -most, most)
    if length == 0 or length >= plane.shape[axis]:
        return np.asarray(plane - np.median(rest, axis=axis, keepdims=True), np.float32)
    size = [1, 1]
    size[axis] = length | 1
    return np.asarray(plane - median_filter(rest, size=tuple(size), mode="nearest"), np.float32)
