"""Bodies with their borders where the grey volume has them, as far as its noise lets that be seen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.models.grey import scale
from electrodej.networks.stardist3d.greys import Greys, learn_greys
from electrodej.networks.stardist3d.shapes import Drawn
from electrodej.vocabulary import Spacing
from electrodej.volume import ArrayVolume, Volume, check_grey
from electrodej.volume.neighbours import with_neighbours

# At so much noise, as a share of the contrast, the network knows a border as well as the scan does.
_EVEN = 0.35
# The scan is smoothed by a Gaussian of so many times the noise, in edges of the network's voxels.
_SMOOTHING, _LEAST_SMOOTHING, _MOST_SMOOTHING = 3.0, 0.3, 1.0
_TRUNCATE = 3.0
# How far borders move in the network's voxels before greys are learnt again.
_FIRST_REACH = 2


class Bordered:
    """Particles whose borders follow the grey volume.

    Parameters
    ----------
    drawn
        The bodies.
    grey
        Grey values, axes ZYX, bright particles.
    greys
        What the scan is like at their borders.
    levels
        The grey values that are 0 and 1 in ``greys``.
    reach
        How far a border moves at most, in shortest edges of a voxel of the volume.

    Notes
    -----
    With the scan's noise *n* as a share of the contrast, its grey is smoothed by a Gaussian of 3 *n* edges of
    the network's voxels (0.3 to 1). A share *f* of the contrast there tells that a voxel lies
    *sqrt(2 pi) s (f - 1/2)* deep, *s* being the spread of the edges with that Gaussian; the network tells
    another depth. Both count, the scan's with *1 / (1 + (n / 0.35)^2)*. Borders between two bodies stay.
    """

    def __init__(
        self, drawn: Drawn, grey: Volume, greys: Greys, *, levels: tuple[float, float], reach: int
    ) -> None:
        self.count = drawn.count
        self._drawn, self._grey, self._greys, self._levels = drawn, grey, greys, levels
        spacing = grey.require_spacing()
        shortest = min(spacing)
        factor = drawn.factor
        # Shortest edges of the volume in the unit of the bodies' distances.
        self._edge = min(drawn.lengths)
        smooth = min(max(_SMOOTHING * greys.doubt, _LEAST_SMOOTHING), _MOST_SMOOTHING)
        self._sigma = tuple(smooth / self._edge * shortest / length for length in spacing)
        self._margin = math.ceil(_TRUNCATE * self._sigma[0])
        trust = 1 / (1 + (greys.doubt / _EVEN) ** 2)
        length = math.sqrt(2 * math.pi) * math.hypot(greys.spread, smooth)
        self._rule = (reach * self._edge, length, trust)
        self._factor = np.array(factor)
        # A slanted border is crossed along the axes.
        self._steps = 2 * reach

    def slabs(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the first slice and the labels of each slab."""
        from electrodej.networks.stardist3d.kernels.borders import follow

        for z0, z1, low, both in with_neighbours(self._wishes(), self._steps):
            labels, wanted = np.ascontiguousarray(both[:, 0]), np.ascontiguousarray(both[:, 1])
            for _ in range(self._steps):
                moved = np.empty_like(labels)
                follow(labels, wanted, moved)
                labels = moved
            yield z0, labels[z0 - low : z1 - low]

    def close(self) -> None:
        """Nothing is held."""

    def _wishes(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the labels as drawn and as wanted, (Z, 2, Y, X)."""
        from electrodej.networks.stardist3d.kernels.borders import where_wanted

        greys = self._greys.inside, self._greys.around
        for z0, depth in self._drawn.plan():
            labels, deep = self._drawn.deep_slab(z0, depth, self._rule[0])
            both = np.empty((depth, 2, *labels.shape[1:]), labels.dtype)
            both[:, 0] = np.where(deep >= 0, labels, 0)
            where_wanted(
                z0, labels, deep, self._smoothed(z0, depth), greys, self._factor, self._rule, both[:, 1]
            )
            yield z0, both

    def _smoothed(self, z0: int, depth: int) -> NDArray[np.float32]:
        from scipy import ndimage

        first, last = max(0, z0 - self._margin), min(self._grey.shape[0], z0 + depth + self._margin)
        values = scale(check_grey(self._grey[first:last], self._grey.path, start=first), *self._levels)
        smooth: NDArray[np.float32] = ndimage.gaussian_filter(values, self._sigma, truncate=_TRUNCATE)
        return smooth[z0 - first : z0 - first + depth]


def learn_twice(
    grey: NDArray[np.float32], drawn: Drawn, spacing: Spacing, *, levels: tuple[float, float]
) -> Greys:
    """Return the greys along the borders, learnt again where the first look moved these.

    ``grey`` and ``drawn`` are in the network's voxels. Where a body is drawn too large, what is around it is
    in the grey inside; the second time it is not. See `greys.learn_greys`.
    """
    first = learn_greys(grey, drawn, spacing, levels=levels)
    volume = ArrayVolume(grey, spacing=spacing, name="grey")
    moved = Bordered(drawn, volume, first, levels=levels, reach=_FIRST_REACH)
    return learn_greys(grey, moved, spacing, levels=levels)
