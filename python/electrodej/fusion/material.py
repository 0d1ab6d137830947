"""Which voxels of a particle are material: neither crack nor core nor gap.

Outlines go around a particle with its cracks. The attributes need the material alone, because damage is the
share of its closed form that a particle lacks.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.progress import Progress
from electrodej.run import Run
from electrodej.vocabulary import Spacing
from electrodej.volume import Volume, check_grey, compact_dtype
from electrodej.workers import in_order

if TYPE_CHECKING:
    from electrodej.fusion.fuse import Fusion

# Standard deviation of the Gaussian that takes single noisy voxels away, in voxels of the shortest edge.
SMOOTHING = 0.6
_TRUNCATE = 4.0
_BINS = 1024
_SLAB_BYTES = 64 * 2**20


class Material:
    """Tells bright material from dark, slab by slab, by one threshold for the whole volume.

    The threshold is Otsu's, of the smoothed grey values.

    Parameters
    ----------
    grey
        Grey values, axes ZYX; bright is material.
    spacing
        Voxel size (z, y, x) in micrometres.
    run
        Progress, over the slices read for the threshold.

    Examples
    --------
    >>> from electrodej.volume import ArrayVolume
    >>> values = np.full((6, 12, 12), 50, np.uint8)
    >>> values[:, 2:10, 2:10] = 200
    >>> values[:, 5:7, 2:10] = 60
    >>> material = Material(ArrayVolume(values, spacing=None), spacing=(0.1, 0.1, 0.1))
    >>> material.mask(2, 1)[0, 3:9, 5].tolist()
    [True, True, False, False, True, True]
    """

    def __init__(self, grey: Volume, run: Run | None = None, *, spacing: Spacing) -> None:
        self._grey = grey
        shortest = min(spacing)
        self._sigma = tuple(SMOOTHING * shortest / length for length in spacing)
        self._halo = math.ceil(_TRUNCATE * self._sigma[0]) + 1
        self.threshold = self._find_threshold((run or Run()).progress)

    def mask(self, z0: int, count: int) -> NDArray[np.bool_]:
        """Return which voxels of the slices from ``z0`` on are material."""
        mask: NDArray[np.bool_] = self._smoothed(z0, count) > self.threshold
        return mask

    def _smoothed(self, z0: int, count: int) -> NDArray[np.float32]:
        from scipy import ndimage

        first, last = max(0, z0 - self._halo), min(self._grey.shape[0], z0 + count + self._halo)
        values = check_grey(self._grey[first:last], self._grey.path, start=first).astype(np.float32)
        smooth: NDArray[np.float32] = ndimage.gaussian_filter(values, self._sigma, truncate=_TRUNCATE)
        return smooth[z0 - first : z0 - first + count]

    def _find_threshold(self, progress: Progress) -> float:
        from skimage.filters import threshold_otsu

        depth = self._grey.shape[0]
        low, high = math.inf, -math.inf
        for z0, count in self._slabs():
            values = check_grey(self._grey[z0 : z0 + count], self._grey.path, start=z0)
            low, high = min(low, float(values.min())), max(high, float(values.max()))
        if not high > low:
            raise InputError(
                f"{self._grey.path} has one grey value everywhere, so cracks cannot be told from material"
            )
        counts = np.zeros(_BINS, np.int64)
        for z0, count in self._slabs():
            counts += np.histogram(self._smoothed(z0, count), bins=_BINS, range=(low, high))[0]
            progress(z0 + count, depth, "tell cracks from material")
        centres = low + (np.arange(_BINS) + 0.5) * (high - low) / _BINS
        return float(threshold_otsu(hist=(counts, centres)))

    def _slabs(self) -> Any:
        depth, height, width = self._grey.shape
        thickness = max(1, _SLAB_BYTES // (4 * height * width))
        for z0 in range(0, depth, thickness):
            yield z0, min(thickness, depth - z0)


class FusedMaterial:
    """Particles without their cracks, cores and gaps; those with too little material are dropped.

    Parameters
    ----------
    fusion
        The particles with their cracks.
    material
        Which voxels are material.
    least
        Voxels of material that a particle has at least.
    run
        Threads that look at the grey values.
    """

    def __init__(self, fusion: Fusion, material: Material, run: Run | None = None, *, least: float) -> None:
        self._fusion, self._material, self._jobs = fusion, material, (run or Run()).cores
        voxels = np.zeros(fusion.count + 1, np.int64)
        for _, part in self._masked():
            voxels += np.bincount(part.ravel(), minlength=len(voxels))
        large_enough = voxels >= max(1, least)
        large_enough[0] = False
        self.count = int(np.count_nonzero(large_enough))
        self.dropped = fusion.count - self.count
        self._numbers = np.where(large_enough, np.cumsum(large_enough), 0).astype(compact_dtype(self.count))

    def slabs(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the first slice and the labels of each slab."""
        for z0, part in self._masked():
            yield z0, self._numbers[part]

    def close(self) -> None:
        """Let go of the particles."""
        self._fusion.close()

    def _masked(self) -> Iterator[tuple[int, NDArray[Any]]]:
        def masked(slab: tuple[int, NDArray[Any]]) -> tuple[int, NDArray[Any]]:
            z0, part = slab
            return z0, part * self._material.mask(z0, len(part))

        with contextlib.closing(in_order(masked, self._fusion.slabs(), jobs=self._jobs)) as coming:
            yield from coming
