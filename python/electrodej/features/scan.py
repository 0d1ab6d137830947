"""The first pass: counts, moments, boxes and grey sums of every label, and the faces that touch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from electrodej.features.sources import Source, grey_kind
from electrodej.features.typing import Array, Floats, Ints

# Sums of real numbers depend on their order. They are therefore always taken over the same blocks of
# planes, joined in the same order, whatever the slabs and threads.
BLOCK = 16

Block = tuple[int, Ints, Floats, Ints]


@dataclass(frozen=True)
class Scanned:
    """What is known of each label, in the order of the labels; lengths in voxels."""

    labels: Ints
    count: Ints
    mean: Floats  # (n, 3) z, y, x in voxels
    moments: Floats  # (n, 3, 3) central second moments over the count, z, y, x in voxels^2
    boxes: Ints  # (n, 6) z0, z1, y0, y1, x0, x1
    grey_mean: Floats
    grey_squares: Floats  # sum of squared differences from the mean
    pairs: Ints  # (m, 5) the two labels and their shared faces across z, y and x


def scan_slab(labels: Source, grey: Source | None, z0: int, z1: int, with_faces: bool) -> list[Block]:
    """Scan the planes z0 to z1, block by block; z0 is a multiple of `BLOCK`."""
    _, ny, nx = labels.shape
    start = max(z0 - 1, 0) if with_faces else z0
    planes = labels.read((start, z1, 0, ny, 0, nx))
    shades = grey.read((z0, z1, 0, ny, 0, nx)) if grey else None
    kind = grey_kind(grey) if grey else 0
    blocks = []
    for first in range(z0, z1, BLOCK):
        last = min(first + BLOCK, z1)
        # With faces, a block sees the plane before it, but only to find those shared with it.
        skip = 1 if with_faces and first > 0 else 0
        runs = _Runs(planes.array[first - skip - planes.origin[0] : last - planes.origin[0]], skip)
        shade = shades.array[first - shades.origin[0] : last - shades.origin[0]] if shades else None
        blocks.append((first, *runs.records(first - skip, shade, kind), runs.pairs(with_faces)))
    return blocks


class _Runs:
    """The runs of equal labels of some planes, of which the first ``skip`` are measured elsewhere."""

    def __init__(self, labels: Array, skip: int) -> None:
        from electrodej.features.kernels import scan as k

        self.ny, self.skip = labels.shape[1], skip
        self.rows = np.empty(labels.shape[0] * labels.shape[1] + 1, dtype=np.int64)
        # As many runs as voxels at worst; memory that is not touched is not taken.
        start, stop = np.empty(labels.size, dtype=np.int32), np.empty(labels.size, dtype=np.int32)
        label = np.empty(labels.size, dtype=np.int64)
        n = k.list_runs(labels, self.rows, start, stop, label)
        self.start, self.stop, self.label = start[:n], stop[:n], label[:n]

    def records(self, z0: int, grey: Array | None, kind: int) -> tuple[Ints, Floats]:
        """The record of each label and its sums of real grey."""
        from electrodej.features.kernels import scan as k

        runs = (self.rows, self.start, self.stop)
        of_run = np.empty(len(self.label), dtype=np.int32)
        room = 512
        table = np.zeros((room, k.COLUMNS), dtype=np.int64)
        while not k.add_runs(z0, self.ny, self.skip, runs, self.label, table, of_run):
            room *= 4
            table = np.zeros((room, k.COLUMNS), dtype=np.int64)
        sums = np.full((room if kind == 2 else 0, 3), (np.nan, 0.0, 0.0))
        if grey is not None and kind == 1:
            k.add_whole_grey(grey, self.skip, *runs, of_run, table)
        elif grey is not None:
            k.add_real_grey(grey, self.skip, *runs, of_run, sums)
        found = table[:, k.LABEL] != 0
        return table[found], sums[found] if kind == 2 else sums

    def pairs(self, wanted: bool) -> Ints:
        """The pairs of labels that share faces: (n, 5) the labels and the faces across z, y and x."""
        from electrodej.features.kernels import scan as k

        room = 512
        table = np.zeros((room + 1, 5), dtype=np.int64)
        while wanted and not k.add_faces(
            self.ny, self.skip, self.rows, self.start, self.stop, self.label, table
        ):
            room *= 4
            table = np.zeros((room + 1, 5), dtype=np.int64)
        return np.asarray(table[1:][table[1:, 0] != 0])


def labels_in(blocks: Iterable[Block]) -> Ints:
    """The label of every record of the blocks, as the kernels saw it."""
    from electrodej.features.kernels import scan as k

    return np.concatenate([block[1][:, k.LABEL] for block in blocks])


def joined(blocks: Iterable[Block], kind: int) -> Scanned:
    """Join the blocks of all slabs."""
    from electrodej.features.kernels import scan as k

    ordered = sorted(blocks, key=lambda block: block[0])
    records = np.concatenate([block[1] for block in ordered])
    pairs = _joined_pairs([block[3] for block in ordered])
    if not len(records):
        empty = np.zeros(0)
        return Scanned(
            np.zeros(0, dtype=np.int64),
            np.zeros(0, dtype=np.int64),
            np.zeros((0, 3)),
            np.zeros((0, 3, 3)),
            np.zeros((0, 6), dtype=np.int64),
            empty,
            empty,
            pairs,
        )
    order = np.argsort(records[:, k.LABEL], kind="stable")
    ranked = records[order]
    begins = np.flatnonzero(np.diff(ranked[:, k.LABEL], prepend=ranked[0, k.LABEL] - 1))
    total = np.add.reduceat(ranked, begins, axis=0)
    labels = ranked[begins, k.LABEL]
    boxes = np.empty((len(labels), 6), dtype=np.int64)
    for column, source in enumerate((k.Z0, k.Z1, k.Y0, k.Y1, k.X0, k.X1)):
        extreme = np.minimum if column % 2 == 0 else np.maximum
        boxes[:, column] = extreme.reduceat(ranked[:, source], begins)
    count = total[:, k.COUNT]
    grey_mean, grey_squares = np.full(len(labels), np.nan), np.full(len(labels), np.nan)
    if kind == 1:
        grey_mean, grey_squares = _exact(count, total[:, k.GREY], total[:, k.GREY2])
    elif kind == 2:
        slot = np.empty(len(records), dtype=np.int64)
        slot[order] = np.repeat(np.arange(len(labels)), np.diff(begins, append=len(records)))
        out = np.zeros((len(labels), 3))
        sums = np.concatenate([block[2] for block in ordered])
        k.merge_real_grey(slot, records[:, k.COUNT].copy(), sums, out)
        grey_mean, grey_squares = out[:, 1], out[:, 2]
    mean, moments = _moments(total, count, boxes)
    return Scanned(labels, count, mean, moments, boxes, grey_mean, grey_squares, pairs)


def _exact(count: Ints, total: Ints, square: Ints) -> tuple[Floats, Floats]:
    """Mean and sum of squared differences, in integers up to the last, small step."""
    pivot = total // count
    rest = total - count * pivot
    about = square - 2 * pivot * total + count * pivot * pivot
    return pivot + rest / count, about - rest.astype(float) * rest / count


def _moments(total: Ints, count: Ints, boxes: Ints) -> tuple[Floats, Floats]:
    """Means and central moments, from sums brought to the middle of each box before any division.

    The sums are integers modulo 2^64; those about the box are small and therefore exact.
    """
    from electrodej.features.kernels import scan as k

    first = np.stack([total[:, c] for c in (k.Z, k.Y, k.X)], axis=1)
    middle = (boxes[:, 0::2] + boxes[:, 1::2]) // 2
    shifted = first - count[:, None] * middle
    offset = shifted / count[:, None]
    second = ((k.ZZ, k.ZY, k.ZX), (k.ZY, k.YY, k.YX), (k.ZX, k.YX, k.XX))
    moments = np.empty((len(count), 3, 3))
    for i in range(3):
        for j in range(3):
            about = (
                total[:, second[i][j]]
                - middle[:, i] * first[:, j]
                - middle[:, j] * first[:, i]
                + count * middle[:, i] * middle[:, j]
            )
            moments[:, i, j] = about / count - offset[:, i] * offset[:, j]
    return middle + offset, moments


def _joined_pairs(parts: list[Array]) -> Ints:
    pairs = np.concatenate(parts)
    if not len(pairs):
        return pairs
    ranked = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    new = np.any(np.diff(ranked[:, :2], axis=0, prepend=ranked[:1, :2] - 1), axis=1)
    begins = np.flatnonzero(new)
    out = ranked[begins]
    out[:, 2:] = np.add.reduceat(ranked[:, 2:], begins, axis=0)
    return out
