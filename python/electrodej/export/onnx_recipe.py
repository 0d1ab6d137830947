"""What a wheel carries in place of an ONNX file, see `electrodej.models.engines.onnx_recipe`."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.export.onnx import onnx_bytes
from electrodej.files import whole_file
from electrodej.models.engines.onnx_recipe import recipe_of, weights
from electrodej.models.zip_weights import Constants, graph_constants
from electrodej.models.zips import read_zip

# Shorter ones, all biases among them, are kept as they are.
_LEAST_BYTES = 2048
# Kernels are (Y, X, in, out) in TensorFlow.
_ORDERS = ([3, 2, 0, 1], [2, 3, 0, 1], [3, 2, 1, 0], [0, 1, 2, 3])


def write_recipe(zipped: Path) -> Path:
    """Write the recipe of a zip beside it, and return where."""
    from tensorflow.core.framework import graph_pb2

    graph = graph_pb2.GraphDef.FromString(read_zip(zipped).saved.graph)
    with whole_file(recipe_of(zipped), force=True) as part:
        part.write_text(recipe(onnx_bytes(graph), graph), encoding="utf-8")
    return recipe_of(zipped)


def recipe(onnx: bytes, graph: Any) -> str:
    """Return the JSON of a recipe: ``onnx`` in pieces, with weights as places in a frozen graph.

    Raises
    ------
    ValueError
        Some weights are not to be found there.
    """
    import onnx as library

    constants = graph_constants(graph.SerializeToString())
    found = _known(constants, graph)
    pieces: list[Any] = []
    done = 0
    for tensor in library.load_from_string(onnx).graph.initializer:
        content = bytes(tensor.raw_data)
        if len(content) < _LEAST_BYTES:
            continue
        if content not in found:
            raise ValueError(f"the weights {tensor.name!r} of the ONNX model are not in the zip")
        start = onnx.index(content, done)
        pieces += [base64.b64encode(onnx[done:start]).decode(), found[content]]
        done = start + len(content)
    pieces.append(base64.b64encode(onnx[done:]).decode())
    said = {"sha256": hashlib.sha256(onnx).hexdigest(), "pieces": pieces}
    return json.dumps(said, indent=1) + "\n"


def _known(constants: Constants, graph: Any) -> dict[bytes, dict[str, Any]]:
    """Return each form that kernels may have in ONNX, and how it is said."""
    known: dict[bytes, dict[str, Any]] = {}
    plain = [{"constant": name} for name, values in constants.items() if values.ndim == len(_ORDERS[0])]
    for piece in [*plain, *_normalised(graph)]:
        for order in _ORDERS:
            said = {**piece, "order": order}
            known.setdefault(weights(said, constants), said)
    return known


def _normalised(graph: Any) -> Iterator[dict[str, Any]]:
    """Yield the kernels behind which the output is multiplied, with the factor of each channel."""
    nodes = {node.name: node for node in graph.node}
    found = []
    for node in graph.node:
        if node.op == "Mul":
            for image, factor in (node.input, reversed(node.input)):
                before = nodes[image.partition(":")[0]]
                if before.op == "Conv2D":
                    found.append((before.input[1].partition(":")[0], factor))
    for (kernel, _), values in zip(found, _computed(graph, [factor for _, factor in found]), strict=True):
        yield {"constant": kernel, "times": base64.b64encode(values.astype("<f4").tobytes()).decode()}


def _computed(graph: Any, names: list[str]) -> list[NDArray[np.float32]]:
    """Return what constants come to, by the arithmetic of TensorFlow, which tf2onnx uses, too."""
    import tensorflow as tf

    with tf.Graph().as_default() as place:
        tensors = tf.import_graph_def(graph, name="", return_elements=[f"{name}:0" for name in names])
        with tf.compat.v1.Session(graph=place) as session:
            values: list[NDArray[np.float32]] = session.run(tensors)
    return values
