"""What a network finds while it learns, on one of the slices that somebody drew on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from electrodej.volume import compact_dtype, write_volume

# Pixels along a side that are looked at: an epoch should not wait for its picture.
LARGEST = 768

Look = Callable[[NDArray[Any]], NDArray[Any]]


class DrawnOn(Protocol):
    """Grey values and what was drawn on them, ZYX."""

    @property
    def grey(self) -> NDArray[Any]: ...
    @property
    def drawn(self) -> NDArray[Any]: ...


def watcher(
    folder: Any, images: Sequence[DrawnOn], *, background: bool = False
) -> Callable[[Look], None] | None:
    """Return what writes ``NUMBER-SLICE.tif`` into ``folder`` after each epoch; None where nobody looks.

    NUMBER is the image's, counted from 0, SLICE the slice's, counted from 1: those that most was drawn on.
    The picture has the whole slice's size, and numbers around what was drawn. With ``background`` the lowest
    number that a network gives means nothing and becomes 0.
    """
    if not folder or not images:
        return None
    counts = [(each.drawn > 0).sum(axis=(1, 2)) for each in images]
    number = int(np.argmax([count.max() for count in counts]))
    z = int(np.argmax(counts[number]))
    grey, drawn = images[number].grey[z], images[number].drawn[z]
    part = tuple(
        _around(np.flatnonzero((drawn > 0).any(axis=1 - axis)), drawn.shape[axis]) for axis in (0, 1)
    )
    target = Path(str(folder)) / f"{number}-{z + 1}.tif"

    def show(look: Look) -> None:
        found = np.zeros(drawn.shape, np.int64)
        found[part] = look(np.ascontiguousarray(grey[part]))
        if background:
            found = np.maximum(found - 1, 0)
        whole = found.astype(compact_dtype(int(found.max())))
        write_volume(target, whole[None], spacing=(1.0, 1.0, 1.0), labels=True, force=True)

    return show


def _around(places: NDArray[np.int64], length: int) -> slice:
    """Return as much of an axis as is looked at, with what was drawn in its middle."""
    start = max(0, min((int(places[0]) + int(places[-1]) + 1 - LARGEST) // 2, length - LARGEST))
    return slice(start, min(length, start + LARGEST))
