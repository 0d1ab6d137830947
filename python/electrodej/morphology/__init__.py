"""What phases look like: measures of their shape and arrangement."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.morphology.cracks import CRACK_COLUMNS, measure_cracks

_HOME = {"CRACK_COLUMNS": "cracks", "measure_cracks": "cracks"}

__all__ = ["CRACK_COLUMNS", "measure_cracks"]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the command line imports this room to print its help.
    if name in _HOME:
        return getattr(import_module(f"electrodej.morphology.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
