"""The three passes over the volume, each as tasks for a scheduler."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from electrodej.features.again import Before, digests
from electrodej.features.bad_labels import refuse_bad_labels
from electrodej.features.density import count_slab, surroundings
from electrodej.features.particles import Measured, Plan, measure_portion
from electrodej.features.portions import in_portions
from electrodej.features.scan import BLOCK, Block, Scanned, joined, labels_in, scan_slab
from electrodej.features.sources import Source, grey_kind
from electrodej.features.typing import Bools, Ints
from electrodej.progress import Progress
from electrodej.vocabulary import Shape, Spacing
from electrodej.workers import Task, Workers

# Shares of the three passes in the time, for the progress bar.
_SCAN, _DENSITY = 0.15, 0.05


@dataclass(frozen=True)
class Work:
    """The inputs, who works on them and with how much memory."""

    labels: Source
    grey: Source
    workers: Workers
    memory: float
    progress: Progress

    @property
    def budget(self) -> float:
        """Bytes for one task. A cluster's workers are held to have as much as the threads here."""
        return self.memory / self.workers.count

    def _slabs(self, voxel_bytes: int) -> list[tuple[int, int]]:
        """Whole blocks of planes; as many as fit the budget, and enough slabs for all workers."""
        nz, ny, nx = self.labels.shape
        blocks = -(-nz // BLOCK)
        fitting = int(self.budget / max(BLOCK * ny * nx * voxel_bytes, 1))
        depth = BLOCK * max(1, min(fitting, -(-blocks // (4 * self.workers.count)), 4))
        return [(z, min(z + depth, nz)) for z in range(0, nz, depth)]

    def _run(
        self, function: Callable[..., Any], tasks: list[Task], stage: str, begin: float, end: float
    ) -> list[tuple[int, Any]]:
        self.progress(begin, 1.0, stage)
        results = []
        # Closed at once when ``progress`` raises, so that what has not begun does not begin any more.
        with contextlib.closing(self.workers.run(function, tasks)) as coming:
            for done, result in enumerate(coming, start=1):
                results.append(result)
                self.progress(begin + (end - begin) * done / len(tasks), 1.0, stage)
        return results


def compare(work: Work, before: Before, key: tuple[Any, ...]) -> Bools:
    """Return which tiles of the volume are not what they were in the measurement before."""
    labels, grey = work.workers.share(work.labels), work.workers.share(work.grey)
    slabs = work._slabs(work.labels.voxel_bytes + work.grey.voxel_bytes)
    tasks: list[Task] = [(labels, grey, z0, z1) for z0, z1 in slabs]
    found = dict(work._run(digests, tasks, "finding what changed", 0.0, 0.0))
    return before.changed(key, np.concatenate([found[number] for number in range(len(tasks))]))


def scan_pass(
    work: Work, *, with_grey: bool, with_faces: bool, known: Mapping[int, Block] | None = None
) -> tuple[Scanned, list[Block]]:
    """Count, place and box every label; blocks in ``known``, by first plane, need not be looked at."""
    voxel_bytes = work.labels.voxel_bytes + (work.grey.voxel_bytes if with_grey else 0)
    labels = work.workers.share(work.labels)
    grey = work.workers.share(work.grey if with_grey else None)
    known = known or {}
    slabs = work._slabs(voxel_bytes)
    new = [(z0, z1) for z0, z1 in slabs if any(z not in known for z in range(z0, z1, BLOCK))]
    tasks: list[Task] = [(labels, grey, z0, z1, with_faces) for z0, z1 in new]
    blocks: list[Block] = []
    for _, part in work._run(scan_slab, tasks, "finding particles", 0.0, _SCAN):
        blocks += part
    found = {block[0] for block in blocks}
    blocks += [block for first, block in known.items() if first not in found]
    refuse_bad_labels(labels_in(blocks), work.labels)
    return joined(blocks, grey_kind(work.grey) if with_grey else 0), blocks


def density_pass(work: Work, boxes: Ints, shape: Shape, spacing: Spacing) -> tuple[Ints, Ints]:
    """Labelled voxels and all voxels in the surroundings of each particle."""
    around = surroundings(boxes, shape, spacing)
    labels = work.workers.share(work.labels)
    tasks: list[Task] = [(labels, z0, z1, around) for z0, z1 in work._slabs(work.labels.voxel_bytes)]
    found = np.zeros(len(boxes), dtype=np.int64)
    for _, part in work._run(count_slab, tasks, "packing density", _SCAN, _SCAN + _DENSITY):
        found += part
    return found, np.prod(around[:, 1::2] - around[:, 0::2], axis=1)


def particle_pass(work: Work, plan: Plan, ids: Ints, boxes: Ints) -> Measured:
    """Everything that is measured of each particle in its own box."""
    in_memory = work.labels.in_memory and work.grey.in_memory
    portions = in_portions(
        plan,
        boxes,
        # The bits of a batch and the distances of one particle come on top of the window.
        voxel_bytes=0 if in_memory else work.labels.voxel_bytes + work.grey.voxel_bytes + 2,
        budget=work.budget,
        parts=16 * work.workers.count,
    )
    if in_memory:
        portions.sort(key=lambda portion: -portion.cost)
    labels, grey = work.workers.share(work.labels), work.workers.share(work.grey)
    tasks: list[Task] = [
        (labels, grey, plan, each.index, ids[each.index], boxes[each.index], each.window) for each in portions
    ]
    out = Measured.empty(np.arange(len(ids)), len(plan.own_measures))
    for _, part in work._run(measure_portion, tasks, "measuring particles", _SCAN + _DENSITY, 1.0):
        out.put(part)
    return out
