"""A Mask R-CNN while it learns: five losses of each image."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from electrodej.networks.maskrcnn.align import cropped
from electrodej.networks.maskrcnn.anchors import anchors
from electrodej.networks.maskrcnn.boxes import taken
from electrodej.networks.maskrcnn.network import Parts, classified, masked, proposals, proposed
from electrodej.networks.maskrcnn.shape import MASK_EDGE, Selection
from electrodej.networks.maskrcnn.targets import anchor_targets, box_targets

LOSSES = ("rpn_class", "rpn_box", "class", "box", "mask")
# Anchors of the highest scores that proposals are made of.
_CONSIDERED = 1000


class Learner(keras.Model):  # type: ignore[misc] # Keras has no types
    """From images and their particles to losses; made ready for ``fit`` by `compile_learner`.

    Parameters
    ----------
    parts
        The network.
    boxes
        How many boxes of an image the heads learn from; they are chosen among twice as many proposals.
    seed
        Of the choice of anchors and boxes.
    """

    def __init__(self, parts: Parts, *, boxes: int, seed: int) -> None:
        super().__init__(name="learner")
        self.parts, self.boxes = parts, boxes
        self.selection = Selection(considered=_CONSIDERED, proposals=2 * boxes)
        self.features, self.proposing = parts.features, parts.proposing
        self.class_head, self.mask_head = parts.classes, parts.masks
        self.chance = keras.random.SeedGenerator(seed)
        self.told = [keras.metrics.Mean(name=f"loss_{name}") for name in LOSSES]

    def call(self, inputs: dict[str, Any], training: bool = False) -> Any:
        """Return the losses (B, 5).

        ``image`` (B, Y, X, C); ``labels`` (B, Y, X), 1 to G; ``boxes`` (B, G, 4) of the labels, in shares;
        ``classes`` (B, G), 0 where there is no such label.
        """
        image, truth, classes = inputs["image"], inputs["boxes"], inputs["classes"]
        size = (int(image.shape[1]), int(image.shape[2]))
        every = ops.convert_to_tensor(anchors(self.parts.shape, *size))
        levels = self.features(image, training=training)
        raw, deltas = proposed(self.parts, levels)
        goal = anchor_targets(every, truth, classes > 0, self.chance)
        logits = taken(raw, goal.indices)
        rpn_class = _mean(_cross_entropy(logits, ops.cast(goal.positive, "int32")), goal.weight)
        rpn_box = _mean(_smooth(taken(deltas, goal.indices) - goal.deltas), goal.positive)

        found, there = proposals(ops.softmax(raw)[..., 1], deltas, every, self.selection)
        wanted = box_targets(found, there, truth, classes, count=self.boxes, seed=self.chance)
        scores, moves = classified(self.parts, levels, wanted.boxes, size)
        of_class = _mean(_cross_entropy(scores, wanted.classes), wanted.weight)
        own = ops.take_along_axis(moves, wanted.classes[..., None, None], axis=2)[:, :, 0]
        positive = ops.cast(wanted.classes > 0, "float32")
        of_box = _mean(_smooth(own - wanted.deltas), positive)

        first = wanted.positive
        masks = masked(self.parts, levels, wanted.boxes[:, :first], size)
        kinds = wanted.classes[:, :first]
        own = ops.take_along_axis(masks, kinds[:, :, None, None, None], axis=4)[..., 0]
        true = cropped(inputs["labels"], wanted.particle[:, :first] + 1, wanted.boxes[:, :first], MASK_EDGE)
        true = ops.cast(true >= 0.5, "float32")
        each = ops.mean(ops.softplus(own) - true * own, axis=(2, 3))
        of_mask = _mean(each, positive[:, :first])
        return ops.stack([rpn_class, rpn_box, of_class, of_box, of_mask], axis=-1)

    def compute_loss(
        self,
        x: Any = None,  # noqa: ARG002 - Keras's form
        y: Any = None,  # noqa: ARG002 - Keras's form
        y_pred: Any = None,
        sample_weight: Any = None,  # noqa: ARG002 - Keras's form
        training: bool = True,  # noqa: ARG002 - Keras's form
    ) -> Any:
        """Return the loss of a batch: the mean over its images of the sum of the five."""
        for number, each in enumerate(self.told):
            each.update_state(y_pred[:, number])
        return ops.mean(ops.sum(y_pred, axis=-1))


def compile_learner(learner: Learner, rate: Any, *, mixed: bool = False) -> None:
    """Make a learner ready for ``fit``, with a learning rate or a schedule of it, for what may learn now.

    ``mixed``: its layers compute in half precision, in which small gradients are 0 unless they are scaled.
    """
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-4, global_clipnorm=5.0)
    learner.compile(keras.optimizers.LossScaleOptimizer(optimizer) if mixed else optimizer)
    # Made within its first step, its variables would have TensorFlow go through the network twice.
    learner.optimizer.build(learner.trainable_variables)


def _cross_entropy(logits: Any, classes: Any) -> Any:
    chances = ops.log_softmax(logits, axis=-1)
    return -ops.take_along_axis(chances, ops.cast(classes, "int32")[..., None], axis=-1)[..., 0]


def _smooth(difference: Any) -> Any:
    """Return the mean over the four of d^2 / 2 where |d| < 1, |d| - 1/2 elsewhere."""
    away = ops.abs(difference)
    return ops.mean(ops.where(away < 1, 0.5 * away * away, away - 0.5), axis=-1)


def _mean(values: Any, weight: Any) -> Any:
    """Return the weighted mean (B,) of values (B, n); 0 where nothing counts."""
    # What does not count may be infinite: a box that was moved onto nothing.
    counted = ops.where(weight > 0, values, 0.0)
    return ops.sum(counted, axis=1) / ops.maximum(ops.sum(weight, axis=1), 1.0)
