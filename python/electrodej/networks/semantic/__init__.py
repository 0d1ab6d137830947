"""Networks that tell phases and cracks apart: LRCS-Net and CDNet's U-Net, trained, stored and run.

`train_semantic` trains one, `load_model` reads it, `predict_slabs` runs it over a volume of any size.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.networks.semantic.builders import build_network
    from electrodej.networks.semantic.config import LrcsConfig, UNetConfig
    from electrodej.networks.semantic.ensemble import make_members, predict_ensemble
    from electrodej.networks.semantic.find import Phases, find_phases
    from electrodej.networks.semantic.model import SemanticModel, load_model
    from electrodej.networks.semantic.predict import PredictSettings, predict_slabs
    from electrodej.networks.semantic.samples import Classes, Sample, make_sample
    from electrodej.networks.semantic.settings import SemanticSettings
    from electrodej.networks.semantic.train import Trained, train_semantic

_HOME = {
    "Classes": "samples",
    "LrcsConfig": "config",
    "Phases": "find",
    "PredictSettings": "predict",
    "Sample": "samples",
    "SemanticModel": "model",
    "SemanticSettings": "settings",
    "Trained": "train",
    "UNetConfig": "config",
    "build_network": "builders",
    "find_phases": "find",
    "load_model": "model",
    "make_members": "ensemble",
    "make_sample": "samples",
    "predict_ensemble": "ensemble",
    "predict_slabs": "predict",
    "train_semantic": "train",
}

__all__ = [
    "Classes",
    "LrcsConfig",
    "Phases",
    "PredictSettings",
    "Sample",
    "SemanticModel",
    "SemanticSettings",
    "Trained",
    "UNetConfig",
    "build_network",
    "find_phases",
    "load_model",
    "make_members",
    "make_sample",
    "predict_ensemble",
    "predict_slabs",
    "train_semantic",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"electrodej.networks.semantic.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
