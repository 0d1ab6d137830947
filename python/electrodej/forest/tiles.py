"""Boxes in which the measures of a volume fit the memory."""

from __future__ import annotations

import math
from typing import TypeAlias

from electrodej.forest.bank import Bank
from electrodej.vocabulary import Shape

Tile: TypeAlias = tuple[slice, slice, slice]

# Planes are not cut smaller for the sake of memory, and no larger for the sake of all cores.
_LEAST_EDGE = 64
_MOST_VOXELS = {2: 2**18, 3: 2**22}


def tiles_of(shape: Shape, edges: Shape, z: tuple[int, int] | None = None) -> list[Tile]:
    """Return boxes of some edges that cover a volume, or its slices from ``z[0]`` to before ``z[1]``.

    >>> [tile[2] for tile in tiles_of((1, 4, 6), (1, 4, 3))]
    [slice(0, 3, None), slice(3, 6, None)]
    """
    bounds = (z or (0, shape[0]), (0, shape[1]), (0, shape[2]))
    parts = [
        [slice(low, min(low + edge, last)) for low in range(first, last, edge)]
        for (first, last), edge in zip(bounds, edges, strict=True)
    ]
    return [(a, b, c) for a in parts[0] for b in parts[1] for c in parts[2]]


def tile_shape(shape: Shape, bank: Bank, memory: int) -> Shape:
    """Return the edges of the largest cube (in 2D, square of one slice) whose work fits the memory."""
    flat = bank.dimensions == 2
    edge = _LEAST_EDGE
    while _bytes(_cut(shape, edge * 2, flat), bank) <= memory and edge < max(shape):
        if math.prod(_cut(shape, edge * 2, flat)) > _MOST_VOXELS[bank.dimensions]:
            break
        edge *= 2
    return _cut(shape, edge, flat)


def _cut(shape: Shape, edge: int, flat: bool) -> Shape:
    z, y, x = shape
    # Long rows are read and computed fastest.
    return (1 if flat else min(z, edge), min(y, edge), min(x, edge))


def _bytes(edges: Shape, bank: Bank) -> int:
    """Return what the work on a box takes: all measures in it, and some fourteen grids with the halo."""
    outer = math.prod(edge + 2 * around for edge, around in zip(edges, bank.halo, strict=True))
    return 4 * (math.prod(edges) * (len(bank.names) + 8) + outer * 6)
