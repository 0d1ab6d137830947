"""How a Mask R-CNN is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from electrodej.errors import InputError
from electrodej.options import Choice, Names, Number, Numbers, Settings, Whole, flag, option, seed

_TRAINING = "training"
_COUNT = Whole(1)

# Patches are multiples of it: the deepest level has one cell for so many pixels.
DIVISOR = 64
# Parts of the network that can be trained, each with all that comes before it in this list.
STAGES = ("heads", "4+", "all")


@dataclass(frozen=True, kw_only=True)
class MaskRCNNSettings(Settings):
    """What a step of the training is made of, and which layers learn when.

    In each stage the learning rate rises in the first epoch and falls along a cosine to a fiftieth. The
    epochs are divided as LIBNet does it: one share for the heads, two for what lies from the fourth level of
    the backbone on, one for all layers, at a tenth of the rate.

    >>> MaskRCNNSettings(patch=100)
    Traceback (most recent call last):
    electrodej.errors.InputError: patches of 100 pixels do not fit the network; take a multiple of 64
    >>> MaskRCNNSettings(stages="heads,5+")
    Traceback (most recent call last):
    electrodej.errors.InputError: '5+' is no stage of the training; there are heads, 4+, all
    """

    epochs: int = option(60, _COUNT, "at most so many epochs", group=_TRAINING)
    steps: int = option(100, _COUNT, "steps in an epoch", group=_TRAINING)
    batch: int = option(2, _COUNT, "patches in a step", group=_TRAINING)
    patch: int = option(256, _COUNT, "edge of a patch in pixels, a multiple of 64", group=_TRAINING)
    stages: tuple[str, ...] = option(
        (),
        Names(metavar="heads,4+,all"),
        "which layers learn, one stage after the other",
        usual="heads,4+,all with --init, all without",
        group=_TRAINING,
    )
    patience: int = option(
        20,
        Whole(0),
        "in the last stage, stop after so many epochs without a better validation loss; 0: never",
        group=_TRAINING,
    )
    learning_rate: float | None = option(
        None,
        Number(0, above=True),
        "the highest",
        usual="0.0015 for the small backbone, 0.0002 for a ResNet",
        group=_TRAINING,
    )
    validation: float = option(
        0.15,
        Number(0, 1, above=True, below=True),
        "share of the images kept for validation and the threshold",
        group=_TRAINING,
    )
    augment: float = option(
        1.0, Number(0), "how strongly images are varied; 0: flips and turns only", group=_TRAINING
    )
    blank: float = option(
        0.1, Number(0, 1), "share of the patches that the edge of the scan goes through", group=_TRAINING
    )
    least_diameter: float = option(
        10.0, Number(0), "leave out sections smaller than a disc so many pixels across", group=_TRAINING
    )
    boxes: int = option(96, Whole(8), "boxes of a patch that the heads learn from", group=_TRAINING)
    most: int | None = option(
        None,
        _COUNT,
        "particles of a patch that are learnt from",
        usual="as many as the fullest patch may have",
        group=_TRAINING,
    )
    mixed_precision: bool = flag("compute in half precision, on a GPU", group=_TRAINING)
    backbone: Literal["small", "resnet50", "resnet101"] | None = option(
        None,
        Choice(("small", "resnet50", "resnet101")),
        "what looks at the image first",
        usual="that of --init, else small",
        group="network",
    )
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
        low, high = self.percentiles
        if not low < high:
            raise InputError(f"percentiles are a lower and a higher number, not {low} and {high}")
        for name in self.stages:
            if name not in STAGES:
                raise InputError(f"{name!r} is no stage of the training; there are {', '.join(STAGES)}")
        if len(set(self.stages)) < len(self.stages):
            raise InputError(f"a stage is given twice in {','.join(self.stages)}")
        if list(self.stages) != sorted(self.stages, key=STAGES.index):
            raise InputError(f"stages come in the order {','.join(STAGES)}, not {','.join(self.stages)}")
        if len(self.stages) > self.epochs:
            raise InputError(f"{self.epochs} epochs are too few for {len(self.stages)} stages")
