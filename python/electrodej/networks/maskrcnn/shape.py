"""What a Mask R-CNN is made of, and how many boxes go through it."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from electrodej.errors import InputError
from electrodej.models.grey import FloatArray
from electrodej.models.safety.limits import MOST_COUNT

Backbone = Literal["small", "resnet50", "resnet101"]

# Pixels of the image for each cell of the levels P2 to P6.
STRIDES = (4, 8, 16, 32, 64)
# Edge in cells of what the heads see of a box: for its class, and for its mask, which has twice as many.
CLASS_POOL, MASK_POOL = 7, 14
MASK_EDGE = 2 * MASK_POOL
# A box of so many pixels is read from P4.
CANONICAL = 224.0
# Of the backbones, how many blocks lead to each of C2 to C5; the groups that the small one is normalised in.
BLOCKS = {"small": (1, 2, 2, 2), "resnet50": (3, 4, 6, 3), "resnet101": (3, 4, 23, 3)}
GROUPS = 8
# Shifts and logarithms of sizes are divided by these before they are learnt.
DEVIATIONS = (0.1, 0.1, 0.2, 0.2)
# RGB of the mean ImageNet pixel, which ResNets are given as zero.
MEAN_PIXEL = (123.7, 116.8, 103.9)


@dataclass(frozen=True, kw_only=True)
class NetworkShape:
    """The network. The defaults are the small one's; `published` gives those of LIBNet and Matterport.

    Attributes
    ----------
    backbone
        "small": five levels of residual blocks with group normalisation, for grey images. "resnet50" and
        "resnet101": the published ones, for colour images from 0 to 255 less `MEAN_PIXEL`.
    classes
        Kinds of things, the background among them.
    pyramid, proposing, head, mask
        Filters of the pyramid, of the proposals' network, of the class head and of the mask head.
    anchors
        Edges of the square anchors at P2 to P6, in pixels.
    ratios
        Width over height of the anchors.
    """

    backbone: Backbone = "small"
    classes: int = 2
    pyramid: int = 64
    proposing: int = 64
    head: int = 256
    mask: int = 64
    anchors: tuple[float, ...] = (16, 32, 64, 128, 256)
    ratios: tuple[float, ...] = (0.5, 1.0, 2.0)

    def __post_init__(self) -> None:
        if self.backbone not in get_args(Backbone):
            raise InputError(f"{self.backbone!r} is no backbone; there are {', '.join(get_args(Backbone))}")
        for name in ("classes", "pyramid", "proposing", "head", "mask"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_COUNT:
                raise InputError(f"{name} must be a whole number from 1 to {MOST_COUNT}, not {value!r}")
        if self.classes < 2:
            raise InputError("there are at least two classes, for the background is one")
        for name, count in (("anchors", len(STRIDES)), ("ratios", None)):
            values = getattr(self, name)
            plain = isinstance(values, tuple) and all(_is_length(value) for value in values)
            if not plain or not values or len(values) != (count or len(values)) or len(values) > 16:
                raise InputError(f"{name} must be {count or 'some'} numbers above 0, not {values!r}")

    @property
    def channels(self) -> int:
        """Channels of the image."""
        return 1 if self.backbone == "small" else 3

    @property
    def told(self) -> int:
        """Numbers for each cell of the pyramid: its features, then scores and deltas of its anchors."""
        return self.pyramid + 6 * len(self.ratios)

    def as_plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        fields = dataclasses.asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


def _is_length(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and 0 < value < 1e5


def published(backbone: Backbone = "resnet101", *, classes: int = 2) -> NetworkShape:
    """Return the network of LIBNet and Matterport, into which their weights go."""
    return NetworkShape(
        backbone=backbone,
        classes=classes,
        pyramid=256,
        proposing=512,
        head=1024,
        mask=256,
        anchors=(32, 64, 128, 256, 512),
    )


def shape_from_plain(values: dict[str, Any]) -> NetworkShape:
    """Return the network that JSON describes.

    >>> shape_from_plain(published("resnet50").as_plain()) == published("resnet50")
    True
    """
    known = {field.name for field in dataclasses.fields(NetworkShape)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise InputError(f"a network has no {unknown[0]!r}; take it out")
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    return NetworkShape(**fields)


def shown(image: FloatArray, shape: NetworkShape) -> FloatArray:
    """Return a grey image (..., Y, X), 0 to about 1, as a backbone takes it (..., Y, X, channels)."""
    if shape.channels == 1:
        return image[..., np.newaxis]
    colour = np.minimum(image, 1)[..., np.newaxis] * np.float32(255)
    return np.asarray(colour - np.array(MEAN_PIXEL, np.float32), np.float32)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """How many boxes go on from one step to the next. The defaults are LIBNet's when it detects.

    Attributes
    ----------
    considered
        Anchors of the highest scores that are looked at.
    proposals
        Of them, what goes to the heads.
    proposal_overlap
        A proposal that overlaps a better one by more (IoU) is dropped.
    least
        Smallest score of a detection.
    overlap
        A detection that overlaps a better one of its class by more (IoU of the boxes) is dropped.
    most
        At most so many detections.
    """

    considered: int = 6000
    proposals: int = 1000
    proposal_overlap: float = 0.7
    least: float = 0.9
    overlap: float = 0.3
    most: int = 100
