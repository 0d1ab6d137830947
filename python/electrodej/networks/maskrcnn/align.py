"""What the pyramid shows in a box: a fixed number of values, read between the cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from electrodej.networks.maskrcnn.shape import CANONICAL


def level_of(boxes: Any, height: int, width: int) -> Any:
    """Return from which level, 2 to 5, each box (B, N, 4) is read.

    4 + log2(sqrt(h w) / (224 / sqrt(H W))), rounded; h and w are in shares of the image of H x W pixels.
    """
    size = ops.maximum(boxes[..., 2:] - boxes[..., :2], 0)
    edge = ops.sqrt(size[..., 0] * size[..., 1])
    canonical = CANONICAL / float(np.sqrt(np.float32(height * width)))
    level = 4 + ops.round(ops.log(ops.maximum(edge, 1e-9) / canonical) / float(np.log(2.0)))
    return ops.cast(ops.clip(level, 2, 5), "int32")


def pooled(levels: Sequence[Any], boxes: Any, pool: int, image: tuple[int, int]) -> Any:
    """Read ``pool`` x ``pool`` values of the pyramid in each box, bilinearly, one for each cell.

    As TensorFlow's ``crop_and_resize``: the outer values lie on the box's edge, what lies outside the image
    is 0.

    Parameters
    ----------
    levels
        P2 to P5, (B, Y, X, C) each.
    boxes
        (B, N, 4) in shares of the image.
    pool
        Values along an edge.
    image
        Rows and columns of the image.

    Returns
    -------
    tensor, (B, N, pool, pool, C)
    """
    boxes = ops.stop_gradient(boxes)
    sizes = [(level.shape[1], level.shape[2]) for level in levels]
    number = level_of(boxes, *image) - 2
    cells = ops.concatenate(
        [ops.reshape(level, (-1, level.shape[1] * level.shape[2], level.shape[3])) for level in levels],
        axis=1,
    )
    starts = np.concatenate([[0], np.cumsum([rows * columns for rows, columns in sizes])[:-1]])
    rows, columns, start = (
        ops.take(ops.convert_to_tensor(np.asarray(values, np.int32)), number, axis=0)
        for values in ([s[0] for s in sizes], [s[1] for s in sizes], starts)
    )
    return _read(cells, boxes, pool, (rows, columns, start))


def cropped(images: Any, which: Any, boxes: Any, edge: int) -> Any:
    """Read the mask of one label in each box, as `pooled` reads the pyramid.

    Parameters
    ----------
    images
        Labels (B, Y, X).
    which
        (B, N): the label whose mask is wanted.
    boxes
        (B, N, 4).
    edge
        Values along an edge of the result.

    Returns
    -------
    tensor, (B, N, edge, edge)
        Between 0 and 1.
    """
    height, width = images.shape[1], images.shape[2]
    cells = ops.reshape(ops.cast(images, "int32"), (-1, height * width, 1))
    shape = ops.shape(which)
    sizes = tuple(ops.full(shape, value, "int32") for value in (height, width, 0))
    wanted = ops.reshape(ops.cast(which, "int32"), (-1, which.shape[1], 1, 1, 1))
    return _read(cells, boxes, edge, sizes, lambda values: ops.cast(values == wanted, "float32"))[..., 0]


def _read(cells: Any, boxes: Any, pool: int, sizes: tuple[Any, Any, Any], of: Any = None) -> Any:
    """Read cells (B, M, C) in boxes (B, N, 4); ``sizes`` are rows, columns and start of each box's image."""
    rows, columns, start = sizes
    channels = cells.shape[2]
    y, x = (
        _places(boxes[..., axis], boxes[..., axis + 2], length, pool)
        for axis, length in enumerate((rows, columns))
    )
    y, x = y[..., :, None], x[..., None, :]
    last_y = ops.cast(rows - 1, "float32")[..., None, None]
    last_x = ops.cast(columns - 1, "float32")[..., None, None]
    inside = ops.logical_and(ops.logical_and(y >= 0, y <= last_y), ops.logical_and(x >= 0, x <= last_x))
    y, x = ops.clip(y, 0, last_y), ops.clip(x, 0, last_x)
    top, left = ops.floor(y), ops.floor(x)
    bottom, right = ops.minimum(top + 1, last_y), ops.minimum(left + 1, last_x)
    down, across = (y - top)[..., None], (x - left)[..., None]

    # All images' cells in one row: whole cells are taken, not channel by channel.
    every = ops.reshape(cells, (-1, channels))
    image = ops.arange(ops.shape(cells)[0], dtype="int32")[:, None, None, None] * cells.shape[1]

    def at(row: Any, column: Any) -> Any:
        place = (
            start[..., None, None]
            + ops.cast(row, "int32") * columns[..., None, None]
            + ops.cast(column, "int32")
        )
        flat = ops.reshape(place + image, (-1,))
        values = ops.reshape(ops.take(every, flat, axis=0), (-1, place.shape[1], pool, pool, channels))
        return ops.cast(values, "float32") if of is None else of(values)

    down, across = (ops.cast(part, "float32") for part in (down, across))
    upper = at(top, left) * (1 - across) + at(top, right) * across
    lower = at(bottom, left) * (1 - across) + at(bottom, right) * across
    return ops.where(inside[..., None], upper * (1 - down) + lower * down, 0.0)


def _places(first: Any, last: Any, length: Any, pool: int) -> Any:
    """Return the rows (B, N, pool) at which boxes are read; 0 is the first cell."""
    scale = ops.cast(length - 1, "float32")
    steps = ops.arange(pool, dtype="float32")
    step = (last - first) * scale / (pool - 1)
    return (first * scale)[..., None] + steps * step[..., None]
