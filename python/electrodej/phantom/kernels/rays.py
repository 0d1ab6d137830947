"""Line integrals along parallel rays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrodej.compiled import compiled_inline, compiled_without_nan

Grid = NDArray[np.float32]

# Samples along a ray, in voxels apart.
_STEP = 0.5


@compiled_inline
def _add(
    total: Grid, a: Grid, b: Grid, c: Grid, d: Grid, wa: np.float32, wb: np.float32, wc: np.float32
) -> None:
    wd = np.float32(1) - wa - wb - wc
    for k in range(total.shape[0]):
        total[k] += wa * a[k] + wb * b[k] + wc * c[k] + wd * d[k]


@compiled_without_nan
def ray_sums(image: Grid, cos: float, sin: float, axis: float, bins: Grid) -> None:
    """Add up an image along the rays of one direction.

    Unlike the projector that reconstructs, this one follows rays: values between voxels are interpolated, and
    two rays are averaged in each bin.

    Parameters
    ----------
    image
        (y, x, slices), about whose middle it is turned.
    cos, sin
        Of the angle.
    axis
        The bin that the axis falls on.
    bins
        (columns, slices); written. Lengths are in voxels.
    """
    height, width, _ = image.shape
    y0, x0 = (height - 1) / 2, (width - 1) / 2
    reach = np.sqrt(y0 * y0 + x0 * x0) + 1
    count = int(2 * reach / _STEP)
    for column in range(bins.shape[0]):
        total = bins[column]
        total[:] = np.float32(0)
        for part in range(2):
            t = column - axis + (part - 0.5) * 0.5
            for number in range(count):
                s = -reach + (number + 0.5) * _STEP
                x = x0 + t * cos - s * sin
                y = y0 + t * sin + s * cos
                if x < 0 or y < 0 or x >= width - 1 or y >= height - 1:
                    continue
                i, j = int(y), int(x)
                v, u = np.float32(y - i), np.float32(x - j)
                one = np.float32(1)
                _add(
                    total, image[i, j], image[i, j + 1], image[i + 1, j], image[i + 1, j + 1],
                    (one - v) * (one - u), (one - v) * u, v * (one - u),
                )  # fmt: skip
        for k in range(total.shape[0]):
            total[k] *= np.float32(_STEP * 0.5)
