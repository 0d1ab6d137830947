"""A zip for Fiji as an engine, in the TensorFlow 2 that is installed."""

from __future__ import annotations

import io
import os
from typing import Any

from electrodej.errors import InputError
from electrodej.models.contract import TAG
from electrodej.models.engines.base import FloatArray
from electrodej.models.libraries import need_tensorflow, threads
from electrodej.models.zips import ZippedModel, read_zip


class TensorflowZip:
    """A zip, or its bytes, loaded in a session of its own. A context manager.

    Attributes
    ----------
    channels
        Channels of the output.
    """

    name = "TensorFlow"

    def __init__(self, model: str | os.PathLike[str] | bytes | ZippedModel) -> None:
        zipped = _zipped(model)
        tf = need_tensorflow("running a zip in TensorFlow 2")
        self._session: Any = tf.compat.v1.Session(graph=tf.Graph(), config=_config(tf))
        with zipped.unpacked() as folder:
            try:
                # It says that it is deprecated; its successor cannot give a session.
                tf.get_logger().setLevel("ERROR")
                tf.compat.v1.saved_model.load(self._session, [TAG], str(folder))
            except Exception as error:
                self._session.close()
                raise InputError(f"TensorFlow 2 does not load it ({str(error).splitlines()[0]})") from error
        self._input, self._output = zipped.saved.input, zipped.saved.output
        self.channels = zipped.saved.channels

    def __enter__(self) -> TensorflowZip:
        return self

    def __exit__(self, *exception: object) -> None:
        self._session.close()

    def run(self, images: FloatArray) -> FloatArray:
        """Return the output for images (N, Y, X, channels)."""
        result: FloatArray = self._session.run(self._output, {self._input: images})
        return result


def _zipped(model: str | os.PathLike[str] | bytes | ZippedModel) -> ZippedModel:
    if isinstance(model, ZippedModel):
        return model
    return read_zip(io.BytesIO(model) if isinstance(model, bytes) else model)


def _config(tf: Any) -> Any:
    wanted = int(os.environ.get("TF_NUM_INTRAOP_THREADS", "0") or 0) or threads()
    return tf.compat.v1.ConfigProto(intra_op_parallelism_threads=wanted, device_count={"GPU": 0})
