"""Counting phases on the workers of a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from electrodej.models.far import FarVolume
from electrodej.run import Run

if TYPE_CHECKING:
    from electrodej.morphology import PairCounts
    from electrodej.volume import Volume

# A slab with what counting its pairs takes, in bytes a voxel.
_BYTES = 16
_MOST = 256


def far_counts(volume: Volume, ids: Sequence[int], run: Run) -> PairCounts:
    """Return how often phases lie beside each other, each slab counted by a worker.

    Parameters
    ----------
    volume
        Phases, in a file that the workers see too.
    ids
        Numbers of the phases.
    run
        With a scheduler; its memory is what each worker may use.
    """
    from electrodej.morphology import PairCounts

    image, total = FarVolume.of(volume), volume.shape[0]
    depth = max(1, min(_MOST, run.room // (_BYTES * volume.shape[1] * volume.shape[2])))
    counts = PairCounts(ids)
    tasks = [(image, tuple(ids), first, min(first + depth, total)) for first in range(0, total, depth)]
    with run.workers() as workers:
        for done, (_, part) in enumerate(workers.run(count_slab, tasks)):
            counts.merge(part)
            run.progress(done + 1, len(tasks), "measuring phases")
    return counts


def count_slab(image: FarVolume, ids: tuple[int, ...], first: int, last: int) -> PairCounts:
    """Count some slices, and their pairs with the slice before; done by a worker."""
    from electrodej.morphology import PairCounts

    volume = image.open()
    counts = PairCounts(ids)
    if first:
        counts.follow(volume[first - 1 : first, :, :])
    counts.add(volume[first:last, :, :])
    return counts
