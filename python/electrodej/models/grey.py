"""Grey values as a network sees them: what becomes 0 and 1, and how like the training's they are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

BINS = 48
RANGE = (0.0, 1.5)
# Mean shift of the scaled grey values beyond which another image is no longer like the training's.
FAR = 0.12
# More values than this are thinned out.
_MOST_VALUES = 1 << 22


def normalise(grey: NDArray[Any], percentiles: tuple[float, float]) -> FloatArray:
    """Scale grey values so that the two percentiles become 0 and 1; what lies below 0 becomes 0.

    That is what Fiji's plugins do with their option *normalize image*: bright values go beyond 1, dark ones
    stop at 0. An image with a single grey value becomes 0.

    Examples
    --------
    >>> normalise(np.arange(5, dtype=np.uint8), (25.0, 75.0)).tolist()
    [0.0, 0.0, 0.5, 1.0, 1.5]
    """
    low, high = np.percentile(grey, percentiles)
    return scale(grey, float(low), float(high))


def scale(grey: NDArray[Any], low: float, high: float) -> FloatArray:
    """Scale grey values so that ``low`` becomes 0 and ``high`` 1; what lies below 0 becomes 0."""
    if not high > low:
        return np.zeros(grey.shape, np.float32)
    values = grey.astype(np.float32)
    values -= np.float32(low)
    values *= np.float32(1 / (high - low))
    return np.maximum(values, 0, out=values)


@dataclass(frozen=True)
class Levels:
    """The grey values of an image.

    Attributes
    ----------
    low, high
        Grey values at the two percentiles; they become 0 and 1.
    histogram
        Shares of the scaled values in `BINS` equal steps over `RANGE`; what lies beyond is in the last.
    """

    low: float
    high: float
    histogram: tuple[float, ...]

    def brightened(self, gain: float) -> Levels:
        """Return levels with which scaled values are ``gain`` times as large."""
        return replace(self, high=self.low + (self.high - self.low) / gain)


def measure_levels(
    parts: Iterable[NDArray[Any]], percentiles: tuple[float, float], *, count: int = 1
) -> Levels:
    """Measure the grey values of an image that is given in parts, thinned out evenly where it is large.

    Parameters
    ----------
    parts
        Of about one size; one is held at a time.
    percentiles
        What become 0 and 1.
    count
        How many parts there are.
    """
    kept = [_thinned(part, _MOST_VALUES // count) for part in parts]
    values = np.concatenate(kept) if kept else np.zeros(1, np.float32)
    low, high = (float(value) for value in np.percentile(values, percentiles))
    return Levels(low, high, _histogram(scale(values, low, high)))


def shift(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return how far the grey values of two histograms must be moved, on average, to be alike.

    The earth mover's distance: the area between the two cumulative histograms.

    >>> round(shift((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)), 6) == round(2 * 1.5 / 48, 6)
    True
    """
    difference = np.cumsum(np.array(one)) - np.cumsum(np.array(other))
    return float(np.abs(difference).sum() * (RANGE[1] - RANGE[0]) / BINS)


def mean_histogram(levels: Iterable[Levels]) -> tuple[float, ...]:
    """Return the mean of the histograms of several images."""
    return tuple(float(share) for share in np.mean([each.histogram for each in levels], axis=0))


def _thinned(part: NDArray[Any], most: int) -> NDArray[Any]:
    """Return about ``most`` values of a part, in memory of their own."""
    step = max(1, -(-part.size // max(1, most))) | 1
    # Without common factors with the rows' length, so that all columns are met.
    while math.gcd(step, part.shape[-1]) > 1:
        step += 2
    return part.ravel()[::step].copy()


def _histogram(values: NDArray[np.float32]) -> tuple[float, ...]:
    counts, _ = np.histogram(np.clip(values, *RANGE), BINS, RANGE)
    return tuple(float(share) for share in counts / max(1, values.size))
