"""What the feature tests share: the literal reference program and random volumes of awkward particles."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

Blobs = Callable[..., tuple[NDArray[Any], NDArray[Any]]]


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """The literal program, loaded from its file: tests are no package."""
    path = Path(__file__).parent / "oracle" / "reference.py"
    spec = importlib.util.spec_from_file_location("features_reference", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def blobs() -> Blobs:
    """Maker of (grey, labels): touching ellipsoids, cut by the volume's faces, with cracks and holes."""
    return random_blobs


def random_blobs(
    shape: tuple[int, int, int],
    count: int,
    *,
    seed: int,
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0),
    size: tuple[float, float] = (2.0, 6.0),
    dtype: Any = np.uint8,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Ellipsoids of half axes `size` in micrometres, then cracks, holes, notches and zero grey."""
    rng = np.random.default_rng(seed)
    axes = [np.arange(n) * step for n, step in zip(shape, spacing, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    extent = points[-1, -1, -1]
    labels = np.zeros(shape, np.uint16)
    for label in range(1, count + 1):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        half_axes = rng.uniform(*size, size=3)
        middle = rng.uniform(0.0, 1.0, size=3) * extent
        local = (points - middle) @ turn / half_axes
        inside = (local**2).sum(axis=-1) <= 1
        flaw = rng.integers(4)
        if flaw == 1:  # a crack from the surface inwards
            inside &= ~((abs(local[..., 0]) < 0.2) & (local[..., 1] > -0.3))
        elif flaw == 2:  # a closed hole
            inside &= (local**2).sum(axis=-1) > 0.15
        elif flaw == 3:  # broken into crumbs
            inside &= rng.random(shape) < 0.7
        labels[inside & (labels == 0)] = label
    grey = rng.integers(0, 200, size=shape).astype(dtype)
    grey[rng.random(shape) < 0.1] = 0
    return grey, labels
