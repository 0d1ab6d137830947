"""A volume brought to the voxels that a network knows, slab by slab."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.models.grey import FloatArray
from electrodej.vocabulary import Shape
from electrodej.volume import Volume, check_grey

_SLAB_BYTES = 64 * 2**20


def brought_shape(shape: Shape, scale: tuple[float, float, float]) -> Shape:
    """Return the voxels of a volume that is enlarged by so much along each axis.

    >>> brought_shape((100, 200, 200), (0.25, 0.25, 0.25))
    (25, 50, 50)
    """
    z, y, x = (max(1, round(length * factor)) for length, factor in zip(shape, scale, strict=True))
    return z, y, x


def bring(volume: Volume, shape: Shape) -> Iterator[tuple[int, FloatArray]]:
    """Yield the first slice and the grey values of each slab of a volume brought to another shape.

    A voxel is as long as it is, not a point: smaller volumes hold the means over their voxels, so that noise
    goes and particles stay where they are; larger ones lie on straight lines between the middles of voxels.
    """
    down, rows, columns = (_weights(before, after) for before, after in zip(volume.shape, shape, strict=True))
    height, width = volume.shape[1:]
    depth = max(1, _SLAB_BYTES // (4 * height * width))
    # Slices that are read already, brought to size within themselves, by their numbers.
    held: dict[int, FloatArray] = {}
    read = 0
    together = max(1, _SLAB_BYTES // (4 * shape[1] * shape[2]))
    for z0 in range(0, shape[0], together):
        z1 = min(z0 + together, shape[0])
        slab = np.zeros((z1 - z0, *shape[1:]), np.float32)
        for z in range(z0, z1):
            needed = down.indices[down.indptr[z] : down.indptr[z + 1]]
            while read <= needed.max():
                stop = min(read + depth, volume.shape[0])
                part = check_grey(volume[read:stop], volume.path, start=read)
                for number, image in enumerate(part, read):
                    held[number] = _within(image, rows, columns)
                read = stop
            for number in [number for number in held if number < needed.min()]:
                del held[number]
            for number, weight in zip(needed, down.data[down.indptr[z] : down.indptr[z + 1]], strict=True):
                slab[z - z0] += np.float32(weight) * held[int(number)]
        yield z0, slab


def _within(image: NDArray[Any], rows: Any, columns: Any) -> FloatArray:
    values = np.ascontiguousarray(image, np.float32)
    if rows.shape[0] != rows.shape[1]:
        values = rows @ values
    if columns.shape[0] != columns.shape[1]:
        values = np.ascontiguousarray((columns @ values.T).T)
    return values


def _weights(before: int, after: int) -> Any:
    """Return a sparse matrix: what each voxel of an axis counts in each that it is brought to, in sum 1."""
    from scipy import sparse

    # Its stubs know no matrices in single precision.
    csr_array: Any = sparse.csr_array
    step = before / after
    number = np.arange(after)
    if step >= 1:
        first = np.floor(number * step + 1e-9).astype(int)
        last = np.minimum(np.ceil((number + 1) * step - 1e-9).astype(int), before)
        reach = int((last - first).max())
        places = first[:, np.newaxis] + np.arange(reach)
        shares = np.minimum(places + 1, ((number + 1) * step)[:, np.newaxis])
        shares = np.maximum(shares - np.maximum(places, (number * step)[:, np.newaxis]), 0)
    else:
        middle = np.clip((number + 0.5) * step - 0.5, 0, before - 1)
        first = np.minimum(middle.astype(int), max(before - 2, 0))
        places = first[:, np.newaxis] + np.arange(2)
        shares = np.maximum(1 - np.abs(places - middle[:, np.newaxis]), 0)
    shares = np.where(places < before, shares, 0)
    shares /= shares.sum(axis=1, keepdims=True)
    at, which = np.nonzero(shares > 1e-9)
    values = shares[at, which].astype(np.float32)
    return csr_array((values, (at, places[at, which])), shape=(after, before), dtype=np.float32)
