"""What can be set about a forest: its measures, its trees, and how it learns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from electrodej.errors import InputError
from electrodej.forest.bank import Bank
from electrodej.options import Choice, Kind, Number, Settings, Whole, option, quoted

_LEAST, _MOST = 0.5, 32.0
# Nodes of trees keep the number of their measure in 8 bits.
MOST_MEASURES = 256


@dataclass(frozen=True)
class Sigmas(Kind):
    """Scales in pixels, from fine to coarse.

    >>> Sigmas().read("0.7,1.5,4")
    (0.7, 1.5, 4.0)
    """

    metavar: str = "A,B,..."

    def read(self, text: str) -> tuple[float, ...]:
        try:
            return self.check([float(part) for part in text.split(",")])
        except ValueError:
            raise ValueError(self._refusal(text)) from None

    def check(self, value: Any) -> tuple[float, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise ValueError(self._refusal(value))
        try:
            scales = tuple(float(each) for each in value)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(self._refusal(value)) from None
        within = all(_LEAST <= each <= _MOST for each in scales)  # no number is within nothing
        if not scales or not within or list(scales) != sorted(set(scales)):
            raise ValueError(self._refusal(value))
        return scales

    def shown(self, value: Any) -> str:
        return ",".join(f"{scale:g}" for scale in value)

    @staticmethod
    def _refusal(value: Any) -> str:
        return (
            f"{quoted(value)} are no scales; give numbers of pixels from {_LEAST:g} to {_MOST:g}, the finest "
            "first, e.g. 0.7,1.5,4"
        )


@dataclass(frozen=True, kw_only=True)
class ForestSettings(Settings):
    """How a forest is made.

    >>> ForestSettings(trees=20).sigmas[0]
    0.7
    """

    dimensions: int = option(
        2, Choice((2, 3)), "measures of each xy slice on its own, or of the volume around each voxel"
    )
    sigmas: tuple[float, ...] = option(
        (0.7, 1.4, 2.8, 5.6, 11.2), Sigmas(), "scales of the measures", unit="pixels"
    )
    trees: int = option(50, Whole(1, 1000), "how many trees are asked")
    samples: int = option(30_000, Whole(100), "labelled voxels that it learns from, at most", unit="voxels")
    evenness: float = option(
        0.3,
        Number(0, 1),
        "0: voxels are taken as often as they were labelled; 1: as many of each class",
        advanced=True,
    )
    leaf: int = option(8, Whole(1), "least voxels in a leaf of a tree", advanced=True)
    depth: int = option(20, Whole(1, 60), "most decisions in a row", advanced=True)
    low: float = option(
        1.0, Number(0, 100), "percentile of the grey values that becomes 0", unit="%", advanced=True
    )
    high: float = option(
        99.8, Number(0, 100), "percentile of the grey values that becomes 1", unit="%", advanced=True
    )
    seed: int = option(0, Whole(0), "chooses the voxels and the trees")

    def check(self) -> None:
        """Refuse percentiles in the wrong order, and more measures than the trees can number."""
        count = len(Bank(self.sigmas, self.dimensions).names)
        if count > MOST_MEASURES:
            raise InputError(
                f"sigmas: {len(self.sigmas)} scales make {count} measures, and a forest has at most "
                f"{MOST_MEASURES}; give fewer scales"
            )
        if self.low >= self.high:
            raise InputError(f"low: {self.low:g} must lie below high, which is {self.high:g}")
