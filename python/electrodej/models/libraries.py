"""TensorFlow and Keras, imported when they are needed and asked to be quiet; and how many threads compute."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.machine import available_cores

_threads: list[int] = []


def load_keras(what: str) -> Any:
    """Import Keras 3 on whichever backend is set up (TensorFlow unless ``KERAS_BACKEND`` says otherwise).

    Parameters
    ----------
    what
        What the user wanted to do, as the start of a sentence: "training a network".

    Raises
    ------
    electrodej.errors.MissingExtraError
        Keras or its backend is not installed.
    """
    keras = require("keras", what=what, extra="train")
    _tell_tensorflow()
    return keras


def need_tensorflow(what: str) -> Any:
    """Import TensorFlow, or say how to install it. ``what`` starts the sentence: "exporting a model"."""
    tensorflow = require("tensorflow", what=what, extra="train")
    _tell_tensorflow()
    return tensorflow


def need_keras(what: str) -> Any:
    """Import Keras 3 on TensorFlow, or say what to do."""
    need_tensorflow(what)
    keras = load_keras(what)
    if keras.backend.backend() != "tensorflow":
        raise InputError(
            f"Keras runs on {keras.backend.backend()} here, and the zip is made with TensorFlow; "
            "set KERAS_BACKEND=tensorflow"
        )
    return keras


def use_threads(jobs: int) -> None:
    """Let networks compute with ``jobs`` threads; TensorFlow only where it has not begun to compute."""
    _threads[:] = [jobs]
    _tell_tensorflow()


def threads() -> int:
    """Return with how many threads networks compute."""
    return _threads[0] if _threads else available_cores()


def _tell_tensorflow() -> None:
    # Importing it only for this would take seconds.
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None or not _threads:
        return
    with contextlib.suppress(RuntimeError):  # its threads run already
        tensorflow.config.threading.set_intra_op_parallelism_threads(_threads[0])
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
