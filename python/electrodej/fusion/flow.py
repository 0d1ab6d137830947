"""Particles as what flows together: the default method of fusion."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.fusion.basins import find_basins, gather_basins
from electrodej.fusion.field import Field
from electrodej.fusion.scratch import Scratch
from electrodej.fusion.settings import FusionSettings
from electrodej.fusion.slabs import cores, plan_slabs
from electrodej.fusion.views import Views
from electrodej.progress import Progress
from electrodej.volume import compact_dtype


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
        from electrodej.fusion.kernels_graph import label_slab

        labels = np.empty(ids.shape, compact_dtype(self.count))
        offset = int(self._offsets[number])
        label_slab(ids, np.ascontiguousarray(values), offset, self._labels_of, self._particles.least, labels)
        return labels

    def close(self) -> None:
        """Let go of the scratch files."""
        self._ids.close()
        self._values.close()
