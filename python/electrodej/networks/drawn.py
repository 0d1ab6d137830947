"""Labels that are drawn section by section, in any view, and written as one volume."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.files import scratch_folder
from electrodej.models.sections import SLAB_BYTES
from electrodej.vocabulary import PathLike, Shape
from electrodej.volume import compact_dtype


def canvas(
    stack: contextlib.ExitStack, target: PathLike | None, shape: Shape, dtype: type[np.generic]
) -> NDArray[Any]:
    """Return a volume to fill in any order: in memory, or with a target on the disk until the stack ends."""
    if target is None:
        return np.zeros(shape, dtype)
    folder = stack.enter_context(scratch_folder(target))
    drawn = np.lib.format.open_memmap(folder / "volume.npy", mode="w+", dtype=dtype, shape=shape)
    if os.name == "nt":
        # Also where an error still holds on to it: Windows removes no file that is mapped.
        stack.callback(drawn._mmap.close)  # type: ignore[attr-defined] # not in NumPy's types
    return drawn


def slabs(shape: Shape) -> Iterator[tuple[int, int]]:
    """Yield first and last slice of slabs that are worth holding in memory."""
    depth = max(1, SLAB_BYTES // (4 * shape[1] * shape[2]))
    for z0 in range(0, shape[0], depth):
        yield z0, min(z0 + depth, shape[0])


def numbered(
    drawn: NDArray[np.uint16], counts: NDArray[np.int64], axis: int
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield the labels slab by slab, numbered on from section to section."""
    dtype = compact_dtype(int(counts.sum()))
    before = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(dtype)
    for z0, z1 in slabs((drawn.shape[0], drawn.shape[1], drawn.shape[2])):
        slab = drawn[z0:z1].astype(dtype)
        offset = before[z0:z1] if axis == 0 else before
        ahead = np.broadcast_to(np.expand_dims(offset, tuple({0, 1, 2} - {axis})), slab.shape)
        yield z0, np.where(slab > 0, slab + ahead, 0).astype(dtype)
