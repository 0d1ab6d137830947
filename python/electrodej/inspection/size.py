"""How large particles are and whether they are the bright or the dark part, from grey values alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]

_EDGE = 512
_STEP = 2**0.25
_FINEST = 1.2
# A disc of diameter d answers most at the scale d / (2 sqrt 2).
_DISC = 2 * math.sqrt(2)
# Weakest answer that counts; a disc of contrast 1 answers 2/e = 0.74.
_LEAST = 0.1
# Sections through particles with cores, cracks and neighbours answer at a smaller scale than bare discs:
# median of what phantoms of seven voxel sizes have.
_CROWDED = 1.2


@dataclass(frozen=True)
class Bodies:
    """What stands out as bodies of one kind, bright or dark.

    Attributes
    ----------
    diameter
        Typical diameter in voxels, by area; NaN where nothing stands out.
    count
        How many were found.
    """

    diameter: float
    count: int


def shrunk(image: Grey) -> tuple[Grey, int]:
    """Return an image of at most some 512 to 768 pixels along its longer side, and how many make one."""
    factor = 1
    while max(image.shape) / factor > 1.5 * _EDGE:
        factor *= 2
    return binned(image, factor), factor


def binned(image: Grey, factor: int) -> Grey:
    """Return the means of squares of ``factor`` pixels."""
    if factor == 1:
        return image
    rows, columns = (n // factor for n in image.shape)
    cut = image[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor)
    return np.asarray(cut.mean(axis=(1, 3)), np.float32)


def bodies_of(slices: list[Grey], *, dark: bool = False) -> Bodies:
    """Return the bodies that stand out in slices whose grey values lie between 0 and 1.

    They are the places where the Laplacian of Gaussian times the squared scale is largest, in the slice and
    among the scales: there a body is as large as the scale.
    """
    found = [(scale * factor, answer) for image, factor in map(shrunk, slices)
             for scale, answer in _largest(-image if dark else image)]  # fmt: skip
    if not found:
        return Bodies(math.nan, 0)
    scales, answers = np.array(found).T
    order = np.argsort(scales)
    weight = np.cumsum((scales**2 * answers)[order])
    middle = float(scales[order][np.searchsorted(weight, weight[-1] / 2)])
    return Bodies(_CROWDED * _DISC * middle, len(found))


def _largest(image: Grey) -> Iterator[tuple[float, float]]:
    """Yield scale and answer of each place that answers most among its neighbours and scales."""
    from scipy.ndimage import maximum_filter

    levels = [(scale, *_answers(image, scale)) for scale in _scales(min(image.shape))]
    for number, (scale, factor, answers) in enumerate(levels):
        if number == 0:
            continue
        window = 2 * max(1, round(scale / factor)) + 1
        rows, columns = np.nonzero((answers >= _LEAST) & (maximum_filter(answers, window) == answers))
        best = np.ones(rows.size, bool)
        for _, other, beside in levels[number - 1 : number + 2 : 2]:
            around = maximum_filter(beside, 2 * max(1, round(scale / other)) + 1)
            places: Any = tuple(
                np.minimum((at * factor + factor // 2) // other, n - 1)
                for at, n in zip((rows, columns), around.shape, strict=True)
            )
            best &= answers[rows, columns] >= around[places]
        yield from ((scale, float(answer)) for answer in answers[rows[best], columns[best]])


def _scales(length: int) -> list[float]:
    scales, scale = [], _FINEST
    while scale < length / 5:
        scales.append(scale)
        scale *= _STEP
    return scales


def _answers(image: Grey, scale: float) -> tuple[int, Grey]:
    from scipy.ndimage import gaussian_laplace

    factor = max(1, int(scale // 3))
    own = scale / factor
    return factor, np.asarray(-(own**2) * gaussian_laplace(binned(image, factor), own), np.float32)


def bright_bodies(slices: list[Grey]) -> float:
    """Return which share of the border between bright and dark bulges towards the dark, 0 to 1.

    Particles bulge, and what lies between them fills corners: 1 where particles are bright, 0 where they are
    dark. Borders are where the slope of the smoothed image is steep and its grey value in the middle; with
    the direction n of the slope, their curvature is div n, below 0 where the bright part bulges.
    """
    from scipy.ndimage import gaussian_filter

    shares = []
    for image in slices:
        small, _ = shrunk(image)
        for scale in (1.5, 3.0):
            smooth = gaussian_filter(small, scale)
            down, across = np.gradient(smooth)
            steep = np.hypot(down, across) + 1e-9
            bend = np.gradient(down / steep, axis=0) + np.gradient(across / steep, axis=1)
            low, high = np.quantile(smooth, (0.05, 0.95))
            border = (steep > np.quantile(steep, 0.8)) & (np.abs(smooth - otsu(smooth)) < 0.35 * (high - low))
            if border.any():
                shares.append(float((bend[border] < 0).mean()))
    return float(np.mean(shares)) if shares else 0.5


def otsu(values: NDArray[Any]) -> float:
    """Return the threshold that leaves the least variance on both its sides (Otsu)."""
    counts, edges = np.histogram(values, 128)
    centres = (edges[1:] + edges[:-1]) / 2
    below, sums = np.cumsum(counts), np.cumsum(counts * centres)
    between = (sums[-1] * below / below[-1] - sums) ** 2 / np.maximum(below * (below[-1] - below), 1)
    return float(centres[int(np.argmax(between))])
