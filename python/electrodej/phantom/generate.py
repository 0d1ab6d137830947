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
from electrodej.phantom.config import PhantomConfig
from electrodej.phantom.detector import blur_halo, detect
from electrodej.phantom.scene import Box, Scene, build_scene, claim_box, rows_in
from electrodej.phantom.truth import Tally, TruthTable
from electrodej.progress import Progress, silent

if TYPE_CHECKING:
    import pandas as pd

# uint8 or uint16, and uint16 or uint32.
Grey = NDArray[Any]
Labels = NDArray[Any]

DEFAULT_MEMORY = 512 * 2**20
# What one voxel of a slab needs while it is made, halo included.
_BYTES_PER_VOXEL = 40
_MOST_PLANES = 32


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
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size (z, y, x) in micrometres."""
        return self.config.spacing

    def truth_frame(self) -> pd.DataFrame:
        """The truth table for pandas."""
        import pandas as pd

        return pd.DataFrame(self.truth)


def make_phantom(
    shape: PhantomConfig | tuple[int, int, int] | None = None,
    *,
    jobs: int = 2,
    progress: Progress = silent,
    **options: Any,
) -> Phantom:
    """Make a synthetic cathode in memory.

    Parameters
    ----------
    shape
        Voxels (z, y, x), or a whole `PhantomConfig`.
    jobs
        Threads; the result does not depend on it.
    progress
        Told how far the work is.
    options
        Fields of `PhantomConfig`, such as ``spacing``, ``seed`` or ``solid_fraction``.

    Examples
    --------
    >>> phantom = make_phantom((4, 48, 48), spacing=(0.28, 0.28, 0.28), seed=1)
    >>> phantom.grey.shape, phantom.grey.dtype
    ((4, 48, 48), dtype('uint8'))
    """
    config = as_config(shape, options)
    scene = build_scene(config, progress=progress)
    kind = label_dtype(scene.visible)
    grey = np.empty(config.shape, dtype=np.uint8 if config.bits == 8 else np.uint16)
    outlines, labels = np.empty(config.shape, dtype=kind), np.empty(config.shape, dtype=kind)
    phases = np.empty(config.shape, dtype=np.uint8)
    tally = Tally(scene)
    for slab in scene_slabs(scene, jobs=jobs, progress=progress):
        part = slice(slab.z0, slab.z1)
        grey[part], outlines[part], labels[part] = slab.grey, slab.outlines, slab.labels
        phases[part] = slab.phases
        tally.add(slab.z0, slab.outlines, slab.phases)
    return Phantom(config, grey, labels, outlines, phases, tally.table())


def make_slice(shape: tuple[int, int], *, view: str = "xy", jobs: int = 2, **options: Any) -> Phantom:
    """One section of a phantom, for training in two dimensions: arrays are (1, rows, columns).

    ``view`` names the section's plane ("xy", "xz" or "yz"): a phantom of one voxel's thickness across it is
    made and laid flat. The rows of an xz and a yz section run along z.
    """
    thin = {"xy": 0, "xz": 1, "yz": 2}.get(view)
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
    memory: int = DEFAULT_MEMORY,
    jobs: int = 2,
    progress: Progress = silent,
) -> Iterator[PhantomSlab]:
    """The phantom slab by slab, in order, with bounded memory and the same voxels whatever the slabs.

    ``thickness`` is the number of slices in a slab; without it, ``memory`` (bytes) decides.
    """
    scene = build_scene(config, progress=progress)
    yield from scene_slabs(scene, thickness=thickness, memory=memory, jobs=jobs, progress=progress)


def scene_slabs(
    scene: Scene,
    *,
    thickness: int | None = None,
    memory: int = DEFAULT_MEMORY,
    jobs: int = 2,
    progress: Progress = silent,
) -> Iterator[PhantomSlab]:
    """The slabs of a scene, made by ``jobs`` threads and yielded in order."""
    depth = scene.config.shape[0]
    if thickness is not None and thickness < 1:
        raise InputError(f"thickness = {thickness} must be at least one slice")
    step = thickness or _planes(scene.config, memory, jobs)
    starts = range(0, depth, step)
    waiting: deque[Future[PhantomSlab]] = deque()
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        try:
            for z0 in starts:
                waiting.append(pool.submit(render_slab, scene, z0, min(z0 + step, depth)))
                if len(waiting) > jobs:
                    yield from _finished(waiting, depth, progress)
            while waiting:
                yield from _finished(waiting, depth, progress)
        finally:
            for future in waiting:
                future.cancel()


def render_slab(scene: Scene, z0: int, z1: int) -> PhantomSlab:
    """Slices ``z0`` to ``z1`` of the scene, made on their own."""
    from electrodej.phantom.kernels_labels import number

    config = scene.config
    hz, hy, hx = blur_halo(config)
    box: Box = ((z0 - hz, z1 + hz), (-hy, config.shape[1] + hy), (-hx, config.shape[2] + hx))
    outside, second, owner = claim_box(config, scene.particles, box)
    painted, phases = _paint(scene, box, outside, second, owner)
    inner = tuple(slice(h, n - h) for h, n in zip((hz, hy, hx), painted.shape, strict=True))
    kept = np.ascontiguousarray(phases[inner])
    kind = label_dtype(scene.visible)
    outlines, labels = np.empty(kept.shape, dtype=kind), np.empty(kept.shape, dtype=kind)
    number(owner[inner], outside[inner], kept, outlines, labels)
    del outside, second, owner, phases
    grey = detect(config, scene.noise_seed, z0, painted)
    return PhantomSlab(z0, z1, grey, outlines, labels, kept)


def label_dtype(most: int) -> type[np.uint16] | type[np.uint32]:
    """uint16 while the labels fit."""
    return np.uint16 if most < 2**16 else np.uint32


def as_config(shape: PhantomConfig | tuple[int, int, int] | None, options: dict[str, Any]) -> PhantomConfig:
    """A configuration from a ready one or a shape, and single fields."""
    if isinstance(shape, PhantomConfig):
        return shape.changed(options)
    return PhantomConfig().changed(options if shape is None else {"shape": shape, **options})


def _finished(waiting: deque[Future[PhantomSlab]], depth: int, progress: Progress) -> Iterator[PhantomSlab]:
    slab = waiting.popleft().result()
    progress(slab.z1, depth, "rendering")
    yield slab


def _planes(config: PhantomConfig, memory: int, jobs: int) -> int:
    """Slices in a slab so that all slabs at work fit in ``memory``."""
    hz, hy, hx = blur_halo(config)
    plane = (config.shape[1] + 2 * hy) * (config.shape[2] + 2 * hx) * _BYTES_PER_VOXEL
    fit = memory // (plane * (jobs + 1)) - 2 * hz
    share = -(-config.shape[0] // max(1, jobs))
    return int(max(1, min(fit, _MOST_PLANES, share)))


def _paint(
    scene: Scene,
    box: Box,
    outside: NDArray[np.float32],
    second: NDArray[np.float32],
    owner: NDArray[np.int32],
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Grey levels before the detector, and phases."""
    from electrodej.phantom.kernels_paint import paint, strew

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
