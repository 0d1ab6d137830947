"""Synthetic cathodes with known truth, and solids known in closed form.

`make_phantom` returns a small volume whole, `phantom_slabs` one slab after the other, `write_phantom` puts a
volume of any size on the disk; `electrodej.phantom.shapes` has balls, shells, cylinders and their like.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.phantom.config import PORE_GREY, PhantomConfig, look
    from electrodej.phantom.draws import draw_config
    from electrodej.phantom.generate import (
        Phantom,
        PhantomSlab,
        make_phantom,
        make_slice,
        phantom_slabs,
    )
    from electrodej.phantom.looks import LOOKS
    from electrodej.phantom.storage import write_phantom
    from electrodej.phantom.truth import TRUTH_COLUMNS, TruthTable

_HOME = {
    "LOOKS": "looks",
    "PORE_GREY": "config",
    "Phantom": "generate",
    "PhantomConfig": "config",
    "PhantomSlab": "generate",
    "TRUTH_COLUMNS": "truth",
    "TruthTable": "truth",
    "draw_config": "draws",
    "look": "config",
    "make_phantom": "generate",
    "make_slice": "generate",
    "phantom_slabs": "generate",
    "write_phantom": "storage",
}

__all__ = [
    "LOOKS",
    "PORE_GREY",
    "TRUTH_COLUMNS",
    "Phantom",
    "PhantomConfig",
    "PhantomSlab",
    "TruthTable",
    "draw_config",
    "look",
    "make_phantom",
    "make_slice",
    "phantom_slabs",
    "write_phantom",
]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the command line imports this room to print its help.
    if name in _HOME:
        return getattr(import_module(f"electrodej.phantom.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
