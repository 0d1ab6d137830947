"""A frozen graph of TensorFlow, or an ONNX model, run by OpenVINO on the processor."""

from __future__ import annotations

import collections
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.models.engines.base import FloatArray
from electrodej.models.libraries import threads

# Networks are compiled for each size of image; a volume has tiles of one size in each view.
_MOST_COMPILED = 4


class OpenVinoEngine:
    """A network whose weights are in its graph.

    Parameters
    ----------
    content
        The bytes of a ``GraphDef`` with weights as constants, or of an ONNX model; they were looked through.
    kind
        Which of both: "pb" or "onnx".
    channels
        Channels of the output.
    grid
        Of the output, one row and column of so many is given.
    """

    name = "OpenVINO"

    def __init__(self, content: bytes, kind: str, *, channels: int, grid: tuple[int, int] = (1, 1)) -> None:
        openvino = require("openvino", what="running a network", extra="run")
        self.channels = channels
        self._core = openvino.Core()
        with tempfile.TemporaryDirectory(prefix="electrodej-", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / f"graph.{kind}"
            path.write_bytes(content)
            try:
                self._model = self._core.read_model(str(path))
                if grid != (1, 1):
                    _thin(openvino, self._model, grid)
            except Exception as error:
                raise InputError(f"OpenVINO does not read the network ({_first_line(error)})") from error
        self._compiled: collections.OrderedDict[tuple[int, ...], Any] = collections.OrderedDict()

    def run(self, images: FloatArray) -> FloatArray:
        """Return the output for images (N, Y, X, channels)."""
        request = self._request(images.shape[1:])
        found = [np.array(request.infer([image[np.newaxis]], share_inputs=True)[0]) for image in images]
        return np.concatenate(found)

    def _request(self, shape: tuple[int, ...]) -> Any:
        """Return the network compiled for one image of a size."""
        if shape not in self._compiled:
            model = self._model.clone()
            try:
                model.reshape([1, *shape])
                compiled = self._core.compile_model(
                    model,
                    "CPU",
                    {
                        # Half precision is not accurate enough for distances.
                        "INFERENCE_PRECISION_HINT": "f32",
                        "PERFORMANCE_HINT": "LATENCY",
                        "INFERENCE_NUM_THREADS": threads(),
                    },
                )
            except Exception as error:
                size = " x ".join(map(str, shape[:2]))
                raise InputError(
                    f"the network does not take images of {size} pixels ({_first_line(error)})"
                ) from error
            self._compiled[shape] = compiled.create_infer_request()
            if len(self._compiled) > _MOST_COMPILED:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(shape)
        return self._compiled[shape]


def _thin(openvino: Any, model: Any, grid: tuple[int, int]) -> None:
    """Let the network give one of so many rows and columns only."""
    result = model.get_results()[0]
    source = result.input_value(0)
    operations = openvino.opset13
    thinned = operations.strided_slice(
        source,
        operations.constant(np.array([0, 0, 0, 0], np.int64)),
        operations.constant(np.array([0, 0, 0, 0], np.int64)),
        operations.constant(np.array([1, *grid, 1], np.int64)),
        begin_mask=[1, 1, 1, 1],
        end_mask=[1, 1, 1, 1],
    )
    result.input(0).replace_source_output(thinned.output(0))
    model.validate_nodes_and_infer_types()


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
