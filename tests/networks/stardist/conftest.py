from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from electrodej.models import ModelInfo
from electrodej.networks.stardist.model import StarDistModel


class Drawn(NamedTuple):
    """An image and its particles, as `read_pairs` gives them."""

    name: str
    grey: Any
    labels: Any
    spacing: Any = None


def discs(seed: int, *, edge: int = 96, count: int = 12, radius: tuple[float, float] = (6, 10)) -> Drawn:
    """Bright discs apart from each other, in noise."""
    chance = np.random.default_rng(seed)
    rows, columns = np.mgrid[:edge, :edge]
    labels = np.zeros((edge, edge), np.uint16)
    for _ in range(count):
        y, x = chance.uniform(0, edge, 2)
        r = chance.uniform(*radius)
        away = np.hypot(rows - y, columns - x)
        if not labels[away <= r + 3].any():
            labels[away <= r] = labels.max() + 1
    grey = (labels > 0) * 100 + 60 + chance.normal(0, 8, labels.shape)
    return Drawn(f"discs {seed}", grey.clip(0, 255).astype(np.uint8), labels)


@pytest.fixture(scope="session")
def make_discs():
    return discs


@pytest.fixture(scope="session")
def perfect_model() -> StarDistModel:
    """A model that knows: grey values are label numbers, and it tells what StarDist should say of them."""
    from stardist.geometry import star_dist
    from stardist.utils import edt_prob

    class Knowing:
        channels = 33

        def run(self, images):
            truths = [np.round(image[..., 0] * 1000).astype(np.int32) for image in images]
            chance = np.stack([edt_prob(truth)[::2, ::2] for truth in truths]).astype(np.float32)
            rays = np.stack([star_dist(truth, 32, grid=(2, 2)) for truth in truths])
            return np.concatenate([chance[..., np.newaxis], rays], axis=-1)

    info = ModelInfo(
        kind="stardist",
        channels_out=33,
        grid=(2, 2),
        rays=32,
        size_divisor=16,
        context=40,
        probability_threshold=0.4,
        overlap_threshold=0.4,
        percentiles=(0.0, 100.0),
    )
    return StarDistModel("perfect", info, Knowing())
