"""Boxes in which the measures of a volume fit the memory."""

from __future__ import annotations

import math
from typing import TypeAlias

from electrodej.forest.bank import Bank
from electrodej.vocabulary import Shape

Tile: TypeAlias = tuple[slice, slice, slice]

# Planes are not cut smaller for the sake of memory, and no larger for the sake of all cores.
_LEAST_EDGE = 64
_MOST_VOXELS = 2**22


def tiles_of(shape: Shape, bank: Bank, memory: int) -> list[Tile]:
    """Return boxes that cover a volume, first along x, then y, then z.

    Parameters
    ----------
    shape
        Of the volume.
    bank
        The measures.
    memory
        Bytes that the work on one box may take.
    """
    edge = tile_shape(shape, bank, memory)
    return [
        (slice(z, min(z + edge[0], shape[0])), slice(y, min(y + edge[1], shape[1])), slice(x, min(x + edge[2], shape[2])))
        for z in range(0, shape[0], edge[0])
        for y in range(0, shape[1], edge[1])
        for x in range(0, shape[2], edge[2])
    ]  # fmt: skip


def tile_shape(shape: Shape, bank: Bank, memory: int) -> Shape:
    """Return the edges of the largest cube-like box (a square of one slice in 2D) whose work fits the memory."""
    flat = bank.dimensions == 2
    edge = _LEAST_EDGE
    while _bytes(_cut(shape, edge * 2, flat), bank) <= memory and edge < max(shape):
        if math.prod(_cut(shape, edge * 2, flat)) > _MOST_VOXELS:
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
