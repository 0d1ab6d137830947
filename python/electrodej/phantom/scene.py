"""A whole electrode before any voxel of it is made: small, and the same for every slab."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodej.phantom.config import PhantomConfig
from electrodej.phantom.packing import pack
from electrodej.phantom.population import Clutter, Levels, Particles, populate, scatter
from electrodej.progress import Progress, silent

Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Scene:
    """Particles, clutter and the numbers the kernels need."""

    config: PhantomConfig
    particles: Particles
    """Sorted by their first slice; those without a voxel in the volume come last."""
    visible: int
    """So many particles have a voxel in the volume; particle i < visible has the label i + 1."""
    clutter: Clutter
    levels: Levels
    noise_seed: int

    @property
    def spacing(self) -> NDArray[np.float64]:
        """Voxel size as an array."""
        return np.array(self.config.spacing)


def build_scene(config: PhantomConfig, *, progress: Progress = silent) -> Scene:
    """Pack the particles, give them their looks and number those that show."""
    packing = pack(config, progress=progress)
    particles = populate(config, packing)
    shown = _showing(config, particles)
    order = np.concatenate([np.flatnonzero(shown), np.flatnonzero(~shown)])
    seed = int(np.random.default_rng([config.seed, 4]).integers(0, 2**48))
    return Scene(
        config=config,
        particles=particles.only(order),
        visible=int(shown.sum()),
        clutter=scatter(config, packing),
        levels=_levels(config, seed),
        noise_seed=seed,
    )


def rows_in(
    config: PhantomConfig, centre: NDArray[np.float64], reach: NDArray[np.float64], box: Box
) -> NDArray[np.int64]:
    """Rows whose reach meets the box of voxels."""
    meets = np.ones(len(centre), dtype=bool)
    for axis, (first, end) in enumerate(box):
        step = config.spacing[axis]
        meets &= (centre[:, axis] + reach >= first * step) & (centre[:, axis] - reach <= (end - 1) * step)
    return np.flatnonzero(meets)


def claim_box(
    config: PhantomConfig, particles: Particles, box: Box
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
    """Distances out of the nearest and the next particle (um) and the nearest's row, for a box of voxels."""
    from electrodej.phantom.kernels.particles import FAR, NOBODY, claim, part

    shape = tuple(end - first for first, end in box)
    outside = np.full(shape, FAR, dtype=np.float32)
    second = np.full(shape, FAR, dtype=np.float32)
    owner = np.full(shape, NOBODY, dtype=np.int32)
    claim(
        np.array([first for first, _ in box], dtype=np.int64),
        np.array(config.spacing),
        rows_in(config, particles.centre, particles.reach, box),
        particles,
        config.bumpiness,
        config.roughness,
        outside,
        second,
        owner,
    )
    if config.parting > 0:
        origin = np.array([first for first, _ in box], dtype=np.int64)
        part(origin, np.array(config.spacing), config.seed % 2**48, config.parting, outside, second)
    return outside, second, owner


def _showing(config: PhantomConfig, particles: Particles) -> NDArray[np.bool_]:
    """Which particles own a voxel of the volume."""
    spacing = np.array(config.spacing)
    shown = np.zeros(len(particles.centre), dtype=bool)
    for row in range(len(particles.centre)):
        nearest = np.clip(np.rint(particles.centre[row] / spacing), 0, np.array(config.shape) - 1).astype(int)
        point: Box = tuple((int(i), int(i) + 1) for i in nearest)  # type: ignore[assignment]
        reach = particles.reach[row]
        low = np.maximum(np.floor((particles.centre[row] - reach) / spacing), 0).astype(int)
        high = np.minimum(np.ceil((particles.centre[row] + reach) / spacing) + 1, config.shape).astype(int)
        whole: Box = tuple((int(a), int(b)) for a, b in zip(low, high, strict=True))  # type: ignore[assignment]
        # The voxel nearest to the centre answers for nearly all of them.
        for box in (point, whole):
            if any(end <= first for first, end in box):
                break
            outside, _, owner = claim_box(config, particles, box)
            if ((owner == row) & (outside <= 0)).any():
                shown[row] = True
                break
    return shown


def _levels(config: PhantomConfig, seed: int) -> Levels:
    """Grey levels with the contrast applied, and where to cut the pore field for the share of pores."""
    from electrodej.phantom.kernels.paint import pore_field_at

    size = np.array(config.shape) * np.array(config.spacing)
    # The share of pores is met on average over a region large enough to hold many of them.
    region = np.maximum(size, 20 * config.pore_length)
    points = np.random.default_rng([config.seed, 5]).random((40_000, 3)) * region
    field = np.empty(len(points))
    pore_field_at(seed, points, config.pore_length, field)
    pore_level = float(np.quantile(field, config.pore_share)) if config.pore_share > 0 else -1e9
    if config.pore_share >= 1:
        pore_level = 1e9
    middle = (config.particle_grey + config.binder_grey) / 2
    particle, binder, pore, crack = (
        middle + config.contrast * (level - middle)
        for level in (config.particle_grey, config.binder_grey, config.pore_grey, config.crack_grey)
    )
    return Levels(
        particle=particle,
        binder=binder,
        pore=pore,
        crack=crack,
        particle_texture=config.contrast * config.particle_texture,
        binder_texture=config.contrast * config.binder_texture,
        shade=config.contrast * config.shade,
        fringe=config.contrast * config.fringe,
        seam=config.contrast * config.seam,
        # A line thinner than the grid would come and go.
        seam_width=max(config.seam_width, 0.5 * min(config.spacing)),
        crackle_width=0.5 * sum(config.crack_width),
        pore_length=config.pore_length,
        pore_level=pore_level,
        faint_share=config.faint_sections,
        faint_depth=config.faint_depth,
        faint_thickness=max(config.faint_thickness, *config.spacing),
        film=config.film,
        fragment_size=config.fragment_size,
        fragment_gap=config.fragment_gap,
    )
