"""The same network in ONNX, which Fiji's DeepImageJ runs on every processor, Apple's too."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from typing import Any

from electrodej.export.ordered import ordered_sets
from electrodej.extras import require
from electrodej.models.contract import INPUT, OUTPUT

# As new as all of DeepImageJ's ONNX engines take.
OPSET = 13
_DIMENSIONS = ("N", "Y", "X")
_PRODUCER = "ElectrodeJ"


class NotInOnnxError(ValueError):
    """An operation of the network has no form in ONNX."""


def onnx_bytes(graph: Any) -> bytes:
    """Return the ONNX model of a frozen graph with the nodes ``input`` and ``output``.

    The same graph gives the same bytes. Weights are in the file itself; arrays are (N, Y, X, channels), as in
    TensorFlow.

    Raises
    ------
    NotInOnnxError
        The network does something that ONNX has not.
    """
    convert = require("tf2onnx.convert", what="writing a network in ONNX", extra="train")
    try:
        # What it leaves out depends on the order of its sets: without this, 3 of 100 conversions of one
        # network came out longer than the others.
        with _quiet(), ordered_sets("tf2onnx"):
            model, _ = convert.from_graph_def(
                graph,
                name="network",
                input_names=[f"{INPUT}:0"],
                output_names=[f"{OUTPUT}:0"],
                opset=OPSET,
                tensors_to_rename={f"{INPUT}:0": INPUT, f"{OUTPUT}:0": OUTPUT},
            )
    except Exception as error:
        text = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise NotInOnnxError(text) from error
    return _tidied(model)


def _tidied(model: Any) -> bytes:
    """Put everything into an order, and give it names, that depend on nothing but the network."""
    graph = model.graph
    nodes, weights = _ordered(graph)
    names = {INPUT: INPUT, OUTPUT: OUTPUT, "": ""}
    for number, node in enumerate(nodes):
        node.name = f"{node.op_type}_{number}"
        node.ClearField("doc_string")
        for each in (*node.input, *node.output):
            names.setdefault(each, f"{'weights' if each in weights else 'result'}_{len(names)}")
    for node in nodes:
        node.input[:] = [names[each] for each in node.input]
        node.output[:] = [names[each] for each in node.output]
    tensors = [weights[name] for name in names if name in weights]
    for tensor in tensors:
        tensor.name = names[tensor.name]
    for field, values in ((graph.node, nodes), (graph.initializer, tensors), (graph.value_info, [])):
        del field[:]
        field.extend(values)
    for each in (*graph.input, *graph.output):
        for place, word in enumerate(_DIMENSIONS):
            each.type.tensor_type.shape.dim[place].dim_param = word
    model.producer_name, model.producer_version = _PRODUCER, ""
    model.ClearField("metadata_props")
    for field in (model, graph):
        field.ClearField("doc_string")
    kept = [entry for entry in model.opset_import if entry.domain == ""]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    return bytes(model.SerializeToString(deterministic=True))


def _ordered(graph: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return copies of what the output needs, each node after its inputs; and the weights, by name."""
    made = {name: index for index, node in enumerate(graph.node) for name in node.output}
    weights = {tensor.name: _copy(tensor) for tensor in graph.initializer}
    ordered: list[Any] = []
    done: set[int] = set()
    waiting = [(made[each.name], False) for each in reversed(graph.output)]
    while waiting:
        index, inputs_done = waiting.pop()
        if index in done:
            continue
        node = graph.node[index]
        if inputs_done:
            done.add(index)
            ordered.append(_copy(node))
            continue
        waiting.append((index, True))
        waiting += [(made[name], False) for name in reversed(node.input) if name in made]
    return ordered, weights


def _copy(message: Any) -> Any:
    copied = type(message)()
    copied.CopyFrom(message)
    return copied


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what the converter and TensorFlow tell of themselves."""
    loggers = [logging.getLogger(name) for name in ("tf2onnx", "tensorflow")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
