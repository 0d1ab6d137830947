"""The grey level of each voxel before the detector sees it, and its phase."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from electrodej.phantom.kernels_noise import layered_noise, turned_noise, uniform3
from electrodej.phantom.kernels_particles import FRINGE_REACH, NOBODY, _own_axes, _pull_together, open_share

PORE, BINDER, PARTICLE, CRACK = 0, 1, 2, 3

# Columns of the table of grey levels and lengths that `paint` reads.
(
    PARTICLE_GREY,
    BINDER_GREY,
    PORE_GREY,
    CRACK_GREY,
    PARTICLE_TEXTURE,
    BINDER_TEXTURE,
    FRINGE,
    PORE_LENGTH,
    PORE_LEVEL,
    CRACKLE_WIDTH,
    FAINT_SHARE,
    FAINT_DEPTH,
    FAINT_THICKNESS,
    RAGGEDNESS,
    SEAM,
    SEAM_WIDTH,
    SHADE,
) = range(17)


@njit(cache=True, nogil=True)
def strew(
    origin: np.ndarray,
    spacing: np.ndarray,
    rows: np.ndarray,
    centre: np.ndarray,
    half_axes: np.ndarray,
    turn: np.ndarray,
    seed: np.ndarray,
    softness: np.ndarray,
    reach: np.ndarray,
    cover: np.ndarray,
    piece: np.ndarray,
) -> None:
    """Mark how far fragments and patches cover each voxel (0 to 1), and which of them does most."""
    depth, height, width = piece.shape
    p = np.empty(3)
    q = np.empty(3)
    low = np.empty(3, np.int64)
    high = np.empty(3, np.int64)
    for row in rows:
        radius = (half_axes[row, 0] * half_axes[row, 1] * half_axes[row, 2]) ** (1.0 / 3.0)
        for axis in range(3):
            low[axis] = math.ceil((centre[row, axis] - reach[row]) / spacing[axis]) - origin[axis]
            high[axis] = math.floor((centre[row, axis] + reach[row]) / spacing[axis]) - origin[axis] + 1
        scale = 1.6 / radius
        for z in range(max(low[0], 0), min(high[0], depth)):
            for y in range(max(low[1], 0), min(high[1], height)):
                for x in range(max(low[2], 0), min(high[2], width)):
                    p[0] = (z + origin[0]) * spacing[0] - centre[row, 0]
                    p[1] = (y + origin[1]) * spacing[1] - centre[row, 1]
                    p[2] = (x + origin[2]) * spacing[2] - centre[row, 2]
                    rho = _own_axes(p, turn[row], half_axes[row], q)
                    out = rho - 1.0 - 0.5 * turned_noise(seed[row], p[0] * scale, p[1] * scale, p[2] * scale)
                    out -= 0.3 * turned_noise(seed[row] + 1, p[0] * 3.0, p[1] * 3.0, p[2] * 3.0)
                    share = 0.5 - out * radius / softness[row]
                    if share > cover[z, y, x]:
                        cover[z, y, x] = min(share, 1.0)
                        piece[z, y, x] = row


@njit(cache=True, nogil=True)
def pore_field(seed: int, z: float, y: float, x: float, length: float) -> float:
    """The field that is low in pores and high in binder."""
    return layered_noise(seed + 101, z / length, y / length, x / length, 3, 0.6)


@njit(cache=True, nogil=True)
def pore_field_at(seed: int, points: np.ndarray, length: float, out: np.ndarray) -> None:
    """`pore_field` at each of the points."""
    for row in range(points.shape[0]):
        out[row] = pore_field(seed, points[row, 0], points[row, 1], points[row, 2], length)


@njit(cache=True, nogil=True)
def paint(
    origin: np.ndarray,
    spacing: np.ndarray,
    scene_seed: int,
    levels: np.ndarray,
    centre: np.ndarray,
    half_axes: np.ndarray,
    turn: np.ndarray,
    kind: np.ndarray,
    seed: np.ndarray,
    softness: np.ndarray,
    grey_shift: np.ndarray,
    core: np.ndarray,
    cracks: np.ndarray,
    crack_start: np.ndarray,
    breaks: np.ndarray,
    break_start: np.ndarray,
    outside: np.ndarray,
    second: np.ndarray,
    owner: np.ndarray,
    cover: np.ndarray,
    piece: np.ndarray,
    piece_grey: np.ndarray,
    piece_debris: np.ndarray,
    grey: np.ndarray,
    phase: np.ndarray,
) -> None:
    """Fill ``grey`` and ``phase`` from what `claim` and `strew` found."""
    depth, height, width = owner.shape
    voxel = (spacing[0] * spacing[1] * spacing[2]) ** (1.0 / 3.0)
    p = np.empty(3)
    q = np.empty(3)
    for z in range(depth):
        place_z = (z + origin[0]) * spacing[0]
        for y in range(height):
            place_y = (y + origin[1]) * spacing[1]
            for x in range(width):
                place_x = (x + origin[2]) * spacing[2]
                row = owner[z, y, x]
                inside = 0.0
                if row != NOBODY:
                    inside = min(max(0.5 - outside[z, y, x] / softness[row], 0.0), 1.0)
                matrix = levels[BINDER_GREY]
                material = PARTICLE
                if inside < 1.0 or levels[FAINT_SHARE] > 0.0:
                    field = pore_field(scene_seed, place_z, place_y, place_x, levels[PORE_LENGTH])
                    above = field - levels[PORE_LEVEL]
                    material = BINDER if above > 0.0 else PORE
                    rise = min(max(0.5 + 0.7 * above, 0.0), 1.0)
                    matrix = levels[PORE_GREY] + (levels[BINDER_GREY] - levels[PORE_GREY]) * rise
                    matrix += levels[BINDER_TEXTURE] * layered_noise(
                        scene_seed + 501, place_z * 0.6, place_y * 0.6, place_x * 0.6, 4, 0.75
                    )
                    if row != NOBODY:
                        near = outside[z, y, x] / FRINGE_REACH
                        if near < 1.0:
                            matrix -= levels[FRINGE] * (1.0 - max(near, 0.0))
                    share = cover[z, y, x]
                    if share > 0.0:
                        matrix += share * (piece_grey[piece[z, y, x]] - matrix)
                        if share >= 0.5 and piece_debris[piece[z, y, x]] == 1:
                            material = PARTICLE
                if inside > 0.0:
                    p[0] = place_z - centre[row, 0]
                    p[1] = place_y - centre[row, 1]
                    p[2] = place_x - centre[row, 2]
                    radius = (half_axes[row, 0] * half_axes[row, 1] * half_axes[row, 2]) ** (1.0 / 3.0)
                    gap = _pull_together(
                        p, breaks, break_start[row], break_start[row + 1], levels[RAGGEDNESS] * radius, radius
                    )
                    rho = _own_axes(p, turn[row], half_axes[row], q)
                    hollow = open_share(
                        p,
                        q,
                        rho,
                        gap,
                        radius,
                        voxel,
                        kind[row],
                        seed[row],
                        core[row],
                        cracks,
                        crack_start[row],
                        crack_start[row + 1],
                        levels[CRACKLE_WIDTH],
                    )
                    solid = levels[PARTICLE_GREY] + grey_shift[row]
                    solid += levels[PARTICLE_TEXTURE] * layered_noise(
                        seed[row] + 7, p[0] * 0.8, p[1] * 0.8, p[2] * 0.8, 3, 0.8
                    )
                    solid += levels[SHADE] * (min(rho * rho, 1.0) - 0.6)
                    # Where two particles touch, a thin darker line lies between them, more or less open.
                    away = 0.5 * (second[z, y, x] - outside[z, y, x])
                    if away < levels[SEAM_WIDTH]:
                        opened = 0.5 + 1.2 * turned_noise(
                            scene_seed + 601, place_z * 0.5, place_y * 0.5, place_x * 0.5
                        )
                        solid -= levels[SEAM] * min(max(opened, 0.0), 1.0) * (1.0 - away / levels[SEAM_WIDTH])
                    solid += hollow * (levels[CRACK_GREY] - solid)
                    if levels[FAINT_SHARE] > 0.0:
                        inside *= 1.0 - levels[FAINT_DEPTH] * _faint(
                            seed[row], place_z, place_y, place_x, levels[FAINT_THICKNESS], levels[FAINT_SHARE]
                        )
                    matrix += inside * (solid - matrix)
                    if outside[z, y, x] <= 0.0:
                        material = CRACK if hollow >= 0.5 else PARTICLE
                grey[z, y, x] = matrix
                phase[z, y, x] = material


@njit(cache=True, nogil=True, inline="always")
def _faint(seed: int, z: float, y: float, x: float, thickness: float, share: float) -> float:
    """1 where one of the three sections through a voxel is a faint one of its particle, else 0."""
    if uniform3(seed + 11, math.floor(z / thickness), 0, 0) < share:
        return 1.0
    if uniform3(seed + 12, 0, math.floor(y / thickness), 0) < share:
        return 1.0
    if uniform3(seed + 13, 0, 0, math.floor(x / thickness)) < share:
        return 1.0
    return 0.0


@njit(cache=True, nogil=True)
def slow_change(
    seed: int, origin: np.ndarray, spacing: np.ndarray, length: float, height: float, grey: np.ndarray
) -> None:
    """Add the slow, smooth change of the background."""
    for z in range(grey.shape[0]):
        for y in range(grey.shape[1]):
            for x in range(grey.shape[2]):
                grey[z, y, x] += (
                    height
                    * turned_noise(
                        seed,
                        (z + origin[0]) * spacing[0] / length,
                        (y + origin[1]) * spacing[1] / length,
                        (x + origin[2]) * spacing[2] / length,
                    )
                    / 0.3689
                )
