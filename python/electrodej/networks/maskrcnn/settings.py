"""How a Mask R-CNN is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from electrodej.errors import InputError
from electrodej.options import Choice, Number, Numbers, Settings, Whole, flag, option, seed

_TRAINING = "training"
_NETWORK = "network (without --init)"
_COUNT = Whole(1)

Stage = Literal["heads", "4+", "all"]
# Patches are multiples of it: the deepest level has one cell for so many pixels.
DIVISOR = 64


@dataclass(frozen=True, kw_only=True)
class MaskRCNNSettings(Settings):
    """The network's backbone and its training.

    Training goes in stages, as LIBNet's: at first only what is new learns (the pyramid and the heads), then
    the upper half of the backbone too, then everything. In each stage the learning rate falls along a cosine.
    """

    backbone: Literal["small", "resnet50", "resnet101"] = option(
        "small",
        Choice(("small", "resnet50", "resnet101")),
        "what looks at the image first; resnet50 and resnet101 take the published weights",
        group=_NETWORK,
    )
    epochs: int = option(60, _COUNT, "at most so many epochs, all stages together", group=_TRAINING)
    heads: int = option(0, Whole(0), "epochs of the first stage: heads only", group=_TRAINING)
    upper: int = option(
        0,
        Whole(0),
        "epochs of the second stage: heads and the backbone from its fourth level on",
        group=_TRAINING,
    )
    steps: int = option(100, _COUNT, "steps in an epoch", group=_TRAINING)
    batch: int = option(2, _COUNT, "patches in a step", group=_TRAINING)
    patch: int = option(256, _COUNT, "edge of a patch in pixels, a multiple of 64", group=_TRAINING)
    patience: int = option(
        0, Whole(0), "stop after so many epochs without a better validation loss; 0: never", group=_TRAINING
    )
    learning_rate: float = option(1e-3, Number(0, above=True), "at the start of a stage", group=_TRAINING)
    validation: float = option(
        0.15,
        Number(0, 1, above=True, below=True),
        "share of the images kept for validation and the threshold",
        group=_TRAINING,
    )
    augment: float = option(
        1.0, Number(0), "how strongly images are varied; 0: flips and turns only", group=_TRAINING
    )
    least_diameter: float = option(
        10.0,
        Number(0),
        "leave out sections smaller than a disc so many pixels across",
        group=_TRAINING,
    )
    boxes: int = option(96, Whole(8), "boxes of a patch that the heads learn from", group=_TRAINING)
    most: int = option(128, _COUNT, "particles of a patch that are learnt from", group=_TRAINING)
    mixed: bool = flag("compute in 16 bits where a graphics card does so faster", group=_TRAINING)
    percentiles: tuple[float, float] = option(
        (1.0, 99.8),
        Numbers((Number(0, 100), Number(0, 100)), metavar="LOW,HIGH"),
        "grey values that become 0 and 1",
        expert=True,
    )
    seed: int = seed()

    def check(self) -> None:
        if self.patch % DIVISOR:
            raise InputError(
                f"patches of {self.patch} pixels do not fit the network; take a multiple of {DIVISOR}"
            )
        if self.heads + self.upper > self.epochs:
            raise InputError(
                f"the first two stages have {self.heads + self.upper} epochs and all of them {self.epochs}; "
                "give more with --epochs"
            )
        low, high = self.percentiles
        if not low < high:
            raise InputError(f"percentiles are a lower and a higher number, not {low} and {high}")

    @property
    def stages(self) -> tuple[tuple[Stage, int], ...]:
        """What learns, and up to which epoch.

        >>> MaskRCNNSettings(epochs=9, heads=4).stages
        (('heads', 4), ('all', 9))
        """
        ends: tuple[tuple[Stage, int], ...] = (
            ("heads", self.heads),
            ("4+", self.heads + self.upper),
            ("all", self.epochs),
        )
        before = (0, *(end for _, end in ends))
        return tuple(stage for stage, start in zip(ends, before, strict=False) if stage[1] > start)
