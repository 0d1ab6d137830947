"""What the segmentation networks are made of, as data: one frozen dataclass for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Literal

from electrodej.errors import InputError

Head = Literal["softmax", "sigmoid"]


@dataclass(frozen=True, kw_only=True)
class UNetConfig:
    """CDNet's U-Net: an encoder and a decoder joined at every level.

    With ``n_filters=64``, ``batch_norm=False`` and ``head="sigmoid"`` it is the network as published for
    cracks: 64 to 1024 filters, four poolings, dropout of one half at the two deepest levels.

    >>> UNetConfig(n_filters=8).step
    16
    """

    kind: ClassVar[str] = "unet"

    n_classes: int = 2
    """How many classes are told apart."""
    channels: int = 1
    """Channels of the image."""
    n_filters: int = 64
    """Filters at full size; twice as many after each pooling."""
    depth: int = 4
    """How many times the image is halved."""
    dropout: float = 0.5
    """Share of the values left out while training, at the two deepest levels."""
    batch_norm: bool = True
    """Batch normalisation after each convolution: trains faster; not in the published network."""
    head: Head = "softmax"
    """One channel for each class ("softmax"), or one channel for two classes ("sigmoid")."""

    def __post_init__(self) -> None:
        _check(self)

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
class LrcsConfig:
    """LRCS-Net: an encoder, a narrow middle, and a decoder that puts values back where they were largest.

    The middle as published is made of dense layers, which fix the size of the image (``middle="dense"``).
    The default applies the same layers at each place, so that images of any size can be segmented and the
    network exported.

    >>> LrcsConfig(n_classes=3, n_filters=8).step
    8
    """

    kind: ClassVar[str] = "lrcs"

    n_classes: int = 3
    """How many classes are told apart."""
    channels: int = 1
    """Channels of the image."""
    n_filters: int = 32
    """Filters at full size, n; 2n, 4n and 8n after each pooling."""
    middle: Literal["convolutional", "dense"] = "convolutional"
    """Whether the layers between encoder and decoder work at each place or over the whole image."""
    squeeze: int = 0
    """Channels that the encoder ends with; 0: 1 as published where the middle is dense, else 4n."""
    dropout: float = 0.5
    """Share of the values left out in the middle while training."""
    softness: float = 1.0
    """How much smaller than the largest of its block a value must be to be forgotten. 0, as published, makes
    results jump where TensorFlow 1.15 rounds otherwise. Where the middle is dense, it is always 0."""
    size: int = 128
    """Side of the image where the middle is dense."""
    head: Head = "softmax"
    """One channel for each class ("softmax"), or one channel for two classes ("sigmoid")."""

    depth: ClassVar[int] = 3

    def __post_init__(self) -> None:
        _check(self)

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


def _check(config: NetworkConfig) -> None:
    def need(fine: bool, name: str, wanted: str) -> None:
        if not fine:
            raise InputError(f"{name} = {getattr(config, name)!r} must be {wanted}")

    for name in ("n_classes", "channels", "n_filters", "depth"):
        value = getattr(config, name)
        need(isinstance(value, int) and value >= 1, name, "a whole number from 1")
    need(config.n_classes >= 2, "n_classes", "2 or more: one class alone needs no network")
    need(config.depth <= 6, "depth", "at most 6")
    need(0 <= config.dropout < 1, "dropout", "a share from 0, below 1")
    need(config.head in ("softmax", "sigmoid"), "head", "softmax or sigmoid")
    need(config.head == "softmax" or config.n_classes == 2, "head", "softmax for more than two classes")
    if isinstance(config, LrcsConfig):
        need(config.middle in ("convolutional", "dense"), "middle", "convolutional or dense")
        need(config.softness >= 0, "softness", "0 or more")
        need(config.squeeze >= 0, "squeeze", "0 or more")
        need(config.size >= 8 and config.size % 8 == 0, "size", "a multiple of 8")
