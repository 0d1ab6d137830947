"""What is trained: networks, the training runs that they share, and prediction over whole volumes.

`electrodej.networks.stardist` has the networks that outline particles, `electrodej.networks.semantic` those
that tell phases and cracks apart.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.networks.training.history import History
    from electrodej.networks.training.run import RunSettings, TrainingRun

_HOME = {"History": "training.history", "RunSettings": "training.run", "TrainingRun": "training.run"}

__all__ = ["History", "RunSettings", "TrainingRun"]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the command line imports this room to print its help.
    if name in _HOME:
        return getattr(import_module(f"electrodej.networks.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
