"""How sizes are distributed, by number and by volume."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from electrodej.features.typing import Floats

DECILES = (0.1, 0.5, 0.9)


def size_curve(sizes: Floats, weights: Floats | None = None) -> tuple[Floats, Floats]:
    """Return the sizes in order, and the share of particles, or of their volume, that is no larger.

    Parameters
    ----------
    sizes
        Of each particle; undefined ones are left out.
    weights
        Volume of each particle, or area in 2D; None where each counts alike.

    Examples
    --------
    >>> size, share = size_curve(np.array([2.0, 1.0, 4.0]), np.array([8.0, 1.0, 64.0]))
    >>> size.tolist(), share.round(3).tolist()
    ([1.0, 2.0, 4.0], [0.014, 0.123, 1.0])
    """
    heavy = np.ones(len(sizes)) if weights is None else np.asarray(weights, np.float64)
    good = np.isfinite(sizes) & np.isfinite(heavy) & (heavy > 0)
    order = np.argsort(sizes[good], kind="stable")
    running = np.cumsum(heavy[good][order])
    return sizes[good][order], running / running[-1] if len(running) else running


def size_at(sizes: Floats, weights: Floats | None = None, shares: Sequence[float] = DECILES) -> list[float]:
    """Return D10, D50 and D90: the smallest size that so large a share does not exceed.

    >>> size_at(np.arange(1.0, 101.0))
    [10.0, 50.0, 90.0]
    >>> size_at(np.array([1.0, 10.0]), np.array([1.0, 1000.0]))
    [10.0, 10.0, 10.0]
    """
    size, share = size_curve(sizes, weights)
    if not len(size):
        return [float("nan")] * len(shares)
    # Sums of shares are off by their last bits.
    places = np.searchsorted(share, np.asarray(shares) - 1e-12, side="left")
    return [float(size[place]) for place in places]
