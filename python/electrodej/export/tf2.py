"""Run a zip in the TensorFlow 2 that is installed, for comparison with what Fiji's TensorFlow 1.15 gives."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from electrodej.errors import InputError
from electrodej.export.archive import open_archive, unpack
from electrodej.export.libraries import need_tensorflow
from electrodej.export.savedmodel import INPUT, OUTPUT, SIGNATURE, TAG

FloatArray = npt.NDArray[np.float32]


class Tf2:
    """A zip, or its bytes, loaded in a session of its own. A context manager."""

    def __init__(self, archive: str | os.PathLike[str] | bytes) -> None:
        tf = need_tensorflow("running a zip in TensorFlow 2")
        self._session: Any = tf.compat.v1.Session(graph=tf.Graph(), config=_config(tf))
        with tempfile.TemporaryDirectory(prefix="electrodej-tf2-", ignore_cleanup_errors=True) as folder:
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
        self.input = _only(signature.inputs, INPUT)
        self.output = _only(signature.outputs, OUTPUT)

    def __enter__(self) -> Tf2:
        return self

    def __exit__(self, *exception: object) -> None:
        self._session.close()

    def run(self, image: FloatArray) -> FloatArray:
        """Return the output for an image (NHWC)."""
        result: FloatArray = self._session.run(self.output, {self.input: image})
        return result


def _config(tf: Any) -> Any:
    threads = int(os.environ.get("TF_NUM_INTRAOP_THREADS", "0") or 0)
    return tf.compat.v1.ConfigProto(intra_op_parallelism_threads=threads, device_count={"GPU": 0})


def _only(tensors: Any, preferred: str) -> str:
    name = preferred if preferred in tensors else next(iter(sorted(tensors)))
    return str(tensors[name].name)
