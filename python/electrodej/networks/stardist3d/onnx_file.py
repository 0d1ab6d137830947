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
from electrodej.extras import require
from electrodej.models.contract import INPUT, OUTPUT
from electrodej.models.safety.wire import DamagedError, Message
from electrodej.networks.stardist3d.settings import Plan

_OPSET = 13


def solid_onnx(network: Any, plan: Plan) -> bytes:
    """Return the ONNX model of a network that `build_network` built.

    Arrays are (N, Z, Y, X, channels), as in Keras: 1 channel in, 1 + rays out, the probability first.
    """
    onnx = require("onnx", what="writing a network in ONNX", extra="train")
    written = _Writing(onnx, network)
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
        found = written.larger(found, plan.halvings.pools[level])
        found = written.add("Concat", [sides[level], found], axis=1)
        found = written.block(found, f"up_{level}")
    found = written.convolved(found, "head")
    chance = written.add("Sigmoid", [written.convolved(found, "prob", active=False)])
    reach = written.convolved(found, "dist", active=False)
    both = written.add("Concat", [chance, reach], axis=1)
    written.add("Transpose", [both], output=OUTPUT, perm=[0, 2, 3, 4, 1])
    return written.finished(1 + plan.rays)


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


class _Writing:
    """A graph while it is written."""

    def __init__(self, onnx: Any, network: Any) -> None:
        self._onnx, self._layers = onnx, {layer.name: layer for layer in network.layers}
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def add(
        self, kind: str, inputs: list[str], *, called: str = "", output: str | None = None, **how: Any
    ) -> str:
        """Add an operation; return the name of what it gives."""
        name = output or f"result_{len(self._nodes)}"
        called = called or f"{kind}_{len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(kind, inputs, [name], name=called, **how))
        return name

    def constant(self, values: Any) -> str:
        """Keep an array; return its name."""
        name = f"weights_{len(self._weights)}"
        self._weights.append(self._onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

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
        half = self.add("Cast", [self.constant(kernel.astype(np.float16))], to=self._onnx.TensorProto.FLOAT)
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

    def larger(self, found: str, pool: tuple[int, int, int]) -> str:
        """Repeat each voxel along each axis."""
        scales = self.constant(np.array([1, 1, *pool], np.float32))
        return self.add(
            "Resize",
            [found, "", scales],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )

    def finished(self, channels: int) -> bytes:
        """Return the whole as a file has it."""
        helper, kinds = self._onnx.helper, self._onnx.TensorProto
        axes = ("N", "Z", "Y", "X")
        graph = helper.make_graph(
            self._nodes,
            "network",
            [helper.make_tensor_value_info(INPUT, kinds.FLOAT, [*axes, 1])],
            [
                helper.make_tensor_value_info(
                    OUTPUT, kinds.FLOAT, ["N", "cells_z", "cells_y", "cells_x", channels]
                )
            ],
            self._weights,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", _OPSET)], producer_name="ElectrodeJ"
        )
        model.ir_version = 7
        self._onnx.checker.check_model(model)
        return bytes(model.SerializeToString(deterministic=True))
