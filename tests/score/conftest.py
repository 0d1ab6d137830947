"""Label images that look enough like particles: random, overlapping, in part empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from electrodej.score import overlap

MakePair = Callable[..., tuple[NDArray[Any], NDArray[Any]]]


@pytest.fixture(scope="module", autouse=True, params=["compiled", "sorting"])
def way_of_counting(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run every test with the counting for large images and with that for small ones."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "compiled":
            patch.setattr(overlap, "_FEW_VOXELS", -1)
        yield


@pytest.fixture(scope="session")
def make_pair() -> MakePair:
    """Return a function that makes a prediction and a truth of blocks that mostly agree."""

    def make(
        seed: int, shape: tuple[int, ...] = (14, 22, 26), *, size: int = 4, noise: float = 0.2
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        rng = np.random.default_rng(seed)
        grid = tuple(-(-length // size) for length in shape)
        blocks = rng.permutation(int(np.prod(grid))).reshape(grid) + 1
        blocks[rng.random(grid) < 0.3] = 0
        for axis in range(len(shape)):
            blocks = np.repeat(blocks, size, axis=axis)
        truth = blocks[tuple(slice(length) for length in shape)]
        shift = rng.integers(0, 2, len(shape))
        pred = np.roll(truth, shift, axis=tuple(range(len(shape))))
        changed = rng.random(shape) < noise
        pred = np.where(changed, rng.permutation(pred.reshape(-1)).reshape(shape), pred)
        # Labels of their own, with gaps, for the prediction.
        names = np.concatenate([[0], rng.permutation(2 * blocks.max())[: blocks.max()] + 1])
        return names[pred].astype(np.uint32), truth.astype(np.uint16)

    return make
