"""Make a phantom: whole, slab by slab, or as a single slice."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.extras import data_frame
from electrodej.phantom.config import PhantomConfig
from electrodej.phantom.detector import blur_halo, detect
from electrodej.phantom.scene import Box, Scene, build_scene, claim_box, rows_in
from electrodej.phantom.truth import Tally, TruthTable
from electrodej.run import Run
from electrodej.vocabulary import AXIS_OF, Shape, Spacing, View
from electrodej.workers import wind_up

if TYPE_CHECKING:
    import pandas as pd

# uint8 or uint16, and uint16 or uint32.
Grey = NDArray[Any]
Labels = NDArray[Any]

# What a voxel takes while its block is made, halo included, and when it is done.
_BYTES_AT_WORK = 40
_BYTES_DONE = 6
# Blocks no larger than this keep all threads busy; smaller ones are mostly halo.
_MOST_PLANES = 64
_MOST_ROWS = 128


@dataclass(frozen=True)
class PhantomSlab:
    """The slices ``z0`` to ``z1`` (not included) of a phantom."""

    z0: int
    z1: int
    grey: Grey
    outlines: Labels
    labels: Labels
    phases: NDArray[np.uint8]


@dataclass(frozen=True)
class _Block:
    """Rows ``y0`` to ``y1`` of the slices ``z0`` to ``z1``: what one thread makes at a time."""

    z0: int
    z1: int
    y0: int
    y1: int


@dataclass(frozen=True)
class Phantom:
    """A synthetic cathode and all that is true of it; arrays are (Z, Y, X)."""

    config: PhantomConfig
    grey: Grey
    """The image."""
    labels: Labels
    """Intact material of each particle: without cracks, gaps and core. What the feature table calls raw."""
    outlines: Labels
    """Each particle as a person would draw it, cracks and core included. What segmentation is trained on."""
    phases: NDArray[np.uint8]
    """0 pore, 1 carbon and binder, 2 active material (labelled or debris), 3 crack, gap or core."""
    truth: TruthTable
    """One row for each label; the columns are described in `TRUTH_COLUMNS`."""

    @property
    def spacing(self) -> Spacing:
        """Voxel size (z, y, x) in micrometres."""
        return self.config.spacing

    def truth_frame(self) -> pd.DataFrame:
        """The truth table for pandas."""
        return data_frame(self.truth)


def make_phantom(
    shape: PhantomConfig | Shape | None = None,
    *,
    jobs: int = 2,
    **options: Any,
) -> Phantom:
    """Make a synthetic cathode in memory.

    Parameters
    ----------
    shape
        Voxels (z, y, x), or a whole `PhantomConfig`.
    jobs
        Threads; the result does not depend on it.
    options
        Fields of `PhantomConfig`, such as ``spacing``, ``seed`` or ``solid_fraction``.

    Examples
    --------
    >>> phantom = make_phantom((4, 48, 48), spacing=(0.28, 0.28, 0.28), seed=1)
    >>> phantom.grey.shape, phantom.grey.dtype
    ((4, 48, 48), dtype('uint8'))
    """
    config = as_config(shape, options)
    scene = build_scene(config)
    kind = label_dtype(scene.visible)
    grey = np.empty(config.shape, dtype=np.uint8 if config.bits == 8 else np.uint16)
    outlines, labels = np.empty(config.shape, dtype=kind), np.empty(config.shape, dtype=kind)
    phases = np.empty(config.shape, dtype=np.uint8)
    tally = Tally(scene)
    for slab in scene_slabs(scene, Run(jobs=jobs)):
        part = slice(slab.z0, slab.z1)
        grey[part], outlines[part], labels[part] = slab.grey, slab.outlines, slab.labels
        phases[part] = slab.phases
        tally.add(slab.z0, slab.outlines, slab.phases)
    return Phantom(config, grey, labels, outlines, phases, tally.table())


def make_slice(shape: tuple[int, int], *, view: View = "xy", jobs: int = 2, **options: Any) -> Phantom:
    """One section of a phantom, for training in two dimensions: arrays are (1, rows, columns).

    ``view`` names the section's plane ("xy", "xz" or "yz"): a phantom of one voxel's thickness across it is
    made and laid flat. The rows of an xz and a yz section run along z.
    """
    thin = AXIS_OF.get(view)
    if thin is None:
        raise InputError(f'view = {view!r} must be "xy", "xz" or "yz"')
    whole = list(shape)
    whole.insert(thin, 1)
    phantom = make_phantom((whole[0], whole[1], whole[2]), jobs=jobs, **options)
    return Phantom(
        config=phantom.config,
        grey=np.moveaxis(phantom.grey, thin, 0),
        labels=np.moveaxis(phantom.labels, thin, 0),
        outlines=np.moveaxis(phantom.outlines, thin, 0),
        phases=np.moveaxis(phantom.phases, thin, 0),
        truth=phantom.truth,
    )


def phantom_slabs(
    config: PhantomConfig,
    *,
    thickness: int | None = None,
    run: Run | None = None,
) -> Iterator[PhantomSlab]:
    """The phantom slab by slab, in order, with bounded memory and the same voxels whatever the slabs.

    ``thickness`` is the number of slices in a slab; without it, the run's memory decides.
    """
    run = run or Run()
    scene = build_scene(config, progress=run.progress)
    yield from scene_slabs(scene, run, thickness=thickness)


def scene_slabs(
    scene: Scene, run: Run | None = None, *, thickness: int | None = None
) -> Iterator[PhantomSlab]:
    """The slabs of a scene, made by the run's threads and yielded in order."""
    run = run or Run()
    jobs = run.cores
    if thickness is not None and thickness < 1:
        raise InputError(f"thickness = {thickness} must be at least one slice")
    depth, height = scene.config.shape[:2]
    planes, rows = _block_size(scene.config, run.room, jobs, thickness)
    blocks = deque(
        _Block(z0, min(z0 + planes, depth), y0, min(y0 + rows, height))
        for z0 in range(0, depth, planes)
        for y0 in range(0, height, rows)
    )
    waiting: deque[tuple[_Block, Future[PhantomSlab]]] = deque()
    slab = _empty_slab(scene, blocks[0])
    pool = ThreadPoolExecutor(max_workers=jobs)
    try:
        while blocks or waiting:
            while blocks and len(waiting) <= jobs:
                waiting.append((blocks[0], pool.submit(render_block, scene, blocks.popleft())))
            block, future = waiting.popleft()
            if block.y0 == 0:
                slab = _empty_slab(scene, block)
            _place(future.result(), slab, block)
            run.progress(block.z0 + (block.z1 - block.z0) * block.y1 / height, depth, "rendering")
            if block.y1 == height:
                yield slab
    finally:
        wind_up(pool, [future for _, future in waiting])


def render_block(scene: Scene, block: _Block) -> PhantomSlab:
    """A block of rows of the scene, made on its own."""
    from electrodej.phantom.kernels.labels import number

    config = scene.config
    hz, hy, hx = blur_halo(config)
    box: Box = (
        (block.z0 - hz, block.z1 + hz),
        (block.y0 - hy, block.y1 + hy),
        (-hx, config.shape[2] + hx),
    )
    outside, second, owner = claim_box(config, scene.particles, box)
    painted, phases = _paint(scene, box, outside, second, owner)
    inner = tuple(slice(h, n - h) for h, n in zip((hz, hy, hx), painted.shape, strict=True))
    kept = np.ascontiguousarray(phases[inner])
    kind = label_dtype(scene.visible)
    outlines, labels = np.empty(kept.shape, dtype=kind), np.empty(kept.shape, dtype=kind)
    number(owner[inner], outside[inner], kept, outlines, labels)
    del outside, second, owner, phases
    grey = detect(config, scene.noise_seed, (block.z0, block.y0, 0), painted)
    return PhantomSlab(block.z0, block.z1, grey, outlines, labels, kept)


def label_dtype(most: int) -> type[np.uint16] | type[np.uint32]:
    """uint16 while the labels fit."""
    return np.uint16 if most < 2**16 else np.uint32


def as_config(shape: PhantomConfig | Shape | None, options: dict[str, Any]) -> PhantomConfig:
    """A configuration from a ready one or a shape, and single fields."""
    if isinstance(shape, PhantomConfig):
        return shape.changed(options)
    return PhantomConfig().changed(options if shape is None else {"shape": shape, **options})


def _empty_slab(scene: Scene, block: _Block) -> PhantomSlab:
    shape = (block.z1 - block.z0, *scene.config.shape[1:])
    kind = label_dtype(scene.visible)
    return PhantomSlab(
        z0=block.z0,
        z1=block.z1,
        grey=np.empty(shape, dtype=np.uint8 if scene.config.bits == 8 else np.uint16),
        outlines=np.empty(shape, dtype=kind),
        labels=np.empty(shape, dtype=kind),
        phases=np.empty(shape, dtype=np.uint8),
    )


def _place(part: PhantomSlab, slab: PhantomSlab, block: _Block) -> None:
    rows = slice(block.y0, block.y1)
    for name in ("grey", "outlines", "labels", "phases"):
        getattr(slab, name)[:, rows] = getattr(part, name)


def _block_size(config: PhantomConfig, memory: int, jobs: int, thickness: int | None) -> tuple[int, int]:
    """Slices and rows of a block, so that two slabs and the blocks at work fit in ``memory``."""
    hz, hy, hx = blur_halo(config)
    depth, height, width = config.shape
    planes = thickness or int(memory // 2 // (2 * height * width * _BYTES_DONE))
    planes = max(1, min(planes, depth, thickness or _MOST_PLANES))
    row = (planes + 2 * hz) * (width + 2 * hx) * _BYTES_AT_WORK
    rows = memory // 2 // (jobs * row) - 2 * hy
    return planes, int(max(4, min(rows, height, _MOST_ROWS)))


def _paint(
    scene: Scene,
    box: Box,
    outside: NDArray[np.float32],
    second: NDArray[np.float32],
    owner: NDArray[np.int32],
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Grey levels before the detector, and phases."""
    from electrodej.phantom.kernels.paint import paint, strew

    config, clutter = scene.config, scene.clutter
    origin = np.array([first for first, _ in box], dtype=np.int64)
    cover = np.zeros(owner.shape, dtype=np.float32)
    piece = np.zeros(owner.shape, dtype=np.int32)
    strew(origin, scene.spacing, rows_in(config, clutter.centre, clutter.reach, box), clutter, cover, piece)
    grey = np.empty(owner.shape, dtype=np.float32)
    phases = np.empty(owner.shape, dtype=np.uint8)
    paint(
        origin,
        scene.spacing,
        scene.noise_seed,
        scene.levels,
        scene.particles,
        clutter,
        outside,
        second,
        owner,
        cover,
        piece,
        grey,
        phases,
    )
    return grey, phases
