"""A StarDist network in OpenVINO that gives one result for each cell of its grid.

A zip for Fiji's plugin spreads each probability thinly over its cell (a transposed convolution of a single 1)
and repeats the distances (nearest neighbour). Both are cut off where they are found: they, and not the
network, would write most of the numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def thin(openvino: Any, model: Any, grid: tuple[int, int]) -> None:
    """Let a network give one of so many rows and columns only."""
    operations = openvino.opset13
    result = model.get_results()[0]
    inner = _before_enlarging(_behind_transposes(result.input_value(0)), grid)
    if inner is None:
        thinned = operations.strided_slice(
            result.input_value(0),
            operations.constant(np.zeros(4, np.int64)),
            operations.constant(np.zeros(4, np.int64)),
            operations.constant(np.array([1, *grid, 1], np.int64)),
            begin_mask=[1, 1, 1, 1],
            end_mask=[1, 1, 1, 1],
        )
    else:
        joined = operations.concat(inner, 1)
        thinned = operations.transpose(joined, operations.constant(np.array([0, 2, 3, 1], np.int64)))
    result.input(0).replace_source_output(thinned.output(0))
    model.validate_nodes_and_infer_types()


def _before_enlarging(output: Any, grid: tuple[int, int]) -> list[Any] | None:
    """Return probability and distances (N, channels, Y, X) on the grid, or None where it is not clear."""
    joined = output.get_node()
    if joined.get_type_name() != "Concat" or len(joined.inputs()) != 2:
        return None
    spread, repeated = (_behind_transposes(each.get_source_output()).get_node() for each in joined.inputs())
    if not (_spreads(spread, grid) and _repeats(repeated)):
        return None
    inner = [_behind_transposes(each.input_value(0)) for each in (spread, repeated)]
    # Convolutions have their channels second; anything else is in an order that is not known.
    return inner if all(_has_channels_second(each) for each in inner) else None


def _spreads(node: Any, grid: tuple[int, int]) -> bool:
    if node.get_type_name() not in ("ConvolutionBackpropData", "GroupConvolutionBackpropData"):
        return False
    kernel = node.input_value(1).get_node()
    ones = kernel.get_type_name() == "Constant" and np.array_equal(kernel.data.ravel(), [1.0])
    return ones and grid == tuple(node.get_attributes()["strides"])


def _repeats(node: Any) -> bool:
    return bool(node.get_type_name() == "Interpolate" and node.get_attributes()["mode"] == "nearest")


def _behind_transposes(output: Any) -> Any:
    while output.get_node().get_type_name() == "Transpose":
        output = output.get_node().input_value(0)
    return output


def _has_channels_second(output: Any) -> bool:
    node = output.get_node()
    while node.get_type_name() in ("Add", "Sigmoid", "Relu"):
        node = node.input_value(0).get_node()
    return bool(node.get_type_name() == "Convolution")
