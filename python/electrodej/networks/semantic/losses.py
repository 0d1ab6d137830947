"""What training makes small: cross-entropy, Dice or both, over labelled pixels only.

Truth is one class number for each pixel, `UNLABELLED` where nobody said; predictions are probabilities.
Written in `keras.ops`, so that every backend of Keras runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from electrodej.models.libraries import load_keras
from electrodej.vocabulary import UNLABELLED

Loss = Literal["ce", "dice", "both"]

_SMALL = 1e-7


def make_loss(kind: Loss, *, class_weights: Sequence[float] | None = None) -> Callable[[Any, Any], Any]:
    """Return a loss for ``model.compile``.

    Parameters
    ----------
    kind
        "ce": mean of -log p of the true class over the labelled pixels, weighted by class. "dice": one minus
        the mean over the classes present of 2 sum(t p) / (sum(t) + sum(p)). "both": their sum.
    class_weights
        How much a pixel of each class counts in the cross-entropy.
    """
    load_keras("training a network")

    def loss(truth: Any, probability: Any) -> Any:
        truth, probability, known = _by_class(truth, probability)
        if kind == "ce":
            return _cross_entropy(truth, probability, class_weights)
        if kind == "dice":
            return _dice(truth, probability, known)
        return _cross_entropy(truth, probability, class_weights) + _dice(truth, probability, known)

    return loss


def accuracy(truth: Any, probability: Any) -> Any:
    """Share of the labelled pixels whose class is right."""
    from keras import ops

    by_class, probability, known = _by_class(truth, probability)
    right = ops.cast(ops.equal(ops.argmax(by_class, -1), ops.argmax(probability, -1)), "float32")
    return ops.sum(right * known[..., 0]) / ops.maximum(ops.sum(known), 1.0)


def _by_class(truth: Any, probability: Any) -> tuple[Any, Any, Any]:
    """Return truth and probability with one channel for each class, and 1 where a pixel is labelled."""
    from keras import ops

    probability = ops.cast(probability, "float32")
    if probability.shape[-1] == 1:
        probability = ops.concatenate([1 - probability, probability], axis=-1)
    number = ops.cast(truth, "int32")[..., 0]
    known = ops.cast(ops.not_equal(number, UNLABELLED), "float32")[..., None]
    # Class 0 stands in for the unlabelled, which do not count.
    labelled = ops.where(ops.equal(number, UNLABELLED), 0, number)
    return ops.one_hot(labelled, probability.shape[-1], dtype="float32") * known, probability, known


def _cross_entropy(truth: Any, probability: Any, class_weights: Sequence[float] | None) -> Any:
    from keras import ops

    if class_weights is not None:
        truth = truth * ops.convert_to_tensor(list(class_weights), dtype="float32")
    surprise = -truth * ops.log(ops.clip(probability, _SMALL, 1.0))
    return ops.sum(surprise) / ops.maximum(ops.sum(truth), _SMALL)


def _dice(truth: Any, probability: Any, known: Any) -> Any:
    from keras import ops

    shared = ops.sum(truth * probability, axis=(0, 1, 2))
    in_truth = ops.sum(truth, axis=(0, 1, 2))
    total = in_truth + ops.sum(probability * known, axis=(0, 1, 2))
    # A class that the truth does not have here could only be scored 0, whatever is predicted.
    present = ops.cast(in_truth > 0, "float32")
    dice = 2 * shared / ops.maximum(total, _SMALL)
    return 1 - ops.sum(dice * present) / ops.maximum(ops.sum(present), 1.0)
