"""The grey level of each voxel before the detector sees it, and its phase."""

from __future__ import annotations

import math

import numpy as np

from electrodej.compiled import compiled
from electrodej.phantom.kernels.noise import layered_noise, noise_memory, turned_noise, uniform3
from electrodej.phantom.kernels.particles import (
    CHANNELS,
    CRISP,
    NOBODY,
    open_share,
    own_axes,
    pull_together,
    voxels_in_reach,
)
from electrodej.phantom.population import CRACKLED, CRUSHED, FRINGE_REACH, Clutter, Levels, Particles

PORE, BINDER, PARTICLE, CRACK = 0, 1, 2, 3


@compiled
def strew(
    origin: np.ndarray,
    spacing: np.ndarray,
    rows: np.ndarray,
    clutter: Clutter,
    cover: np.ndarray,
    piece: np.ndarray,
) -> None:
    """Mark how far fragments and patches cover each voxel (0 to 1), and which of them does most."""
    memory = noise_memory(2)
    p = np.empty(3)
    q = np.empty(3)
    centre, half_axes, turn = clutter.centre, clutter.half_axes, clutter.turn
    for row in rows:
        radius = (half_axes[row, 0] * half_axes[row, 1] * half_axes[row, 2]) ** (1.0 / 3.0)
        seed = clutter.seed[row]
        softness = clutter.softness[row]
        scale = 1.6 / radius
        low, high = voxels_in_reach(clutter.centre[row], clutter.reach[row], origin, spacing, piece.shape)
        for z in range(low[0], high[0]):
            for y in range(low[1], high[1]):
                for x in range(low[2], high[2]):
                    p[0] = (z + origin[0]) * spacing[0] - centre[row, 0]
                    p[1] = (y + origin[1]) * spacing[1] - centre[row, 1]
                    p[2] = (x + origin[2]) * spacing[2] - centre[row, 2]
                    out = own_axes(p, turn, half_axes, row, q) - 1.0
                    out -= 0.5 * turned_noise(memory, 0, seed, scale * p[0], scale * p[1], scale * p[2])
                    out -= 0.3 * turned_noise(memory, 1, seed + 1, 3.0 * p[0], 3.0 * p[1], 3.0 * p[2])
                    share = 0.5 - out * radius / softness
                    if share > cover[z, y, x]:
                        cover[z, y, x] = min(share, 1.0)
                        piece[z, y, x] = row


@compiled
def pore_field(memory: np.ndarray, channel: int, seed: int, place: np.ndarray, length: float) -> float:
    """The field that is low in pores and high in binder; three channels."""
    return layered_noise(
        memory, channel, seed + 101, place[0] / length, place[1] / length, place[2] / length, 3, 0.6
    )


@compiled
def pore_field_at(seed: int, points: np.ndarray, length: float, out: np.ndarray) -> None:
    """`pore_field` at each of the points."""
    memory = noise_memory(3)
    for row in range(points.shape[0]):
        out[row] = pore_field(memory, 0, seed, points[row], length)


@compiled
def paint(
    origin: np.ndarray,
    spacing: np.ndarray,
    seed: int,
    levels: Levels,
    particles: Particles,
    clutter: Clutter,
    outside: np.ndarray,
    second: np.ndarray,
    owner: np.ndarray,
    cover: np.ndarray,
    piece: np.ndarray,
    grey: np.ndarray,
    phase: np.ndarray,
) -> None:
    """Fill ``grey`` and ``phase`` from what `claim` and `strew` found."""
    memory = noise_memory(CHANNELS + 13)
    # Arrays in variables of their own: taken from the tuple, they would be counted in and out at every voxel.
    centre, half_axes, turn, radius = particles.centre, particles.half_axes, particles.turn, particles.radius
    softness, shift, seeds = particles.softness, particles.grey, particles.seed
    core, kind = particles.core, particles.kind
    cracks, crack_start = particles.cracks, particles.crack_start
    breaks, break_start = particles.breaks, particles.break_start
    piece_grey, is_debris = clutter.grey, clutter.is_debris
    voxel = (spacing[0] * spacing[1] * spacing[2]) ** (1.0 / 3.0)
    place = np.empty(3)
    p = np.empty(3)
    q = np.empty(3)
    for z in range(owner.shape[0]):
        place[0] = (z + origin[0]) * spacing[0]
        for y in range(owner.shape[1]):
            place[1] = (y + origin[1]) * spacing[1]
            for x in range(owner.shape[2]):
                place[2] = (x + origin[2]) * spacing[2]
                row = owner[z, y, x]
                inside = 0.0
                if row != NOBODY:
                    edge = outside[z, y, x]
                    if softness[row] > CRISP:
                        # A fogged edge is seen frayed; the outline stays as smooth as that of others.
                        edge -= (
                            0.8
                            * softness[row]
                            * turned_noise(
                                memory,
                                CHANNELS + 11,
                                seed + 701,
                                2.2 * place[0],
                                2.2 * place[1],
                                2.2 * place[2],
                            )
                        )
                    inside = min(max(0.5 - edge / softness[row], 0.0), 1.0)
                level = 0.0
                material = PARTICLE
                # A fogged edge may be wholly bright where the outline has ended, or dark where it has not.
                if inside < 1.0 or outside[z, y, x] > 0.0 or levels.faint_share > 0.0:
                    level, material = _matrix(memory, seed, place, outside[z, y, x], levels)
                    if row != NOBODY:
                        level -= levels.fringe * (1.0 - min(max(outside[z, y, x] / FRINGE_REACH, 0.0), 1.0))
                    share = cover[z, y, x]
                    if share > 0.0:
                        level += share * (piece_grey[piece[z, y, x]] - level)
                        if share >= 0.5 and is_debris[piece[z, y, x]] == 1:
                            material = PARTICLE
                if inside > 0.0 or outside[z, y, x] <= 0.0:
                    for axis in range(3):
                        p[axis] = place[axis] - centre[row, axis]
                    gap = pull_together(
                        memory, p, breaks, break_start[row], break_start[row + 1], radius[row]
                    )
                    rho = own_axes(p, turn, half_axes, row, q)
                    hollow = open_share(
                        memory,
                        seeds[row],
                        core[row],
                        kind[row] == CRACKLED,
                        cracks,
                        crack_start[row],
                        crack_start[row + 1],
                        radius[row],
                        p,
                        q,
                        rho,
                        gap,
                        voxel,
                        levels.crackle_width,
                        levels.fragment_size if kind[row] == CRUSHED else 0.0,
                        levels.fragment_gap,
                    )
                    solid = shift[row] + _material(memory, seeds[row], p, rho, levels)
                    away = 0.5 * (second[z, y, x] - outside[z, y, x])
                    if away < levels.seam_width:
                        solid -= _seam(memory, seed, place, levels.seam) * (1.0 - away / levels.seam_width)
                    solid += hollow * (levels.crack - solid)
                    if levels.faint_share > 0.0 and _is_faint(seeds[row], place, levels):
                        inside *= 1.0 - levels.faint_depth
                    level += inside * (solid - level)
                    if outside[z, y, x] <= 0.0:
                        material = CRACK if hollow >= 0.5 else PARTICLE
                grey[z, y, x] = level
                phase[z, y, x] = material


@compiled
def _matrix(
    memory: np.ndarray, seed: int, place: np.ndarray, outside: float, levels: Levels
) -> tuple[float, int]:
    """Grey level and phase between the particles: the way from pore to binder is a slope, not a step."""
    above = pore_field(memory, CHANNELS, seed, place, levels.pore_length) - levels.pore_level
    rise = min(max(0.5 + 0.7 * above, 0.0), 1.0)
    if levels.film > 0.0 and outside < 2.0 * levels.film:
        thickness = turned_noise(
            memory, CHANNELS + 12, seed + 801, 0.6 * place[0], 0.6 * place[1], 0.6 * place[2]
        )
        depth = levels.film * (1.0 + 1.4 * thickness) - outside
        rise = max(rise, min(max(0.5 + depth / 0.15, 0.0), 1.0))
        above = max(above, depth)
    level = levels.pore + (levels.binder - levels.pore) * rise
    level += levels.binder_texture * layered_noise(
        memory,
        CHANNELS + 3,
        seed + 501,
        0.6 * place[0],
        0.6 * place[1],
        0.6 * place[2],
        4,
        0.75,
    )
    return level, BINDER if above > 0.0 else PORE


@compiled
def _material(
    memory: np.ndarray,
    seed: int,
    p: np.ndarray,
    rho: float,
    levels: Levels,
) -> float:
    """Grey level of intact material: grainy, and brighter towards the surface."""
    grain = layered_noise(
        memory,
        CHANNELS + 7,
        seed + 7,
        0.8 * p[0],
        0.8 * p[1],
        0.8 * p[2],
        3,
        0.8,
    )
    shade = levels.shade * (min(rho * rho, 1.0) - 0.6)
    level: float = levels.particle + levels.particle_texture * grain + shade
    return level


@compiled
def _seam(memory: np.ndarray, seed: int, place: np.ndarray, most: float) -> float:
    """Darkening of the thin line between two particles that touch, more or less open along the contact."""
    noise = turned_noise(memory, CHANNELS + 10, seed + 601, 0.5 * place[0], 0.5 * place[1], 0.5 * place[2])
    return most * min(max(0.5 + 1.2 * noise, 0.0), 1.0)


@compiled
def _is_faint(seed: int, place: np.ndarray, levels: Levels) -> bool:
    """Whether one of the three sections through a voxel is a faint one of its particle."""
    thickness, share = levels.faint_thickness, levels.faint_share
    return (
        uniform3(seed + 11, math.floor(place[0] / thickness), 0, 0) < share
        or uniform3(seed + 12, 0, math.floor(place[1] / thickness), 0) < share
        or uniform3(seed + 13, 0, 0, math.floor(place[2] / thickness)) < share
    )
