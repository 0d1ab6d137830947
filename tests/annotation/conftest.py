"""Label images with everything that is hard to outline."""

from collections.abc import Callable

import numpy as np
import pytest


def _random_labels(seed: int, shape: tuple[int, ...], count: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, count + 1, shape).astype(np.uint16)


@pytest.fixture
def random_labels() -> Callable[..., np.ndarray]:
    """Labels without any order: one-pixel pieces, holes, corners that touch, the image's border."""
    return _random_labels


@pytest.fixture
def ring_and_pieces() -> np.ndarray:
    """Label 1 with a hole, 2 in the hole, 3 in two pieces, 9 a single pixel in the corner."""
    labels = np.zeros((7, 9), np.uint16)
    labels[1:6, 1:6] = 1
    labels[2:5, 2:5] = 0
    labels[3, 3] = 2
    labels[0:2, 7:] = 3
    labels[5:, 6:8] = 3
    labels[6, 8] = 9
    return labels
