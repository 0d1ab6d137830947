"""A graph in ONNX while it is written, whatever the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from electrodej.extras import require
from electrodej.models.contract import INPUT, OUTPUT

_OPSET, _IR = 13, 7


class GraphWriting:
    """Operations and arrays that come one after the other, from one input to one output.

    Parameters
    ----------
    arrays_called
        What arrays without a name of their own are called, with a number behind it.
    """

    def __init__(self, arrays_called: str) -> None:
        self._onnx = require("onnx", what="writing a network in ONNX", extra="train")
        self._called = arrays_called
        self._nodes: list[Any] = []
        self._held: list[Any] = []

    def add(
        self, kind: str, inputs: list[str], *, called: str = "", output: str | None = None, **how: Any
    ) -> str:
        """Add an operation; return the name of what it gives."""
        number = len(self._nodes)
        name = output or f"result_{number}"
        self._nodes.append(
            self._onnx.helper.make_node(kind, inputs, [name], name=called or f"{kind}_{number}", **how)
        )
        return name

    def constant(self, values: Any, name: str = "") -> str:
        """Keep an array; return its name."""
        name = name or f"{self._called}_{len(self._held)}"
        self._held.append(self._onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def in_single(self, found: str) -> str:
        """Compute in single precision with what is kept in half."""
        return self.add("Cast", [found], to=self._onnx.TensorProto.FLOAT)

    def repeated(self, found: str, times: Sequence[int]) -> str:
        """Repeat each cell so many times along each axis behind the channels."""
        scales = self.constant(np.array([1, 1, *times], np.float32))
        return self.add(
            "Resize",
            [found, "", scales],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )

    def as_file(self, taken: list[Any], given: list[Any]) -> bytes:
        """Return the whole as a file has it; ``taken`` and ``given`` are the axes of input and output."""
        helper, kinds = self._onnx.helper, self._onnx.TensorProto
        graph = helper.make_graph(
            self._nodes,
            "network",
            [helper.make_tensor_value_info(INPUT, kinds.FLOAT, taken)],
            [helper.make_tensor_value_info(OUTPUT, kinds.FLOAT, given)],
            self._held,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", _OPSET)], producer_name="ElectrodeJ"
        )
        model.ir_version = _IR
        self._onnx.checker.check_model(model)
        return bytes(model.SerializeToString(deterministic=True))
