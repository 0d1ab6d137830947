"""From TensorFlow 2's graph to one that TensorFlow 1.15 knows, always with the same bytes."""

from __future__ import annotations

from typing import Any

from electrodej.errors import InputError
from electrodej.export.operations import GRAPH_VERSION, known_operations, layer_of, unknown_to_tf115

# Moving numbers about is folded into constants; arithmetic is not, since processors differ in the last bit.
_FOLDED = ("Identity", "Reshape", "Squeeze", "ExpandDims")


def rewrite(graph: Any) -> Any:
    """Return ``graph`` with only what TensorFlow 1.15 knows, in an order that depends on nothing but it.

    Raises
    ------
    electrodej.errors.InputError
        A layer does something that TensorFlow 1.15 cannot do; the message names it.
    """
    if graph.library.function:
        name = graph.library.function[0].signature.name
        raise InputError(
            f"the model holds a function of its own ({name}), a loop or a condition perhaps, "
            "which cannot be written for TensorFlow 1.15; build it from plain layers"
        )
    nodes = {node.name: node for node in graph.node}
    _drop_control_inputs(nodes)
    _fold(nodes)
    tidy = _ordered(nodes, "output")
    for node in tidy.node:
        _keep_known_attributes(node)
    unknown = unknown_to_tf115(tidy)
    if unknown:
        raise InputError(
            f"{unknown[0]}; replace this layer by one that Fiji can run"
            + _and_more(len({u.layer for u in unknown}))
        )
    return tidy


def _and_more(layers: int) -> str:
    return f" ({layers} layers in all have such a problem)" if layers > 1 else ""


def _drop_control_inputs(nodes: dict[str, Any]) -> None:
    # In a graph of constants there is nothing whose order matters.
    for node in nodes.values():
        node.input[:] = [name.removesuffix(":0") for name in node.input if not name.startswith("^")]


def _fold(nodes: dict[str, Any]) -> None:
    """Turn what only reshapes constants into constants. Nodes stand in the order of their making."""
    import tensorflow as tf

    for node in list(nodes.values()):
        sources = [nodes.get(name) for name in node.input]
        if node.op not in _FOLDED or node.name == "output" or not sources:
            continue
        if not all(source is not None and source.op == "Const" for source in sources):
            continue
        values = [tf.make_ndarray(source.attr["value"].tensor) for source in sources if source is not None]
        result = _moved(node, values)
        kind = node.attr["T"].type
        node.ClearField("input")
        node.ClearField("attr")
        node.op = "Const"
        node.attr["dtype"].type = kind
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(result, dtype=kind, shape=result.shape))


def _moved(node: Any, values: list[Any]) -> Any:
    import numpy as np

    if node.op == "Reshape":
        return values[0].reshape([int(length) for length in values[1]])
    if node.op == "ExpandDims":
        return np.expand_dims(values[0], int(values[1]))
    if node.op == "Squeeze":
        axes = tuple(int(axis) for axis in node.attr["squeeze_dims"].list.i)
        return np.squeeze(values[0], axis=axes or None)
    return values[0]


def _ordered(nodes: dict[str, Any], target: str) -> Any:
    """Return what ``target`` needs, each node after its inputs."""
    from tensorflow.core.framework import graph_pb2

    ordered = graph_pb2.GraphDef()
    ordered.versions.producer = GRAPH_VERSION
    done: set[str] = set()
    stack = [(target, False)]
    while stack:
        name, inputs_done = stack.pop()
        if name in done:
            continue
        if inputs_done:
            done.add(name)
            ordered.node.add().CopyFrom(nodes[name])
            continue
        stack.append((name, True))
        stack += [(source.partition(":")[0], False) for source in reversed(nodes[name].input)]
    return ordered


def _keep_known_attributes(node: Any) -> None:
    """Drop attributes that TensorFlow 1.15 lacks where they say what it does anyway."""
    from tensorflow.python.framework import op_def_registry

    definition = known_operations().get(node.op)
    if definition is None:
        return
    known = {attribute.name for attribute in definition.attr}
    newer = op_def_registry.get(node.op)
    defaults = {attribute.name: attribute.default_value for attribute in newer.attr} if newer else {}
    for name in list(node.attr):
        if name in known:
            continue
        if not name.startswith("_") and node.attr[name] != defaults.get(name):
            raise InputError(
                f"layer {layer_of(node.name)!r} ({node.op}) sets {name!r}, which TensorFlow 1.15 lacks; "
                "replace this layer by one that Fiji can run"
            )
        del node.attr[name]
