"""Borders moved to the edge in the grey volume.

Three views know a border to half a voxel of the network's grid; the grey volume knows it better. Where the
image is blurred alike on both sides, the border of a bright body lies where the grey is half way between
what it is inside and what it is around.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.fusion.fuse import Fusion
from electrodej.progress import Progress
from electrodej.run import Run
from electrodej.vocabulary import Spacing
from electrodej.volume import ArrayVolume, Volume, check_grey, check_spacing
from electrodej.volume.neighbours import with_neighbours

# Standard deviation of the Gaussian that takes noise out of the grey, multiples of a voxel's shortest edge.
SMOOTHING = 0.5
_TRUNCATE = 3.0
# Greys are taken this far from a border along an axis, inside and outside, in the same unit: nearer, the edge
# itself would be in them, more so outside, where the axis may pass the border at a slant.
_DEEP, _FAR = 2, 3
# With fewer voxels inside or around a particle, its greys are not known and it stays as it is.
_FEWEST = 12
FARTHEST = 8


class RefinedFusion:
    """Particles whose borders lie at the edges in the grey volume; a `Fusion` itself.

    Parameters
    ----------
    fusion
        The particles; their slabs are read once here and once for each call of `slabs`.
    grey
        Grey values, axes ZYX, bright particles.
    spacing
        Voxel size (z, y, x) in micrometres.
    reach
        How far a border moves at most, in multiples of a voxel's shortest edge.
    run
        Progress, over the slices whose greys are known.

    Notes
    -----
    With *i* the mean grey inside a particle and *o* the mean around it, a few voxels from its
    border, a border voxel is the particle's where the smoothed grey is at least *(i + o) / 2*. Borders move
    a voxel at a time, all at once, so that the result depends neither on an order nor on the slabs; only
    what is connected to the border can change. A particle darker than what is around it stays as it is, and
    so do borders between two particles.
    """

    def __init__(
        self,
        fusion: Fusion,
        grey: Volume,
        *,
        spacing: Spacing,
        reach: int,
        run: Run | None = None,
    ) -> None:
        if not (isinstance(reach, int) and 1 <= reach <= FARTHEST):
            raise InputError(f"borders move by 1 to {FARTHEST} voxels, not {reach}")
        self._fusion, self._grey = fusion, grey
        self.count = fusion.count
        shortest = min(spacing)
        self._sigma = tuple(SMOOTHING * shortest / length for length in spacing)
        self._margin = math.ceil(_TRUNCATE * self._sigma[0])
        # A voxel twice as long along an axis is crossed at every second step.
        self._steps = [
            [
                int((n + 1) * shortest / length + 1e-9) - int(n * shortest / length + 1e-9)
                for length in spacing
            ]
            for n in range(reach)
        ]
        self._deep, self._far = (
            np.array([max(1, round(steps * shortest / length)) for length in spacing])
            for steps in (_DEEP, _FAR)
        )
        self._least = self._learn((run or Run()).progress)

    def slabs(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the first slice and the labels of each slab."""
        from electrodej.fusion.kernels.refine import move_borders

        halo = sum(step[0] for step in self._steps)
        for z0, z1, low, labels in with_neighbours(self._fusion.slabs(), halo):
            grey = self._smoothed(low, low + len(labels))
            for step in self._steps:
                moved = np.empty_like(labels)
                move_borders(labels, grey, self._least, np.array(step), moved)
                labels = moved
            yield z0, labels[z0 - low : z1 - low]

    def close(self) -> None:
        """Let go of the particles."""
        self._fusion.close()

    def _learn(self, progress: Progress) -> NDArray[np.float64]:
        """The grey from which on a voxel is each particle's; NaN where that is not known."""
        from electrodej.fusion.kernels.refine import add_greys

        sums = np.zeros((self.count + 1, 4))
        # Sums go on from slab to slab voxel by voxel, so that rounding does not depend on the slabs.
        for z0, z1, low, labels in with_neighbours(
            self._fusion.slabs(), int(max(self._deep[0], self._far[0]))
        ):
            add_greys(
                labels, self._smoothed(low, low + len(labels)), z0 - low, z1 - z0, self._deep, self._far, sums
            )
            progress(z1, self._grey.shape[0], "learn the particles' grey")
        with np.errstate(invalid="ignore", divide="ignore"):
            inside, around = sums[:, 0] / sums[:, 1], sums[:, 2] / sums[:, 3]
        known = (sums[:, 1] >= _FEWEST) & (sums[:, 3] >= _FEWEST) & (inside > around)
        return np.where(known, (inside + around) / 2, np.nan)

    def _smoothed(self, z0: int, z1: int) -> NDArray[np.float32]:
        from scipy import ndimage

        first, last = max(0, z0 - self._margin), min(self._grey.shape[0], z1 + self._margin)
        values = check_grey(self._grey[first:last], self._grey.path, start=first).astype(np.float32)
        smooth: NDArray[np.float32] = ndimage.gaussian_filter(values, self._sigma, truncate=_TRUNCATE)
        return smooth[z0 - first : z1 - first]


def refine_borders(
    labels: NDArray[Any], grey: NDArray[Any], *, spacing: Spacing, reach: int = 1
) -> NDArray[Any]:
    """Move the borders of particles to the edges in the grey volume; see `RefinedFusion`.

    Parameters
    ----------
    labels, grey
        Arrays of one shape (Z, Y, X); label 0 is background.
    spacing
        Voxel size (z, y, x) in micrometres.
    reach
        How far a border moves at most, in multiples of a voxel's shortest edge.

    Returns
    -------
    array
        Labels of the same type.

    Examples
    --------
    >>> grey = np.full((12, 12, 12), 20, np.uint8)
    >>> grey[2:10, 2:10, 2:10] = 200
    >>> found = np.zeros(grey.shape, np.uint16)
    >>> found[3:10, 2:10, 2:11] = 1
    >>> refined = refine_borders(found, grey, spacing=(0.1, 0.1, 0.1), reach=1)
    >>> np.flatnonzero(refined[:, 6, 6]), np.flatnonzero(refined[6, 6])
    (array([2, 3, 4, 5, 6, 7, 8, 9]), array([2, 3, 4, 5, 6, 7, 8, 9]))
    """
    if labels.shape != grey.shape or labels.ndim != 3:
        raise InputError(
            f"labels and grey are volumes of one shape, Z Y X; these have {labels.shape} and {grey.shape}"
        )
    size = check_spacing(spacing)
    whole = _InMemory(labels)
    refined = RefinedFusion(whole, ArrayVolume(grey, spacing=size, name="grey"), spacing=size, reach=reach)
    return next(refined.slabs())[1]


class _InMemory:
    """Labels that are there already."""

    def __init__(self, labels: NDArray[Any]) -> None:
        self._labels = labels
        self.count = int(labels.max(initial=0))

    def slabs(self) -> Iterator[tuple[int, NDArray[Any]]]:
        yield 0, self._labels

    def close(self) -> None:
        """Nothing is held."""
