"""Give the voxels of cracks to the particles that they lie in."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.run import Run
from electrodej.vocabulary import Spacing

Mask = NDArray[np.bool_]

_SLAB_VOXELS = 1 << 24


def add_cracks(
    labels: NDArray[Any],
    cracks: Mask,
    run: Run | None = None,
    *,
    spacing: Spacing,
    reach: float,
    slab_voxels: int = _SLAB_VOXELS,
) -> NDArray[Any]:
    """Return the labels with crack voxels that have none given to the nearest particle.

    Segmentations leave cracks out of the particles or keep them in; crack voxels that have a label keep it.

    Parameters
    ----------
    labels
        Particles, shape (Z, Y, X), 0 is background.
    cracks
        Which voxels are crack, same shape.
    spacing
        Voxel size (z, y, x) in micrometres.
    reach
        A crack voxel farther than this from every particle, in micrometres between voxel centres, stays
        background.
    slab_voxels
        Voxels that are worked on at a time, besides those within reach of them.
    run
        Progress, slab by slab.

    Examples
    --------
    >>> labels = np.array([[[1, 0, 0, 0, 2]]])
    >>> cracks = np.array([[[False, True, False, True, False]]])
    >>> add_cracks(labels, cracks, spacing=(1, 1, 1), reach=1).tolist()
    [[[1, 1, 0, 2, 2]]]
    """
    from scipy.ndimage import distance_transform_edt

    if labels.shape != cracks.shape or labels.ndim != 3:
        raise InputError(
            f"labels of shape {labels.shape} and cracks of shape {cracks.shape} must be volumes of one shape"
        )
    if not (math.isfinite(reach) and reach >= 0):
        raise InputError(f"the reach of a crack is a length from 0, not {reach}")
    run = run or Run()
    outlines = labels.copy()
    # Decimal lengths are not exact in binary: what misses the reach by rounding is within it.
    reach *= 1 + 1e-9
    halo = int(reach // spacing[0]) + 1
    depth = max(1, slab_voxels // math.prod(labels.shape[1:]))
    for first in range(0, len(labels), depth):
        last = min(first + depth, len(labels))
        wanted = cracks[first:last] & (labels[first:last] == 0)
        low = max(0, first - halo)
        around = labels[low : last + halo]
        if wanted.any() and (around > 0).any():
            distance, place = distance_transform_edt(around == 0, sampling=spacing, return_indices=True)
            inner = slice(first - low, last - low)
            wanted &= distance[inner] <= reach
            nearest = tuple(axis[inner][wanted] for axis in place)
            outlines[first:last][wanted] = around[nearest]
        run.progress(last, len(labels), "giving cracks to particles")
    return outlines
