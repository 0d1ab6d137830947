"""What a person drew by hand as label images, and back: VIA polygons, ImageJ ROIs, label images."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.annotation.pairs import Pair, Pairs, read_pairs

__all__ = ["Pair", "Pairs", "read_pairs"]

_HOME = {
    "pairs": ("Pair", "Pairs", "read_pairs"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value
