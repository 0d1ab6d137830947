"""Models out of Python and into Fiji: a TensorFlow 1.15 zip from a Keras model, and the proof that it runs.

`export_model` writes the zip with its settings, macro and model card; `verify_zip` checks anybody's zip.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.export.card import Authorship
    from electrodej.export.context import measure_context
    from electrodej.export.exporter import Export, export_model
    from electrodej.export.findings import Finding
    from electrodej.export.folders import load_folder
    from electrodej.export.info import FOLDER_FILE, ModelInfo, read_info, read_json, to_json
    from electrodej.export.libraries import need_keras, need_tensorflow
    from electrodej.export.tf2 import Tf2
    from electrodej.export.verify import Verification, verify_zip

_WHERE = {
    "Authorship": "card",
    "Export": "exporter",
    "FOLDER_FILE": "info",
    "Finding": "findings",
    "ModelInfo": "info",
    "Tf2": "tf2",
    "Verification": "verify",
    "export_model": "exporter",
    "load_folder": "folders",
    "measure_context": "context",
    "need_keras": "libraries",
    "need_tensorflow": "libraries",
    "read_info": "info",
    "read_json": "info",
    "to_json": "info",
    "verify_zip": "verify",
}

__all__ = [
    "FOLDER_FILE",
    "Authorship",
    "Export",
    "Finding",
    "ModelInfo",
    "Tf2",
    "Verification",
    "export_model",
    "load_folder",
    "measure_context",
    "need_keras",
    "need_tensorflow",
    "read_info",
    "read_json",
    "to_json",
    "verify_zip",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
