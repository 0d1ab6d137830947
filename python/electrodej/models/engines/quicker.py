"""A network for images of one size, said to OpenVINO so that it takes less time; only rounding differs.

Each function looks for one pattern, and leaves alone what is not quite it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Positions of the axes: images, channels, rows, columns.
_CHANNELS, _ROWS = 1, 2
_LAST = [0, 2, 3, 1]
# Which of two pixels a place between them takes, where each pixel comes twice then.
_REPEATING = ("floor", "round_prefer_floor", "simple")


def quicken(openvino: Any, model: Any) -> None:
    """Change a model, whose shapes are all known, in place."""
    operations = openvino.opset13
    for change in (_part_joins, _unpool_at_once, _softmax_by_planes):
        change(operations, model)
        model.validate_nodes_and_infer_types()


def _part_joins(operations: Any, model: Any) -> None:
    """Convolve two images and add, in place of joining them by their channels first, which copies both.

    Of an image that was enlarged by repeating each pixel, a kernel of 3 x 3 sees no more than 2 x 2 pixels:
    the two are one transposed convolution, of 4 products in place of 9.
    """
    for node in _of_type(model, "Convolution"):
        joined = node.input_value(0).get_node()
        kernel = _constant(node.input_value(1))
        if kernel is None or not _joins_two(joined) or not _is_plain(node, kernel):
            continue
        first = joined.input_value(0).get_shape()[_CHANNELS]
        parts = [
            _convolved(operations, node, source, weights)
            for source, weights in zip(
                (joined.input_value(0), joined.input_value(1)),
                (kernel[:, :first], kernel[:, first:]),
                strict=True,
            )
        ]
        node.output(0).replace(operations.add(parts[1], parts[0]).output(0))


def _joins_two(node: Any) -> bool:
    return (
        node.get_type_name() == "Concat"
        and len(node.inputs()) == 2
        and node.get_attributes()["axis"] in (_CHANNELS, _CHANNELS - 4)
    )


def _is_plain(node: Any, kernel: NDArray[Any]) -> bool:
    """Whether a convolution gives a pixel for each pixel, by a kernel of 3 x 3."""
    said = node.get_attributes()
    same = node.get_output_shape(0)[_ROWS:] == node.get_input_shape(0)[_ROWS:]
    return bool(
        kernel.shape[_ROWS:] == (3, 3)
        and same
        and list(said["strides"]) == list(said["dilations"]) == list(said["pads_begin"]) == [1, 1]
    )


def _convolved(operations: Any, node: Any, source: Any, weights: NDArray[Any]) -> Any:
    small = _before_repeating(source)
    if small is not None:
        # Out of twice as many pixels, each the sum of those that were repeated.
        spread = np.zeros((weights.shape[1], weights.shape[0], 4, 4), np.float32)
        for down in (0, 1):
            for right in (0, 1):
                spread[:, :, down : down + 3, right : right + 3] += weights[:, :, ::-1, ::-1].swapaxes(0, 1)
        kernel = operations.constant(spread)
        return operations.convolution_backprop_data(small, kernel, [2, 2], None, [1, 1], [1, 1], [1, 1])
    said = node.get_attributes()
    kernel = operations.constant(np.ascontiguousarray(weights))
    edges = (said["strides"], said["pads_begin"], said["pads_end"], said["dilations"], said["auto_pad"])
    return operations.convolution(source, kernel, *edges)


def _before_repeating(source: Any) -> Any | None:
    """Return the image whose pixels were each repeated to 2 x 2, or None."""
    node = _behind_transposes(source).get_node()
    if node.get_type_name() != "Interpolate":
        return None
    said = node.get_attributes()
    how = said["mode"], said["coordinate_transformation_mode"]
    if how != ("nearest", "asymmetric") or said["nearest_mode"] not in _REPEATING:
        return None
    small = _behind_transposes(node.input_value(0))
    images, channels, rows, columns = source.get_shape()
    # Behind both transposes its channels are second again.
    return small if list(small.get_shape()) == [images, channels, rows / 2, columns / 2] else None


def _unpool_at_once(operations: Any, model: Any) -> None:
    """Say LRCS-Net's unpooling at the full size, in place of its four places one by one.

    With v a value, p the largest of its block of x and s the softness, each place gets
    v max(0, 1 - (p - x) / s).
    """
    for node in _of_type(model, "DepthToSpace"):
        found = _unpooling(node)
        if found is None:
            continue
        value, largest, image, one, factor, nothing = found
        values, pooled = (_repeated(operations, each) for each in (value, largest))
        fall = operations.multiply(operations.subtract(pooled, image), factor)
        weight = operations.maximum(operations.subtract(one, fall), nothing)
        node.output(0).replace(operations.multiply(values, weight).output(0))


def _unpooling(node: Any) -> tuple[Any, ...] | None:
    """Return value, largest, image, and the three constants of an unpooling; None where it is none."""
    product = node.input_value(0).get_node()
    if not _in_blocks(node) or product.get_type_name() != "Multiply":
        return None
    values, weights = (product.input_value(number).get_node() for number in (0, 1))
    if not all(each.get_type_name() == "Concat" and len(each.inputs()) == 4 for each in (values, weights)):
        return None
    value = values.input_value(0)
    if any(values.input_value(number) != value for number in range(4)):
        return None
    quarters = [_quarter(weights.input_value(number)) for number in range(4)]
    if any(each is None for each in quarters):
        return None
    known = [each for each in quarters if each is not None]
    largest, places, _, *constants = known[0]
    split = places.get_node()
    for number, (other, place, index, *others) in enumerate(known):
        same = all(_is_same(one, another) for one, another in zip(constants, others, strict=True))
        if other != largest or place.get_node() != split or index != number or not same:
            return None
    blocks = split.input_value(0).get_node()
    if split.get_type_name() != "Split" or blocks.get_type_name() != "SpaceToDepth" or not _in_blocks(blocks):
        return None
    return value, largest, blocks.input_value(0), *constants


def _is_same(one: Any, another: Any) -> bool:
    return bool(np.array_equal(one.get_node().data, another.get_node().data))


def _quarter(output: Any) -> tuple[Any, ...] | None:
    """Return largest, place, its number, the constants of max(one - (largest - place) factor, nothing)."""
    node = output.get_node()
    found = []
    for kind, constant in (("Maximum", 1), ("Subtract", 0), ("Multiply", 1)):
        if node.get_type_name() != kind or _constant(node.input_value(constant)) is None:
            return None
        found.append(node.input_value(constant))
        node = node.input_value(1 - constant).get_node()
    if node.get_type_name() != "Subtract":
        return None
    nothing, one, factor = found
    place = node.input_value(1)
    return node.input_value(0), place, place.get_index(), one, factor, nothing


def _in_blocks(node: Any) -> bool:
    said = node.get_attributes()
    return bool(said["mode"] == "blocks_first" and said["block_size"] == 2)


def _repeated(operations: Any, image: Any) -> Any:
    return operations.interpolate(
        image,
        operations.constant(np.array([2, 2], np.float32)),
        "nearest",
        "scales",
        axes=operations.constant(np.array([2, 3], np.int64)),
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


def _softmax_by_planes(operations: Any, model: Any) -> None:
    """Take the softmax before the channels become the last axis: along a few numbers it is slow."""
    for node in _of_type(model, "Softmax"):
        moved = node.input_value(0).get_node()
        if moved.get_type_name() != "Transpose" or node.get_attributes()["axis"] not in (3, -1):
            continue
        order = _constant(moved.input_value(1))
        if order is not None and order.tolist() == _LAST:
            by_planes = operations.softmax(moved.input_value(0), _CHANNELS)
            last = operations.transpose(by_planes, operations.constant(np.array(_LAST, np.int64)))
            node.output(0).replace(last.output(0))


def _of_type(model: Any, kind: str) -> Iterator[Any]:
    return (node for node in model.get_ordered_ops() if node.get_type_name() == kind)


def _constant(output: Any) -> NDArray[Any] | None:
    node = output.get_node()
    return node.data if node.get_type_name() == "Constant" else None


def _behind_transposes(output: Any) -> Any:
    while output.get_node().get_type_name() == "Transpose":
        output = output.get_node().input_value(0)
    return output
