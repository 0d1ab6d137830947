"""Backgrounds and contrast: what greys have to do with where a voxel lies rather than with what it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.filters.noise import sample_of
from electrodej.filters.quantities import Length, Quantity
from electrodej.filters.step import Filter, Grey, Place, Step
from electrodej.options import Number, Whole, option

_RINGS = 64
_SUBSAMPLED = 2**18
# Shares of a slice's voxels, in percent, whose greys are brought together.
_BETWEEN = (5.0, 95.0)


@dataclass(frozen=True, kw_only=True)
class Radial(Step):
    """Greys that rise or fall with the distance from the middle, as beam hardening makes them."""

    name: ClassVar[str] = "radial"
    summary: ClassVar[str] = (
        "what rises or falls from the middle outwards (cupping) taken off, slice by slice"
    )
    degree: int = option(2, Whole(1, 5), "how bent: powers of the squared distance")
    y: float | None = option(None, Number(), "row of the middle", usual="of the slice", unit="px")
    x: float | None = option(None, Number(), "column of the middle", usual="of the slice", unit="px")

    def prepare(self, place: Place) -> Filter:
        _, height, width = place.shape
        rows, columns = np.ogrid[:height, :width]
        y = (height - 1) / 2 if self.y is None else self.y
        x = (width - 1) / 2 if self.x is None else self.x
        far = ((rows - y) ** 2 + (columns - x) ** 2).astype(np.float64)
        far /= far.max() or 1.0
        numbers = np.minimum((np.sqrt(far) * _RINGS).astype(np.intp), _RINGS - 1)
        places = np.asarray(
            [far[numbers == ring].mean() if (numbers == ring).any() else np.nan for ring in range(_RINGS)]
        )

        def apply(grey: Grey, _: int) -> Grey:
            return np.stack([self._without(plane, far, numbers, places) for plane in grey])

        return Filter(apply, copies=5)

    def _without(
        self,
        plane: NDArray[np.float32],
        far: NDArray[np.float64],
        numbers: NDArray[np.intp],
        places: NDArray[np.float64],
    ) -> NDArray[np.float32]:
        order = np.argsort(numbers, axis=None, kind="stable")
        cuts = np.searchsorted(numbers.ravel()[order], np.arange(1, _RINGS))
        medians = [
            float(np.median(part)) if len(part) else math.nan for part in np.split(plane.ravel()[order], cuts)
        ]
        known = np.isfinite(medians) & np.isfinite(places)
        counts = np.bincount(numbers.ravel(), minlength=_RINGS)
        degree = min(self.degree, max(0, int(known.sum()) - 1))
        line = np.polynomial.Polynomial.fit(
            places[known], np.asarray(medians)[known], degree, w=np.sqrt(counts[known]), domain=[0, 1]
        )
        course = line(far)
        return np.asarray(plane - (course - course.mean()), np.float32)


@dataclass(frozen=True, kw_only=True)
class Background(Step):
    """A course of greys that is wider than anything in the image."""

    name: ClassVar[str] = "background"
    summary: ClassVar[str] = "uneven brightness taken off, slice by slice"
    sigma: Any = option(
        Quantity(100, "px"), Length(), "wider than particles: standard deviation of a Gaussian"
    )

    def prepare(self, place: Place) -> Filter:
        sigmas = [self.sigma.in_voxels(edge) for edge in place.spacing[1:]]

        def apply(grey: Grey, _: int) -> Grey:
            return np.stack([plane - (course := _course(plane, sigmas)) + course.mean() for plane in grey])

        return Filter(apply, copies=4)


def _course(plane: NDArray[np.float32], sigmas: list[float]) -> NDArray[np.float32]:
    """Return a slice after a wide Gaussian, which is worked out on a coarser grid."""
    from scipy.ndimage import gaussian_filter, zoom

    step = max(1, int(min(sigmas) // 8))
    if step == 1:
        return np.asarray(gaussian_filter(plane, sigmas, mode="reflect"), np.float32)
    rows, columns = (n - n % step if n >= step else n for n in plane.shape)
    steps = [min(step, n) for n in plane.shape]
    small = plane[:rows, :columns].reshape(rows // steps[0], steps[0], columns // steps[1], steps[1])
    coarse = gaussian_filter(
        small.mean(axis=(1, 3)), [s / n for s, n in zip(sigmas, steps, strict=True)], mode="reflect"
    )
    factors = [n / m for n, m in zip(plane.shape, coarse.shape, strict=True)]
    return np.asarray(zoom(coarse, factors, order=1, mode="nearest", grid_mode=True), np.float32)


@dataclass(frozen=True, kw_only=True)
class Normalise(Step):
    """Every slice as bright and as rich in contrast as the others."""

    name: ClassVar[str] = "normalise"
    summary: ClassVar[str] = "every slice as bright and as rich in contrast as the whole"
    within: Any = option(
        Quantity(0, "px"),
        Length(above=False),
        "brought to the mean of slices so far away, for greys that change with depth; 0: of all",
    )

    def prepare(self, place: Place) -> Filter:
        depth = place.shape[0]
        ends = np.empty((depth, 2))
        for z in range(depth):
            plane = place.source[z]
            step = max(1, math.isqrt(plane.size // _SUBSAMPLED))
            ends[z] = np.percentile(plane[::step, ::step], _BETWEEN)
        reach = round(self.within.in_voxels(place.spacing[0]))
        wanted = np.empty_like(ends)
        for z in range(depth):
            wanted[z] = ends[max(0, z - reach) : z + reach + 1].mean(axis=0) if reach else ends.mean(axis=0)
        spans = ends[:, 1] - ends[:, 0]
        gains = np.where(spans > 0, (wanted[:, 1] - wanted[:, 0]) / np.where(spans > 0, spans, 1), 1.0)

        def apply(grey: Grey, z0: int) -> Grey:
            here = slice(z0, z0 + len(grey))
            gain = gains[here, None, None]
            return np.asarray((grey - ends[here, :1, None]) * gain + wanted[here, :1, None], np.float32)

        return Filter(apply, copies=5)


@dataclass(frozen=True, kw_only=True)
class Clahe(Step):
    """Contrast raised where there is little, slice by slice."""

    name: ClassVar[str] = "clahe"
    summary: ClassVar[str] = "contrast-limited adaptive histogram equalisation, slice by slice"
    tile: Any = option(Quantity(64, "px"), Length(), "edge of the tiles whose histograms are equalised")
    limit: float = option(0.01, Number(0, 1), "the most contrast: 0 to 1")

    def prepare(self, place: Place) -> Filter:
        from skimage.exposure import equalize_adapthist

        low, high = (float(value) for value in np.percentile(sample_of(place.source), (0.1, 99.9)))
        if not high > low:
            raise InputError("the image has one grey value; there is no contrast to raise")
        tile = [
            max(2, min(n, round(self.tile.in_voxels(edge))))
            for n, edge in zip(place.shape[1:], place.spacing[1:], strict=True)
        ]

        def equalised(plane: Grey) -> NDArray[Any]:
            # scikit-image stretches to 0..1: a slice with little contrast would become noise from end to end.
            darkest, span = plane.min(), np.ptp(plane)
            if span == 0:
                return plane
            found = equalize_adapthist(plane, kernel_size=tile, clip_limit=self.limit)
            return np.asarray(darkest + found * span)

        def apply(grey: Grey, _: int) -> Grey:
            share = np.clip((grey - low) / (high - low), 0, 1)
            found = np.stack([equalised(plane) for plane in share])
            return np.asarray(low + found * (high - low), np.float32)

        return Filter(apply, copies=8)
