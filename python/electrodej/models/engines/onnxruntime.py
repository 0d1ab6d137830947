"""An ONNX model run by ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.models.engines.base import FloatArray
from electrodej.models.libraries import threads
from electrodej.models.memory_errors import is_out_of_memory

# Graphics cards on which single precision is what is computed, and how it is asked for. Those left out
# (CoreML, TensorRT) would compute with fewer digits, which distances do not bear.
_GRAPHICS: dict[str, tuple[str, dict[str, str]]] = {
    "CUDAExecutionProvider": ("CUDA", {"use_tf32": "0"}),
    "ROCMExecutionProvider": ("ROCm", {}),
    "DmlExecutionProvider": ("DirectML", {}),
}
_PROCESSOR = "CPUExecutionProvider"


def graphics() -> tuple[str, ...]:
    """Return the kinds of graphics card that the installed ONNX Runtime was built for."""
    available = _runtime().get_available_providers()
    return tuple(kind for name, (kind, _) in _GRAPHICS.items() if name in available)


class OnnxRuntimeEngine:
    """An ONNX model on the graphics card, or where there is none on the processor.

    Parameters
    ----------
    content
        The bytes of the model, which were looked through.
    channels
        Channels of the output.

    Attributes
    ----------
    on_graphics
        Whether a graphics card computes.
    """

    name = "ONNX Runtime"

    def __init__(self, content: bytes, *, channels: int) -> None:
        runtime = _runtime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads()
        options.log_severity_level = 4
        available = runtime.get_available_providers()
        cards = [(name, how) for name, (_, how) in _GRAPHICS.items() if name in available]
        ways = [[*cards, _PROCESSOR], [_PROCESSOR]] if cards else [[_PROCESSOR]]
        for way in ways:  # where the card's driver is missing, it goes on without the card
            try:
                # By itself it would try again, too, and print that to where answers go.
                self._session: Any = runtime.InferenceSession(
                    content, options, providers=way, enable_fallback=0
                )
            except Exception as error:
                if way is not ways[-1]:
                    continue
                if is_out_of_memory(error):
                    raise
                raise InputError(
                    f"ONNX Runtime does not read the network ({str(error).splitlines()[0][:200]})"
                ) from error
            break
        self.on_graphics = self._session.get_providers()[0] in _GRAPHICS
        self._input = self._session.get_inputs()[0].name
        self.channels = channels

    def run(self, images: FloatArray) -> FloatArray:
        """Return the output for images (N, Y, X, channels)."""
        return np.asarray(self._session.run(None, {self._input: images})[0], np.float32)


def _runtime() -> Any:
    return require("onnxruntime", what="running a network in ONNX Runtime", extra="onnxruntime")
