"""What the network should say of anchors and proposals, worked out beside it with fixed numbers of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras import ops, random

from electrodej.networks.maskrcnn.boxes import deltas_between, shared, taken

# Anchors and proposals that share so much with a particle (IoU) are of it, or of none.
_ANCHOR_ABOVE, _ANCHOR_BELOW = 0.7, 0.3
_PROPOSAL_ABOVE = 0.5
# Of an image: anchors that are learnt from, half of them of particles at most.
ANCHORS = 256
# Of the proposals that are learnt from, so many are of particles at most.
POSITIVE = 0.33


@dataclass(frozen=True)
class AnchorTargets:
    """Some anchors of each image, those of particles first.

    Attributes
    ----------
    indices
        (B, n): which anchors.
    positive, weight
        (B, n): 1 where it is of a particle; 1 where it counts.
    deltas
        (B, n, 4): how it should be moved.
    """

    indices: Any
    positive: Any
    weight: Any
    deltas: Any


@dataclass(frozen=True)
class BoxTargets:
    """Some boxes of each image for the heads, those of particles first.

    Attributes
    ----------
    boxes
        (B, n, 4).
    classes, weight
        (B, n): the class, 0 for none, and 1 where the box counts.
    deltas
        (B, n, 4): how a particle's box should be moved.
    particle
        (B, n): of which true box it is.
    positive
        So many may be of particles; those behind are of none.
    """

    boxes: Any
    classes: Any
    weight: Any
    deltas: Any
    particle: Any
    positive: int


def anchor_targets(every: Any, truth: Any, known: Any, seed: Any) -> AnchorTargets:
    """Choose anchors to learn from.

    Parameters
    ----------
    every
        The anchors (N, 4).
    truth, known
        The particles' boxes (B, G, 4), and which rows are any.
    seed
        Source of chance.
    """
    share = ops.where(known[:, None], shared(every[None, :, None], truth[:, None]), -1.0)
    best, which = ops.max(share, axis=2), ops.argmax(share, axis=2)
    # No particle stays without an anchor: the one that shares most with it is its own.
    most = ops.max(share, axis=1, keepdims=True)
    own = ops.any(ops.logical_and(share == most, share > 0), axis=2)
    positive = ops.logical_or(own, best >= _ANCHOR_ABOVE)
    negative = ops.logical_and(best < _ANCHOR_BELOW, ops.logical_not(own))
    half = min(ANCHORS // 2, int(every.shape[0]))
    mine, mine_there = _some(positive, half, seed)
    others, others_there = _some(negative, min(ANCHORS, int(every.shape[0])), seed)
    count = ops.sum(ops.cast(mine_there, "int32"), axis=1, keepdims=True)
    rank = ops.arange(others.shape[1], dtype="int32")[None]
    others_there = ops.logical_and(others_there, rank < ANCHORS - count)
    indices = ops.concatenate([mine, others], axis=1)
    weight = ops.cast(ops.concatenate([mine_there, others_there], axis=1), "float32")
    positive_slot = ops.cast(ops.concatenate([mine_there, ops.zeros_like(others_there)], axis=1), "float32")
    goal = taken(truth, ops.take_along_axis(which, indices, axis=1))
    return AnchorTargets(
        indices, positive_slot, weight, deltas_between(ops.take(every, indices, axis=0), goal)
    )


def box_targets(proposals: Any, there: Any, truth: Any, classes: Any, *, count: int, seed: Any) -> BoxTargets:
    """Choose boxes for the heads to learn from: proposals, and the true boxes themselves.

    Parameters
    ----------
    proposals, there
        (B, P, 4), and which rows are any.
    truth, classes
        The particles' boxes (B, G, 4) and classes (B, G), 0 where there is none.
    count
        How many boxes are chosen.
    seed
        Source of chance.
    """
    known = classes > 0
    boxes = ops.stop_gradient(ops.concatenate([proposals, truth], axis=1))
    valid = ops.concatenate([there, known], axis=1)
    share = ops.where(known[:, None], shared(boxes[:, :, None], truth[:, None]), -1.0)
    best, which = ops.max(share, axis=2), ops.argmax(share, axis=2)
    positive = round(count * POSITIVE)
    mine, mine_there = _some(ops.logical_and(valid, best >= _PROPOSAL_ABOVE), positive, seed)
    others, others_there = _some(ops.logical_and(valid, best < _PROPOSAL_ABOVE), count - positive, seed)
    found = ops.sum(ops.cast(mine_there, "int32"), axis=1, keepdims=True)
    rank = ops.arange(count - positive, dtype="int32")[None]
    # Two of none for one of a particle, and some where there is no particle.
    others_there = ops.logical_and(others_there, rank < ops.maximum(2 * found, count // 8))
    indices = ops.concatenate([mine, others], axis=1)
    particle = ops.take_along_axis(which, indices, axis=1)
    kinds = ops.take_along_axis(classes, particle, axis=1)
    of_particle = ops.concatenate([mine_there, ops.zeros_like(others_there)], axis=1)
    picked = taken(boxes, indices)
    return BoxTargets(
        boxes=picked,
        classes=ops.where(of_particle, kinds, 0),
        weight=ops.cast(ops.concatenate([mine_there, others_there], axis=1), "float32"),
        deltas=deltas_between(picked, taken(truth, particle)),
        particle=particle,
        positive=positive,
    )


def _some(wanted: Any, count: int, seed: Any) -> tuple[Any, Any]:
    """Return indices (B, count) of some that are wanted, by chance, and which of them really are."""
    chance = random.uniform(ops.shape(wanted), seed=seed)
    value, indices = ops.top_k(ops.where(wanted, 1 + chance, 0.0), count)
    return ops.cast(indices, "int32"), value > 0
