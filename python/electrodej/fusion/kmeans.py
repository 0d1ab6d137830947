"""The reference's method: the summed probabilities in clusters, connected components above the lowest."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.fusion.components import connected_components
from electrodej.fusion.field import add_bridged
from electrodej.fusion.scratch import Scratch
from electrodej.fusion.settings import FusionSettings
from electrodej.fusion.slabs import Slab, plan_slabs
from electrodej.fusion.views import Views
from electrodej.run import Run
from electrodej.volume import compact_dtype
from electrodej.workers import in_order

_HIGHEST = 3 * 255


class KmeansFusion:
    """Clusters the sum and joins what is connected; for parameters and use see `FlowFusion`."""

    def __init__(
        self,
        views: Views,
        settings: FusionSettings,
        run: Run,
        *,
        slab: int | None,
        folder: Path | None,
    ) -> None:
        self._views = views
        self._run = run
        self._slabs = plan_slabs(views.shape, jobs=run.cores, memory=run.room, thickness=slab, halo=0)
        self._reduce = settings.reduce
        self._ids: Scratch | None = None
        smallest = settings.least_voxels(views.spacing)
        if self._reduce > 1:
            self._start_reduced(settings, smallest)
            return
        histogram = np.zeros(_HIGHEST + 1, np.int64)
        for number, counts in enumerate(in_order(self._histogram, self._slabs, jobs=self._run.cores)):
            histogram += counts
            run.progress(self._slabs[number][1], views.shape[0], "cluster the sum")
        self._least = foreground_from(histogram, settings.clusters)
        self._ids = Scratch(4 * math.prod(views.shape), folder, memory=run.room)
        try:
            self._labels_of, self._offsets = self._components(self._ids, smallest)
        except BaseException:
            self.close()
            raise
        self.count = int(self._labels_of.max(initial=0))

    def slabs(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the first slice and the labels of each slab."""
        kind = compact_dtype(self.count)
        if self._ids is None:
            yield from self._enlarged(kind)
            return
        for number, (z0, _) in enumerate(self._slabs):
            ids = self._ids.get(number)
            begin, end = int(self._offsets[number]), int(self._offsets[number + 1])
            table = np.concatenate([np.zeros(1, np.int64), self._labels_of[begin:end]]).astype(kind)
            yield z0, table[ids]

    def close(self) -> None:
        """Let go of the scratch file."""
        if self._ids is not None:
            self._ids.close()

    def _sum(self, slab: Slab) -> NDArray[np.uint16]:
        return add_bridged(self._views.read(*slab), 0, 0, slab[1] - slab[0])

    def _histogram(self, slab: Slab) -> NDArray[np.int64]:
        return np.bincount(self._sum(slab).reshape(-1), minlength=_HIGHEST + 1)

    def _components(self, scratch: Scratch, smallest: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Label each slab on its own, then join over the borders: the label of every slab's numbers."""
        from electrodej.fusion.kernels.components import join_planes
        from electrodej.fusion.kernels.graph import follow

        def components(slab: Slab) -> tuple[NDArray[Any], NDArray[np.int64]]:
            return connected_components(self._sum(slab) >= self._least)

        offsets = np.zeros(len(self._slabs) + 1, np.int64)
        sizes, borders = [], []
        last: NDArray[np.int64] | None = None
        for number, (ids, voxels) in enumerate(in_order(components, self._slabs, jobs=self._run.cores)):
            scratch.put(number, ids)
            sizes.append(voxels[1:])
            offsets[number + 1] = offsets[number] + len(voxels) - 1
            if last is not None:
                borders.append((last, _whole(ids[0], int(offsets[number]))))
            last = _whole(ids[-1], int(offsets[number]))
            self._run.progress(self._slabs[number][1], self._views.shape[0], "join what hangs together")
        # Number 0 is background.
        parents = np.arange(int(offsets[-1]) + 1)
        for low, high in borders:
            join_planes(low, high, parents, True)
        follow(parents)
        total = np.zeros(len(parents), np.int64)
        np.add.at(total, parents[1:], np.concatenate(sizes))
        own = (parents == np.arange(len(parents))) & (total >= max(smallest, 1))
        own[0] = False
        new = np.cumsum(own) * own
        return new[parents][1:], offsets

    def _start_reduced(self, settings: FusionSettings, smallest: float) -> None:
        n = self._reduce
        depth = self._views.shape[0]
        thick = max(n, (self._slabs[0][1] - self._slabs[0][0]) // n * n)
        self._slabs = [(z0, min(z0 + thick, depth)) for z0 in range(0, depth, thick)]
        parts = []
        for number, part in enumerate(
            in_order(lambda slab: block_means(self._sum(slab), n), self._slabs, jobs=self._run.cores)
        ):
            parts.append(part)
            self._run.progress(self._slabs[number][1], depth, "cluster the sum")
        self._small = np.concatenate(parts)
        histogram = np.bincount(self._small.reshape(-1), minlength=_HIGHEST + 1)
        self._least = foreground_from(histogram, settings.clusters)
        labels, voxels = connected_components(self._small >= self._least)
        own = voxels >= max(smallest / n**3, 1)
        own[0] = False
        self._small_labels = (np.cumsum(own) * own)[labels].astype(compact_dtype(int(own.sum())))
        self.count = int(own.sum())

    def _enlarged(self, kind: np.dtype[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
        from electrodej.fusion.kernels.enlarge import enlarge

        for z0, z1 in self._slabs:
            out = np.empty((z1 - z0, *self._views.shape[1:]), kind)
            enlarge(self._small, self._small_labels, self._reduce, self._least, z0, out)
            yield z0, out


def foreground_from(histogram: NDArray[np.int64], clusters: int) -> int:
    """Return the least value above the lowest of ``clusters`` k-means clusters of a histogram.

    The clusters are the best there are, not those that some start happens to lead to: in one dimension
    they are intervals, and the least sum of squared deviations is found by dynamic programming.

    References
    ----------
    Wang and Song, Ckmeans.1d.dp, The R Journal 3(2), 2011.

    Examples
    --------
    >>> foreground_from(np.array([9, 9, 0, 0, 0, 5, 5]), 2)
    5
    """
    values = np.flatnonzero(histogram)
    if len(values) < 2:
        return len(histogram)
    weights = histogram[values].astype(float)
    groups = min(clusters, len(values))
    count = np.concatenate([[0.0], weights.cumsum()])
    first = np.concatenate([[0.0], (weights * values).cumsum()])
    second = np.concatenate([[0.0], (weights * values.astype(float) ** 2).cumsum()])
    # spread[i, j]: squared deviation of the values i to j - 1 from their mean.
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = (
            second[None]
            - second[:, None]
            - (first[None] - first[:, None]) ** 2 / (count[None] - count[:, None])
        )
    spread[np.tril_indices(len(count))] = np.inf
    best = spread[0].copy()
    cuts = []
    for _ in range(groups - 1):
        options = best[:, None] + spread
        cuts.append(options.argmin(axis=0))
        best = options.min(axis=0)
    end = len(values)
    for cut in reversed(cuts):
        end = int(cut[end])
    return int(values[end])


def block_means(values: NDArray[np.uint16], n: int) -> NDArray[np.uint16]:
    """Mean of blocks of ``n`` voxels along each axis, rounded; the last blocks may be smaller."""
    total = values.astype(np.uint32)
    size = np.ones(1, np.uint32)
    for axis in range(3):
        starts = np.arange(0, values.shape[axis], n)
        total = np.add.reduceat(total, starts, axis=axis, dtype=np.uint32)
        lengths = np.diff(np.append(starts, values.shape[axis])).astype(np.uint32)
        size = np.expand_dims(size, -1) * lengths if axis else lengths
    return ((total + size // 2) // size).astype(np.uint16)


def _whole(ids: NDArray[Any], offset: int) -> NDArray[np.int64]:
    return np.where(ids > 0, ids.astype(np.int64) + offset, 0)
