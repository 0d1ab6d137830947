"""Which measures a forest takes at each voxel, and how far around a voxel they look."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from electrodej.vocabulary import Shape

# Smoothing ends after so many standard deviations; what lies beyond is 0.3 % of the weight.
TRUNCATE = 3.0
# Scales of this many pixels and more are computed on a grid half as fine, and again.
COARSE_FROM = 2.8
# Blur of a coarser grid in its own pixels: enough that its voxels stand for what lies between them.
_BASE = 0.7
_BELOW = {
    2: ("slope", "laplacian", "curvature 1", "curvature 2", "structure 1", "structure 2"),
    3: (
        "slope", "laplacian", "curvature 1", "curvature 2", "curvature 3",
        "structure 1", "structure 2", "structure 3",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Bank:
    """The measures of a forest, in their order.

    Attributes
    ----------
    sigmas
        Scales in pixels, the standard deviations of the smoothing, from fine to coarse.
    dimensions
        2: each xy slice on its own; 3: the volume.
    stretch
        Along (z, y, x): by what a scale is multiplied along that axis, below 1 where voxels are longer.

    Examples
    --------
    >>> bank = Bank((0.7, 4.0), 2)
    >>> bank.names[:3], len(bank.names)
    (('grey', 'mean at 0.7', 'slope at 0.7'), 15)
    >>> bank.level(4.0)
    1
    """

    sigmas: tuple[float, ...]
    dimensions: int
    stretch: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What the measures are called."""
        below = ("mean", *_BELOW[self.dimensions])
        return ("grey", *(f"{name} at {sigma:g}" for sigma in self.sigmas for name in below))

    @property
    def per_sigma(self) -> int:
        """Measures at each scale."""
        return 1 + len(_BELOW[self.dimensions])

    @property
    def axes(self) -> tuple[int, ...]:
        """Axes that are smoothed."""
        return (0, 1, 2) if self.dimensions == 3 else (1, 2)

    def level(self, sigma: float) -> int:
        """Return how many times the grid is halved for a scale."""
        finest = min(self.stretch[axis] for axis in self.axes) * sigma
        halvings = 0
        while finest >= COARSE_FROM * 2**halvings:
            halvings += 1
        return halvings

    @property
    def levels(self) -> int:
        """How many times the coarsest grid is halved."""
        return max(self.level(sigma) for sigma in self.sigmas)

    def blur(self, level: int) -> float:
        """Return what a grid is blurred by already, in its own pixels."""
        return _BASE if level else 0.0

    def smoothing_before(self, level: int) -> float:
        """Return by what a grid is smoothed before it is halved, in its pixels.

        It is blurred by b already, and the next by ``_BASE`` of its own pixels, twice as large:
        ``s^2 = (2 _BASE)^2 - b^2``.
        """
        return math.sqrt((2 * _BASE) ** 2 - self.blur(level) ** 2)

    def own(self, sigma: float, axis: int) -> float:
        """Return a scale along an axis in pixels of its grid."""
        return sigma * self.stretch[axis] / (1 << self.level(sigma))

    def more(self, sigma: float, axis: int) -> float:
        """Return by what the grid of a scale is smoothed, in its pixels, so that it has that scale."""
        blurred = self.blur(self.level(sigma))
        return math.sqrt(max(self.own(sigma, axis) ** 2 - blurred**2, 0.0))

    @property
    def halo(self) -> Shape:
        """Voxels around a box that its measures may depend on, along (z, y, x)."""
        z, y, x = (self._reach(axis) if axis in self.axes else 0 for axis in range(3))
        return (z, y, x)

    def _reach(self, axis: int) -> int:
        before = [0]
        for level in range(self.levels):
            before.append(before[-1] + (reach(self.smoothing_before(level)) << level))
        return max(
            # Second differences look one pixel further, and interpolation another one.
            before[self.level(sigma)]
            + ((reach(self.more(sigma, axis)) + reach(self.own(sigma, axis)) + 2) << self.level(sigma))
            for sigma in self.sigmas
        )


def reach(sigma: float) -> int:
    """Return how many pixels away smoothing by ``sigma`` looks."""
    return math.ceil(TRUNCATE * sigma) if sigma > 0 else 0
