"""What training images go through, so that the network meets more than it was given."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Labels = NDArray[np.int32]

# Of the edge of a patch, at full strength.
_ZOOM = 0.25
# A section that the edge of the scan leaves less of than this is a sliver, which nobody outlines.
_SLIVER = 0.4


def cut(
    image: FloatArray,
    labels: Labels,
    *,
    patch: int,
    strength: float,
    chance: np.random.Generator,
    blank: float = 0.0,
) -> tuple[FloatArray, Labels]:
    """Cut a patch out of an image and vary it.

    Zoom, flips and quarter turns change both; contrast, offset, shading, blur and correlated noise, which
    are what scans of the same material differ by, change the image only. Some patches end at the edge of the
    scan, past which all is of one grey value and nothing is outlined.

    Parameters
    ----------
    image, labels
        Normalised grey values and particles, at least ``patch`` wide and high. Labels below 0 say that
        nobody knows what is there; every patch has some other pixel.
    patch
        Edge of the patch.
    strength
        0 for flips and turns only, 1 for what scans are found to differ by.
    chance
        Source of chance.
    blank
        Share of the patches that the scan's edge goes through.
    """
    edge = patch
    if strength > 0 and chance.random() < 0.5:
        edge = round(patch * float(np.exp(chance.uniform(-_ZOOM, _ZOOM) * strength)))
        edge = min(edge, *image.shape)
    (top, bottom), (left, right) = _starts(labels, edge, chance)
    y = int(chance.integers(top, bottom + 1))
    x = int(chance.integers(left, right + 1))
    box = slice(y, y + edge), slice(x, x + edge)
    part, truth = image[box], labels[box]
    if edge != patch:
        part, truth = _resized(part, patch), nearest(truth, (patch, patch))
    if chance.random() < 0.5:
        part, truth = part[::-1], truth[::-1]
    turns = int(chance.integers(4))
    part, truth = np.rot90(part, turns), np.rot90(truth, turns)
    if strength > 0:
        part = _as_another_scan(part, strength, chance)
    if blank > 0 and chance.random() < blank:
        part, truth = _ended(part, truth, chance)
    return np.ascontiguousarray(part, np.float32), np.ascontiguousarray(truth)


def _starts(labels: Labels, edge: int, chance: np.random.Generator) -> list[tuple[int, int]]:
    """Return where a box may start along both axes: anywhere, or so that it holds some known pixel."""
    last = [length - edge for length in labels.shape]
    known = np.flatnonzero(labels >= 0)
    if len(known) in (0, labels.size):
        return [(0, end) for end in last]
    pixel = np.unravel_index(known[chance.integers(len(known))], labels.shape)
    return [(max(0, int(at) - edge + 1), min(end, int(at))) for at, end in zip(pixel, last, strict=True)]


def _resized(image: FloatArray, edge: int) -> FloatArray:
    from scipy import ndimage

    resized: FloatArray = ndimage.zoom(image, edge / image.shape[0], order=1)
    return resized


def nearest(labels: NDArray[Any], shape: tuple[int, int]) -> Labels:
    """Return labels with another height and width, each pixel that of the nearest place."""
    # The places that linear zooming reads.
    rows, columns = (
        np.round(np.linspace(0, outer - 1, inner)).astype(int)
        for outer, inner in zip(labels.shape, shape, strict=True)
    )
    chosen: Labels = labels[np.ix_(rows, columns)].astype(np.int32, copy=False)
    return chosen


def _as_another_scan(image: FloatArray, strength: float, chance: np.random.Generator) -> FloatArray:
    from scipy import ndimage

    def some(low: float, high: float) -> Any:
        return chance.uniform(low, high)

    varied = image
    if chance.random() < 0.25:
        varied = ndimage.gaussian_filter(varied, some(0.3, 1.2) * strength)
    if chance.random() < 0.4:
        grain = chance.normal(size=image.shape).astype(np.float32)
        wide = some(0.0, 1.5)
        if wide > 0.3:
            grain = ndimage.gaussian_filter(grain, wide)
            grain /= max(float(grain.std()), 1e-6)
        varied = varied + grain * np.float32(some(0.0, 0.1) * strength)
    if chance.random() < 0.3:
        slope = np.linspace(-1, 1, image.shape[0], dtype=np.float32)
        tilt = slope[:, np.newaxis] * some(-0.15, 0.15) + slope * some(-0.15, 0.15)
        varied = varied + (tilt * strength).astype(np.float32)
    gain, offset = 1 + some(-0.25, 0.25) * strength, some(-0.12, 0.12) * strength
    # The floor of the normalisation stays one: Fiji and `normalise` cut there.
    scan: FloatArray = np.maximum(varied * np.float32(gain) + np.float32(offset), 0).astype(np.float32)
    return scan


def _ended(image: FloatArray, labels: Labels, chance: np.random.Generator) -> tuple[FloatArray, Labels]:
    """Let the scan end along a straight side or a round one, as the field of view of a tomogram does."""
    y, x = np.mgrid[-0.5 : 0.5 : image.shape[0] * 1j, -0.5 : 0.5 : image.shape[1] * 1j]
    if chance.random() < 0.6:
        side = float(chance.integers(4)) * np.pi / 2
        outwards = y * np.sin(side) + x * np.cos(side)
    else:
        side, radius = chance.uniform(0, 2 * np.pi), chance.uniform(1, 4)
        outwards = np.hypot(y + radius * np.sin(side), x + radius * np.cos(side)) - radius
    beyond = outwards > chance.uniform(0.1, 0.5)
    value = 0.0 if chance.random() < 0.3 else chance.uniform(0, 1)
    particles = np.maximum(labels, 0)
    whole = np.bincount(particles.ravel())
    left = np.bincount(np.where(beyond, 0, particles).ravel(), minlength=len(whole))
    kept = ~beyond & (left >= _SLIVER * whole)[particles]
    return np.where(beyond, np.float32(value), image), np.where(kept, labels, 0)
