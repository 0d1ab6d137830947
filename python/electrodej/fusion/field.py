"""The field that the particles are found in: the views' sum, with missed sections bridged, smoothed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.fusion.settings import FusionSettings
from electrodej.fusion.views import Bytes, Views
from electrodej.vocabulary import Shape

# One view's full probability in the field, which is uint16: three views make 48,960.
ONE = 255 * 64
_SHIFT = 12  # taps are multiples of 1/4096


class Field:
    """Computes slabs of the field; a voxel's value is the same whatever the slab.

    Parameters
    ----------
    views
        The probabilities.
    settings
        Uses ``bridge`` and ``smoothing``.
    """

    def __init__(self, views: Views, settings: FusionSettings) -> None:
        self.views = views
        self.shape = views.shape
        self.bridge = settings.bridge
        unit = min(views.spacing)
        self.taps = tuple(_taps(settings.smoothing * unit / size) for size in views.spacing)
        self.halo = self.bridge + len(self.taps[0]) // 2

    def read(self, z0: int, z1: int) -> NDArray[np.uint16]:
        """Return slices ``z0`` to ``z1``, with a rim of zeros of one voxel in y and x."""
        depth, rows, columns = self.shape
        reach = len(self.taps[0]) // 2
        summed0, summed1 = max(z0 - reach, 0), min(z1 + reach, depth)
        read0, read1 = max(summed0 - self.bridge, 0), min(summed1 + self.bridge, depth)
        total = add_bridged(self.views.read(read0, read1), self.bridge, summed0 - read0, summed1 - summed0)
        return self._smoothed(total, z0 - summed0, (z1 - z0, rows, columns))

    def _smoothed(self, total: NDArray[np.uint16], first: int, shape: Shape) -> NDArray[np.uint16]:
        from electrodej.fusion.kernels.field import smooth_yx, smooth_z

        # The sum has 10 bits; 6 more are kept of the first average, so that slopes are not lost.
        along_z = np.empty(shape, np.uint16)
        smooth_z(total, self.taps[0], first, _SHIFT - 6, along_z)
        out = np.zeros((shape[0], shape[1] + 2, shape[2] + 2), np.uint16)
        smooth_yx(along_z, self.taps[1], self.taps[2], _SHIFT, out)
        return out


def add_bridged(views: tuple[Bytes, Bytes, Bytes], reach: int, first: int, count: int) -> NDArray[np.uint16]:
    """Sum ``count`` slices from ``first`` on, each view bridged across its own sections.

    Slices of the xy view follow each other along z, those of xz along y, those of yz along x.
    """
    from electrodej.fusion.kernels.field import bridge_rows, bridge_within_rows

    xy, xz, yz = views
    out = np.zeros((count, *xy.shape[1:]), np.uint16)
    bridge_rows(xy, reach, first, out)
    part = xz[first : first + count]
    bridge_rows(part.transpose(1, 0, 2), reach, 0, out.transpose(1, 0, 2))
    bridge_within_rows(yz, reach, first, out)
    return out


def _taps(sigma: float) -> NDArray[Any]:
    """Weights of a Gaussian of ``sigma`` voxels as whole numbers that add up to 4096."""
    if sigma < 0.15:
        return np.array([1 << _SHIFT], np.uint32)
    reach = math.ceil(2.5 * sigma)
    at = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (at / sigma) ** 2)
    whole = np.rint(weights / weights.sum() * (1 << _SHIFT)).astype(np.int64)
    whole[reach] += (1 << _SHIFT) - whole.sum()
    return np.asarray(whole, np.uint32)
