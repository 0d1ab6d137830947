"""How undecided a model is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Voxels whose probabilities are looked at at once: so many stay in the processor's near memory.
_NEAR = 16384


def entropy_of(probability: NDArray[Any]) -> NDArray[np.float32]:
    """Return how undecided probabilities are: -sum(p log p) / log(classes), 0 to 1.

    Classes are along the last axis. Where their sum s is not one, p / s are meant, of which the entropy is
    ``log s - sum(p log p) / s``.

    >>> entropy_of(np.array([[0.5, 0.5], [1.0, 0.0], [3.0, 3.0]], np.float32)).tolist()
    [1.0, 0.0, 1.0]
    """
    classes = probability.shape[-1]
    flat = probability.reshape(-1, classes)
    found = np.empty(len(flat), np.float32)
    for first in range(0, len(flat), _NEAR):
        part = flat[first : first + _NEAR]
        logs = np.log(np.maximum(part, np.float32(1e-12)))
        logs *= part
        total, weighed = part[:, 0].copy(), logs[:, 0].copy()
        for k in range(1, classes):
            total += part[:, k]
            weighed += logs[:, k]
        np.maximum(total, np.float32(1e-6), out=total)
        weighed /= total
        found[first : first + _NEAR] = np.maximum(np.log(total) - weighed, 0) / np.log(classes)
    return found.reshape(probability.shape[:-1])
