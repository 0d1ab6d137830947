"""A frozen graph of TensorFlow, or an ONNX model, run by OpenVINO on the processor."""

from __future__ import annotations

import collections
import functools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.models.engines.base import FloatArray
from electrodej.models.engines.quicker import quicken
from electrodej.models.libraries import threads
from electrodej.models.memory_errors import is_out_of_memory

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
        self._openvino, self._core, self._tensor = openvino, _core(), openvino.Tensor
        with tempfile.TemporaryDirectory(prefix="electrodej-", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / f"graph.{kind}"
            path.write_bytes(content)
            try:
                self._model = self._core.read_model(str(path))
                if grid != (1, 1):
                    from electrodej.models.engines.grid import thin

                    thin(openvino, self._model, grid)
            except Exception as error:
                raise InputError(f"OpenVINO does not read the network ({_reason(error)})") from error
        self._compiled: collections.OrderedDict[tuple[int, ...], list[Any]] = collections.OrderedDict()

    def run(self, images: FloatArray) -> FloatArray:
        """Return the output for images (N, Y, X, channels).

        Several images are computed side by side, each by one thread: threads that share an image wait for
        one another at each layer.
        """
        requests = self._requests(images.shape[1:], min(len(images), threads()))
        shape = requests[0].model_outputs[0].shape
        found = np.empty((len(images), *shape[1:]), np.float32)
        for number, image in enumerate(images):
            request = requests[number % len(requests)]
            request.wait()
            request.set_output_tensor(0, self._tensor(found[number : number + 1], shared_memory=True))
            request.start_async([image[np.newaxis]], share_inputs=True)
        for request in requests:
            request.wait()
        return found

    def _requests(self, shape: tuple[int, ...], count: int) -> list[Any]:
        """Return the network compiled for images of a size, as often as ``count`` of them are computed."""
        if len(self._compiled.get(shape, ())) < count:
            compiled = self._compile(shape, count)
            self._compiled[shape] = [compiled.create_infer_request() for _ in range(count)]
            if len(self._compiled) > _MOST_COMPILED:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(shape)
        return self._compiled[shape]

    def _compile(self, shape: tuple[int, ...], streams: int) -> Any:
        model = self._model.clone()
        try:
            model.reshape([1, *shape])
            quicken(self._openvino, model)
            return self._core.compile_model(
                model,
                "CPU",
                {
                    # Half precision is not accurate enough for distances.
                    "INFERENCE_PRECISION_HINT": "f32",
                    "NUM_STREAMS": streams,
                    "INFERENCE_NUM_THREADS": threads(),
                    # Threads that are bound to a core wait for whatever else runs there.
                    "ENABLE_CPU_PINNING": False,
                },
            )
        except Exception as error:
            if is_out_of_memory(error):
                raise  # smaller tiles may do
            size = " x ".join(map(str, shape[:2]))
            raise InputError(
                f"the network does not take images of {size} pixels ({_reason(error)})"
            ) from error


@functools.cache
def _core() -> Any:
    """Return OpenVINO's core, one for all networks, which is never given up.

    It gives the thread that first compiles a network a stack for signals. A core that ends on another thread
    takes that stack's memory away and leaves it registered, and the next signal, such as Ctrl-C, ends Python.
    """
    return require("openvino", what="running a network", extra="run").Core()


def _reason(error: BaseException) -> str:
    """Return what an error says, without where in OpenVINO's own code it came up."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("Exception from ", "Check '"))]
    return (telling or lines or [type(error).__name__])[0][:200]
