"""TensorFlow and Keras, imported when they are needed and asked to be quiet."""

from __future__ import annotations

from typing import Any

from electrodej.errors import InputError
from electrodej.extras import require


def need_tensorflow(what: str) -> Any:
    """Import TensorFlow, or say how to install it. ``what`` starts the sentence: "exporting a model"."""
    return require("tensorflow", what=what, extra="train")


def need_keras(what: str) -> Any:
    """Import Keras 3 on TensorFlow, or say what to do."""
    need_tensorflow(what)
    keras = require("keras", what=what, extra="train")
    if keras.backend.backend() != "tensorflow":
        raise InputError(
            f"Keras runs on {keras.backend.backend()} here, and the zip is made with TensorFlow; "
            "set KERAS_BACKEND=tensorflow"
        )
    return keras
