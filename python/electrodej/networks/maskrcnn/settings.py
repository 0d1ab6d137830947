"""How a Mask R-CNN is trained."""

from __future__ import annotations

from dataclasses import dataclass

from electrodej.errors import InputError
from electrodej.options import Number, Settings, Whole, option, seed

_TRAINING = "training"
_COUNT = Whole(1)

# Patches are multiples of it: the deepest level has one cell for so many pixels.
DIVISOR = 64


@dataclass(frozen=True, kw_only=True)
class MaskRCNNSettings(Settings):
    """What a step of the training is made of.

    >>> MaskRCNNSettings(patch=100)
    Traceback (most recent call last):
    electrodej.errors.InputError: patches of 100 pixels do not fit the network; take a multiple of 64
    """

    epochs: int = option(60, _COUNT, "at most so many epochs", group=_TRAINING)
    steps: int = option(100, _COUNT, "steps in an epoch", group=_TRAINING)
    batch: int = option(2, _COUNT, "patches in a step", group=_TRAINING)
    patch: int = option(256, _COUNT, "edge of a patch in pixels, a multiple of 64", group=_TRAINING)
    augment: float = option(
        1.0, Number(0), "how strongly images are varied; 0: flips and turns only", group=_TRAINING
    )
    boxes: int = option(96, Whole(8), "boxes of a patch that the heads learn from", group=_TRAINING)
    most: int = option(128, _COUNT, "particles of a patch that are learnt from", group=_TRAINING)
    seed: int = seed()

    def check(self) -> None:
        if self.patch % DIVISOR:
            raise InputError(
                f"patches of {self.patch} pixels do not fit the network; take a multiple of {DIVISOR}"
            )
