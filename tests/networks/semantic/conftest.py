"""A small electrode and networks trained on it for a few seconds, shared by the tests of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.networks import RunSettings
from electrodej.networks.semantic import (
    LrcsConfig,
    SemanticSettings,
    Trained,
    UNetConfig,
    make_sample,
    train_semantic,
)
from electrodej.phantom import make_phantom

SPACING = (0.28, 0.28, 0.28)


@pytest.fixture(scope="session")
def electrode() -> Any:
    """A coarse phantom, its particles some 26 voxels across."""
    return make_phantom((12, 96, 96), spacing=SPACING, seed=5, jobs=1)


@pytest.fixture(scope="session")
def binary(electrode: Any) -> Any:
    """Its particles with their cracks, told from the rest."""
    return (electrode.phases >= 2).astype(np.uint8)


def settings(epochs: int = 4, **options: Any) -> SemanticSettings:
    """A training that takes seconds."""
    run = RunSettings(epochs=epochs, patience=0, seed=1)
    return SemanticSettings(run=run, patch=48, batch=8, steps=15, learning_rate=8e-3, falling=True, **options)


@pytest.fixture(scope="session")
def unet(electrode: Any, binary: Any, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A U-Net that knows particles, with one channel."""
    sample = make_sample(electrode.grey, binary, spacing=SPACING)
    out: Path = tmp_path_factory.mktemp("unet") / "particles"
    config = UNetConfig(n_filters=4, depth=2, dropout=0.1, head="sigmoid")
    return train_semantic([sample], out, config=config, settings=settings())


@pytest.fixture(scope="session")
def lrcs(electrode: Any, binary: Any, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """An LRCS-Net that knows the same."""
    sample = make_sample(electrode.grey, binary)
    out: Path = tmp_path_factory.mktemp("lrcs") / "particles"
    config = LrcsConfig(n_filters=4, dropout=0.1)
    return train_semantic(
        [sample], out, config=config, settings=settings(8), names={0: "matrix", 1: "particle"}
    )
