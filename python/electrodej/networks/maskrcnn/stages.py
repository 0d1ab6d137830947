"""The stages of a training: first the heads, then what lies above the third level, then all layers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from electrodej.networks.maskrcnn.settings import STAGES, MaskRCNNSettings
from electrodej.networks.maskrcnn.shape import Backbone

# Of the epochs, as LIBNet's schedule divides them: 40, 80 and 40.
_SHARES = {"heads": 1, "4+": 2, "all": 1}
# What comes last goes on from layers that learnt before.
_LAST_RATE = 0.1
_HEADS = re.compile(r"(mrcnn|rpn|fpn)_")
_FOURTH = re.compile(r"(res|bn|small)[45]")
_RATES: dict[Backbone, float] = {"small": 1.5e-3, "resnet50": 2e-4, "resnet101": 2e-4}


@dataclass(frozen=True)
class Stage:
    """A part of the training.

    Attributes
    ----------
    name
        "heads", "4+" or "all".
    first, last
        Epochs that are done when it begins, and when it ends.
    rate
        Its highest learning rate.
    """

    name: str
    first: int
    last: int
    rate: float

    @property
    def epochs(self) -> int:
        """How many it has."""
        return self.last - self.first


def stages_of(settings: MaskRCNNSettings, backbone: Backbone, *, begun: bool) -> list[Stage]:
    """Return the stages of a training; ``begun``: the network starts from weights.

    >>> for each in stages_of(MaskRCNNSettings(epochs=8), "resnet50", begun=True):
    ...     each.name, each.first, each.last, round(each.rate, 6)
    ('heads', 0, 2, 0.0002)
    ('4+', 2, 6, 0.0002)
    ('all', 6, 8, 2e-05)
    """
    names: Sequence[str] = settings.stages or (
        STAGES if begun and settings.epochs >= len(STAGES) else ("all",)
    )
    shares = [_SHARES[name] for name in names]
    rate = settings.learning_rate or _RATES[backbone]
    # One epoch each, and the rest by their shares.
    left = settings.epochs - len(names)
    ends = [number + round(left * sum(shares[:number]) / sum(shares)) for number in range(1, len(names) + 1)]
    return [
        Stage(name, first, last, rate * (_LAST_RATE if name == "all" and (first or begun) else 1.0))
        for name, first, last in zip(names, [0, *ends], ends, strict=False)
    ]


def learns(layer: str, stage: str) -> bool:
    """Whether a layer of a name learns in a stage.

    >>> [learns(name, "4+") for name in ("fpn_p2", "res4a_branch2a", "small3a_first", "conv1")]
    [True, True, False, False]
    """
    return stage == "all" or bool(_HEADS.match(layer) or (stage == "4+" and _FOURTH.match(layer)))


def free(layers: dict[str, Any], stage: str) -> None:
    """Let the layers of a stage learn, and keep all others as they are."""
    for name, layer in layers.items():
        layer.trainable = learns(name, stage)
