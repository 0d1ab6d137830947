"""TensorFlow and Keras, imported when they are needed and asked to be quiet."""

from __future__ import annotations

import contextlib
from typing import Any

from electrodej.errors import InputError
from electrodej.extras import require


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
    return require("keras", what=what, extra="train")


def need_tensorflow(what: str) -> Any:
    """Import TensorFlow, or say how to install it. ``what`` starts the sentence: "exporting a model"."""
    return require("tensorflow", what=what, extra="train")


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
    """Let TensorFlow compute with ``jobs`` threads, where it has not begun to compute."""
    keras = load_keras("computing with a network")
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):  # its threads run already
        tf.config.threading.set_intra_op_parallelism_threads(jobs)
        tf.config.threading.set_inter_op_parallelism_threads(1)
