"""A forest that tells phases apart from few labels: multiscale measures of grey values, and trees over them.

`train_forest` learns from any labelled voxels, `predict_slabs` runs a forest over a volume of any size,
`where_to_label` says where another label would help most.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.forest.labels import read_labelled
    from electrodej.forest.model import Forest, is_forest, load_forest, write_forest
    from electrodej.forest.predict import Found, entropy_of, predict_array, predict_slabs
    from electrodej.forest.samples import Labelled, make_labelled
    from electrodej.forest.settings import ForestSettings
    from electrodej.forest.suggest import Place, help_picture, where_to_label
    from electrodej.forest.train import train_forest

_HOME = {
    "Forest": "model",
    "ForestSettings": "settings",
    "Found": "predict",
    "Labelled": "samples",
    "Place": "suggest",
    "entropy_of": "predict",
    "help_picture": "suggest",
    "is_forest": "model",
    "load_forest": "model",
    "make_labelled": "samples",
    "predict_array": "predict",
    "predict_slabs": "predict",
    "read_labelled": "labels",
    "train_forest": "train",
    "where_to_label": "suggest",
    "write_forest": "model",
}

__all__ = [
    "Forest",
    "ForestSettings",
    "Found",
    "Labelled",
    "Place",
    "entropy_of",
    "help_picture",
    "is_forest",
    "load_forest",
    "make_labelled",
    "predict_array",
    "predict_slabs",
    "read_labelled",
    "train_forest",
    "where_to_label",
    "write_forest",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"electrodej.forest.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
