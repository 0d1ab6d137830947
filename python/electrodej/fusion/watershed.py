"""Seeded watershed: the particles' maxima, flooded. The plain peer of the flow; it holds the whole volume."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.fusion.basins import LevelScale, find_basins, gather_basins
from electrodej.fusion.field import Field
from electrodej.fusion.scratch import Scratch
from electrodej.fusion.settings import FusionSettings
from electrodej.fusion.slabs import Slab, cores, memory_text, plan_slabs
from electrodej.fusion.views import Views
from electrodej.progress import Progress
from electrodej.volume import compact_dtype

# The field, its labels and the queue; while the centres are looked for, basins instead of the queue.
BYTES_PER_VOXEL = 12
_AT_ONCE = 4_000_000


class WatershedFusion:
    """Floods from the maxima that the flow gathers in; parameters and use as `FlowFusion`."""

    def __init__(
        self,
        views: Views,
        *,
        settings: FusionSettings,
        jobs: int | None,
        memory: int | None,
        slab: int | None,
        folder: Path | None,  # noqa: ARG002 - whole in memory
        progress: Progress,
    ) -> None:
        check_room(views, memory)
        field = Field(views, settings)
        workers = cores(jobs)
        slabs = plan_slabs(views.shape, jobs=workers, memory=memory, thickness=slab, halo=field.halo + 1)
        ids, values = Scratch(0, None), Scratch(0, None)
        basins = find_basins(
            field, slabs, settings=settings, jobs=workers, ids=ids, values=values, progress=progress
        )
        ids.close()
        whole = np.concatenate([values.get(number) for number in range(len(slabs))])
        values.close()
        self._slabs: list[Slab] = slabs
        particles = gather_basins(basins, settings=settings, spacing=views.spacing)
        self.count = len(particles.least) - 1
        self._labels = _flooded(whole, particles.places, LevelScale(settings).floor, progress)
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
    import psutil

    needed = int(np.prod(views.shape, dtype=np.int64)) * BYTES_PER_VOXEL
    room = memory if memory is not None else psutil.virtual_memory().available
    if needed > room:
        raise InputError(
            f"{views.volumes[0].path}: the watershed holds the whole volume and needs about "
            f"{memory_text(needed)}, and {memory_text(room)} may be used; take the method flow, which "
            "needs no more than a few slices, or give more with --memory"
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
