"""The parts of a Mask R-CNN as Keras models, and the way from an image to what the losses are of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, ops

from electrodej.models.engines.keras import KerasEngine
from electrodej.networks.maskrcnn.align import pooled
from electrodej.networks.maskrcnn.backbones import backbone, grouped
from electrodej.networks.maskrcnn.boxes import chosen, clipped, moved, taken
from electrodej.networks.maskrcnn.looking import Network
from electrodej.networks.maskrcnn.shape import CLASS_POOL, MASK_EDGE, MASK_POOL, NetworkShape, Selection


@dataclass(frozen=True)
class Parts:
    """A network whose weights are there.

    Attributes
    ----------
    shape
        What it is made of.
    features
        Images (B, Y, X, channels) to the levels P2 to P6.
    proposing
        A level to scores (B, n, 2), before the softmax, and deltas (B, n, 4) of its anchors.
    classes
        What is seen in boxes (B, 7, 7, C) to scores of the classes, before the softmax, and deltas for each.
    masks
        What is seen in boxes (B, 14, 14, C) to a mask for each class, before the sigmoid.
    """

    shape: NetworkShape
    features: Any
    proposing: Any
    classes: Any
    masks: Any

    @property
    def models(self) -> tuple[Any, ...]:
        """Return all four."""
        return self.features, self.proposing, self.classes, self.masks

    def layers(self) -> dict[str, Any]:
        """Return the layers that have weights, by name."""
        return {layer.name: layer for model in self.models for layer in model.layers if layer.weights}


def build(shape: NetworkShape) -> Parts:
    """Return a network with chance weights."""
    return Parts(shape, _features(shape), _proposing(shape), _classes(shape), _masks(shape))


def _features(shape: NetworkShape) -> Any:
    image = keras.Input((None, None, shape.channels), name="image")
    c2, c3, c4, c5 = backbone(shape.backbone, image)

    def lateral(level: Any, name: str) -> Any:
        return layers.Conv2D(shape.pyramid, 1, name=name)(level)

    p5 = lateral(c5, "fpn_c5p5")
    p4 = layers.Add()([layers.UpSampling2D(2)(p5), lateral(c4, "fpn_c4p4")])
    p3 = layers.Add()([layers.UpSampling2D(2)(p4), lateral(c3, "fpn_c3p3")])
    p2 = layers.Add()([layers.UpSampling2D(2)(p3), lateral(c2, "fpn_c2p2")])
    levels = [
        layers.Conv2D(shape.pyramid, 3, padding="same", name=f"fpn_p{number}")(level)
        for number, level in enumerate((p2, p3, p4, p5), 2)
    ]
    levels.append(layers.MaxPooling2D(1, strides=2, name="fpn_p6")(levels[-1]))
    return keras.Model(image, levels, name="features")


def _proposing(shape: NetworkShape) -> Any:
    level = keras.Input((None, None, shape.pyramid), name="level")
    here = len(shape.ratios)
    seen = layers.Conv2D(shape.proposing, 3, padding="same", activation="relu", name="rpn_conv_shared")(level)
    scores = layers.Conv2D(2 * here, 1, name="rpn_class_raw")(seen)
    deltas = layers.Conv2D(4 * here, 1, name="rpn_bbox_pred")(seen)
    return keras.Model(
        level, [layers.Reshape((-1, 2))(scores), layers.Reshape((-1, 4))(deltas)], name="rpn_model"
    )


def _classes(shape: NetworkShape) -> Any:
    seen = keras.Input((CLASS_POOL, CLASS_POOL, shape.pyramid), name="seen")
    x = layers.Conv2D(shape.head, CLASS_POOL, name="mrcnn_class_conv1")(seen)
    x = layers.ReLU()(_normalised(shape, x, "mrcnn_class_{}1"))
    x = layers.Conv2D(shape.head, 1, name="mrcnn_class_conv2")(x)
    x = layers.ReLU()(_normalised(shape, x, "mrcnn_class_{}2"))
    x = layers.Reshape((shape.head,))(x)
    scores = layers.Dense(shape.classes, name="mrcnn_class_logits")(x)
    deltas = layers.Dense(4 * shape.classes, name="mrcnn_bbox_fc")(x)
    return keras.Model(seen, [scores, layers.Reshape((shape.classes, 4))(deltas)], name="classes")


def _masks(shape: NetworkShape) -> Any:
    seen = keras.Input((MASK_POOL, MASK_POOL, shape.pyramid), name="seen")
    x = seen
    for number in range(1, 5):
        x = layers.Conv2D(shape.mask, 3, padding="same", name=f"mrcnn_mask_conv{number}")(x)
        x = layers.ReLU()(_normalised(shape, x, "mrcnn_mask_{}" + str(number)))
    x = layers.Conv2DTranspose(shape.mask, 2, strides=2, activation="relu", name="mrcnn_mask_deconv")(x)
    return keras.Model(seen, layers.Conv2D(shape.classes, 1, name="mrcnn_mask")(x), name="masks")


def _normalised(shape: NetworkShape, x: Any, name: str) -> Any:
    if shape.backbone == "small":
        return grouped(name.format("norm"))(x)
    return layers.BatchNormalization(name=name.format("bn"))(x, training=False)


def proposed(parts: Parts, levels: list[Any]) -> tuple[Any, Any]:
    """Return the scores, before the softmax, and the deltas of all anchors."""
    found = [parts.proposing(level) for level in levels]
    return tuple(
        ops.cast(ops.concatenate(list(each), axis=1), "float32") for each in zip(*found, strict=True)
    )


def proposals(scores: Any, deltas: Any, every: Any, selection: Selection) -> tuple[Any, Any]:
    """Return the boxes (B, n, 4) that the heads are to look at, and which of them are any.

    Parameters
    ----------
    scores, deltas
        Of all anchors: probability (B, N) of something, and deltas (B, N, 4).
    every
        The anchors (N, 4).
    selection
        How many go on.
    """
    count = min(selection.considered, int(every.shape[0]))
    best, indices = ops.top_k(ops.stop_gradient(scores), count)
    boxes = moved(ops.take(every, indices, axis=0), taken(ops.stop_gradient(deltas), indices))
    boxes = clipped(boxes, ops.convert_to_tensor([0.0, 0.0, 1.0, 1.0], "float32"))
    kept, valid = chosen(boxes, best, count=selection.proposals, overlap=selection.proposal_overlap)
    return ops.where(valid[..., None], taken(boxes, kept), 0.0), valid


def classified(parts: Parts, levels: list[Any], boxes: Any, image: tuple[int, int]) -> tuple[Any, Any]:
    """Return scores (B, N, classes), before the softmax, and deltas (B, N, classes, 4) of boxes."""
    seen = pooled(levels[:4], boxes, CLASS_POOL, image)
    scores, deltas = parts.classes(ops.reshape(seen, (-1, CLASS_POOL, CLASS_POOL, parts.shape.pyramid)))
    number = boxes.shape[1]
    return (
        ops.reshape(ops.cast(scores, "float32"), (-1, number, parts.shape.classes)),
        ops.reshape(ops.cast(deltas, "float32"), (-1, number, parts.shape.classes, 4)),
    )


def masked(parts: Parts, levels: list[Any], boxes: Any, image: tuple[int, int]) -> Any:
    """Return a mask for each class (B, N, 28, 28, classes), before the sigmoid, in each box."""
    seen = pooled(levels[:4], boxes, MASK_POOL, image)
    found = parts.masks(ops.reshape(seen, (-1, MASK_POOL, MASK_POOL, parts.shape.pyramid)))
    edge = 2 * MASK_POOL
    return ops.reshape(ops.cast(found, "float32"), (-1, boxes.shape[1], edge, edge, parts.shape.classes))


def looking(parts: Parts) -> Network:
    """Return a network of Keras as what looks at images; it goes along with what its weights become."""
    shape = parts.shape

    def flat(values: Any, *lengths: int) -> Any:
        return layers.Reshape((1, -1, *lengths))(ops.cast(values, "float32"))

    def strip(pool: int) -> tuple[Any, Any]:
        image = keras.Input((None, pool, shape.pyramid), name="strip")
        return image, ops.reshape(image, (-1, pool, pool, shape.pyramid))

    image = keras.Input((None, None, shape.channels), name="image")
    each = 2 * len(shape.ratios)
    rows = []
    for level in parts.features(image):
        scores, deltas = parts.proposing(level)
        told = [flat(level, shape.pyramid), flat(scores, each), flat(deltas, 2 * each)]
        rows.append(layers.Concatenate()(told))
    pyramid = keras.Model(image, layers.Concatenate(axis=2)(rows), name="pyramid")

    below, seen = strip(CLASS_POOL)
    scores, deltas = (ops.cast(found, "float32") for found in parts.classes(seen))
    both = ops.concatenate([scores, ops.reshape(deltas, (-1, 4 * shape.classes))], axis=-1)
    classes = keras.Model(below, ops.reshape(both, (1, -1, 1, 5 * shape.classes)), name="classes_of_strip")

    below, seen = strip(MASK_POOL)
    found = ops.cast(parts.masks(seen), "float32")
    found = ops.reshape(found, (1, -1, MASK_EDGE, shape.classes))
    masks = keras.Model(below, found, name="masks_of_strip")
    return Network(shape, *(KerasEngine(model) for model in (pyramid, classes, masks)))
