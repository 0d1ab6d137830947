"""How one measure of the particles goes with another: rank correlation, and means in bins."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError

Floats = NDArray[np.float64]

CONFIDENCE = 0.95
# A mean of fewer particles has no interval worth drawing.
_LEAST_IN_BIN = 5
# Resampled values at once, so that large tables need no more memory than small ones.
_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class Bin:
    """Particles of about the same x.

    Attributes
    ----------
    low, high
        Smallest and largest x among them.
    centre
        Mean of x.
    count
        How many they are.
    mean
        Mean of y.
    mean_low, mean_high
        Ends of its 95 % bootstrap interval.
    """

    low: float
    high: float
    centre: float
    count: int
    mean: float
    mean_low: float
    mean_high: float


@dataclass(frozen=True)
class Relation:
    """How y goes with x.

    Attributes
    ----------
    particles
        How many have both.
    correlation
        Spearman's rank correlation; None where a measure is constant or fewer than four have both.
    correlation_low, correlation_high
        Ends of its 95 % interval.
    p
        Two-sided p-value that there is no correlation.
    bins
        Means of y, from small to large x.
    """

    particles: int
    correlation: float | None
    correlation_low: float | None
    correlation_high: float | None
    p: float | None
    bins: tuple[Bin, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return asdict(self)


def relate(x: Floats, y: Floats, *, bins: int = 8, resamples: int = 2000, seed: int = 0) -> Relation:
    """Relate two measures of the same particles.

    Parameters
    ----------
    x, y
        One value for each particle; a particle with a NaN in either is left out.
    bins
        At most so many bins, with as many particles in each; fewer where a bin would have less than five.
        Particles of the same x are in the same bin.
    resamples
        Of each bin, drawn with replacement: the interval of a mean goes from the 2.5th to the 97.5th
        percentile of the resamples' means.
    seed
        Of the resamples.

    Notes
    -----
    The p-value of Spearman's correlation is that of t = r sqrt((n - 2) / (1 - r^2)) with n - 2 degrees of
    freedom. Its interval is tanh(atanh(r) +- 1.96 s) with s^2 = (1 + r^2 / 2) / (n - 3) (D. G. Bonett,
    T. A. Wright, Psychometrika 65, 2000).

    Examples
    --------
    >>> relate(np.arange(20.0), np.arange(20.0) ** 2, bins=2).correlation
    1.0
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if x.shape != y.shape or x.ndim != 1:
        raise InputError(f"two columns of one length are related, not {x.shape} and {y.shape}")
    if bins < 1 or resamples < 1:
        raise InputError("bins and resamples are whole numbers from 1")
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    correlation, low, high, p = _correlation(x, y)
    generator = np.random.default_rng(seed)
    found = tuple(_bin(x[rows], y[rows], resamples, generator) for rows in _parts(x, bins))
    return Relation(len(x), correlation, low, high, p, found)


def _correlation(x: Floats, y: Floats) -> tuple[float | None, float | None, float | None, float | None]:
    from scipy.stats import norm, spearmanr

    if len(x) < 4 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None, None, None, None
    found = spearmanr(x, y)
    r = float(np.clip(found.statistic, -1, 1))
    if abs(r) == 1:
        return r, r, r, float(found.pvalue)
    reach = norm.ppf((1 + CONFIDENCE) / 2) * np.sqrt((1 + r**2 / 2) / (len(x) - 3))
    return (
        r,
        float(np.tanh(np.arctanh(r) - reach)),
        float(np.tanh(np.arctanh(r) + reach)),
        float(found.pvalue),
    )


def _parts(x: Floats, bins: int) -> list[NDArray[np.intp]]:
    """Return the rows of each bin, from small to large x."""
    count = min(bins, len(x) // _LEAST_IN_BIN)
    if count < 1:
        return []
    edges = np.unique(np.quantile(x, np.arange(1, count) / count))
    place = np.searchsorted(edges, x, side="right")
    parts = [np.flatnonzero(place == number) for number in range(len(edges) + 1)]
    return [rows for rows in parts if rows.size]


def _bin(x: Floats, y: Floats, resamples: int, generator: np.random.Generator) -> Bin:
    at_once = max(1, _AT_ONCE // len(y))
    means = np.concatenate(
        [
            y[generator.integers(len(y), size=(min(at_once, resamples - first), len(y)))].mean(axis=1)
            for first in range(0, resamples, at_once)
        ]
    )
    ends = np.percentile(means, [50 * (1 - CONFIDENCE), 50 * (1 + CONFIDENCE)])
    return Bin(
        float(x.min()),
        float(x.max()),
        float(x.mean()),
        len(y),
        float(y.mean()),
        float(ends[0]),
        float(ends[1]),
    )
