"""Particles as what flows together: the default method of fusion."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.fusion.basins import (
    Basins,
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
from electrodej.fusion.slabs import Slab, plan_slabs
from electrodej.fusion.views import Views
from electrodej.run import Run
from electrodej.volume import compact_dtype


class FlowFusion:
    """Finds the particles at once; `slabs` then gives their labels, slab by slab.

    Parameters
    ----------
    views, settings
        What is fused, and how.
    slab
        Slices in a slab instead of as many as fit; labels do not depend on it.
    folder
        Where a scratch file of 6 bytes per voxel may lie; None keeps it in memory.
    run
        Threads, memory and progress.

    Attributes
    ----------
    count
        How many particles there are.
    """

    def __init__(
        self,
        views: Views,
        settings: FusionSettings,
        run: Run,
        *,
        slab: int | None,
        folder: Path | None,
    ) -> None:
        field = Field(views, settings)
        self._slabs = plan_slabs(
            views.shape, jobs=run.cores, memory=run.room, thickness=slab, halo=field.halo + 1
        )
        voxels = int(np.prod(views.shape, dtype=np.int64))
        self._ids, self._values = (Scratch(each * voxels, folder, memory=run.room) for each in (4, 2))
        try:
            basins = find_basins(field, self._slabs, settings, run, ids=self._ids, values=self._values)
        except BaseException:
            self.close()
            raise
        self._particles = gather_basins(basins, settings, spacing=views.spacing)
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

    Workers keep nothing between tasks, so that nothing is lost with one that dies: to label a slab, its
    voxels' ways are followed once more.

    Parameters
    ----------
    views, settings, slab
        See `FlowFusion`.
    run
        Who works, with how much memory together, and progress.
    """

    def __init__(self, views: Views, settings: FusionSettings, run: Run, *, slab: int | None) -> None:
        self._hired = contextlib.ExitStack()
        self._workers = self._hired.enter_context(run.workers())
        try:
            basins = self._survey(views, settings, slab, run)
        except BaseException:
            self.close()
            raise
        self._particles = gather_basins(basins, settings, spacing=views.spacing)
        self._offsets = basins.offsets
        self._labels_of = self._particles.labels[basins.basin_of]
        self.count = len(self._particles.least) - 1

    def _survey(self, views: Views, settings: FusionSettings, slab: int | None, run: Run) -> Basins:
        halo = Field(views, settings).halo + 1
        self._slabs = plan_slabs(
            views.shape, jobs=self._workers.count, memory=run.room, thickness=slab, halo=halo
        )
        self._views, self._settings = self._workers.share(views), settings
        tasks = [(self._views, settings, slab) for slab in self._slabs]
        with contextlib.closing(_as_numbered(self._workers.run(survey_slab, tasks))) as coming:
            return put_together(coming, len(tasks), views.shape[0], run.progress)

    def slabs(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the first slice and the labels of each slab."""
        # A few slabs at a time, for their labels wait here until their turn comes.
        together = 2 * self._workers.count
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
            with contextlib.closing(_as_numbered(self._workers.run(relabel_slab, tasks))) as coming:
                for number, labels in zip(numbers, coming, strict=True):
                    yield self._slabs[number][0], labels

    def close(self) -> None:
        """Let go of the workers."""
        self._hired.close()


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
