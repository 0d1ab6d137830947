"""Models out of Python and into Fiji: a TensorFlow 1.15 zip from a Keras model, and the proof that it runs.

`export_model` writes the zip with its settings, macro and model card; `verify_zip` checks anybody's zip.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.export.card import Authorship
    from electrodej.export.exporter import Export, export_model
    from electrodej.export.findings import Finding
    from electrodej.export.verify import Verification, verify_zip

_WHERE = {
    "Authorship": "card",
    "Export": "exporter",
    "Finding": "findings",
    "Verification": "verify",
    "export_model": "exporter",
    "verify_zip": "verify",
}

__all__ = ["Authorship", "Export", "Finding", "Verification", "export_model", "verify_zip"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
