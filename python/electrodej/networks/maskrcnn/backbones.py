"""What looks at the image first: the published ResNets, and a small one with group normalisation."""

from __future__ import annotations

from typing import Any

from keras import layers

from electrodej.networks.maskrcnn.shape import BLOCKS, GROUPS, Backbone

_FILTERS = (64, 128, 256, 512)
_SMALL = (32, 64, 96, 128)


def backbone(kind: Backbone, image: Any) -> list[Any]:
    """Return the levels C2 to C5: 4, 8, 16 and 32 pixels for each cell."""
    return _small(image) if kind == "small" else _resnet(image, BLOCKS[kind])


def _resnet(image: Any, blocks: tuple[int, ...]) -> list[Any]:
    """The layers' names are Matterport's, so that weights find their place."""
    x = layers.ZeroPadding2D(3)(image)
    x = layers.Conv2D(64, 7, strides=2, name="conv1")(x)
    x = layers.ReLU()(_frozen("bn_conv1")(x, training=False))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    levels = []
    for stage, (filters, count) in enumerate(zip(_FILTERS, blocks, strict=True), 2):
        for number in range(count):
            # Blocks are named by letters; the 23 of a ResNet-101 go to w.
            name = f"{stage}{chr(ord('a') + number)}"
            strides = 2 if number == 0 and stage > 2 else 1
            x = _bottleneck(x, filters, name, strides=strides, widened=number == 0)
        levels.append(x)
    return levels


def _bottleneck(x: Any, filters: int, name: str, *, strides: int, widened: bool) -> Any:
    def convolved(value: Any, branch: str, count: int, kernel: int, step: int) -> Any:
        value = layers.Conv2D(
            count,
            kernel,
            strides=step,
            padding="same" if kernel > 1 else "valid",
            name=f"res{name}_branch{branch}",
        )(value)
        return _frozen(f"bn{name}_branch{branch}")(value, training=False)

    inner = layers.ReLU()(convolved(x, "2a", filters, 1, strides))
    inner = layers.ReLU()(convolved(inner, "2b", filters, 3, 1))
    inner = convolved(inner, "2c", 4 * filters, 1, 1)
    beside = convolved(x, "1", 4 * filters, 1, strides) if widened else x
    return layers.ReLU(name=f"res{name}_out")(layers.Add()([inner, beside]))


def _frozen(name: str) -> Any:
    """Batch normalisation with the statistics of its first training: batches are too small for others."""
    return layers.BatchNormalization(name=name)


def grouped(name: str) -> Any:
    """Group normalisation, which does not depend on what else is in the batch."""
    return layers.GroupNormalization(GROUPS, name=name)


def _small(image: Any) -> list[Any]:
    x = layers.Conv2D(24, 5, strides=2, padding="same", name="small_stem")(image)
    x = layers.ReLU()(grouped("small_stem_norm")(x))
    levels = []
    for stage, (filters, count) in enumerate(zip(_SMALL, BLOCKS["small"], strict=True), 2):
        for number in range(count):
            x = _residual(
                x, filters, f"small{stage}{chr(ord('a') + number)}", strides=2 if number == 0 else 1
            )
        levels.append(x)
    return levels


def _residual(x: Any, filters: int, name: str, *, strides: int) -> Any:
    inner = layers.Conv2D(filters, 3, strides=strides, padding="same", name=f"{name}_first")(x)
    inner = layers.ReLU()(grouped(f"{name}_first_norm")(inner))
    inner = layers.Conv2D(filters, 3, padding="same", name=f"{name}_second")(inner)
    inner = grouped(f"{name}_second_norm")(inner)
    if strides > 1:
        x = layers.Conv2D(filters, 1, strides=strides, name=f"{name}_beside")(x)
    return layers.ReLU(name=f"{name}_out")(layers.Add()([inner, x]))
