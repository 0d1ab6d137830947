"""How far a network looks, measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from electrodej.models.engines.base import FloatArray

RunImage: TypeAlias = Callable[[FloatArray], FloatArray]

# Rounding in single precision stays below this share of the output's range.
NOISE = 1e-6
_FIRST_LENGTH = 384
_LONGEST = 1536
WIDTH = 64


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


def measure_context(run: RunImage, *, channels: int, divisor: int = 1, seed: int = 0) -> Context:
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
        length = multiple(_FIRST_LENGTH, divisor)
        while True:
            reach = _reach(run, axis, length, channels, divisor, seed)
            whole_axis = reach >= length // 2 - divisor - 1
            if not whole_axis or length >= _LONGEST:
                break
            length = multiple(2 * length, divisor)
        furthest, whole = max(furthest, reach), whole or whole_axis
    return Context(furthest, whole)


def _reach(run: RunImage, axis: int, length: int, channels: int, divisor: int, seed: int) -> int:
    """Return the furthest distance at which one half of the image changes the other, along ``axis``."""
    random = np.random.default_rng(seed)
    shape = [1, multiple(WIDTH, divisor), multiple(WIDTH, divisor), channels]
    shape[axis] = length
    first = random.uniform(0, 1, shape).astype(np.float32)
    # Far from the first in grey value, so that no activation hides the change.
    second = random.uniform(-2, 3, shape).astype(np.float32)
    before = run(first)
    noise = NOISE * max(float(np.abs(before).max()), 1e-3)
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


def multiple(size: int, divisor: int) -> int:
    """Return the next multiple of ``divisor`` from ``size`` on."""
    return -(-size // divisor) * divisor
