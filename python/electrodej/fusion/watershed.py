"""The method `watershed`: the same maxima as the flow's, flooded. It holds the whole volume."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.fusion.basins import LevelScale, find_basins, gather_basins
from electrodej.fusion.field import Field
from electrodej.fusion.scratch import Scratch
from electrodej.fusion.settings import FusionSettings
from electrodej.fusion.slabs import Slab, plan_slabs
from electrodej.fusion.views import Views
from electrodej.machine import check_fits
from electrodej.progress import Progress
from electrodej.run import Run
from electrodej.volume import compact_dtype

# The field, its labels and the queue; while the centres are looked for, basins instead of the queue.
BYTES_PER_VOXEL = 12
_AT_ONCE = 4_000_000


class WatershedFusion:
    """Floods from the maxima that the flow finds; for parameters and use see `FlowFusion`."""

    def __init__(self, views: Views, settings: FusionSettings, run: Run, *, slab: int | None) -> None:
        check_room(views, run.memory)
        field = Field(views, settings)
        slabs = plan_slabs(views.shape, jobs=run.cores, memory=run.room, thickness=slab, halo=field.halo + 1)
        ids, values = Scratch(0), Scratch(0)
        basins = find_basins(field, slabs, settings, run, ids=ids, values=values)
        ids.close()
        whole = np.concatenate([values.get(number) for number in range(len(slabs))])
        values.close()
        self._slabs: list[Slab] = slabs
        particles = gather_basins(basins, settings, spacing=views.spacing)
        self.count = len(particles.least) - 1
        self._labels = _flooded(whole, particles.places, LevelScale(settings).floor, run.progress)
        self._labels[whole < particles.least[self._labels]] = 0

    def slabs(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the first slice and the labels of each slab."""
        for z0, z1 in self._slabs:
            yield z0, self._labels[z0:z1].astype(compact_dtype(self.count))

    def close(self) -> None:
        """Let go of the labels."""
        self._labels = np.empty((0, 0, 0), np.int32)


def check_room(views: Views, memory: int | None) -> None:
    """Refuse a volume that does not fit the memory."""
    check_fits(
        math.prod(views.shape) * BYTES_PER_VOXEL,
        memory,
        what=f"{views.volumes[0].path}: the watershed holds the whole volume and",
        advice="take the method flow, which needs no more than a few slices, or give more with --memory",
    )


def _flooded(
    field: NDArray[np.uint16], places: NDArray[np.int64], floor: int, progress: Progress
) -> NDArray[np.int32]:
    from electrodej.fusion.kernels import flood as kernels

    labels = np.zeros(field.shape, np.int32)
    heads, tails = np.full(kernels.LEVELS, -1, np.int64), np.full(kernels.LEVELS, -1, np.int64)
    following = np.empty(field.size, np.int32 if field.size < 2**31 else np.int64)
    kernels.start_flood(field, labels, places, heads, tails, following)
    level = kernels.LEVELS - 1
    while level >= 0:
        level = kernels.flood(field, floor, labels, heads, tails, following, level, _AT_ONCE)
        progress(kernels.LEVELS - max(level, 0), kernels.LEVELS, "flood")
    return labels
