"""What a network finds after each epoch, for whoever watches the training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from electrodej.models.libraries import load_keras
from electrodej.run import Run


def watched(run: Run, look: Callable[[NDArray[Any]], NDArray[Any]]) -> list[Any]:
    """Return the Keras callbacks that hand ``look`` to ``run.watch`` after each epoch, if there is one.

    ``look`` takes the grey values of a section (Y, X) and returns its particles, or its phases and 1 more,
    as whole numbers.
    """
    watch = run.watch
    if watch is None:
        return []
    keras = load_keras("training a network")
    return [keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: watch(look))]  # noqa: ARG005 - Keras's form
