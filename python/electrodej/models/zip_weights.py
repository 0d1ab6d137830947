"""Weights of a Keras network out of the zip that was exported from it: a wheel carries each set once.

Our exporter names the constants of a layer after the layer: a kernel is what a variable was read for, a bias
is what was brought into the shape of the image; of a batch normalisation all are variables, in a known order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.models.layer_names import all_layers, layer_names
from electrodej.models.safety.wire import Message
from electrodej.models.zips import read_zip

Constants = dict[str, NDArray[np.float32]]
_FLOAT = 1
_READ = "ReadVariableOp"
_NORMALISATION = {
    "moving_mean": "Cast/ReadVariableOp",
    "moving_variance": "Cast_1/ReadVariableOp",
    "gamma": "Cast_2/ReadVariableOp",
    "beta": "Cast_3/ReadVariableOp",
}


def take_zip_weights(network: Any, path: Path) -> None:
    """Give a Keras network, built anew, the weights of a zip that was exported from such a one.

    Raises
    ------
    electrodej.errors.InputError
        The zip holds no such network.
    """
    constants = graph_constants(read_zip(path).saved.graph)
    for layer, name in zip(all_layers(network), layer_names(network), strict=True):
        if layer.weights and not hasattr(layer, "layers"):
            values = [_value(constants, name, weight, path) for weight in layer.weights]
            layer.set_weights(values)


def _value(constants: Constants, layer: str, weight: Any, path: Path) -> NDArray[np.float32]:
    kind = str(weight.name).rpartition("/")[2]
    shape = tuple(weight.shape)
    own = {
        name.removeprefix(f"{layer}/"): value
        for name, value in constants.items()
        if name.startswith(f"{layer}/")
    }
    if kind in _NORMALISATION:
        fitting = [value for name, value in own.items() if name == _NORMALISATION[kind]]
    else:
        fitting = [value for name, value in own.items() if name.endswith(_READ) == (kind == "kernel")]
    fitting = [value for value in fitting if value.size == math.prod(shape)]
    if len(fitting) != 1:
        raise InputError(f"{path} is of another network: it does not say the {kind} of {layer} {shape}")
    return fitting[0].reshape(shape)


def graph_constants(graph: bytes) -> Constants:
    """Return the numbers in the bytes of a ``GraphDef``, by the names of its constants."""
    found: Constants = {}
    for node in Message(graph).messages(1):
        if node.text(2) != "Const":
            continue
        for entry in node.messages(5):
            tensor = entry.message(2).message(8)
            if entry.text(1) == "value" and tensor.number(1) == _FLOAT:
                shape = [dimension.number(1) for dimension in tensor.message(2).messages(2)]
                found[node.text(1)] = _array(tensor, shape)
    return found


def _array(tensor: Message, shape: Sequence[int]) -> NDArray[np.float32]:
    """Return a tensor's numbers: all in ``tensor_content``, one for all in ``float_val``, or none for 0."""
    content = bytes(tensor.part(4)) or b"".join(bytes(part) for part in tensor.parts(5))
    values = np.frombuffer(content or bytes(4), "<f4")
    if values.size == 1:
        values = np.broadcast_to(values, math.prod(shape))
    return values.reshape(shape).astype(np.float32)
