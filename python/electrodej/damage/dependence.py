"""How the contribution of an attribute runs over its value, which need not be monotonous."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from electrodej.damage.table import Floats

Trend = Literal["flat", "rising", "falling", "non-monotonous"]

_MOST_BINS = 12
_FEWEST_IN_BIN = 10
_REAL_TURN = 0.25
_SURE = 2.0


@dataclass(frozen=True)
class Curve:
    """Mean SHAP value of an attribute in bins of its value.

    Attributes
    ----------
    centre
        (b,) median value of the particles of a bin.
    mean
        (b,) mean SHAP value, over the seeds.
    deviation
        (b,) its sample standard deviation over the seeds.
    count
        (b,) particles.
    shape
        What it looks like, see `shape_of`.
    """

    centre: Floats
    mean: Floats
    deviation: Floats
    count: Floats
    shape: Trend

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "value": self.centre.tolist(),
            "shap": self.mean.tolist(),
            "sd": self.deviation.tolist(),
            "particles": self.count.astype(int).tolist(),
            "shape": self.shape,
        }


def dependence(values: Floats, shap_by_seed: Floats) -> Curve:
    """Return the curve of one attribute.

    Bins hold about equally many particles, at least ten; equal values are never parted.

    Parameters
    ----------
    values
        (n,) of the attribute.
    shap_by_seed
        (seeds, n) its SHAP values in forests of different seeds.

    Examples
    --------
    >>> values = np.linspace(-1, 1, 100)
    >>> dependence(values, np.stack([values**2, values**2])).shape
    'non-monotonous'
    """
    place = _bins(values)
    number = int(place.max()) + 1 if place.size else 0
    count = np.bincount(place, minlength=number).astype(float)
    means = np.stack([np.bincount(place, weights=shap, minlength=number) / count for shap in shap_by_seed])
    deviation = means.std(axis=0, ddof=1) if len(means) > 1 else np.zeros(number)
    centre = np.array([np.median(values[place == each]) for each in range(number)])
    mean = means.mean(axis=0)
    return Curve(centre, mean, deviation, count, shape_of(mean, deviation))


def shape_of(mean: Floats, deviation: Floats) -> Trend:
    """Say what a curve looks like.

    Its largest climb is the most that it gains from any bin to a later one, its largest fall the most
    that it loses. One of the two counts as real if it is above a quarter of the curve's range and above
    twice the seeds' standard deviation. Both real: non-monotonous. None: flat.

    Examples
    --------
    >>> shape_of(np.array([0.0, 1, 2]), np.zeros(3)), shape_of(np.array([0.0, 1, 0]), np.full(3, 0.7))
    ('rising', 'flat')
    """
    if mean.size < 2:
        return "flat"
    climb = float((mean - np.minimum.accumulate(mean)).max())
    fall = float((np.maximum.accumulate(mean) - mean).max())
    least = max(_REAL_TURN * float(np.ptp(mean)), _SURE * float(deviation.mean()))
    # Of a constant nothing is above the least, not even where the least is 0.
    up, down = climb > least, fall > least
    if up and down:
        return "non-monotonous"
    return "rising" if up else "falling" if down else "flat"


def _bins(values: Floats) -> Any:
    """Return the bin of each value."""
    bins = int(np.clip(values.size // _FEWEST_IN_BIN, 1, _MOST_BINS))
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1])) if values.size else values
    place = np.searchsorted(edges, values, side="left")
    # A bin between two edges may have stayed empty.
    return np.unique(place, return_inverse=True)[1].ravel()
