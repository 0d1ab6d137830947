"""A forest that tells phases apart from few labels: multiscale measures of grey values, and trees over them.

`train_forest` learns from any labelled voxels, `predict_slabs` runs a forest over a volume of any size,
`where_to_label` says where another label would help most.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.forest.model import Forest, is_forest, load_forest, write_forest
    from electrodej.forest.predict import Found, entropy_of, predict_array, predict_slabs
    from electrodej.forest.samples import Labelled, make_labelled
    from electrodej.forest.settings import ForestSettings
    from electrodej.forest.train import train_forest

_HOME = {
    "Forest": "model",
    "ForestSettings": "settings",
    "Found": "predict",
    "Labelled": "samples",
    "entropy_of": "predict",
    "is_forest": "model",
    "load_forest": "model",
    "make_labelled": "samples",
    "predict_array": "predict",
    "predict_slabs": "predict",
    "train_forest": "train",
    "write_forest": "model",
}

__all__ = [
    "Forest",
    "ForestSettings",
    "Found",
    "Labelled",
    "entropy_of",
    "is_forest",
    "load_forest",
    "make_labelled",
    "predict_array",
    "predict_slabs",
    "train_forest",
    "write_forest",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"electrodej.forest.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
