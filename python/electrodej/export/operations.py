"""What TensorFlow 1.15 knows: its operations, their attributes and types, and what a graph uses beyond.

The list is TensorFlow 1.15's own (`TensorFlow.registeredOpList()` of TensorFlow Java 1.15.0), kept in
``tf115_operations.pb.gz``; `electrodej.export.make_operations` writes it anew.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

LIST = Path(__file__).with_name("tf115_operations.pb.gz")
# The version of graphs that TensorFlow 1.15 writes (tf.version.GRAPH_DEF_VERSION).
GRAPH_VERSION = 134
# DT_UINT64, the newest type of 1.15; reference types are a hundred higher.
_NEWEST_TYPE = 23
_REFERENCE = 100
_WRAPPERS = re.compile(
    r"(functional|model|sequential)(_\d+)*$|(Stateful)?PartitionedCall(_\d+)*$|serving_default$"
)


@dataclass(frozen=True)
class Unknown:
    """Something in a graph that TensorFlow 1.15 cannot take.

    Attributes
    ----------
    layer
        Name of the layer that it came from.
    operation
        Kind of operation.
    node
        Full name of the node.
    reason
        What is wrong, as the end of a sentence.
    """

    layer: str
    operation: str
    node: str
    reason: str

    def __str__(self) -> str:
        return f"layer {self.layer!r} ({self.operation}): {self.reason}"


@lru_cache(maxsize=1)
def known_operations() -> dict[str, Any]:
    """Return TensorFlow 1.15's operations as ``OpDef`` by name."""
    from tensorflow.core.framework import op_def_pb2

    found = op_def_pb2.OpList.FromString(gzip.decompress(LIST.read_bytes()))
    return {op.name: op for op in found.op}


def unknown_to_tf115(graph: Any) -> list[Unknown]:
    """Return all in a ``GraphDef`` that TensorFlow 1.15 does not know, functions included."""
    functions = {function.signature.name: function.signature for function in graph.library.function}
    known = {**known_operations(), **functions}
    found: list[Unknown] = []
    for node in every_node(graph):
        found += [
            Unknown(layer_of(node.name), node.op, node.name, reason) for reason in _reasons(node, known)
        ]
    return found


def every_node(graph: Any) -> Iterator[Any]:
    """Yield the nodes of a ``GraphDef`` and of its functions."""
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def layer_of(name: str) -> str:
    """Return the name of the layer that a node belongs to.

    >>> layer_of("functional_1/conv2d_3/convolution")
    'conv2d_3'
    >>> layer_of("output")
    'output'
    """
    parts = name.split("/")
    while len(parts) > 1 and _WRAPPERS.match(parts[0]):
        parts = parts[1:]
    return parts[0]


def _reasons(node: Any, known: dict[str, Any]) -> Iterator[str]:
    definition = known.get(node.op)
    if definition is None:
        yield f"TensorFlow 1.15 has no operation {node.op!r}"
        return
    attributes = {attribute.name: attribute for attribute in definition.attr}
    for name, value in sorted(node.attr.items()):
        if name.startswith("_"):
            continue
        if name not in attributes:
            yield f"TensorFlow 1.15 does not know the attribute {name!r} of {node.op}"
        else:
            yield from _value_reasons(node.op, attributes[name], value)
    for name, attribute in attributes.items():
        if name not in node.attr and not attribute.HasField("default_value"):
            yield f"the attribute {name!r} of {node.op}, which TensorFlow 1.15 needs, is missing"
    yield from _input_reasons(node, definition)


def _value_reasons(operation: str, attribute: Any, value: Any) -> Iterator[str]:
    from tensorflow.core.framework import types_pb2

    for kind in _types(value):
        if kind % _REFERENCE > _NEWEST_TYPE:
            yield f"numbers of type {types_pb2.DataType.Name(kind)} are unknown to TensorFlow 1.15"
        elif attribute.HasField("allowed_values") and attribute.type in ("type", "list(type)"):
            allowed = attribute.allowed_values.list.type
            if allowed and kind not in allowed:
                name = types_pb2.DataType.Name(kind)
                yield f"TensorFlow 1.15's {operation} does not take numbers of type {name}"
    if attribute.type == "string" and attribute.HasField("allowed_values"):
        allowed_words = list(attribute.allowed_values.list.s)
        if value.s not in allowed_words:
            word = value.s.decode("utf-8", "replace")
            yield f"TensorFlow 1.15's {operation} does not take {attribute.name}={word!r}"


def _types(value: Any) -> list[int]:
    kind = value.WhichOneof("value")
    if kind == "type":
        return [value.type]
    if kind == "tensor":
        return [value.tensor.dtype]
    if kind == "list":
        return list(value.list.type)
    return []


def _input_reasons(node: Any, definition: Any) -> Iterator[str]:
    given = sum(not name.startswith("^") for name in node.input)
    wanted = 0
    for argument in definition.input_arg:
        if argument.number_attr:
            wanted += node.attr[argument.number_attr].i
        elif argument.type_list_attr:
            wanted += len(node.attr[argument.type_list_attr].list.type)
        else:
            wanted += 1
    if given != wanted:
        yield f"TensorFlow 1.15's {node.op} takes {wanted} inputs, and here it has {given}"
