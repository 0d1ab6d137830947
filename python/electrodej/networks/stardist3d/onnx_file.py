"""The network as an ONNX file, for engines that start in a second; normalisations become part of weights.

Weights are kept in half precision and computed with in single precision, which halves the file; distances
change by less than a thousandth.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.models.contract import INPUT, OUTPUT
from electrodej.models.safety.wire import DamagedError, Message
from electrodej.networks.onnx_writing import GraphWriting
from electrodej.networks.stardist3d.settings import Plan


def solid_onnx(network: Any, plan: Plan) -> bytes:
    """Return the ONNX model of a network that `build_network` built.

    Arrays are (N, Z, Y, X, channels), as in Keras: 1 channel in, 1 + rays out, the probability first.
    """
    written = _Writing(network)
    found = written.add("Transpose", [INPUT], perm=[0, 4, 1, 2, 3])
    found = written.convolved(found, "stem_1")
    found = written.convolved(found, "stem_2")
    sides = []
    for level, pool in enumerate(plan.halvings.pools):
        found = written.block(found, f"down_{level}")
        sides.append(found)
        found = written.add("MaxPool", [found], kernel_shape=list(pool), strides=list(pool))
    found = written.block(found, "bottom_1")
    found = written.block(found, "bottom_2")
    for level in reversed(range(len(plan.halvings.pools))):
        found = written.convolved(found, f"up_{level}_narrow")
        found = written.repeated(found, plan.halvings.pools[level])
        found = written.add("Concat", [sides[level], found], axis=1)
        found = written.block(found, f"up_{level}")
    found = written.convolved(found, "head")
    chance = written.add("Sigmoid", [written.convolved(found, "prob", active=False)])
    reach = written.convolved(found, "dist", active=False)
    both = written.add("Concat", [chance, reach], axis=1)
    written.add("Transpose", [both], output=OUTPUT, perm=[0, 2, 3, 4, 1])
    axes = ["N", "Z", "Y", "X"]
    cells = ["N", "cells_z", "cells_y", "cells_x"]
    return written.as_file([*axes, 1], [*cells, 1 + plan.rays])


def take_onnx_weights(network: Any, path: Path) -> None:
    """Give a network that `build_network` built the weights of the file that `solid_onnx` wrote.

    They come back in half precision; the normalisations, which became part of them, change nothing at first.

    Raises
    ------
    electrodej.errors.InputError
        The file holds no such network.
    """
    layers = {layer.name: layer for layer in network.layers}
    wanted = {name for name, layer in layers.items() if hasattr(layer, "kernel")}
    try:
        held = {name: arrays for name, *arrays in _convolutions(path.read_bytes())}
        if set(held) != wanted:
            raise ValueError(f"layers {', '.join(sorted(set(held) ^ wanted))} are not in both")
        for name, (kernel, bias) in held.items():
            layer, norm = layers[name], layers.get(f"{name}_norm")
            kernel = np.moveaxis(kernel, (1, 0), (3, 4)).astype(np.float32)
            layer.set_weights([kernel] if layer.bias is None else [kernel, bias])
            if norm is not None:
                # Mean 0 and variance 1, and a factor that makes 1 of both.
                factor = np.sqrt(np.ones_like(bias) + norm.epsilon)
                norm.set_weights([factor, bias, np.zeros_like(bias), np.ones_like(bias)])
    except (DamagedError, IndexError, KeyError, ValueError) as error:
        raise InputError(
            f"{path} is not the network that its folder describes, or was written by an older ElectrodeJ "
            f"({error}); copy the model with its weights for Keras"
        ) from error


def _convolutions(content: bytes) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    """Yield the name, the kernel (out, in, z, y, x) and the bias of each convolution in a file's bytes."""
    graph = Message(content).message(7)
    nodes = list(graph.messages(1))
    arrays = {tensor.text(8): tensor for tensor in graph.messages(5)}
    cast = {node.texts(2)[0]: node.texts(1)[0] for node in nodes if node.text(4) == "Cast"}
    for node in nodes:
        if node.text(4) == "Conv":
            _, kernel, bias = node.texts(1)
            yield node.text(3), _array(arrays[cast[kernel]], "<f2"), _array(arrays[bias], "<f4")


def _array(tensor: Message, kind: str) -> NDArray[Any]:
    shape = tensor.numbers(1)
    return np.frombuffer(bytes(tensor.part(9)), kind).reshape(shape)


class _Writing(GraphWriting):
    """A graph with the weights of a network."""

    def __init__(self, network: Any) -> None:
        super().__init__("weights")
        self._layers = {layer.name: layer for layer in network.layers}

    def convolved(self, found: str, name: str, *, active: bool = True) -> str:
        """Add a convolution with the normalisation behind it."""
        layer = self._layers[name]
        # Keras has (z, y, x, in, out), ONNX (out, in, z, y, x).
        kernel = np.moveaxis(np.asarray(layer.kernel, np.float32), (3, 4), (1, 0))
        bias = np.zeros(len(kernel), np.float32) if layer.bias is None else np.asarray(layer.bias, np.float32)
        norm = self._layers.get(f"{name}_norm")
        if norm is not None:
            gamma, beta, mean, variance = (np.asarray(each, np.float32) for each in norm.get_weights())
            factor = gamma / np.sqrt(variance + norm.epsilon)
            kernel = kernel * factor[:, None, None, None, None]
            bias = beta + (bias - mean) * factor
        half = self.in_single(self.constant(kernel.astype(np.float16)))
        size, strides = list(kernel.shape[2:]), list(layer.strides)
        # As Keras pads for "same" where the lengths are multiples of the strides: less before than after.
        pads = [max(edge - stride, 0) for edge, stride in zip(size, strides, strict=True)]
        found = self.add(
            "Conv",
            [found, half, self.constant(bias)],
            called=name,
            kernel_shape=size,
            strides=strides,
            pads=[pad // 2 for pad in pads] + [pad - pad // 2 for pad in pads],
        )
        return self.add("Relu", [found]) if active else found

    def block(self, found: str, name: str) -> str:
        """Add two convolutions beside a way around them."""
        around = found
        if f"{name}_around" in self._layers:
            around = self.convolved(found, f"{name}_around", active=False)
        inner = self.convolved(self.convolved(found, f"{name}_1"), f"{name}_2", active=False)
        return self.add("Relu", [self.add("Add", [inner, around])])
