"""What is trained: networks, the training runs that they share, and prediction over whole volumes.

`electrodej.networks.semantic` has the networks that tell phases and cracks apart.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.networks.backend import load_keras
    from electrodej.networks.run import History, RunSettings, TrainingRun
    from electrodej.networks.semantic.layers import own_layers

_HOME = {
    "History": "run",
    "RunSettings": "run",
    "TrainingRun": "run",
    "load_keras": "backend",
    "own_layers": "semantic.layers",
}

__all__ = [
    "History",
    "RunSettings",
    "TrainingRun",
    "load_keras",
    "own_layers",
]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the command line imports this room to print its help.
    if name in _HOME:
        return getattr(import_module(f"electrodej.networks.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
