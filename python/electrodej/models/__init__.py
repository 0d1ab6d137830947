"""What a model is and how it is run: bundled names, folders and zips, one loader, engines, tiles, sections.

`find_model` says where a model lies, `load_model` loads any. What its results mean is told by
`electrodej.networks`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.models.bundled import bundled_models, find_model
    from electrodej.models.context import Context, measure_context
    from electrodej.models.folders import load_folder
    from electrodej.models.images import ImageLike
    from electrodej.models.info import FOLDER_FILE, ModelInfo, read_info, read_json, to_json
    from electrodej.models.libraries import load_keras, need_keras, need_tensorflow, use_threads
    from electrodej.models.model import Model, load_model

_HOME = {
    "Context": "context",
    "FOLDER_FILE": "info",
    "ImageLike": "images",
    "Model": "model",
    "ModelInfo": "info",
    "bundled_models": "bundled",
    "find_model": "bundled",
    "load_folder": "folders",
    "load_keras": "libraries",
    "load_model": "model",
    "measure_context": "context",
    "need_keras": "libraries",
    "need_tensorflow": "libraries",
    "read_info": "info",
    "read_json": "info",
    "to_json": "info",
    "use_threads": "libraries",
}

__all__ = [
    "FOLDER_FILE",
    "Context",
    "ImageLike",
    "Model",
    "ModelInfo",
    "bundled_models",
    "find_model",
    "load_folder",
    "load_keras",
    "load_model",
    "measure_context",
    "need_keras",
    "need_tensorflow",
    "read_info",
    "read_json",
    "to_json",
    "use_threads",
]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the command line imports this room to print its help.
    if name in _HOME:
        return getattr(import_module(f"electrodej.models.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
