"""How currents and species move through phases: tortuosity, effective conductivity."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.transport.conduction import Conduction, memory_needed, solve_conduction
    from electrodej.transport.measures import measure_transport
    from electrodej.transport.settings import TransportSettings

_HOME = {
    "Conduction": "conduction",
    "TransportSettings": "settings",
    "measure_transport": "measures",
    "memory_needed": "conduction",
    "solve_conduction": "conduction",
}

__all__ = [
    "Conduction",
    "TransportSettings",
    "measure_transport",
    "memory_needed",
    "solve_conduction",
]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the command line imports this room to print its help.
    if name in _HOME:
        return getattr(import_module(f"electrodej.transport.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
