"""Measuring an image again after some of its labels were changed: only what changed is worked out anew.

The volume is cut into tiles, and of each a short digest of its labels and grey values is kept, never the
voxels. A particle whose box, grown by all that its measures look at, lies in tiles that are what they were
keeps its counts; planes whose tiles all are keep what was found in them. The rest is measured as ever, and
so is what depends on all particles: packing, neighbours, statistics over them. The table is, to the last bit,
that of a measurement of everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from electrodej.features.particles import Measured, Plan
from electrodej.features.scan import BLOCK, Block
from electrodej.features.sources import Source
from electrodej.features.typing import Array, Bools, Ints, Words

# Voxels of a tile along y and x; along z it has the planes of a block.
TILE = 32
_DIGEST = 16
# A digest of the labels and one of the grey, in words of 64 bits.
_WORDS = 2 * _DIGEST // 8


@dataclass
class Before:
    """What a measurement leaves for the next one of the same image; empty before the first.

    ``renewed`` tells how many particles the last measurement worked out anew.
    """

    key: tuple[Any, ...] = ()
    tiles: Words = field(default_factory=lambda: np.zeros((0, 0, 0, _WORDS), np.uint64))
    blocks: dict[int, Block] = field(default_factory=dict)
    labels: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    boxes: Ints = field(default_factory=lambda: np.zeros((0, 6), dtype=np.int64))
    measured: Measured | None = None
    renewed: int = 0

    def changed(self, key: tuple[Any, ...], tiles: Words) -> Bools:
        """Take over what the image is like now, and return which tiles (z, y, x) are not what they were.

        ``key`` is all that counts besides the voxels; where it is another one, nothing is as it was.
        """
        same = key == self.key and tiles.shape == self.tiles.shape
        changed = np.ones(tiles.shape[:3], dtype=np.bool_)
        if same:
            changed = np.asarray((tiles != self.tiles).any(axis=-1))
        if not same:
            self.blocks, self.measured = {}, None
        self.key, self.tiles = key, tiles
        return changed

    def kept_blocks(self, changed: Bools) -> dict[int, Block]:
        """The blocks of planes that are what they were, and so is the block before them, by first plane."""
        planes = np.asarray(changed.any(axis=(1, 2)))
        stale = planes | np.concatenate([[False], planes[:-1]])
        return {first: block for first, block in self.blocks.items() if not stale[first // BLOCK]}

    def keep_blocks(self, blocks: Iterable[Block]) -> None:
        """Keep what was found in the planes."""
        self.blocks = {block[0]: block for block in blocks}

    def start(self, plan: Plan, labels: Ints, boxes: Ints, changed: Bools) -> tuple[Measured, Ints]:
        """Return the counts of all particles, as far as they are known, and the rows of the others."""
        out = Measured.empty(np.arange(len(labels)), len(plan.own_measures))
        if self.measured is None:
            return out, np.arange(len(labels))
        old = np.searchsorted(self.labels, labels)
        old[old == len(self.labels)] = 0
        known = np.zeros(len(labels), dtype=np.bool_)
        if len(self.labels):
            known = (self.labels[old] == labels) & (self.boxes[old] == boxes).all(axis=1)
            known &= ~touched(boxes, plan, changed)
        rows = np.flatnonzero(known)
        out.put(replace(self.measured.part(old[rows]), index=rows))
        return out, np.flatnonzero(~known)

    def keep(self, labels: Ints, boxes: Ints, measured: Measured, renewed: int) -> None:
        """Keep the counts of all particles."""
        self.labels, self.boxes, self.measured, self.renewed = labels, boxes, measured, renewed


def touched(boxes: Ints, plan: Plan, changed: Bools) -> Bools:
    """Whether a changed tile lies in what the measures of each particle look at."""
    pad = np.asarray(plan.reach, dtype=np.int64) + 1
    tile = np.array([BLOCK, TILE, TILE])
    low = np.maximum(boxes[:, 0::2] - pad, 0) // tile
    high = -(-np.minimum(boxes[:, 1::2] + pad, np.asarray(plan.shape)) // tile)
    # Sums over all tiles before each corner: eight of them count the changed ones in a box.
    total = np.zeros(tuple(n + 1 for n in changed.shape), dtype=np.int64)
    total[1:, 1:, 1:] = changed.cumsum(0).cumsum(1).cumsum(2)
    count = np.zeros(len(boxes), dtype=np.int64)
    for corner in range(8):
        ends = [(low, high)[corner >> axis & 1][:, axis] for axis in range(3)]
        count += (-1) ** (3 - corner.bit_count()) * total[tuple(ends)]
    return count > 0


def digests(labels: Source, grey: Source, z0: int, z1: int) -> Words:
    """A digest of each tile of the planes z0 to z1, where z0 is a multiple of `BLOCK`."""
    _, ny, nx = labels.shape
    rows, columns = -(-ny // TILE), -(-nx // TILE)
    out = np.zeros((-(-(z1 - z0) // BLOCK), rows, columns, _WORDS), np.uint64)
    windows = [source.read((z0, z1, 0, ny, 0, nx)) for source in (labels, grey)]
    for k in range(len(out)):
        first, last = z0 + k * BLOCK, min(z0 + (k + 1) * BLOCK, z1)
        planes = [window.array[first - window.origin[0] : last - window.origin[0]] for window in windows]
        for y in range(rows):
            for x in range(columns):
                here = (slice(None), slice(y * TILE, (y + 1) * TILE), slice(x * TILE, (x + 1) * TILE))
                both = b"".join(_digest(each[here]) for each in planes)
                out[k, y, x] = np.frombuffer(both, np.uint64)
    return out


def _digest(voxels: Array) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(voxels).data, digest_size=_DIGEST).digest()
