"""Look at a scan first: what it is like, what is to be done with it, and whether to trust what comes of it.

`inspect` looks at some slices in about a second, `prepare` gives the scan as a network wants it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.inspection.look import Inspection, Plan, check_voxels, inspect, refuse_grey
    from electrodej.inspection.looks import Look, find_look, write_look
    from electrodej.inspection.prepared import Prepared, prepare
    from electrodej.inspection.words import Finding

_HOME = {
    "Finding": "words",
    "Inspection": "look",
    "Look": "looks",
    "Plan": "look",
    "Prepared": "prepared",
    "check_voxels": "look",
    "find_look": "looks",
    "inspect": "look",
    "prepare": "prepared",
    "refuse_grey": "look",
    "write_look": "looks",
}

__all__ = [
    "Finding",
    "Inspection",
    "Look",
    "Plan",
    "Prepared",
    "check_voxels",
    "find_look",
    "inspect",
    "prepare",
    "refuse_grey",
    "write_look",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"electrodej.inspection.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
