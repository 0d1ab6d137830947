"""From an image to boxes and the masks in them: what lies between the parts of a network.

The parts are computed by an engine, whichever it is; what is chosen among thousands of boxes, and read from
the pyramid, is the same for all.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.models.engines.base import Engine
from electrodej.models.grey import FloatArray
from electrodej.networks.maskrcnn.anchors import anchors
from electrodej.networks.maskrcnn.kernels.choice import choose_boxes
from electrodej.networks.maskrcnn.kernels.reading import read_boxes
from electrodej.networks.maskrcnn.shape import (
    CANONICAL,
    CLASS_POOL,
    DEVIATIONS,
    MASK_EDGE,
    MASK_POOL,
    STRIDES,
    NetworkShape,
    Selection,
)

# Boxes that go through a head at once. Engines make ready for one number of them.
_CLASSED, _MASKED = 128, 16

_anchors = functools.lru_cache(maxsize=4)(anchors)


@dataclass(frozen=True)
class Network:
    """A network whose parts are ready to compute.

    Attributes
    ----------
    shape
        What it is made of.
    pyramid
        An image (1, Y, X, channels) to a row for each cell of P2 to P6 (1, 1, cells, numbers): its features,
        then scores, before the softmax, and deltas of its anchors.
    classes
        What is seen in n boxes, one below the other (1, 7 n, 7, C), to the scores of all classes, before the
        softmax, and then the deltas for each (1, n, 1, 5 classes).
    masks
        What is seen in n boxes (1, 14 n, 14, C) to a mask for each class, before the sigmoid
        (1, 28 n, 28, classes).
    """

    shape: NetworkShape
    pyramid: Engine
    classes: Engine
    masks: Engine

    @property
    def engine(self) -> str:
        """The name of what computes it."""
        return self.pyramid.name


@dataclass(frozen=True)
class Seen:
    """What a network says of an image. Boxes are in shares of it.

    Attributes
    ----------
    cells
        (cells, C): the features of the pyramid.
    scores, deltas
        Of each anchor: the probability of something, and how its box is moved.
    proposals
        (n, 4): the boxes that the heads looked at, the best first.
    probability, moves
        Of each of them: (n, classes) and (n, classes, 4).
    detections
        (k, 6): box, class and score, the best first.
    """

    cells: FloatArray
    scores: FloatArray
    deltas: FloatArray
    proposals: FloatArray
    probability: FloatArray
    moves: FloatArray
    detections: FloatArray


def look(network: Network, image: FloatArray, selection: Selection) -> Seen:
    """Look at an image (1, Y, X, channels), whose edges are multiples of 64, and detect what is in it."""
    shape, size = network.shape, (image.shape[1], image.shape[2])
    every, each = _anchors(shape, *size), len(shape.ratios)
    told = _given(network.pyramid, image, (1, 1, len(every) // each, shape.told))[0, 0]
    cells, raw, deltas = np.split(told, [shape.pyramid, shape.pyramid + 2 * each], axis=1)
    # Of two classes the softmax is the sigmoid of their difference.
    raw, deltas = raw.reshape(-1, 2), deltas.reshape(-1, 4)
    scores = _sigmoid(raw[:, 1] - raw[:, 0])
    boxes = proposals(scores, deltas, every, selection)
    logits, moves = _classified(network, cells, boxes, size)
    probability = _softmax(logits)
    return Seen(
        cells, scores, deltas, boxes, probability, moves, detected(boxes, probability, moves, selection)
    )


def proposals(scores: FloatArray, deltas: FloatArray, every: FloatArray, selection: Selection) -> FloatArray:
    """Return the boxes (n, 4) that the heads are to look at, the best first.

    Parameters
    ----------
    scores, deltas
        Of all anchors: probability (N,) of something, and deltas (N, 4).
    every
        The anchors (N, 4).
    selection
        How many go on.
    """
    count = min(selection.considered, len(scores))
    # In the order of their places, so that of equal ones the first comes first.
    best = np.sort(np.argpartition(-scores, count - 1)[:count])
    best = best[np.argsort(-scores[best], kind="stable")]
    boxes = np.clip(moved(every[best], deltas[best]), 0, 1)
    kinds = np.zeros(count, np.int64)
    kept = choose_boxes(boxes, kinds, np.float32(selection.proposal_overlap), selection.proposals)
    return np.asarray(boxes[kept])


def detected(
    boxes: FloatArray, probability: FloatArray, deltas: FloatArray, selection: Selection
) -> FloatArray:
    """Return the detections (k, 6): box, class and score, the best first.

    Each box is of its most probable class and moved as that class says; of boxes of one class that overlap,
    the most probable is kept.

    Parameters
    ----------
    boxes
        Proposals (n, 4).
    probability, deltas
        What the class head says: (n, classes) and (n, classes, 4).
    selection
        What is kept.
    """
    number = np.arange(len(boxes))
    kinds = probability.argmax(axis=1)
    score = probability[number, kinds]
    boxes = np.clip(moved(boxes, deltas[number, kinds]), 0, 1)
    counts = np.flatnonzero((kinds > 0) & (score >= selection.least))
    counts = counts[np.argsort(-score[counts], kind="stable")]
    kept = counts[choose_boxes(boxes[counts], kinds[counts], np.float32(selection.overlap), selection.most)]
    return np.concatenate([boxes[kept], kinds[kept, None], score[kept, None]], axis=1, dtype=np.float32)


def moved(boxes: FloatArray, deltas: FloatArray) -> FloatArray:
    """Return boxes (n, 4) moved and stretched by what a network says of them.

    With a height h, a row of the centre c and deltas d: c' = c + 0.1 d_y h and h' = h exp(0.2 d_h); columns
    alike.
    """
    deltas = deltas * np.array(DEVIATIONS, np.float32)
    size = boxes[:, 2:] - boxes[:, :2]
    centre = boxes[:, :2] + np.float32(0.5) * size + deltas[:, :2] * size
    # A network of chance may say anything; what is infinite is clipped.
    with np.errstate(over="ignore", invalid="ignore"):
        size = size * np.exp(deltas[:, 2:])
        first = centre - np.float32(0.5) * size
        return np.concatenate([first, first + size], axis=1)


def levels_of(boxes: FloatArray, image: tuple[int, int]) -> NDArray[np.int64]:
    """Return rows, columns and first cell (n, 3) of the level from which each box is read."""
    lengths = np.array([[-(-edge // stride) for edge in image] for stride in STRIDES[:4]])
    starts = np.concatenate([[0], np.cumsum(lengths.prod(axis=1))[:-1]])
    return np.column_stack([lengths, starts])[level_of(boxes, *image) - 2]


def level_of(boxes: FloatArray, height: int, width: int) -> NDArray[np.int64]:
    """Return from which level, 2 to 5, each box (n, 4) is read.

    4 + log2(sqrt(h w) / (224 / sqrt(H W))), rounded; h and w are in shares of the image of H x W pixels.
    """
    size = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    edge = np.sqrt(size[:, 0] * size[:, 1])
    canonical = np.float32(CANONICAL) / np.sqrt(np.float32(height * width))
    level = 4 + np.round(np.log2(np.maximum(edge, np.float32(1e-9)) / canonical))
    return np.asarray(np.nan_to_num(np.clip(level, 2, 5), nan=2), np.int64)


def masks_of(
    network: Network, seen: Seen, boxes: FloatArray, kinds: Any, size: tuple[int, int]
) -> FloatArray:
    """Return the masks (n, 28, 28), from 0 to 1, of things in boxes, each of its own class."""
    masks = np.zeros((len(boxes), MASK_EDGE, MASK_EDGE), np.float32)
    for some, strip in _strips(network, seen.cells, boxes, MASK_POOL, size, _MASKED):
        wanted = (1, _MASKED * MASK_EDGE, MASK_EDGE, network.shape.classes)
        given = _given(network.masks, strip, wanted).reshape(_MASKED, *wanted[2:3], *wanted[2:])
        here = np.arange(some.stop - some.start)
        masks[some] = given[here, :, :, kinds[some]]
    return _sigmoid(masks)


def _classified(
    network: Network, cells: FloatArray, boxes: FloatArray, size: tuple[int, int]
) -> tuple[FloatArray, FloatArray]:
    """Return scores (n, classes), before the softmax, and deltas (n, classes, 4) of boxes."""
    classes = network.shape.classes
    both = np.zeros((len(boxes), 5 * classes), np.float32)
    for some, strip in _strips(network, cells, boxes, CLASS_POOL, size, _CLASSED):
        given = _given(network.classes, strip, (1, _CLASSED, 1, 5 * classes))
        both[some] = given[0, : some.stop - some.start, 0]
    return both[:, :classes], both[:, classes:].reshape(-1, classes, 4)


def _strips(
    network: Network,
    cells: FloatArray,
    boxes: FloatArray,
    pool: int,
    size: tuple[int, int],
    count: int,
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield some boxes after the other, and what is seen in them: ``count`` of them in a strip."""
    levels = levels_of(boxes, size)
    for first in range(0, len(boxes), count):
        some = slice(first, min(first + count, len(boxes)))
        strip = np.zeros((count, pool, pool, network.shape.pyramid), np.float32)
        read_boxes(cells, boxes[some], levels[some], strip[: some.stop - first])
        yield some, strip.reshape(1, count * pool, pool, -1)


def _given(engine: Engine, image: FloatArray, wanted: tuple[int, ...]) -> FloatArray:
    found = engine.run(image)
    if found.shape != wanted:
        raise InputError(
            f"a part of the network gives an array of the shape {found.shape}, and the one that is described "
            f"{wanted}; copy the model anew"
        )
    return found


def _sigmoid(values: FloatArray) -> FloatArray:
    # Farther out it is 0 and 1 to all digits.
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -80, 80))), np.float32)


def _softmax(logits: FloatArray) -> FloatArray:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)
