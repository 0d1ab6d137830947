"""How a network that tells phases apart is trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from electrodej.errors import InputError
from electrodej.networks.semantic.augment import Augmentation
from electrodej.networks.semantic.losses import Loss
from electrodej.networks.training.run import RunSettings
from electrodej.options import Choice, Flag, Names, Number, PathTo, Settings, Whole, flag, nested, option
from electrodej.vocabulary import VIEWS, PathLike, View

_TRAINING = "training"


@dataclass(frozen=True, kw_only=True)
class SemanticSettings(Settings):
    """How a network is trained. Adam's learning rate falls along a cosine, or when the run says so.

    Attributes
    ----------
    run
        How long, and with which seed.
    augmentation
        How patches are changed.
    """

    run: RunSettings = nested(RunSettings)
    steps: int = option(50, Whole(1), "batches in an epoch", group=_TRAINING)
    batch: int = option(8, Whole(1), "patches in a batch", group=_TRAINING)
    patch: int = option(
        128, Whole(1), "side of a patch in pixels; made a multiple of the network's step", group=_TRAINING
    )
    learning_rate: float = option(1e-3, Number(0, above=True, metavar="R"), "of Adam", group=_TRAINING)
    falling: bool = flag("let it fall along a cosine towards the last epoch", expert=True)
    loss: Loss = option(
        "both", Choice(("ce", "dice", "both")), "cross-entropy, Dice or both", group=_TRAINING
    )
    weigh_classes: bool = option(
        True, Flag(), "whether rare classes count more in the cross-entropy", expert=True
    )
    augmentation: Augmentation = field(default_factory=Augmentation)
    views: tuple[View, ...] = option(
        ("xy",), Names(metavar="V,..."), "planes to learn from: xy, or xy,xz,yz", group="data"
    )
    held_out: float = option(
        0.2,
        Number(0, 0.9, below=True),
        "share of the labelled slices that is not trained on, to judge the network by",
        expert=True,
    )
    init: PathLike | None = option(
        None,
        PathTo("M", role="model"),
        "start from this model: a folder or a bundled name",
        group="network",
    )
    freeze: Literal["encoder"] | None = option(
        None, Choice(("encoder",)), "with --init: keep the encoder as it is", group="network"
    )
    mixed_precision: bool = flag("compute in half precision, on a GPU", group=_TRAINING)

    def check(self) -> None:
        if not self.views or not set(self.views) <= set(VIEWS):
            raise InputError("views are some of xy, xz and yz")
        if self.falling and (self.run.halve_after or self.run.patience):
            raise InputError("a rate that falls towards the last epoch goes without patience and halve_after")
