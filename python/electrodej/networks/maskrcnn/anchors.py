"""The boxes that proposals start from: a few of each size and form at every cell of the pyramid."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from electrodej.networks.maskrcnn.shape import STRIDES, NetworkShape

Boxes = NDArray[np.float32]


def anchors(shape: NetworkShape, height: int, width: int) -> Boxes:
    """Return all anchors of an image, level after level, row after row, ratio after ratio.

    An anchor of ratio r has the height s / sqrt(r) and the width s sqrt(r), and stands on its cell's first
    pixel.

    Returns
    -------
    ndarray of float32, (n, 4)
        First row and column, last row and column, in shares of the image, see `shares`.

    Examples
    --------
    >>> anchors(NetworkShape(), 64, 64).shape
    (1023, 4)
    """
    levels = []
    for edge, stride in zip(shape.anchors, STRIDES, strict=True):
        rows = np.arange(math.ceil(height / stride)) * stride
        columns = np.arange(math.ceil(width / stride)) * stride
        ratios = np.sqrt(np.asarray(shape.ratios, np.float64))
        y, x, down = np.meshgrid(rows, columns, edge / ratios, indexing="ij")
        across = np.broadcast_to(edge * ratios, down.shape)
        box = np.stack([y - down / 2, x - across / 2, y + down / 2, x + across / 2], axis=-1)
        levels.append(box.reshape(-1, 4))
    return shares(np.concatenate(levels), height, width)


def shares(boxes: NDArray[np.float64], height: int, width: int) -> Boxes:
    """Return boxes in shares of an image: 0 is its first pixel, 1 its last one.

    Boxes in pixels end behind their last pixel, boxes in shares on it.

    >>> shares(np.array([[0, 0, 5, 9]]), 5, 9).tolist()
    [[0.0, 0.0, 1.0, 1.0]]
    """
    scale = np.array([height, width, height, width], np.float64) - 1
    return np.asarray((boxes - np.array([0, 0, 1, 1])) / scale, np.float32)


def pixels(boxes: Boxes, height: int, width: int) -> NDArray[np.int64]:
    """Return boxes in whole pixels, the reverse of `shares`."""
    scale = np.array([height, width, height, width], np.float64) - 1
    return np.asarray(np.round(boxes * scale + np.array([0, 0, 1, 1])), np.int64)
