"""What the segmentation networks are made of, as data: one frozen dataclass for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Literal

from electrodej.errors import InputError
from electrodej.options import Choice, Flag, Number, Settings, Whole, option

Head = Literal["softmax", "sigmoid"]

_CLASSES = Whole(2, what="possible, because one class alone needs no network")
_SHARE = Number(0, 1, below=True)
_HEAD = Choice(("softmax", "sigmoid"))


@dataclass(frozen=True, kw_only=True)
class UNetConfig(Settings):
    """CDNet's U-Net: an encoder and a decoder joined at every level.

    With ``n_filters=64``, ``batch_norm=False`` and ``head="sigmoid"`` it is the network as published for
    cracks: 64 to 1024 filters, four poolings, dropout of one half at the two deepest levels.

    >>> UNetConfig(n_filters=8).step
    16
    """

    kind: ClassVar[str] = "unet"

    n_classes: int = option(2, _CLASSES, "how many classes are told apart")
    channels: int = option(1, Whole(1), "channels of the image")
    n_filters: int = option(64, Whole(1), "filters at full size; twice as many after each pooling")
    depth: int = option(4, Whole(1, 6), "how many times the image is halved")
    dropout: float = option(
        0.5, _SHARE, "share of the values left out while training, at the two deepest levels"
    )
    batch_norm: bool = option(
        True, Flag(), "batch normalisation after each convolution, which the published network has not"
    )
    head: Head = option("softmax", _HEAD, "one channel for each class, or one channel for two classes")

    def check(self) -> None:
        _check_head(self)

    @property
    def step(self) -> int:
        """Sides of what the network sees are multiples of this many pixels."""
        return 1 << self.depth

    @property
    def reach(self) -> int:
        """How many pixels away the image can change a result."""
        # Two 3x3 convolutions reach 2 pixels at each level, one of which is 2^level pixels of the image.
        encoder = sum(2 << level for level in range(self.depth + 1))
        decoder = sum(2 << level for level in range(self.depth))
        return encoder + decoder + self.step - 1

    @property
    def fixed_size(self) -> int | None:
        """Side of the only image that it takes; None: any."""
        return None


@dataclass(frozen=True, kw_only=True)
class LrcsConfig(Settings):
    """LRCS-Net: an encoder, a narrow middle, and a decoder that puts values back where they were largest.

    The middle as published is made of dense layers, which fix the size of the image (``middle="dense"``).
    The default applies the same layers at each place, so that images of any size can be segmented and the
    network exported.

    >>> LrcsConfig(n_classes=3, n_filters=8).step
    8
    """

    kind: ClassVar[str] = "lrcs"

    n_classes: int = option(3, _CLASSES, "how many classes are told apart")
    channels: int = option(1, Whole(1), "channels of the image")
    n_filters: int = option(32, Whole(1), "filters at full size, n; 2n, 4n and 8n after each pooling")
    middle: Literal["convolutional", "dense"] = option(
        "convolutional",
        Choice(("convolutional", "dense")),
        "whether the layers between encoder and decoder work at each place or over the whole image",
    )
    squeeze: int = option(
        0,
        Whole(0),
        "channels that the encoder ends with; 0: 1 as published where the middle is dense, or 4n",
    )
    dropout: float = option(0.5, _SHARE, "share of the values left out in the middle while training")
    # Results of the published 0 jump where TensorFlow 1.15 rounds otherwise. A dense middle always has 0.
    softness: float = option(
        1.0, Number(0), "how much smaller than the largest of its block a value must be to be forgotten"
    )
    size: int = option(128, Whole(8), "side of the image where the middle is dense")
    head: Head = option("softmax", _HEAD, "one channel for each class, or one channel for two classes")

    depth: ClassVar[int] = 3

    def check(self) -> None:
        _check_head(self)
        if self.size % 8:
            raise InputError(f"size = {self.size} must be a multiple of 8")

    @property
    def step(self) -> int:
        """Sides of what the network sees are multiples of this many pixels."""
        return 1 << self.depth

    @property
    def reach(self) -> int:
        """How many pixels away the image can change a result."""
        if self.fixed_size is not None:
            return self.fixed_size
        # Two 3x3 convolutions at each level, down and up, and one at the end of the encoder.
        return 2 * sum(2 << level for level in range(self.depth + 1)) + self.step + self.step - 1

    @property
    def fixed_size(self) -> int | None:
        """Side of the only image that it takes; None: any."""
        return self.size if self.middle == "dense" else None


NetworkConfig = UNetConfig | LrcsConfig
KINDS: dict[str, type[UNetConfig] | type[LrcsConfig]] = {"unet": UNetConfig, "lrcs": LrcsConfig}


def config_as_dict(config: NetworkConfig) -> dict[str, Any]:
    """Return a configuration as JSON has it.

    >>> config_from_dict(config_as_dict(LrcsConfig(n_filters=4))) == LrcsConfig(n_filters=4)
    True
    """
    return {"kind": config.kind, **asdict(config)}


def config_from_dict(values: Mapping[str, Any]) -> NetworkConfig:
    """Read what `config_as_dict` gave; unknown keys are an error."""
    known = dict(values)
    kind = known.pop("kind", None)
    if kind not in KINDS:
        raise InputError(f"a network is of the kind {' or '.join(KINDS)}, not {kind!r}")
    unknown = sorted(set(known) - {field.name for field in fields(KINDS[kind])})
    if unknown:
        raise InputError(f"a network of the kind {kind} has no {unknown[0]!r}")
    return KINDS[kind](**known)


def _check_head(config: NetworkConfig) -> None:
    if config.head != "softmax" and config.n_classes != 2:
        raise InputError(f"head = {config.head!r} must be softmax for more than two classes")
