"""An ONNX model run by ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.models.engines.base import FloatArray
from electrodej.models.libraries import threads


class OnnxRuntimeEngine:
    """An ONNX model on whichever device ONNX Runtime has.

    Parameters
    ----------
    content
        The bytes of the model, which were looked through.
    channels
        Channels of the output.
    """

    name = "ONNX Runtime"

    def __init__(self, content: bytes, *, channels: int) -> None:
        runtime = require("onnxruntime", what="running a network", extra="run")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads()
        options.log_severity_level = 4
        try:
            self._session: Any = runtime.InferenceSession(
                content, options, providers=runtime.get_available_providers()
            )
        except Exception as error:
            raise InputError(
                f"ONNX Runtime does not read the network ({str(error).splitlines()[0][:200]})"
            ) from error
        self._input = self._session.get_inputs()[0].name
        self.channels = channels

    def run(self, images: FloatArray) -> FloatArray:
        """Return the output for images (N, Y, X, channels)."""
        return np.asarray(self._session.run(None, {self._input: images})[0], np.float32)
