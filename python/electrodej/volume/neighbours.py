"""Slabs that come one after the other, each with the slices beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def with_neighbours(
    slabs: Iterable[tuple[int, NDArray[Any]]], halo: int
) -> Iterator[tuple[int, int, int, NDArray[Any]]]:
    """Yield ``z0, z1, low, part``: each slab with up to ``halo`` slices on either side, from ``low``."""
    held: list[NDArray[Any]] = []
    low = end = 0
    waiting: list[tuple[int, int]] = []

    def ready() -> Iterator[tuple[int, int, int, NDArray[Any]]]:
        nonlocal low
        z0, z1 = waiting.pop(0)
        # One array of all that is held, so that no slice is there twice.
        held[:] = [np.concatenate(held)[max(z0 - halo - low, 0) :]]
        low = max(z0 - halo, low)
        yield z0, z1, low, held[0][: z1 + halo - low]

    for z0, part in slabs:
        held.append(part)
        end = z0 + len(part)
        waiting.append((z0, end))
        while waiting and end >= waiting[0][1] + halo:
            yield from ready()
    while waiting:
        yield from ready()
