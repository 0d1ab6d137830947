"""How bright particles are just within their borders, and what is around them just outside."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from electrodej.models.grey import scale
from electrodej.vocabulary import Spacing
from electrodej.volume.neighbours import with_neighbours

# All lengths in shortest edges of a voxel that the network saw. Greys are taken over so wide a rim, so far
# inside a border and outside: nearer, the edge would be in them.
_WIDTH, _DEEP, _FAR = 3.0, 1.0, 1.5
# Deviation of the Gaussian weights with which they are taken together, and how much weight there must be.
_TOGETHER, _TRUNCATE, _LEAST_WEIGHT = 2.5, 3.0, 1e-3
# Greys change slowly: they are kept for every second place.
STEP = 2
# Steepest edge: one of a scan without blur, seen in voxels of this size.
_LEAST_SPREAD = 0.4
# With less between inside and outside there is no edge.
_LEAST_CONTRAST = 0.01


class Labelled(Protocol):
    """Labels, slab by slab from the first slice on."""

    def slabs(self) -> Iterator[tuple[int, NDArray[Any]]]: ...


@dataclass(frozen=True)
class Greys:
    """What the scan is like at the borders of its particles.

    Attributes
    ----------
    inside, around
        Mean greys within the particle that is next and outside, at every second voxel (z, y, x) of what the
        network saw; NaN where there are too few voxels to tell.
    spread
        Standard deviation of the blur of the borders, in shortest edges of these voxels.
    doubt
        Noise and texture of a voxel as a share of the contrast between inside and outside.
    """

    inside: NDArray[np.float32]
    around: NDArray[np.float32]
    spread: float
    doubt: float


def learn_greys(
    grey: NDArray[np.float32],
    particles: Labelled,
    spacing: Spacing,
    *,
    levels: tuple[float, float] = (0.0, 1.0),
) -> Greys:
    """Return the greys along the borders of particles.

    Parameters
    ----------
    grey
        Grey values, (Z, Y, X).
    particles
        Their labels in the same voxels.
    spacing
        Voxel size (z, y, x), in any unit.
    levels
        The grey values that are 0 and 1 in what is returned.

    Notes
    -----
    Inside and outside are means over voxels 1 to 4 edges within a border, and 1.5 to 4.5 outside, weighted
    by a Gaussian of 2.5 edges. The doubt is the median, over the voxels at borders, of the root of the mean
    of both variances over the contrast. Where the grey, as a share of the contrast, changes by a over one
    edge at the border, the spread is 1 / (sqrt(2 pi) a).
    """
    lengths = np.array(spacing) / min(spacing)
    halo = math.ceil((_TOGETHER * _TRUNCATE + _WIDTH + _FAR) / lengths[0]) + 2
    inside, around, doubts = [], [], []
    # Voxels just within and just outside: how many, and the sum of their greys as shares.
    edges = np.zeros((2, 2))
    for z0, z1, low, labels in with_neighbours(particles.slabs(), halo):
        part = _Rims(scale(grey[low : low + len(labels)], *levels), labels > 0, lengths)
        own = slice(z0 - low, z1 - low)
        kept = (
            slice(z0 - low + -z0 % STEP, z1 - low, STEP),
            slice(None, None, STEP),
            slice(None, None, STEP),
        )
        inside.append(part.inside[kept].copy())
        around.append(part.around[kept].copy())
        doubts.append(part.doubts(own))
        edges += part.edges(own)
    all_doubts = np.concatenate(doubts)
    with np.errstate(invalid="ignore", divide="ignore"):
        within, outside = edges[:, 0] / edges[:, 1]
    rise = within - outside
    spread = 1 / (math.sqrt(2 * math.pi) * rise) if rise > 0 else math.inf
    return Greys(
        np.concatenate(inside),
        np.concatenate(around),
        float(np.clip(spread, _LEAST_SPREAD, _WIDTH)),
        float(np.median(all_doubts)) if len(all_doubts) else math.inf,
    )


class _Rims:
    """The rims within and outside the borders of a slab."""

    def __init__(self, grey: NDArray[np.float32], covered: NDArray[np.bool_], lengths: Any) -> None:
        from scipy import ndimage

        self._within = _distance(covered, lengths)
        self._outside = _distance(~covered, lengths)
        self._grey, self._sigma = grey, _TOGETHER / lengths
        self._blur = ndimage.gaussian_filter
        self.inside, variance = self._taken(self._within, _DEEP)
        self.around, other = self._taken(self._outside, _FAR)
        contrast = self.inside - self.around
        self._contrast: NDArray[Any] = np.where(contrast > _LEAST_CONTRAST, contrast, np.float32(np.nan))
        self._doubt = np.sqrt((variance + other) / 2) / self._contrast

    def _taken(self, distance: Any, first: float) -> tuple[NDArray[Any], NDArray[Any]]:
        rim = ((distance > first) & (distance <= first + _WIDTH)).astype(np.float32)
        weight, total, square = (
            self._blur(rim * values, self._sigma, mode="constant", truncate=_TRUNCATE)
            for values in (np.float32(1), self._grey, self._grey**2)
        )
        weight[weight < _LEAST_WEIGHT] = np.nan
        mean = total / weight
        return mean, np.maximum(square / weight - mean**2, 0)

    def doubts(self, own: slice) -> NDArray[np.float32]:
        """Return the noise over the contrast of voxels at borders."""
        within = self._within[own]
        found = self._doubt[own][(within > 0) & (within <= 1)]
        kept: NDArray[np.float32] = found[np.isfinite(found)]
        return kept

    def edges(self, own: slice) -> NDArray[np.float64]:
        """Return sum and number of the shares just within and just outside."""
        share = (self._grey[own] - self.around[own]) / self._contrast[own]
        rows = []
        for distance in (self._within[own], self._outside[own]):
            found = share[(distance > 0) & (distance <= 1)]
            found = found[np.isfinite(found)]
            rows.append([found.sum(dtype=np.float64), len(found)])
        return np.array(rows)


def _distance(mask: NDArray[np.bool_], lengths: Any) -> NDArray[np.float32]:
    """Return how far the voxels of a mask are from what is none of it; all are far where nothing is."""
    from scipy import ndimage

    if mask.all():
        return np.full(mask.shape, np.inf, np.float32)
    found: NDArray[np.float32] = ndimage.distance_transform_edt(mask, sampling=lengths).astype(np.float32)
    return found
