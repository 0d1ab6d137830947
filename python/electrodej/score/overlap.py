"""How many voxels every pair of labels shares, counted box by box."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from electrodej.run import Run
from electrodej.score.images import Box, ImagePair, LabelImage, pair_images
from electrodej.vocabulary import Shape
from electrodej.workers import wind_up

# Larger boxes make nothing faster.
_MOST_MEMORY = 512 * 2**20
_FIRST_TABLE = 2**12
# Up to here sorting is done before the compiler of the loop has been imported.
_FEW_VOXELS = 2**20
# One call of the compiled loop takes well under a second for this many voxels.
_VOXELS_A_CALL = 2**25

Labels = NDArray[np.uint32]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class OverlapTable:
    """Every pair of labels that shares a voxel, sorted by the truth's label, then the prediction's.

    Background (0) is a label like any other here, so ``voxels`` adds up to the whole image.

    Attributes
    ----------
    truth, pred
        The pair's labels, uint32, one entry a pair.
    voxels
        How many voxels carry that pair, int64.
    truth_border, pred_border
        The labels that touch the image's border, sorted; empty where they were not asked for. An axis
        one voxel long has no border, so a 2D image has four edges and no faces.
    """

    truth: Labels
    pred: Labels
    voxels: Counts
    truth_border: Labels
    pred_border: Labels


def count_overlaps(
    pred: LabelImage,
    truth: LabelImage,
    *,
    border: bool = False,
    run: Run | None = None,
) -> OverlapTable:
    """Count the voxels of every pair of labels without holding the images in memory.

    Parameters
    ----------
    pred, truth
        Label images of one shape, (Z, Y, X) or (Y, X): arrays or open volumes.
    border
        Whether to gather the labels that touch the image's border, too.
    run
        Threads that count, progress box by box, and the memory that the boxes being read may take, up to
        512 MiB. The table comes on top: about 100 bytes for each pair of labels that occurs, on each thread.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([[1, 1, 0], [2, 2, 2]], np.uint8)
    >>> pred = np.array([[7, 7, 7], [0, 9, 9]], np.uint16)
    >>> table = count_overlaps(pred, truth)
    >>> [(int(t), int(p), int(n)) for t, p, n in zip(table.truth, table.pred, table.voxels)]
    [(0, 7, 1), (1, 7, 2), (2, 0, 1), (2, 9, 2)]
    """
    pair = pair_images(pred, truth)
    return overlaps_of_pair(pair, border=border, run=run or Run())


def overlaps_of_pair(pair: ImagePair, run: Run, *, border: bool) -> OverlapTable:
    """Do what `count_overlaps` does, for images that are paired already."""
    threads = run.cores
    counters: list[_Counter] = (
        [_SortingCounter()] if pair.voxels <= _FEW_VOXELS else [_PairCounter() for _ in range(threads)]
    )
    truth_border, pred_border = _BorderLabels(pair.shape), _BorderLabels(pair.shape)
    done = 0
    run.progress(0, pair.voxels, "counting overlaps")
    with ThreadPoolExecutor(threads) as pool:
        for box, truth, pred in _read_ahead(pair, min(run.room, _MOST_MEMORY)):
            if border:
                truth_border.add(truth, box)
                pred_border.add(pred, box)
            _count_box(pool, counters, truth.reshape(-1), pred.reshape(-1))
            done += truth.size
            run.progress(done, pair.voxels, "counting overlaps")
    keys, voxels = _merged(counter.pairs() for counter in counters)
    return OverlapTable(
        truth=(keys >> np.uint64(32)).astype(np.uint32),
        pred=(keys & np.uint64(0xFFFFFFFF)).astype(np.uint32),
        voxels=voxels,
        truth_border=truth_border.labels(),
        pred_border=pred_border.labels(),
    )


def _read_ahead(pair: ImagePair, memory: int) -> Iterator[tuple[Box, NDArray[Any], NDArray[Any]]]:
    """Yield the boxes of both images, reading the next one while the caller works on this one."""
    reader = ThreadPoolExecutor(1)
    waiting: tuple[Box, Future[tuple[NDArray[Any], NDArray[Any]]]] | None = None
    try:
        for box in pair.boxes(memory):
            done, waiting = waiting, (box, reader.submit(pair.read, box))
            if done is not None:
                yield done[0], *done[1].result()
        if waiting is not None:
            yield waiting[0], *waiting[1].result()
    finally:
        wind_up(reader, [] if waiting is None else [waiting[1]])


def _count_box(
    pool: ThreadPoolExecutor, counters: Sequence[_Counter], truth: NDArray[Any], pred: NDArray[Any]
) -> None:
    """Let each counter take its share of a box."""
    for start in range(0, truth.size, _VOXELS_A_CALL * len(counters)):
        stop = min(truth.size, start + _VOXELS_A_CALL * len(counters))
        bounds = np.linspace(start, stop, len(counters) + 1).astype(np.int64).tolist()
        work = [
            pool.submit(counter.add, truth, pred, low, high)
            for counter, low, high in zip(counters, bounds[:-1], bounds[1:], strict=True)
        ]
        for part in work:
            part.result()


class _Counter(Protocol):
    def add(self, truth: NDArray[Any], pred: NDArray[Any], start: int, stop: int) -> None: ...

    def pairs(self) -> tuple[NDArray[np.uint64], Counts]: ...


class _SortingCounter:
    """Counts the label pairs of a small image."""

    def __init__(self) -> None:
        self._parts: list[tuple[NDArray[np.uint64], Counts]] = []

    def add(self, truth: NDArray[Any], pred: NDArray[Any], start: int, stop: int) -> None:
        keys = (truth[start:stop].astype(np.uint64) << np.uint64(32)) | pred[start:stop].astype(np.uint64)
        found, voxels = np.unique(keys, return_counts=True)
        self._parts.append((found, voxels.astype(np.int64)))

    def pairs(self) -> tuple[NDArray[np.uint64], Counts]:
        nothing = np.zeros(0, np.uint64), np.zeros(0, np.int64)
        return _merged(self._parts) if self._parts else nothing


class _PairCounter:
    """One thread's hash table of label pairs."""

    def __init__(self) -> None:
        self._keys = np.zeros(_FIRST_TABLE, np.uint64)
        self._counts = np.zeros(_FIRST_TABLE, np.int64)
        self._used = 0

    def add(self, truth: NDArray[Any], pred: NDArray[Any], start: int, stop: int) -> None:
        from electrodej.score.kernels.pairs import count_pairs

        while start < stop:
            start, self._used = count_pairs(truth, pred, start, stop, self._keys, self._counts, self._used)
            if start < stop:
                self._grow()

    def pairs(self) -> tuple[NDArray[np.uint64], Counts]:
        taken = self._counts > 0
        return self._keys[taken], self._counts[taken]

    def _grow(self) -> None:
        from electrodej.score.kernels.pairs import grow_table

        keys, counts = np.zeros(2 * self._keys.size, np.uint64), np.zeros(2 * self._keys.size, np.int64)
        grow_table(self._keys, self._counts, keys, counts)
        self._keys, self._counts = keys, counts


def _merged(tables: Iterable[tuple[NDArray[np.uint64], Counts]]) -> tuple[NDArray[np.uint64], Counts]:
    parts = list(tables)
    keys = np.concatenate([part[0] for part in parts])
    voxels = np.concatenate([part[1] for part in parts])
    if keys.size == 0:
        return keys, voxels
    order = np.argsort(keys)
    keys, voxels = keys[order], voxels[order]
    first = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    return keys[first], np.add.reduceat(voxels, first)


class _BorderLabels:
    """Gathers the labels on the image's faces from its boxes."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._found: NDArray[np.uint32] = np.zeros(0, np.uint32)

    def add(self, labels: NDArray[Any], box: Box) -> None:
        z0, z1, y0, y1 = box
        depth, height, width = self._shape
        faces = []
        if depth > 1:
            faces += [labels[:1]] * (z0 == 0) + [labels[-1:]] * (z1 == depth)
        if height > 1:
            faces += [labels[:, :1]] * (y0 == 0) + [labels[:, -1:]] * (y1 == height)
        if width > 1:
            faces += [labels[:, :, :1], labels[:, :, -1:]]
        found = [np.unique(face).astype(np.uint32) for face in faces]
        self._found = np.unique(np.concatenate([self._found, *found]))

    def labels(self) -> Labels:
        return self._found
