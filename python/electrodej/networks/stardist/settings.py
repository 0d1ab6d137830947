"""What a StarDist model is and how it is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass

from electrodej.errors import InputError


@dataclass(frozen=True, kw_only=True)
class StarDistSettings:
    """The network's shape and its training; the defaults are the published reference's.

    Attributes
    ----------
    rays
        Directions in which the distance to the outline is predicted.
    grid
        The network predicts once for so many pixels (Y, X).
    depth, filters
        Levels of the U-Net, and filters of its first level.
    patch, batch
        Edge of the square patches, and how many of them make one step.
    epochs, steps
        At most so many epochs of so many steps.
    patience
        Training ends after so many epochs without a better validation loss; 0: never early.
    learning_rate
        At the start; it falls along a cosine to a fiftieth at the last epoch.
    validation
        Share of the images that is kept for validation and for choosing the thresholds.
    seed
        Of the split, the patches, the augmentation and the weights.
    percentiles
        Grey values that become 0 and 1.
    least_diameter
        Particles whose section is smaller than a disc of so many pixels across are left out: they are
        caps of particles, which nobody could draw.
    augment
        How strong the augmentation is; 0 leaves only flips and turns.
    blank
        Share of the patches that the edge of the scan goes through, with nothing but one grey value past it.
    """

    rays: int = 32
    grid: tuple[int, int] = (2, 2)
    depth: int = 3
    filters: int = 32
    patch: int = 256
    batch: int = 4
    epochs: int = 100
    steps: int = 100
    patience: int = 30
    learning_rate: float = 4e-4
    validation: float = 0.15
    seed: int = 0
    percentiles: tuple[float, float] = (1.0, 99.8)
    least_diameter: float = 10.0
    augment: float = 1.0
    blank: float = 0.1

    def __post_init__(self) -> None:
        counts = ("rays", "depth", "filters", "patch", "batch", "epochs", "steps")
        for name in counts:
            if getattr(self, name) < 1:
                raise InputError(f"{name} is a whole number from 1, not {getattr(self, name)}")
        if self.rays < 3:
            raise InputError(f"an outline needs at least 3 rays, not {self.rays}")
        if any(step < 1 or step & (step - 1) for step in self.grid):
            raise InputError(f"the grid is 1, 2, 4 or 8 pixels, not {self.grid}")
        if self.patch % self.divisor:
            raise InputError(
                f"patches of {self.patch} pixels do not fit a network of this depth and grid; "
                f"take a multiple of {self.divisor}"
            )
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise InputError(f"the learning rate is a number above 0, not {self.learning_rate}")
        if not 0 < self.validation < 1:
            raise InputError(f"the share for validation lies between 0 and 1, not {self.validation}")
        low, high = self.percentiles
        if not 0 <= low < high <= 100:
            raise InputError(f"percentiles are two numbers from 0 to 100, not {low} and {high}")
        if not 0 <= self.blank <= 1:
            raise InputError(
                f"the share of patches at the edge of the scan lies between 0 and 1, not {self.blank}"
            )
        if self.patience < 0 or self.least_diameter < 0 or self.augment < 0:
            raise InputError("patience, least diameter and augmentation are numbers from 0")

    @property
    def divisor(self) -> int:
        """Height and width that the network takes are multiples of it."""
        return max(self.grid) << self.depth
