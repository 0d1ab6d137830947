"""The seams that Fiji's tiling makes of a network that looks far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrodej.models.context import NOISE, WIDTH, RunImage, multiple
from electrodej.models.engines.base import FloatArray

# What Fiji's StarDist plugin sets for a model from a file: overlap of tiles, and the multiple of their size.
FIJI_OVERLAP = 64
FIJI_BLOCK = 64


@dataclass(frozen=True)
class Seam:
    """What tiling as Fiji does changes.

    Attributes
    ----------
    overlap
        Pixels by which the tiles overlap.
    error
        Largest difference to the result without tiles.
    output_range
        Difference of the largest and the smallest result, to judge the error by.
    width
        Pixels on one side of the seam in which results differ.
    """

    overlap: int
    error: float
    output_range: float
    width: int


def measure_seam(
    run: RunImage, *, channels: int, divisor: int = 1, overlap: int = FIJI_OVERLAP, seed: int = 0
) -> Seam:
    """Measure the error that two tiles with Fiji's overlap make where they meet.

    A smooth random image is run whole, and in two tiles that overlap; of each tile the overlap is cut off, as
    Fiji does.

    Parameters
    ----------
    run, channels, divisor, seed
        As in `measure_context`.
    overlap
        Pixels by which each tile looks into the other.
    """
    worst = Seam(overlap, 0.0, 0.0, 0)
    block = multiple(FIJI_BLOCK, divisor)
    half = multiple(max(2 * block, 2 * overlap), block)
    for axis in (1, 2):
        image = _texture(axis, 2 * half, multiple(2 * WIDTH, block), channels, seed)
        whole = run(image)
        first = run(_part(image, axis, 0, half + multiple(overlap, divisor)))
        second = run(_part(image, axis, half - multiple(overlap, divisor), 2 * half))
        joined = np.concatenate(
            [_part(first, axis, 0, half), _part(second, axis, second.shape[axis] - half, second.shape[axis])],
            axis,
        )
        difference = np.abs(joined - whole)
        span = float(whole.max() - whole.min())
        columns = difference.max(axis=tuple(other for other in range(4) if other != axis))
        wrong = np.flatnonzero(columns > NOISE * max(span, 1.0))
        width = int(np.max(np.abs(wrong - half + 0.5) + 0.5, initial=0))
        if float(difference.max()) >= worst.error:
            worst = Seam(overlap, float(difference.max()), span, width)
    return worst


def _texture(axis: int, length: int, width: int, channels: int, seed: int) -> FloatArray:
    """Return smooth noise between 0 and 1: grains of some pixels, as images have."""
    from scipy.ndimage import gaussian_filter

    random = np.random.default_rng(seed)
    shape = [1, width, width, channels]
    shape[axis] = length
    noise = gaussian_filter(random.normal(size=shape), (0, 3, 3, 0))
    noise = (noise - noise.min()) / (noise.max() - noise.min())
    return np.asarray(noise, np.float32)


def _part(image: FloatArray, axis: int, start: int, stop: int) -> FloatArray:
    where = [slice(None)] * 4
    where[axis] = slice(start, stop)
    return image[tuple(where)]
