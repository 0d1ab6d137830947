"""What training makes small. Written in `keras.ops`, so that every backend of Keras runs it."""

from __future__ import annotations

from typing import Any

from electrodej.models.libraries import load_keras

# How much the two outputs count, as in StarDist, and how much a distance outside of particles does.
WEIGHTS = (1.0, 0.2)
_BACKGROUND = 1e-4
_SMALL = 1e-6


def chance_loss(truth: Any, found: Any) -> Any:
    """Cross-entropy of the probability, -(t log p + (1 - t) log(1 - p)), over the cells where t >= 0."""
    ops = load_keras("training a network").ops
    truth = ops.cast(truth, "float32")
    known = ops.cast(truth >= 0, "float32")
    truth, found = ops.maximum(truth, 0.0), ops.clip(found, _SMALL, 1 - _SMALL)
    each = -(truth * ops.log(found) + (1 - truth) * ops.log(1 - found))
    return ops.sum(each * known) / (ops.sum(known) + 1.0)


def reach_loss(truth: Any, found: Any) -> Any:
    """Mean absolute error of the distances, weighted by the probability, which is the truth's last channel.

    Where that is 0, outside of particles, distances are drawn towards 0 a little.
    """
    ops = load_keras("training a network").ops
    truth = ops.cast(truth, "float32")
    weight = truth[..., -1:]
    inside = ops.maximum(weight, 0.0)
    outside = ops.cast(weight == 0, "float32")
    error = ops.mean(ops.abs(truth[..., :-1] - found), axis=-1, keepdims=True)
    size = ops.mean(ops.abs(found), axis=-1, keepdims=True)
    at_particles = ops.sum(error * inside) / (ops.sum(inside) + 1.0)
    return at_particles + _BACKGROUND * ops.sum(size * outside) / (ops.sum(outside) + 1.0)
