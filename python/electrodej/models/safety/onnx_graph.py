"""An ONNX model looked through before it is loaded, without ONNX's own library.

What is in the messages: onnx/onnx.proto.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from electrodej.models.safety.limits import MIB, MOST_CONSTANT_BYTES, MOST_NODES
from electrodej.models.safety.operations import ONNX
from electrodej.models.safety.tensorflow_graph import RefusedError
from electrodej.models.safety.wire import DamagedError, Message

_EXTERNAL = 1
_ELEMENT_BYTES = 8
_DOMAINS = ("", "ai.onnx")


@dataclass(frozen=True)
class OnnxGraph:
    """What is known of an ONNX model.

    Attributes
    ----------
    input, output
        Names of its tensors.
    channels
        Of the output, where it says; or 0.
    operations
        How many operations it has.
    """

    input: str
    output: str
    channels: int
    operations: int


def read_onnx(content: bytes) -> OnnxGraph:
    """Look through an ONNX model and return what it holds.

    Raises
    ------
    electrodej.models.safety.tensorflow_graph.RefusedError
        It holds what is not let through.
    electrodej.models.safety.wire.DamagedError
        It is no such file.
    """
    model = Message(content)
    if not model.has(7):
        raise DamagedError("it holds no graph")
    graph = model.message(7)
    found: set[str] = set()
    if model.has(25):
        found.add("functions")
    if model.has(20):
        found.add("a training")
    nodes = graph.messages(1)
    tensors = graph.messages(5)
    if graph.has(15):
        found.add("sparse tensors")
    for node in nodes:
        kind, domain = node.text(4), node.text(7)
        if domain not in _DOMAINS or kind not in ONNX:
            found.add(f"{domain}.{kind}" if domain not in _DOMAINS else kind)
        for attribute in node.messages(5):
            if attribute.has(6) or attribute.has(11):
                found.add(f"{kind} with a graph in it")
            tensors += [*attribute.messages(5), *attribute.messages(10)]
    if any(tensor.has(13) or tensor.number(14) == _EXTERNAL for tensor in tensors):
        found.add("weights in another file")
    size = sum(_ELEMENT_BYTES * math.prod(max(0, n) for n in tensor.numbers(1)) for tensor in tensors)
    if size > MOST_CONSTANT_BYTES:
        found.add(f"constants of {size // MIB} MiB")
    if len(nodes) > MOST_NODES:
        found.add(f"{len(nodes)} operations")
    if found:
        raise RefusedError(f"running it would do more than compute ({', '.join(sorted(found))})")
    held = {tensor.text(8) for tensor in tensors}
    inputs = [each for each in graph.messages(11) if each.text(1) not in held]
    outputs = graph.messages(12)
    if len(inputs) != 1 or len(outputs) != 1:
        raise RefusedError(
            f"it has {len(inputs)} inputs and {len(outputs)} outputs, and a model takes and gives one image"
        )
    # ValueInfoProto.type.tensor_type.shape.dim
    dimensions = outputs[0].message(2).message(1).message(2).messages(1)
    channels = max(0, dimensions[-1].number(1)) if dimensions else 0
    return OnnxGraph(inputs[0].text(1), outputs[0].text(1), channels, len(nodes))
