"""Particles as what flows together: the default method of fusion."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.fusion.basins import (
    LevelScale,
    SlabBasins,
    climb_slab,
    find_basins,
    gather_basins,
    put_together,
)
from electrodej.fusion.field import Field
from electrodej.fusion.scratch import Scratch
from electrodej.fusion.settings import FusionSettings
from electrodej.fusion.slabs import Slab, cores, plan_slabs
from electrodej.fusion.views import Views
from electrodej.progress import Progress
from electrodej.volume import compact_dtype
from electrodej.workers import Workers


class FlowFusion:
    """Finds the particles at once; `slabs` then gives their labels, slab by slab.

    Parameters
    ----------
    views, settings
        What is fused, and how.
    jobs, memory, slab
        Threads, bytes that they may use together, and slices in a slab instead of what fits; labels depend
        on none of them.
    folder
        Where a scratch file of 6 bytes per voxel may lie; None keeps it in memory.
    progress
        Told of the slices done.

    Attributes
    ----------
    count
        How many particles there are.
    """

    def __init__(
        self,
        views: Views,
        *,
        settings: FusionSettings,
        jobs: int | None,
        memory: int | None,
        slab: int | None,
        folder: Path | None,
        progress: Progress,
    ) -> None:
        field = Field(views, settings)
        workers = cores(jobs)
        self._slabs = plan_slabs(
            views.shape, jobs=workers, memory=memory, thickness=slab, halo=field.halo + 1
        )
        voxels = int(np.prod(views.shape, dtype=np.int64))
        self._ids, self._values = Scratch(4 * voxels, folder), Scratch(2 * voxels, folder)
        try:
            basins = find_basins(
                field, self._slabs, settings=settings, jobs=workers,
                ids=self._ids, values=self._values, progress=progress,
            )  # fmt: skip
        except BaseException:
            self.close()
            raise
        self._particles = gather_basins(basins, settings=settings, spacing=views.spacing)
        self._offsets = basins.offsets
        # By number within the slabs, as the scratch has them.
        self._labels_of = self._particles.labels[basins.basin_of]
        self.count = len(self._particles.least) - 1

    def slabs(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the first slice and the labels of each slab."""
        for number, (z0, _) in enumerate(self._slabs):
            yield z0, self._label(self._ids.get(number), self._values.get(number), number)

    def _label(self, ids: NDArray[np.int32], values: NDArray[np.uint16], number: int) -> NDArray[Any]:
        begin, end = self._offsets[number : number + 2]
        return _labelled(ids, values, self._labels_of[begin:end], self._particles.least)

    def close(self) -> None:
        """Let go of the scratch files."""
        self._ids.close()
        self._values.close()


class DistantFlow:
    """The same flow, with its slabs worked on elsewhere.

    Workers keep nothing between tasks, so that one that dies takes nothing along: to label a slab, its ways
    are followed once more.

    Parameters
    ----------
    views, settings, memory, slab, progress
        As `FlowFusion` has them; the memory is shared by the workers.
    scheduler
        Who works.
    """

    def __init__(
        self,
        views: Views,
        *,
        settings: FusionSettings,
        scheduler: Workers,
        memory: int | None,
        slab: int | None,
        progress: Progress,
    ) -> None:
        self._scheduler = scheduler
        halo = Field(views, settings).halo + 1
        self._slabs = plan_slabs(views.shape, jobs=scheduler.count, memory=memory, thickness=slab, halo=halo)
        self._views, self._settings = scheduler.share(views), settings
        tasks = [(self._views, settings, slab) for slab in self._slabs]
        with contextlib.closing(_as_numbered(scheduler.run(survey_slab, tasks))) as coming:
            basins = put_together(coming, len(tasks), views.shape[0], progress)
        self._particles = gather_basins(basins, settings=settings, spacing=views.spacing)
        self._offsets = basins.offsets
        self._labels_of = self._particles.labels[basins.basin_of]
        self.count = len(self._particles.least) - 1

    def slabs(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the first slice and the labels of each slab."""
        # A few slabs at a time, for their labels wait here until their turn comes.
        together = 2 * self._scheduler.count
        for first in range(0, len(self._slabs), together):
            numbers = range(first, min(first + together, len(self._slabs)))
            tasks = [
                (
                    self._views,
                    self._settings,
                    self._slabs[number],
                    self._labels_of[self._offsets[number] : self._offsets[number + 1]],
                    self._particles.least,
                )
                for number in numbers
            ]
            with contextlib.closing(_as_numbered(self._scheduler.run(relabel_slab, tasks))) as coming:
                for number, labels in zip(numbers, coming, strict=True):
                    yield self._slabs[number][0], labels

    def close(self) -> None:
        """Nothing is held."""


def survey_slab(views: Views, settings: FusionSettings, slab: Slab) -> SlabBasins:
    """What a slab tells the others."""
    return climb_slab(Field(views, settings), slab, LevelScale(settings))[0]


def relabel_slab(
    views: Views,
    settings: FusionSettings,
    slab: Slab,
    labels_of: NDArray[np.int64],
    least: NDArray[np.int64],
) -> NDArray[Any]:
    """A slab's labels, once it is known which label each of its numbers has."""
    _, ids, values = climb_slab(Field(views, settings), slab, LevelScale(settings))
    return _labelled(ids, values[:, 1:-1, 1:-1], labels_of, least)


def _labelled(
    ids: NDArray[np.int32],
    values: NDArray[np.uint16],
    labels_of: NDArray[np.int64],
    least: NDArray[np.int64],
) -> NDArray[Any]:
    """Give each voxel its number's label where its value is at least that label's least one."""
    from electrodej.fusion.kernels.graph import label_slab

    labels = np.empty(ids.shape, compact_dtype(len(least) - 1))
    label_slab(ids, np.ascontiguousarray(values), labels_of, least, labels)
    return labels


def _as_numbered(results: Generator[tuple[int, Any]]) -> Generator[Any]:
    """Yield results in the order of their numbers; those that come early wait."""
    early: dict[int, Any] = {}
    awaited = 0
    with contextlib.closing(results):
        for number, result in results:
            early[number] = result
            while awaited in early:
                yield early.pop(awaited)
                awaited += 1
