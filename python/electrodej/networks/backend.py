"""Keras, imported when it is needed and without its greetings on stderr."""

from __future__ import annotations

import contextlib
from typing import Any

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


def use_threads(jobs: int) -> None:
    """Let TensorFlow compute with ``jobs`` threads, where it has not begun to compute."""
    keras = load_keras("computing with a network")
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):  # its threads run already
        tf.config.threading.set_intra_op_parallelism_threads(jobs)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def falling_rate(rate: float, *, epochs: int, steps: int) -> Any:
    """Return a learning rate that rises in the first epoch, then falls along a cosine to a fiftieth.

    Parameters
    ----------
    rate
        The highest.
    epochs, steps
        Epochs of the training, and steps of an epoch.
    """
    return load_keras("training a network").optimizers.schedules.CosineDecay(
        rate / 10,
        decay_steps=max(1, (epochs - 1) * steps),
        alpha=0.02,
        warmup_target=rate,
        warmup_steps=steps,
    )


def usual_memory() -> int:
    """Return the bytes to be used where nobody says how many: 4 GiB, or half of what is free."""
    import psutil

    return int(min(4 * 2**30, psutil.virtual_memory().available // 2))
