"""The parts of a Mask R-CNN as Keras models, and the whole way from an image to boxes and masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, ops

from electrodej.networks.maskrcnn.align import pooled
from electrodej.networks.maskrcnn.anchors import anchors
from electrodej.networks.maskrcnn.backbones import backbone, grouped
from electrodej.networks.maskrcnn.boxes import chosen, clipped, moved, taken
from electrodej.networks.maskrcnn.shape import CLASS_POOL, MASK_POOL, NetworkShape, Selection


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


def detected(boxes: Any, valid: Any, probability: Any, deltas: Any, window: Any, selection: Selection) -> Any:
    """Return the detections (B, most, 6): box, class and score; rows of zeros where there are no more.

    Each box is of its most probable class and moved as that class says; of boxes of one class that overlap,
    the most probable is kept.

    Parameters
    ----------
    boxes, valid
        Proposals (B, N, 4), and which of them are any.
    probability, deltas
        What the class head says: (B, N, classes) and (B, N, classes, 4).
    window
        (B, 4) or (4,): where in the image something is, in shares.
    selection
        What is kept.
    """
    kinds = ops.cast(ops.argmax(probability, axis=-1), "int32")
    score = ops.max(probability, axis=-1)
    own = ops.take_along_axis(deltas, kinds[..., None, None], axis=2)[:, :, 0]
    boxes = clipped(moved(boxes, own), window)
    counts = ops.logical_and(ops.logical_and(kinds > 0, score >= selection.least), valid)
    indices, there = chosen(
        boxes,
        ops.where(counts, score, -1.0),
        count=selection.most,
        overlap=selection.overlap,
        kinds=kinds,
    )
    rows = ops.concatenate([boxes, ops.cast(kinds, "float32")[..., None], score[..., None]], axis=-1)
    return ops.where(there[..., None], taken(rows, indices), 0.0)


class Detector(keras.Model):  # type: ignore[misc] # Keras has no types
    """From images of one size to boxes, with all that lies between.

    Parameters
    ----------
    parts
        The network.
    selection
        How many boxes go on.
    """

    def __init__(self, parts: Parts, selection: Selection) -> None:
        super().__init__(name="detector")
        self.parts, self.selection = parts, selection
        # So that Keras knows their weights.
        self.features, self.proposing = parts.features, parts.proposing
        self.class_head = parts.classes

    def call(self, image: Any, window: Any = (0.0, 0.0, 1.0, 1.0)) -> dict[str, Any]:
        """Return ``detections``, ``levels``, ``proposals``, ``scores`` and ``deltas`` of the anchors."""
        size = (int(image.shape[1]), int(image.shape[2]))
        levels = self.features(image, training=False)
        raw, deltas = proposed(self.parts, levels)
        scores = ops.softmax(raw)[..., 1]
        every = ops.convert_to_tensor(anchors(self.parts.shape, *size))
        boxes, valid = proposals(scores, deltas, every, self.selection)
        logits, moves = classified(self.parts, levels, boxes, size)
        probability = ops.softmax(logits)
        window = ops.convert_to_tensor(window, "float32")
        return {
            "detections": detected(boxes, valid, probability, moves, window, self.selection),
            "levels": levels,
            "proposals": boxes,
            "scores": scores,
            "deltas": deltas,
            "probability": probability,
            "moves": moves,
        }


class Outliner(keras.Model):  # type: ignore[misc] # Keras has no types
    """From the levels of a pyramid and boxes to the masks in them.

    Parameters
    ----------
    parts
        The network.
    size
        Rows and columns of the image.
    """

    def __init__(self, parts: Parts, size: tuple[int, int]) -> None:
        super().__init__(name="outliner")
        self.parts, self.size = parts, size
        self.mask_head = parts.masks

    def call(self, inputs: dict[str, Any]) -> Any:
        """Return masks (B, N, 28, 28, classes) from 0 to 1 of ``boxes`` (B, N, 4) on ``levels``."""
        return ops.sigmoid(masked(self.parts, list(inputs["levels"]), inputs["boxes"], self.size))
