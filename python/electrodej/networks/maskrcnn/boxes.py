"""Boxes as tensors: moved, clipped, compared, and the best of those that overlap."""

from __future__ import annotations

from typing import Any

from keras import ops

from electrodej.networks.maskrcnn.shape import DEVIATIONS

# Below every score, which are probabilities.
_GONE = -1.0


def moved(boxes: Any, deltas: Any) -> Any:
    """Return boxes (..., 4) moved and stretched by what a network says of them.

    With a height h, a row of the centre c and deltas d: c' = c + 0.1 d_y h and h' = h exp(0.2 d_h); columns
    alike.
    """
    deltas = ops.cast(deltas, "float32") * ops.convert_to_tensor(DEVIATIONS, "float32")
    size = boxes[..., 2:] - boxes[..., :2]
    centre = boxes[..., :2] + 0.5 * size + deltas[..., :2] * size
    size = size * ops.exp(deltas[..., 2:])
    first = centre - 0.5 * size
    return ops.concatenate([first, first + size], axis=-1)


def deltas_between(boxes: Any, targets: Any) -> Any:
    """Return with which deltas `moved` brings boxes onto their targets."""
    tiny = 1e-7
    size = ops.maximum(boxes[..., 2:] - boxes[..., :2], tiny)
    wanted = ops.maximum(targets[..., 2:] - targets[..., :2], tiny)
    shift = (targets[..., :2] + 0.5 * wanted - boxes[..., :2] - 0.5 * size) / size
    both = ops.concatenate([shift, ops.log(wanted / size)], axis=-1)
    return both / ops.convert_to_tensor(DEVIATIONS, "float32")


def clipped(boxes: Any, window: Any) -> Any:
    """Return boxes (B, N, 4) cut off at a window (B, 4) or (4,)."""
    window = ops.reshape(window, (-1, 1, 4))
    low = ops.concatenate([window[..., :2], window[..., :2]], axis=-1)
    high = ops.concatenate([window[..., 2:], window[..., 2:]], axis=-1)
    return ops.maximum(ops.minimum(boxes, high), low)


def shared(one: Any, other: Any) -> Any:
    """Return the intersection over union of boxes that broadcast, (..., 4) and (..., 4); 0 for empty ones."""
    first = ops.maximum(one[..., :2], other[..., :2])
    last = ops.minimum(one[..., 2:], other[..., 2:])
    inside = ops.maximum(last - first, 0)
    both = inside[..., 0] * inside[..., 1]
    whole = _area(one) + _area(other) - both
    return ops.where(whole > 0, both / ops.where(whole > 0, whole, 1.0), 0.0)


def _area(boxes: Any) -> Any:
    size = boxes[..., 2:] - boxes[..., :2]
    return size[..., 0] * size[..., 1]


def chosen(boxes: Any, scores: Any, *, count: int, overlap: float) -> tuple[Any, Any]:
    """Choose the best boxes, one after the other, none of which overlaps a better one by more than allowed.

    Parameters
    ----------
    boxes, scores
        (B, N, 4) and (B, N); a score below 0 is of no box.
    count
        How many are chosen at most.
    overlap
        The largest intersection over union that is allowed.

    Returns
    -------
    indices, valid
        (B, count): which boxes, the best first, and whether there was one left.
    """
    boxes, scores = ops.stop_gradient(boxes), ops.stop_gradient(ops.cast(scores, "float32"))
    batch, number = ops.shape(scores)[0], scores.shape[1]
    places = ops.reshape(ops.arange(number, dtype="int32"), (1, -1))
    turns = ops.reshape(ops.arange(count, dtype="int32"), (1, -1))

    def goes_on(turn: Any, left: Any, *_: Any) -> Any:
        return ops.logical_and(turn < count, ops.any(left >= 0))

    def choose(turn: Any, left: Any, indices: Any, valid: Any) -> tuple[Any, Any, Any, Any]:
        best = ops.cast(ops.argmax(left, axis=1), "int32")[:, None]
        there = ops.take_along_axis(left, best, axis=1) >= 0
        box = ops.take_along_axis(boxes, best[..., None], axis=1)
        out = ops.logical_or(shared(box, boxes) > overlap, places == best)
        now = turns == ops.cast(turn, "int32")
        return (
            turn + 1,
            ops.where(out, _GONE, left),
            ops.where(now, best, indices),
            ops.where(now, there, valid),
        )

    nothing = ops.zeros((batch, count), "int32"), ops.zeros((batch, count), "bool")
    state = (ops.convert_to_tensor(0, "int32"), scores, *nothing)
    _, _, indices, valid = ops.while_loop(goes_on, choose, state)
    return indices, valid


def taken(values: Any, indices: Any) -> Any:
    """Return (B, K, ...) of values (B, N, ...) at indices (B, K)."""
    indices = ops.cast(indices, "int32")
    for _ in range(len(values.shape) - 2):
        indices = indices[..., None]
    return ops.take_along_axis(values, indices, axis=1)
