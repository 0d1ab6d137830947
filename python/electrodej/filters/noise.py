"""How strong the noise of an image is, told from the image itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.volume import Volume, check_grey

_SLICES = 5
_SMOOTHING = 2.0
_BLOCK = 16
# A normal distribution's median absolute deviation, as a share of its standard deviation.
_MAD = 0.6745


def noise_level(image: NDArray[Any]) -> float:
    """Return the standard deviation of an image's noise.

    A Gaussian of 2 pixels takes it away, and what is taken is looked at in blocks of 16 x 16 pixels: the
    median of its absolute values is 0.6745 times the standard deviation, whatever few edges there are. The
    quarter of the blocks with the least counts, and those of one grey value do not. Noise of reconstructed
    slices is not white; masks that look at the next pixels alone miss most of it.

    Parameters
    ----------
    image
        YX, or ZYX, whose slices then count equally.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(100, 7, (256, 256))
    >>> 6.2 < noise_level(noise) < 7.2
    True
    """
    planes = image if image.ndim == 3 else image[np.newaxis]
    levels = [level for plane in planes if (level := _level(plane.astype(np.float32))) > 0]
    return float(np.median(levels)) if levels else 0.0


def _level(plane: NDArray[np.float32]) -> float:
    from scipy.ndimage import gaussian_filter

    rest = np.abs(plane - gaussian_filter(plane, _SMOOTHING))
    rows, columns = (n // _BLOCK for n in plane.shape)
    if rows * columns < 4:
        return float(np.median(rest)) / _MAD
    blocks = rest[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    medians = np.median(blocks.swapaxes(1, 2).reshape(rows * columns, -1), axis=1)
    medians = medians[medians > 0]
    return float(np.quantile(medians, 0.25)) / _MAD if len(medians) else 0.0


def noise_of_volume(volume: Volume) -> float:
    """Return the noise level of a volume, from evenly spread slices."""
    return noise_level(sample_of(volume))


def sample_of(volume: Volume, count: int = _SLICES) -> NDArray[np.float32]:
    """Return evenly spread slices of a volume, ZYX."""
    depth = volume.shape[0]
    places = sorted({min(depth - 1, math.floor((k + 0.5) * depth / count)) for k in range(count)})
    return np.stack(
        [check_grey(volume[z : z + 1], volume.path, start=z)[0].astype(np.float32) for z in places]
    )
