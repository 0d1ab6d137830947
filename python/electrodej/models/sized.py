"""A network that is built from a description: its weights are counted before memory is taken for any."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.models.libraries import load_keras
from electrodej.models.safety.limits import MIB, MOST_CONSTANT_BYTES

_BYTES = 4


def sized(build: Callable[[], Any], path: Path) -> Any:
    """Return the network that ``build`` makes, with its first or its loaded weights.

    A description of a few bytes can ask for more weights than any memory holds. While ``build`` runs, weights
    have shapes and no values; they get them when it is known that they are few enough.

    Parameters
    ----------
    build
        Makes a Keras model, or an object whose ``keras_model`` is one or whose ``models`` are several.
    path
        The file that describes it, for messages.

    Raises
    ------
    electrodej.errors.InputError
        It would have too many weights.
    """
    keras = load_keras("building a network")
    with keras.StatelessScope(initialize_variables=False) as scope:
        try:
            made = build()
        except BaseException:
            # Otherwise its first weights would come into being with those of the next network.
            keras.backend.clear_session(free_memory=False)
            raise
    weights = _variables(made)
    count = sum(math.prod(each.shape) for each in weights)
    if count * _BYTES > MOST_CONSTANT_BYTES:
        # Otherwise they would come into being with those of the next network.
        keras.backend.clear_session(free_memory=False)
        raise InputError(
            f"{path} describes a network of {count / 1e6:,.0f} million weights, and one for images has at "
            f"most {MOST_CONSTANT_BYTES // _BYTES // MIB} million; it is not built"
        )
    with keras.StatelessScope():
        pass  # at its end all weights are there
    for each in weights:
        loaded = scope.get_current_value(each)
        if loaded is not None:
            each.assign(loaded)
    return made


def _variables(made: Any) -> list[Any]:
    networks: tuple[Any, ...] = getattr(made, "models", (getattr(made, "keras_model", made),))
    return [each for network in networks for each in network.variables]
