"""A network that is also asked about mirrored images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrodej.models.engines.base import Engine, FloatArray


@dataclass(frozen=True)
class Mirrored:
    """The mean of what a network says of an image, of its two mirror images, and of both at once.

    It takes four times as long. Only for networks whose results do not depend on directions.
    """

    engine: Engine

    @property
    def name(self) -> str:
        """Of the library that computes."""
        return self.engine.name

    @property
    def channels(self) -> int:
        """Channels of what it gives."""
        return self.engine.channels

    def run(self, images: FloatArray) -> FloatArray:
        """Return the mean for images (N, Y, X, channels)."""
        total = np.array(self.engine.run(images))
        for axes in ((1,), (2,), (1, 2)):
            total += np.flip(self.engine.run(np.ascontiguousarray(np.flip(images, axes))), axes)
        total *= np.float32(0.25)
        return total
