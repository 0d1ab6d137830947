"""What a StarDist model is and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass

from electrodej.errors import InputError
from electrodej.options import Choice, Number, Numbers, Settings, Whole, option

_GRIDS = (1, 2, 4, 8)
_TRAINING, _NETWORK = "training", "network (without --init)"
_PERCENTILE = Number(0, 100)


@dataclass(frozen=True, kw_only=True)
class StarDistSettings(Settings):
    """The network's shape and its training; the defaults are the published reference's."""

    rays: int = option(32, Whole(3), "directions of the outline", group=_NETWORK, advanced=True)
    grid: tuple[int, int] = option(
        (2, 2),
        Numbers((Choice(_GRIDS), Choice(_GRIDS)), metavar="Y,X"),
        "the network predicts once for so many pixels",
        group=_NETWORK,
        advanced=True,
    )
    depth: int = option(3, Whole(1, 8), "levels of the U-Net", group=_NETWORK, advanced=True)
    filters: int = option(32, Whole(1), "filters of its first level", group=_NETWORK, advanced=True)
    patch: int = option(256, Whole(1), "edge of a patch in pixels", group=_TRAINING)
    batch: int = option(4, Whole(1), "patches in a step", group=_TRAINING)
    epochs: int = option(100, Whole(1), "at most so many epochs", group=_TRAINING)
    steps: int = option(100, Whole(1), "steps in an epoch", group=_TRAINING)
    patience: int = option(
        30,
        Whole(0),
        "stop after so many epochs without a better validation loss; 0: never",
        group=_TRAINING,
    )
    learning_rate: float = option(
        4e-4,
        Number(0, above=True, metavar="R"),
        "at the start; it falls to a fiftieth at the last epoch",
        group=_TRAINING,
    )
    validation: float = option(
        0.15,
        Number(0, 1, above=True, below=True),
        "share of the images kept for validation and the thresholds",
        group=_TRAINING,
    )
    seed: int = option(0, Whole(0, 2**31, "a seed"), "seed of the random numbers")
    percentiles: tuple[float, float] = option(
        (1.0, 99.8),
        Numbers((_PERCENTILE, _PERCENTILE), metavar="LOW,HIGH"),
        "percentiles of the grey values that become 0 and 1",
        group=_TRAINING,
        advanced=True,
    )
    least_diameter: float = option(
        10.0,
        Number(0),
        "leave out sections smaller than a disc so many pixels across",
        group=_TRAINING,
        advanced=True,
    )
    augment: float = option(
        1.0,
        Number(0),
        "how strongly images are varied; 0: flips and turns only",
        group=_TRAINING,
        advanced=True,
    )
    blank: float = option(
        0.1,
        Number(0, 1),
        "share of the patches that the edge of the scan goes through",
        group=_TRAINING,
        advanced=True,
    )

    def check(self) -> None:
        if self.patch % self.divisor:
            raise InputError(
                f"patches of {self.patch} pixels do not fit a network of this depth and grid; "
                f"take a multiple of {self.divisor}"
            )
        if self.percentiles[0] >= self.percentiles[1]:
            raise InputError("percentiles: the lower one comes first, e.g. 1,99.8")

    @property
    def divisor(self) -> int:
        """Height and width that the network takes are multiples of it."""
        return max(self.grid) << self.depth
