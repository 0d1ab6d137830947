"""What phases look like: measures of their shape and arrangement."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from electrodej.callable_room import make_callable

if TYPE_CHECKING:
    from electrodej.morphology.borders import move_border
    from electrodej.morphology.cracks import CRACK_COLUMNS, measure_cracks
    from electrodej.morphology.outlines import add_cracks
    from electrodej.morphology.phases import (
        Measure,
        PairCounts,
        find_phases,
        measure_phases,
        phase_measures,
    )
    from electrodej.morphology.relation import Bin, Relation, relate
    from electrodej.morphology.versions import SPREAD_COLUMNS, spread

_HOME = {
    "Bin": "relation",
    "CRACK_COLUMNS": "cracks",
    "Measure": "phases",
    "PairCounts": "phases",
    "Relation": "relation",
    "SPREAD_COLUMNS": "versions",
    "add_cracks": "outlines",
    "find_phases": "phases",
    "measure_cracks": "cracks",
    "measure_phases": "phases",
    "move_border": "borders",
    "phase_measures": "phases",
    "relate": "relation",
    "spread": "versions",
}

__all__ = [
    "CRACK_COLUMNS",
    "SPREAD_COLUMNS",
    "Bin",
    "Measure",
    "PairCounts",
    "Relation",
    "add_cracks",
    "find_phases",
    "measure_cracks",
    "measure_phases",
    "move_border",
    "phase_measures",
    "relate",
    "spread",
]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the command line imports this room to print its help.
    if name in _HOME:
        return getattr(import_module(f"electrodej.morphology.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


make_callable(__name__)
