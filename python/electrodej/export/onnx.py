"""The same network in ONNX, which Fiji's DeepImageJ runs on every processor, Apple's too."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from typing import Any

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
        with _quiet():
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
    """Give everything names that depend on nothing but the network."""
    graph = model.graph
    names = {INPUT: INPUT, OUTPUT: OUTPUT, "": ""}
    for tensor in graph.initializer:
        names.setdefault(tensor.name, f"weights_{len(names)}")
        tensor.name = names[tensor.name]
    for number, node in enumerate(graph.node):
        node.name = f"{node.op_type}_{number}"
        node.ClearField("doc_string")
        for each in node.output:
            names.setdefault(each, f"result_{len(names)}")
    for node in graph.node:
        node.input[:] = [names[each] for each in node.input]
        node.output[:] = [names[each] for each in node.output]
    del graph.value_info[:]
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
