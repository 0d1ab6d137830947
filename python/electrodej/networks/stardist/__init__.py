"""StarDist in two dimensions: trained on sections, run over every section of a volume."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.networks.stardist.model import StarDistModel, load_stardist
    from electrodej.networks.stardist.settings import StarDistSettings, ViewSettings
    from electrodej.networks.stardist.train import train_stardist
    from electrodej.networks.stardist.views import ViewResult, predict_view

_HOME = {
    "StarDistModel": "model",
    "StarDistSettings": "settings",
    "ViewResult": "views",
    "ViewSettings": "settings",
    "load_stardist": "model",
    "predict_view": "views",
    "train_stardist": "train",
}

__all__ = [
    "StarDistModel",
    "StarDistSettings",
    "ViewResult",
    "ViewSettings",
    "load_stardist",
    "predict_view",
    "train_stardist",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"electrodej.networks.stardist.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
