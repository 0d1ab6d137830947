"""Grey values as a network sees them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


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
