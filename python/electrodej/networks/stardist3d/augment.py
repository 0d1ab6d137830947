"""What training volumes go through, so that the network meets more than it was given."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.vocabulary import Spacing

FloatArray = NDArray[np.float32]
Labels = NDArray[np.int32]

# Of the edge of a patch, at full strength.
_ZOOM = 0.25
_ALIKE = 0.02


def cut(
    image: FloatArray,
    labels: Labels,
    *,
    patch: tuple[int, int, int],
    spacing: Spacing,
    strength: float,
    chance: np.random.Generator,
) -> tuple[FloatArray, Labels]:
    """Cut a patch out of a volume and vary it.

    Zoom, flips and quarter turns change both; contrast, offset, blur and correlated noise, which are what
    scans of the same material differ by, change the image only. Axes are exchanged only where their voxels
    are equally long.

    Parameters
    ----------
    image, labels
        Normalised grey values and particles, at least as large as a patch.
    patch
        Voxels (z, y, x) of a patch.
    spacing
        Voxel size (z, y, x), in any unit.
    strength
        0 for flips and turns only, 1 for what scans are found to differ by.
    chance
        Source of chance.
    """
    edges = patch
    if strength > 0 and chance.random() < 0.5:
        factor = float(np.exp(chance.uniform(-_ZOOM, _ZOOM) * strength))
        z, y, x = (
            max(1, min(round(edge * factor), length)) for edge, length in zip(patch, image.shape, strict=True)
        )
        edges = z, y, x
    first = [int(chance.integers(length - edge + 1)) for length, edge in zip(image.shape, edges, strict=True)]
    box = tuple(slice(a, a + edge) for a, edge in zip(first, edges, strict=True))
    part, truth = image[box], labels[box]
    if edges != patch:
        part, truth = resized(part, patch), nearest(truth, patch)
    part, truth = _turned(part, truth, patch, spacing, chance)
    if strength > 0:
        part = _as_another_scan(part, strength, chance)
    return np.ascontiguousarray(part, np.float32), np.ascontiguousarray(truth)


def resized(image: FloatArray, shape: tuple[int, int, int]) -> FloatArray:
    """Return a volume with other lengths, linear between voxels; the corners stay where they are."""
    for axis, length in enumerate(shape):
        if image.shape[axis] == length:
            continue
        place = np.linspace(0, image.shape[axis] - 1, length)
        low = np.minimum(place.astype(int), max(image.shape[axis] - 2, 0))
        share = (place - low).astype(np.float32)
        share = share.reshape([-1 if each == axis else 1 for each in range(3)])
        high = np.minimum(low + 1, image.shape[axis] - 1)
        image = image.take(low, axis) * (1 - share) + image.take(high, axis) * share
    return image


def nearest(labels: NDArray[Any], shape: tuple[int, int, int]) -> Labels:
    """Return labels with other lengths, each voxel that of the nearest place."""
    places = [
        np.round(np.linspace(0, outer - 1, inner)).astype(int)
        for outer, inner in zip(labels.shape, shape, strict=True)
    ]
    chosen: Labels = labels[np.ix_(*places)].astype(np.int32, copy=False)
    return chosen


def _turned(
    image: FloatArray,
    labels: Labels,
    patch: tuple[int, int, int],
    spacing: Spacing,
    chance: np.random.Generator,
) -> tuple[FloatArray, Labels]:
    for axis in range(3):
        if chance.random() < 0.5:
            image, labels = np.flip(image, axis), np.flip(labels, axis)
    for one, other in ((1, 2), (0, 1), (0, 2)):
        alike = abs(spacing[one] / spacing[other] - 1) < _ALIKE and patch[one] == patch[other]
        if alike and chance.random() < 0.5:
            image, labels = np.swapaxes(image, one, other), np.swapaxes(labels, one, other)
    return image, labels


def _as_another_scan(image: FloatArray, strength: float, chance: np.random.Generator) -> FloatArray:
    from scipy import ndimage

    def some(low: float, high: float) -> Any:
        return chance.uniform(low, high)

    varied = image
    if chance.random() < 0.25:
        varied = ndimage.gaussian_filter(varied, some(0.3, 0.9) * strength, truncate=3)
    if chance.random() < 0.5:
        grain = chance.standard_normal(image.shape, dtype=np.float32)
        if chance.random() < 0.4:
            grain = ndimage.gaussian_filter(grain, some(0.4, 0.9), truncate=3)
            grain /= max(float(grain.std()), 1e-6)
        varied = varied + grain * np.float32(some(0.0, 0.12) * strength)
    if chance.random() < 0.3:
        tilt = np.zeros((1, 1, 1), np.float32)
        for axis, length in enumerate(image.shape):
            slope = np.linspace(-1, 1, length, dtype=np.float32) * np.float32(some(-0.12, 0.12) * strength)
            tilt = tilt + slope.reshape([-1 if each == axis else 1 for each in range(3)])
        varied = varied + tilt
    if chance.random() < 0.2:
        # Grey values that are closer to, or farther from, each other in the dark than in the bright.
        varied = np.maximum(varied, 0) ** np.float32(np.exp(some(-0.35, 0.35) * strength))
    gain, offset = 1 + some(-0.2, 0.2) * strength, some(-0.1, 0.1) * strength
    # The floor of the normalisation stays one: `normalise` cuts there.
    scan: FloatArray = np.maximum(varied * np.float32(gain) + np.float32(offset), 0).astype(np.float32)
    return scan
