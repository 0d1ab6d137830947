"""A chain of filters as a volume that is filtered where it is read, and its way into a file."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from electrodej.errors import InputError
from electrodej.filters.step import Filter, Place, Step
from electrodej.machine import memory_text
from electrodej.models.far import FarVolume
from electrodej.run import Run
from electrodej.vocabulary import PathLike
from electrodej.volume import Volume, VolumeWriter, check_grey
from electrodej.workers import in_order

# Slices of a slab beyond which margins no longer matter much.
_DEEP = 64


class Filtered(Volume):
    """Another volume after one step, in float32.

    A slab of it is read with the step's margin on either side, so that every slab has the values that the
    whole has.

    Examples
    --------
    >>> from electrodej.filters import read_steps
    >>> from electrodej.volume import ArrayVolume
    >>> source = ArrayVolume(np.eye(3, dtype=np.uint8), spacing=(1, 1, 1))
    >>> filtered(source, read_steps("median:radius=1px"))[0].tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """

    def __init__(self, source: Volume, step: Filter) -> None:
        super().__init__(
            source.path, source.shape, np.dtype(np.float32), source.voxel_size, is_2d=source.is_2d
        )
        self.source, self.step = source, step
        self.did_something = False

    @property
    def changes(self) -> tuple[Callable[[Volume], Volume], ...]:
        """Those of the source, and the step."""
        return *self.source.changes, functools.partial(Filtered, step=self.step)

    def _read(self, box: tuple[slice, slice, slice]) -> NDArray[np.float32]:
        z0, z1 = box[0].start, box[0].stop
        first = max(0, z0 - self.step.margin)
        last = min(self.shape[0], z1 + self.step.margin)
        grey = self.source[first:last]
        if not isinstance(self.source, Filtered):
            grey = check_grey(grey, self.path, start=first).astype(np.float32)
        grey = np.ascontiguousarray(grey, np.float32)
        # A step may work in place, so what was there is remembered by its checksum.
        before = None if self.did_something else zlib.crc32(grey.data)
        done = self.step.apply(grey, first)
        if before is not None and zlib.crc32(np.ascontiguousarray(done, np.float32).data) != before:
            self.did_something = True
        return np.ascontiguousarray(done[z0 - first : z1 - first, box[1], box[2]])

    @property
    def margin(self) -> int:
        """How many slices on either side of a slab are read in all."""
        before = self.source.margin if isinstance(self.source, Filtered) else 0
        return before + self.step.margin

    @property
    def copies(self) -> int:
        """How many arrays of a slab's size are in memory at most."""
        before = self.source.copies if isinstance(self.source, Filtered) else 0
        return max(before, self.step.copies)


def filtered(volume: Volume, steps: Sequence[Step], *, flat: bool = False) -> Filtered:
    """Return a volume as it is after some steps; it is filtered only where it is read.

    Parameters
    ----------
    volume
        Grey values with their voxel size.
    steps
        See `electrodej.filters.read_steps`. What a step has to know of the image, its noise for one, is found
        out now, from what the steps before it give.
    flat
        Filter each slice by itself.
    """
    if not steps:
        raise InputError("no filter is named; give one at least")
    spacing = volume.require_spacing()
    place = Place(volume, spacing, flat)
    for step in steps:
        try:
            place = Place(Filtered(place.source, step.prepare(place)), spacing, flat)
        except InputError as error:
            raise InputError(f"{step.name}: {error}") from error
    assert isinstance(place.source, Filtered)
    return place.source


def filter_volume(
    volume: Volume,
    steps: Sequence[Step],
    out: PathLike,
    run: Run | None = None,
    *,
    flat: bool = False,
    dtype: DTypeLike | None = None,
) -> Path:
    """Filter a volume slab by slab into a file.

    Parameters
    ----------
    volume, steps, flat
        See `filtered`.
    out
        What is written: .tif, .ome.tif or .zarr.
    dtype
        Of what is written, the volume's own by default; values beyond it are cut off, and counted in a note.
    run
        How the work is done; its memory bounds the slabs, its jobs are slabs at once. With a scheduler the
        slabs are given to a Dask cluster whose workers see the image, and memory is what each may use.

    Returns
    -------
    pathlib.Path
        What was written.
    """
    run = run or Run()
    run.progress(0, 1, "looking at the image")
    chain = filtered(volume, steps, flat=flat)
    kind = np.dtype(volume.dtype if dtype is None else dtype)
    far = run.scheduler is not None
    depth, jobs = plan(chain, replace(run, jobs=1) if far else run)
    count = chain.shape[0]
    bounds = [(z0, min(z0 + depth, count)) for z0 in range(0, count, depth)]
    beyond = 0
    if far:
        slabs = _filtered_far(chain, bounds, kind, run)
    else:
        slabs = in_order(_filtered_slab, [(chain, *each, kind) for each in bounds], jobs=jobs)
    with VolumeWriter(out, chain.shape, kind, spacing=volume.require_spacing(), force=run.force) as writer:
        z0 = 0
        for slab, cut in slabs:
            writer.write(z0, slab)
            z0 += len(slab)
            beyond += cut
            run.progress(z0, count, "filtering")
    for step in _idle(chain, steps) if run.scheduler is None else ():
        run.note(f"{step.text} changed nothing; look at its lengths and levels, in the image's own units")
    if beyond > chain.size // 1000:
        run.note(
            f"{beyond / chain.size:.1%} of the filtered values do not fit {kind} and were cut off; "
            "--type float32 keeps them"
        )
    return Path(out)


def _idle(chain: Filtered, steps: Sequence[Step]) -> list[Step]:
    """Return the steps that left every value as it was."""
    idle: list[Step] = []
    link: Volume = chain
    for step in reversed(steps):
        if not isinstance(link, Filtered):
            break
        if not link.did_something:
            idle.insert(0, step)
        link = link.source
    return idle


def plan(chain: Filtered, run: Run) -> tuple[int, int]:
    """Return how many slices a slab has and how many slabs are worked on at once, by the memory.

    Where margins would be most of the work, fewer and thicker slabs are.
    """
    plane = chain.shape[1] * chain.shape[2] * 4 * (chain.copies + 1)
    margin, count = chain.margin, chain.shape[0]
    for jobs in range(min(run.cores, count), 0, -1):
        # One slab more waits to be written.
        depth = run.room // (plane * (jobs + 1)) - 2 * margin
        if depth >= min(2 * margin + 1, -(-count // jobs)) or (jobs == 1 and depth >= 1):
            return min(depth, max(-(-count // jobs), 1), max(_DEEP, 4 * margin)), jobs
    needed = plane * 2 * (2 * margin + 1)
    run.note(
        f"a slice with its margins takes {memory_text(needed)}, more than the {memory_text(run.room)} that "
        "may be used; --memory gives more, smaller radii take less"
    )
    return 1, 1


def _filtered_slab(task: tuple[Filtered, int, int, np.dtype[Any]]) -> tuple[NDArray[Any], int]:
    chain, z0, z1, kind = task
    return fitted(chain[z0:z1], kind)


def _filtered_far(
    chain: Filtered, bounds: Sequence[tuple[int, int]], kind: np.dtype[Any], run: Run
) -> Generator[tuple[NDArray[Any], int]]:
    """Yield filtered slabs in order, as many at a time as the cluster has workers."""
    image = FarVolume.of(chain)
    with run.workers() as workers:
        together = workers.count  # later ones may come, and are no part of this
        for first in range(0, len(bounds), together):
            tasks = [(image, *each, kind) for each in bounds[first : first + together]]
            found = dict(workers.run(_far_slab, tasks))
            yield from (found[number] for number in range(len(tasks)))


def _far_slab(image: FarVolume, z0: int, z1: int, kind: np.dtype[Any]) -> tuple[NDArray[Any], int]:
    return fitted(image.open()[z0:z1], kind)


def fitted(values: NDArray[np.float32], kind: np.dtype[Any]) -> tuple[NDArray[Any], int]:
    """Return values in a type, rounded where it has whole numbers only, and how many had to be cut off.

    >>> fitted(np.array([-1, 1.6, 300], np.float32), np.dtype(np.uint8))
    (array([  0,   2, 255], dtype=uint8), 2)
    """
    if kind.kind == "f":
        return values.astype(kind), 0
    if kind.kind == "b":
        raise InputError("an image of true and false has no greys; give --type uint8")
    limits = np.iinfo(kind)
    # Rounded in 64 bit: float32 has not all numbers of 32 bit.
    whole = np.rint(values.astype(np.float64) if kind.itemsize > 2 else values)
    beyond = int(np.count_nonzero((whole < limits.min) | (whole > limits.max)))
    return np.clip(whole, limits.min, limits.max).astype(kind), beyond
