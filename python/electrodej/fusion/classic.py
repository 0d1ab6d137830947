"""Particles without a trained network: a threshold, and a watershed of the distance to the surface.

This is the plain method that everybody can follow and that the trained ones have to beat. Bright material
is what lies above Otsu's threshold of the smoothed grey values. Cracks and dark cores are closed to give
solid bodies; bodies that touch are parted by a watershed of their distance transform, started from maxima
that rise at least `ClassicSettings.height` above the neck between them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from electrodej.errors import InputError
from electrodej.options import Number, Settings, option
from electrodej.run import Run
from electrodej.vocabulary import Spacing

if TYPE_CHECKING:
    from numpy.typing import NDArray

# float32 grey, two distance transforms in float32, seeds and labels in int32, masks.
BYTES_PER_VOXEL = 26
# Longest edge of the blocks in which centres are looked for, um; particles are several times as wide.
_SEED_GRID = 0.3


@dataclass(frozen=True, kw_only=True)
class ClassicSettings(Settings):
    """Lengths of `segment_classic`. Bodies that closing has joined are parted again by the watershed."""

    smoothing: float = option(
        0.2,
        Number(0, what="no length"),
        "standard deviation of the Gaussian that takes the noise away",
        unit="um",
        expert=True,
    )
    closing: float = option(
        0.6,
        Number(0, what="no length"),
        "radius that closes cracks, and gaps between particles of up to twice this width",
        unit="um",
        expert=True,
    )
    height: float = option(
        0.35,
        Number(0, what="no length"),
        "how far a distance maximum rises above the neck to its neighbour to be a particle",
        unit="um",
        expert=True,
    )
    min_radius: float = option(
        1.0,
        Number(0, what="no length"),
        "drop pieces smaller than a ball of this radius, in a slice than a disc",
        unit="um",
        expert=True,
    )


def segment_classic(
    grey: NDArray[Any], settings: ClassicSettings | None = None, run: Run | None = None, *, spacing: Spacing
) -> NDArray[np.int32]:
    """Label the particles of a grey volume.

    Parameters
    ----------
    grey
        Grey values, axes ZYX; bright is material. A single slice is segmented in two dimensions.
    spacing
        Voxel size (z, y, x) in micrometres.
    settings
        Lengths of the method.
    run
        Progress, step by step.

    Returns
    -------
    labels
        int32, 0 is background, 1 to n in the order of the particles' first voxels. Only material
        is labelled: cracks and dark cores inside a particle are background, as the measures expect it.

    Examples
    --------
    >>> import numpy as np
    >>> grid = np.indices((24, 24, 48)) + 0.5
    >>> def ball(x):
    ...     return (grid[0] - 12) ** 2 + (grid[1] - 12) ** 2 + (grid[2] - x) ** 2 <= 10 ** 2
    >>> grey = np.where(ball(12) | ball(34), 200, 50).astype(np.uint8)
    >>> int(segment_classic(grey, spacing=(0.2, 0.2, 0.2)).max())
    2
    """
    if grey.shape[0] == 1:
        # In a single slice holes are closed by their rim and sizes are areas.
        return _segmented(grey[0], spacing[1:], settings or ClassicSettings(), run or Run())[np.newaxis]
    return _segmented(grey, spacing, settings or ClassicSettings(), run or Run())


def _segmented(
    grey: NDArray[Any], spacing: tuple[float, ...], settings: ClassicSettings, run: Run
) -> NDArray[np.int32]:
    """Do the steps in two or three dimensions."""
    from scipy import ndimage
    from skimage.segmentation import watershed

    progress = run.progress
    steps = ("smooth", "close cracks", "measure depth", "find centres", "part", "clean")

    def step(number: int) -> None:
        progress(number, len(steps), "segment particles")

    step(0)
    sigma = [settings.smoothing / size for size in spacing]
    smooth = ndimage.gaussian_filter(grey.astype(np.float32, copy=False), sigma)
    material = smooth > _otsu(smooth)
    del smooth
    step(1)
    solid = ndimage.binary_fill_holes(_close(material, radius=settings.closing, spacing=spacing))
    step(2)
    depth = ndimage.distance_transform_edt(solid, sampling=spacing).astype(np.float32)
    step(3)
    seeds = _seeds(depth, height=settings.height, spacing=spacing)
    step(4)
    bodies = watershed(-depth, seeds, mask=solid)
    step(5)
    labels = np.where(material, bodies, 0).astype(np.int32)
    ball = math.pi * settings.min_radius**2 if grey.ndim == 2 else 4 / 3 * math.pi * settings.min_radius**3
    smallest = ball / math.prod(spacing)
    labels = _drop_small(labels, smallest=smallest)
    step(6)
    return labels


def _otsu(values: NDArray[np.float32]) -> float:
    """Otsu's threshold; of a volume with one grey value, that value, so that nothing lies above it."""
    from skimage.filters import threshold_otsu

    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise InputError("the grey volume has values that are not finite; replace them first")
    return float(threshold_otsu(values)) if high > low else high


def _close(mask: NDArray[np.bool_], *, radius: float, spacing: tuple[float, ...]) -> NDArray[np.bool_]:
    """Close with a ball. At the faces of the volume the picture is taken to go on as it is."""
    from scipy.ndimage import distance_transform_edt

    if radius == 0 or not mask.any():
        return mask
    room = [math.ceil(radius / size) + 1 for size in spacing]
    padded = np.pad(mask, [(width, width) for width in room], mode="edge")
    dilated = distance_transform_edt(~padded, sampling=spacing) <= radius
    closed = distance_transform_edt(dilated, sampling=spacing) > radius
    inner = tuple(slice(width, -width) for width in room)
    return np.asarray(closed[inner] | mask, dtype=bool)


def _seeds(depth: NDArray[np.float32], *, height: float, spacing: tuple[float, ...]) -> NDArray[np.int32]:
    """Label the maxima of ``depth`` that rise ``height`` above every way to a higher one.

    Centres need no fine grid: blocks of voxels up to `_SEED_GRID` stand for their deepest voxel.
    """
    from scipy import ndimage
    from skimage.measure import block_reduce
    from skimage.morphology import local_maxima, reconstruction

    block = tuple(max(1, int(_SEED_GRID / size)) for size in spacing)
    coarse = block_reduce(depth, block, np.max)
    inside = coarse > 0
    # Half a voxel of smoothing: without it the grid itself makes maxima on flat bodies.
    size = [edge * length for edge, length in zip(block, spacing, strict=True)]
    coarse = ndimage.gaussian_filter(coarse, [0.5 * min(size) / length for length in size])
    # The background lies below every body's floor, or the bodies would be connected through it.
    coarse = np.where(inside, coarse, np.float32(-1.0 - height))
    floor = reconstruction(coarse - np.float32(height), coarse, footprint=np.ones((3,) * depth.ndim))
    seeds, _ = ndimage.label(local_maxima(floor) & inside, np.ones((3,) * depth.ndim))
    for axis, edge in enumerate(block):
        seeds = np.repeat(seeds, edge, axis=axis)
    fine = seeds[tuple(slice(length) for length in depth.shape)]
    return np.where(depth > 0, fine, 0).astype(np.int32)


def _drop_small(labels: NDArray[np.int32], *, smallest: float) -> NDArray[np.int32]:
    """Drop labels of fewer than ``smallest`` voxels and number the others in the order they appear."""
    counts = np.bincount(labels.ravel())
    keep = counts >= smallest
    keep[0] = False
    new = np.zeros(len(counts), np.int32)
    new[keep] = np.arange(1, int(keep.sum()) + 1)
    return np.asarray(new[labels], dtype=np.int32)
