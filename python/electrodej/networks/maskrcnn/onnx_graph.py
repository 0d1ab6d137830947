"""A graph in ONNX while it is written: convolutions and normalisations with the weights of Keras's layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.models.contract import INPUT, OUTPUT
from electrodej.networks.maskrcnn.shape import GROUPS
from electrodej.networks.maskrcnn.weights import Arrays
from electrodej.networks.onnx_writing import GraphWriting

# That of both normalisations, as Keras has it.
_EPSILON = 1e-3


class Writing(GraphWriting):
    """A graph from one image (N, Y, X, channels) to another; inside, channels come second.

    Parameters
    ----------
    arrays
        The weights of layers by their names, as Keras has them. Of these, what is used comes into the file,
        each array under "LAYER/NUMBER".
    """

    def __init__(self, arrays: Arrays) -> None:
        super().__init__("constant")
        self._arrays = arrays
        self._weights: dict[str, str] = {}

    def weight(self, layer: str, number: int) -> str:
        """Keep one of a layer's arrays, once; return the name under which it is computed with."""
        name = f"{layer}/{number}"
        if name not in self._weights:
            values = self._arrays[layer][number]
            held = self.constant(values, name)
            if values.dtype != np.float32:
                held = self.in_single(held)
            self._weights[name] = held
        return self._weights[name]

    def shaped(self, found: str, lengths: list[int]) -> str:
        """Give it other axes; 0 keeps a length, and -1 is what is left."""
        return self.add("Reshape", [found, self.constant(np.array(lengths, np.int64))])

    def ordered(self, found: str, order: list[int]) -> str:
        """Put its axes into another order."""
        return self.add("Transpose", [found], perm=order)

    def relu(self, found: str) -> str:
        """Cut off what is below 0."""
        return self.add("Relu", [found])

    def convolved(self, found: str, layer: str, *, stride: int = 1, pads: tuple[int, int] = (0, 0)) -> str:
        """Add a convolution; ``pads`` are the zeros before and after each axis."""
        rows, columns = self._arrays[layer][0].shape[:2]
        return self.add(
            "Conv",
            # Keras has (rows, columns, in, out), ONNX (out, in, rows, columns).
            [found, self.ordered(self.weight(layer, 0), [3, 2, 0, 1]), self.weight(layer, 1)],
            kernel_shape=[rows, columns],
            strides=[stride, stride],
            pads=[pads[0], pads[0], pads[1], pads[1]],
        )

    def same(self, found: str, layer: str, *, stride: int = 1) -> str:
        """Add a convolution, padded as Keras does for "same" where lengths are multiples of strides."""
        missing = max(self._arrays[layer][0].shape[0] - stride, 0)
        return self.convolved(found, layer, stride=stride, pads=(missing // 2, missing - missing // 2))

    def doubled(self, found: str, layer: str) -> str:
        """Add a transposed convolution that makes 2 x 2 of each cell."""
        # Keras has (rows, columns, out, in), ONNX (in, out, rows, columns).
        kernel = self.ordered(self.weight(layer, 0), [3, 2, 0, 1])
        return self.add(
            "ConvTranspose",
            [found, kernel, self.weight(layer, 1)],
            kernel_shape=[2, 2],
            strides=[2, 2],
        )

    def dense(self, found: str, layer: str) -> str:
        """Add a product with a matrix, all axes of whose inputs are one."""
        kernel = self.weight(layer, 0)
        shape = self._arrays[layer][0].shape
        if len(shape) > 2:
            kernel = self.shaped(kernel, [-1, shape[-1]])
        return self.add("Add", [self.add("MatMul", [found, kernel]), self.weight(layer, 1)])

    def normalised(self, found: str, layer: str) -> str:
        """Add a normalisation: by groups where it has two arrays, by its training's statistics for four."""
        if len(self._arrays[layer]) == 4:
            return self.add(
                "BatchNormalization",
                [found, *(self.weight(layer, number) for number in range(4))],
                epsilon=_EPSILON,
            )
        # With x a channel's values and g its group: d = x - mean_g(x), and what is given is
        # d gamma / sqrt(mean_g(d d) + epsilon) + beta. Said so, no engine puts x into another order.
        channels = len(self._arrays[layer][0])
        mean = self._of_groups(found)
        away = self.add("Sub", [found, self.shaped(self._spread(mean, channels), [0, channels, 1, 1])])
        variance = self._of_groups(self.add("Mul", [away, away]))
        tiny = self.constant(np.array(_EPSILON, np.float32))
        width = self.add("Sqrt", [self.add("Add", [variance, tiny])])
        gamma = self.shaped(self.weight(layer, 0), [1, GROUPS, -1])
        factor = self.shaped(self.add("Div", [gamma, width]), [0, channels, 1, 1])
        beta = self.shaped(self.weight(layer, 1), [1, channels, 1, 1])
        return self.add("Add", [self.add("Mul", [away, factor]), beta])

    def _of_groups(self, found: str) -> str:
        """Return the mean of each group (N, groups, 1) of channels (N, C, Y, X)."""
        means = self.shaped(self.add("ReduceMean", [found], axes=[2, 3], keepdims=1), [0, GROUPS, -1])
        return self.add("ReduceMean", [means], axes=[2], keepdims=1)

    def _spread(self, groups: str, channels: int) -> str:
        """Return what groups (N, groups, 1) have for each of their channels (N, groups, C / groups)."""
        ones = self.constant(np.ones((1, GROUPS, channels // GROUPS), np.float32))
        return self.add("Mul", [groups, ones])

    def pooled(self, found: str, kernel: int, *, pads: tuple[int, int] = (0, 0)) -> str:
        """Take the largest of each second place's neighbourhood."""
        return self.add(
            "MaxPool",
            [found],
            kernel_shape=[kernel, kernel],
            strides=[2, 2],
            pads=[pads[0], pads[0], pads[1], pads[1]],
        )

    def image(self) -> str:
        """Return the input, its channels second."""
        return self.ordered(INPUT, [0, 3, 1, 2])

    def finished(self, found: str, taken: list[Any], given: list[Any]) -> bytes:
        """Return the whole as a file has it; ``taken`` and ``given`` are the axes of the two images."""
        self.add("Identity", [found], output=OUTPUT)
        return self.as_file(taken, given)
