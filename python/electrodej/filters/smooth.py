"""Filters that weigh a neighbourhood in the same way everywhere: Gaussian, median, unsharp mask."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.filters.quantities import Length, Quantity
from electrodej.filters.step import Filter, Grey, Place, Step
from electrodej.options import Number, option

# A Gaussian is cut off at so many of its widths.
_CUT = 4.0
_MOST_RADIUS = 25.0
Lengths = tuple[float, float, float]


def in_voxels(length: Quantity, place: Place, most: float = 200.0) -> Lengths:
    """Return a length in voxels along z, y and x; 0 along z where slices are filtered by themselves."""
    z, y, x = (length.in_voxels(edge) for edge in place.spacing)
    if max(y, x) > most or (not place.is_2d and z > most):
        raise InputError(f"{length} is {max(z, y, x):.3g} voxels, and {most:g} are the most; give less")
    return (0.0 if place.is_2d else z, y, x)


def whole_reach(lengths: Lengths) -> tuple[int, int, int]:
    """Return the voxels within a distance, along each axis."""
    z, y, x = (math.floor(length + 1e-6) for length in lengths)
    return z, y, x


def ellipsoid(lengths: Lengths) -> NDArray[np.bool_]:
    """Return which voxels of a box lie within the distance of its middle.

    >>> ellipsoid((0.0, 1.0, 1.0)).astype(int).tolist()
    [[[0, 1, 0], [1, 1, 1], [0, 1, 0]]]
    """
    axes = [
        np.arange(-n, n + 1) / max(length, 1e-9)
        for n, length in zip(whole_reach(lengths), lengths, strict=True)
    ]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    return np.asarray(z**2 + y**2 + x**2 <= 1 + 1e-6)


def smoothed(grey: Grey, sigmas: Lengths) -> Grey:
    """Return grey values after a Gaussian of such widths in voxels."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(grey, sigmas, mode="nearest", truncate=_CUT), np.float32)


def reach_of(sigma: float) -> int:
    """Return how far a Gaussian reaches before it is cut off."""
    return int(_CUT * sigma + 0.5)


@dataclass(frozen=True, kw_only=True)
class Gaussian(Step):
    """A mean with the weights of a bell curve."""

    name: ClassVar[str] = "gaussian"
    summary: ClassVar[str] = "a mean with the weights of a bell curve"
    sigma: Any = option(Quantity(1, "px"), Length(), "standard deviation of the curve")

    def prepare(self, place: Place) -> Filter:
        sigmas = in_voxels(self.sigma, place)
        return Filter(lambda grey, _: smoothed(grey, sigmas), reach_of(sigmas[0]))


@dataclass(frozen=True, kw_only=True)
class Median(Step):
    """The middle one of the values in a ball, or a disc."""

    name: ClassVar[str] = "median"
    summary: ClassVar[str] = "the middle one of the values in a ball; takes away single bright or dark voxels"
    radius: Any = option(Quantity(1, "px"), Length(), "radius of the ball")

    def prepare(self, place: Place) -> Filter:
        from scipy.ndimage import median_filter

        ball = ellipsoid(in_voxels(self.radius, place, _MOST_RADIUS))

        def apply(grey: Grey, _: int) -> Grey:
            return np.asarray(median_filter(grey, footprint=ball, mode="nearest"), np.float32)

        return Filter(apply, ball.shape[0] // 2)


@dataclass(frozen=True, kw_only=True)
class Unsharp(Step):
    """What a Gaussian takes away, added once more."""

    name: ClassVar[str] = "unsharp"
    summary: ClassVar[str] = "edges sharpened: what a Gaussian takes away is added once more"
    sigma: Any = option(Quantity(2, "px"), Length(), "standard deviation of the Gaussian")
    amount: float = option(0.6, Number(0, 20), "how much is added")

    def prepare(self, place: Place) -> Filter:
        sigmas, amount = in_voxels(self.sigma, place), np.float32(self.amount)

        def apply(grey: Grey, _: int) -> Grey:
            return np.asarray(grey + amount * (grey - smoothed(grey, sigmas)), np.float32)

        return Filter(apply, reach_of(sigmas[0]), copies=4)
