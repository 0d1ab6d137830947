"""What a StarDist model is, how it is trained, and how it looks at sections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from electrodej.errors import InputError
from electrodej.options import Choice, Number, Numbers, Settings, Whole, network_scale, option, seed
from electrodej.vocabulary import VIEWS, View

# The heading of what does not go with a plain watershed.
OF_A_MODEL = "with a StarDist model"
_TRAINING = "training"
_NETWORK = "network (without --init)"
_COUNT = Whole(1)
_THRESHOLD = Number(0, 1, above=True, below=True, metavar="T")


class Grid(Choice):
    """For so many pixels a network predicts once: along both edges, or rows and columns.

    >>> Grid((1, 2, 4, 8)).read("2")
    (2, 2)
    """

    def read(self, text: str) -> tuple[int, int]:
        step = super().read(text)
        return step, step

    def check(self, value: Any) -> tuple[int, int]:
        rows, columns = value if hasattr(value, "__len__") and len(value) == 2 else (value, value)
        return super().check(rows), super().check(columns)

    def shown(self, value: Any) -> str:
        rows, columns = value
        return str(rows) if rows == columns else f"{rows},{columns}"


@dataclass(frozen=True, kw_only=True)
class StarDistSettings(Settings):
    """The network's shape and its training; the defaults are the published reference's.

    The learning rate falls along a cosine to a fiftieth at the last epoch. Sections smaller than
    ``least_diameter`` are caps of particles, which nobody could draw.
    """

    epochs: int = option(100, _COUNT, "at most so many epochs", group=_TRAINING)
    steps: int = option(100, _COUNT, "steps in an epoch", group=_TRAINING)
    batch: int = option(4, _COUNT, "patches in a step", group=_TRAINING)
    patch: int = option(256, _COUNT, "edge of a patch in pixels", group=_TRAINING)
    patience: int = option(
        30, Whole(0), "stop after so many epochs without a better validation loss; 0: never", group=_TRAINING
    )
    learning_rate: float = option(4e-4, Number(0, above=True), "at the start", group=_TRAINING)
    validation: float = option(
        0.15,
        Number(0, 1, above=True, below=True),
        "share of the images kept for validation and the thresholds",
        group=_TRAINING,
    )
    augment: float = option(
        1.0, Number(0), "how strongly images are varied; 0: flips and turns only", group=_TRAINING
    )
    blank: float = option(
        0.1, Number(0, 1), "share of the patches that the edge of the scan goes through", group=_TRAINING
    )
    least_diameter: float = option(
        10.0,
        Number(0),
        "leave out sections smaller than a disc so many pixels across",
        group=_TRAINING,
    )
    rays: int = option(32, Whole(3), "directions of the outline", group=_NETWORK)
    grid: tuple[int, int] = option(
        (2, 2),
        Grid((1, 2, 4, 8)),
        "the network predicts once for so many pixels along each edge",
        group=_NETWORK,
    )
    depth: int = option(3, _COUNT, "levels of the U-Net", group=_NETWORK)
    filters: int = option(32, _COUNT, "filters of its first level", group=_NETWORK)
    percentiles: tuple[float, float] = option(
        (1.0, 99.8),
        Numbers((Number(0, 100), Number(0, 100)), metavar="LOW,HIGH"),
        "grey values that become 0 and 1",
        expert=True,
    )
    seed: int = seed()

    def check(self) -> None:
        if self.patch % self.divisor:
            raise InputError(
                f"patches of {self.patch} pixels do not fit a network of this depth and grid; "
                f"take a multiple of {self.divisor}"
            )
        low, high = self.percentiles
        if not low < high:
            raise InputError(f"percentiles are a lower and a higher number, not {low} and {high}")

    @property
    def divisor(self) -> int:
        """Height and width that the network takes are multiples of it."""
        return max(self.grid) << self.depth


@dataclass(frozen=True, kw_only=True)
class ViewSettings(Settings):
    """How sections are predicted.

    Sections are brought to another size before the network and the outlines brought back. ``scale`` is
    below 1 where particles are far larger than those of the training, above 1 where they are far smaller.
    By default the voxel size decides: a section is brought to that of the training where the two differ
    by more than `electrodej.networks.stardist.views.NEAR`, and the model tells it.
    """

    view: View = option("xy", Choice(VIEWS), "which sections: along z, y or x", group=OF_A_MODEL)
    probability_threshold: float | None = option(
        None,
        _THRESHOLD,
        "least probability of a particle",
        usual="the model's",
        group=OF_A_MODEL,
    )
    overlap_threshold: float | None = option(
        None,
        _THRESHOLD,
        "outlines that overlap by more are one particle",
        usual="the model's",
        group=OF_A_MODEL,
    )
    scale: float | None = network_scale(group=OF_A_MODEL)
