"""How far a network looks, measured, and the seams that Fiji's tiling makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
Run = Callable[[FloatArray], FloatArray]

# What Fiji's StarDist plugin sets for a model from a file: overlap of tiles, and the multiple of their size.
FIJI_OVERLAP = 64
FIJI_BLOCK = 64
# Rounding in single precision stays below this share of the output's range.
_NOISE = 1e-6
_FIRST_LENGTH = 384
_LONGEST = 1536
_WIDTH = 64


@dataclass(frozen=True)
class Context:
    """How far away the image still changes a result.

    Attributes
    ----------
    pixels
        Largest distance, along Y or X, from a changed pixel to a changed result.
    whole_image
        Whether the change reached the end of the largest image tried, so that ``pixels`` is a lower bound:
        a network that pools over the whole image, for example.
    """

    pixels: int
    whole_image: bool


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


def measure_context(run: Run, *, channels: int, divisor: int = 1, seed: int = 0) -> Context:
    """Measure by perturbation how far a network looks.

    Half of a random image is replaced by other random values; the furthest result in the other half that
    changes gives the distance. Y and X, both directions and several positions of the edge are tried.

    Parameters
    ----------
    run
        Gives the output (NHWC) of an image (NHWC).
    channels
        Channels of the image.
    divisor
        Number of which height and width must be multiples.
    seed
        Seed of the random images.
    """
    furthest, whole = 0, False
    for axis in (1, 2):
        length = _multiple(_FIRST_LENGTH, divisor)
        while True:
            reach = _reach(run, axis, length, channels, divisor, seed)
            whole_axis = reach >= length // 2 - divisor - 1
            if not whole_axis or length >= _LONGEST:
                break
            length = _multiple(2 * length, divisor)
        furthest, whole = max(furthest, reach), whole or whole_axis
    return Context(furthest, whole)


def measure_seam(
    run: Run, *, channels: int, divisor: int = 1, overlap: int = FIJI_OVERLAP, seed: int = 0
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
    block = _multiple(FIJI_BLOCK, divisor)
    half = _multiple(max(2 * block, 2 * overlap), block)
    for axis in (1, 2):
        image = _texture(axis, 2 * half, _multiple(2 * _WIDTH, block), channels, seed)
        whole = run(image)
        first = run(_part(image, axis, 0, half + _multiple(overlap, divisor)))
        second = run(_part(image, axis, half - _multiple(overlap, divisor), 2 * half))
        joined = np.concatenate(
            [_part(first, axis, 0, half), _part(second, axis, second.shape[axis] - half, second.shape[axis])],
            axis,
        )
        difference = np.abs(joined - whole)
        span = float(whole.max() - whole.min())
        columns = difference.max(axis=tuple(other for other in range(4) if other != axis))
        wrong = np.flatnonzero(columns > _NOISE * max(span, 1.0))
        width = int(np.max(np.abs(wrong - half + 0.5) + 0.5, initial=0))
        if float(difference.max()) >= worst.error:
            worst = Seam(overlap, float(difference.max()), span, width)
    return worst


def _reach(run: Run, axis: int, length: int, channels: int, divisor: int, seed: int) -> int:
    """Return the furthest distance at which one half of the image changes the other, along ``axis``."""
    random = np.random.default_rng(seed)
    shape = [1, _multiple(_WIDTH, divisor), _multiple(_WIDTH, divisor), channels]
    shape[axis] = length
    first = random.uniform(0, 1, shape).astype(np.float32)
    # Far from the first in grey value, so that no activation hides the change.
    second = random.uniform(-2, 3, shape).astype(np.float32)
    before = run(first)
    noise = _NOISE * max(float(np.abs(before).max()), 1e-3)
    furthest = 0
    for edge in sorted({length // 2, length // 2 + 1, length // 2 + divisor // 2, length // 2 + divisor - 1}):
        for after_edge in (True, False):
            changed = np.moveaxis(first.copy(), axis, 0)
            other = np.moveaxis(second, axis, 0)
            here = slice(edge, None) if after_edge else slice(None, edge)
            changed[here] = other[here]
            difference = np.abs(run(np.moveaxis(changed, 0, axis)) - before) > noise
            lines = np.flatnonzero(difference.any(axis=tuple(a for a in range(4) if a != axis)))
            if not lines.size:
                continue
            # From the nearest changed line of the image to the furthest changed line of the result.
            furthest = max(furthest, edge - int(lines.min()) if after_edge else int(lines.max()) - (edge - 1))
    return furthest


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


def _multiple(size: int, divisor: int) -> int:
    return -(-size // divisor) * divisor
