"""The form of every engine."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


class Engine(Protocol):
    """A network that is loaded and waits for images.

    Attributes
    ----------
    name
        Of the library that computes.
    channels
        Channels of what it gives.
    """

    @property
    def name(self) -> str: ...
    @property
    def channels(self) -> int: ...

    def run(self, images: FloatArray) -> FloatArray:
        """Return float32 (N, Y / grid, X / grid, channels) for normalised images (N, Y, X, channels)."""
