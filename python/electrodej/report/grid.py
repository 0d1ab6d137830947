"""Which voxels of a volume the page shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodej.vocabulary import Shape


@dataclass(frozen=True)
class Grid:
    """The voxels of the volume that are shown.

    Attributes
    ----------
    volume
        Shape of the whole volume (z, y, x).
    steps
        Every how many voxels one is shown.
    """

    volume: Shape
    steps: tuple[int, int, int]

    @property
    def shape(self) -> Shape:
        z, y, x = (-(-n // step) for n, step in zip(self.volume, self.steps, strict=True))
        return z, y, x

    def indices(self, axis: int) -> NDArray[np.intp]:
        """Which voxels along ``axis`` are shown: the middle of each block."""
        step = self.steps[axis]
        return np.minimum(np.arange(self.shape[axis]) * step + step // 2, self.volume[axis] - 1)
