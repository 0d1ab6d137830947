"""A zip for Fiji as an engine, in the TensorFlow 2 that is installed."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.models.archive import open_archive, unpack
from electrodej.models.contract import INPUT, OUTPUT, SIGNATURE, TAG
from electrodej.models.engines.base import FloatArray
from electrodej.models.libraries import need_tensorflow


class TensorflowZip:
    """A zip, or its bytes, loaded in a session of its own. A context manager.

    Attributes
    ----------
    input, output
        Names of the tensors that are fed and fetched.
    channels
        Channels of the output.
    """

    def __init__(self, archive: str | os.PathLike[str] | bytes) -> None:
        tf = need_tensorflow("running a zip in TensorFlow 2")
        self._session: Any = tf.compat.v1.Session(graph=tf.Graph(), config=_config(tf))
        with tempfile.TemporaryDirectory(prefix="electrodej-zip-", ignore_cleanup_errors=True) as folder:
            if isinstance(archive, bytes):
                with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                    unpack(opened, Path(folder), path="the zip")
            else:
                with open_archive(archive) as opened:
                    unpack(opened, Path(folder), path=archive)
            try:
                # It says that it is deprecated; its successor cannot give a session.
                tf.get_logger().setLevel("ERROR")
                meta = tf.compat.v1.saved_model.load(self._session, [TAG], folder)
            except Exception as error:
                self._session.close()
                raise InputError(f"TensorFlow 2 does not load it ({str(error).splitlines()[0]})") from error
        signature = meta.signature_def[SIGNATURE]
        self.input = _only(signature.inputs, INPUT).name
        output = _only(signature.outputs, OUTPUT)
        self.output = output.name
        lengths = [dimension.size for dimension in output.tensor_shape.dim]
        self.channels = int(lengths[-1]) if lengths else 1

    def __enter__(self) -> TensorflowZip:
        return self

    def __exit__(self, *exception: object) -> None:
        self._session.close()

    def run(self, images: FloatArray) -> FloatArray:
        """Return the output for images (N, Y, X, channels)."""
        result: FloatArray = self._session.run(self.output, {self.input: images})
        return result


def _config(tf: Any) -> Any:
    threads = int(os.environ.get("TF_NUM_INTRAOP_THREADS", "0") or 0)
    return tf.compat.v1.ConfigProto(intra_op_parallelism_threads=threads, device_count={"GPU": 0})


def _only(tensors: Any, preferred: str) -> Any:
    return tensors[preferred] if preferred in tensors else tensors[min(tensors)]
