"""Which particle a voxel belongs to, and whether it is material or a crack there."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from electrodej.phantom.kernels_noise import turned_noise, wall_distance

NOBODY = np.int32(-1)
FAR = np.float32(1e9)
# Outside a particle its surface is felt this far (um), for the dark fringe.
FRINGE_REACH = 0.6
# A softer edge (um) than this is a fogged one.
CRISP = 0.1


@njit(cache=True, nogil=True, inline="always")
def _pull_together(
    p: np.ndarray, breaks: np.ndarray, first: int, last: int, raggedness: float, radius: float
) -> float:
    """Move a point of a broken particle to where it was before; how deep it lies in a gap (um, < 0: not)."""
    depth = -1e9
    for row in range(first, last):
        n0, n1, n2 = breaks[row, 0], breaks[row, 1], breaks[row, 2]
        half = breaks[row, 4]
        d = n0 * p[0] + n1 * p[1] + n2 * p[2] - breaks[row, 3]
        if abs(d) < half + raggedness:
            scale = 3.0 / radius
            d += raggedness * turned_noise(int(breaks[row, 5]), p[0] * scale, p[1] * scale, p[2] * scale)
        depth = max(depth, half - abs(d))
        back = min(max(d, -half), half)
        p[0] -= back * n0
        p[1] -= back * n1
        p[2] -= back * n2
    return depth


@njit(cache=True, nogil=True, inline="always")
def _own_axes(p: np.ndarray, turn: np.ndarray, half_axes: np.ndarray, q: np.ndarray) -> float:
    """Point in units of the half axes, in ``q``; returns its length, 1 on the ellipsoid."""
    square = 0.0
    for axis in range(3):
        q[axis] = (turn[0, axis] * p[0] + turn[1, axis] * p[1] + turn[2, axis] * p[2]) / half_axes[axis]
        square += q[axis] * q[axis]
    return math.sqrt(square)


@njit(cache=True, nogil=True)
def claim(
    origin: np.ndarray,
    spacing: np.ndarray,
    rows: np.ndarray,
    centre: np.ndarray,
    half_axes: np.ndarray,
    turn: np.ndarray,
    seed: np.ndarray,
    softness: np.ndarray,
    reach: np.ndarray,
    breaks: np.ndarray,
    break_start: np.ndarray,
    bumpiness: float,
    roughness: float,
    outside: np.ndarray,
    second: np.ndarray,
    owner: np.ndarray,
) -> None:
    """Give each voxel to the particle whose surface it lies deepest in, or nearest to.

    ``outside`` becomes the distance out of the owner's surface (um, negative inside), so that two particles
    that press on each other meet in a flat face; ``second`` the same for the next particle; ``owner`` the
    particle's row, `NOBODY` out of reach. ``origin`` is the index of the first voxel in the volume.
    """
    depth, height, width = owner.shape
    p = np.empty(3)
    q = np.empty(3)
    for row in rows:
        radius = (half_axes[row, 0] * half_axes[row, 1] * half_axes[row, 2]) ** (1.0 / 3.0)
        margin = max(softness[row], FRINGE_REACH)
        # What looks fogged is the frayed part of a surface.
        fray = 2.0 * roughness if softness[row] > CRISP else roughness
        rim = 1.0 + bumpiness + (fray + margin) / radius
        deep = 1.0 - bumpiness - (fray + margin) / radius
        low = np.empty(3, np.int64)
        high = np.empty(3, np.int64)
        for axis in range(3):
            low[axis] = math.ceil((centre[row, axis] - reach[row]) / spacing[axis]) - origin[axis]
            high[axis] = math.floor((centre[row, axis] + reach[row]) / spacing[axis]) - origin[axis] + 1
        coarse = 1.7 / radius
        fine = 2.4
        for z in range(max(low[0], 0), min(high[0], depth)):
            for y in range(max(low[1], 0), min(high[1], height)):
                for x in range(max(low[2], 0), min(high[2], width)):
                    p[0] = (z + origin[0]) * spacing[0] - centre[row, 0]
                    p[1] = (y + origin[1]) * spacing[1] - centre[row, 1]
                    p[2] = (x + origin[2]) * spacing[2] - centre[row, 2]
                    _pull_together(p, breaks, break_start[row], break_start[row + 1], 0.12 * radius, radius)
                    rho = _own_axes(p, turn[row], half_axes[row], q)
                    if rho > rim:
                        continue
                    out = rho - 1.0
                    if rho > deep:
                        out -= bumpiness * turned_noise(
                            seed[row], p[0] * coarse, p[1] * coarse, p[2] * coarse
                        )
                        out *= radius
                        out -= 0.6 * fray * turned_noise(seed[row] + 1, p[0] * fine, p[1] * fine, p[2] * fine)
                        out -= (
                            0.4
                            * fray
                            * turned_noise(
                                seed[row] + 8, p[0] * 2.3 * fine, p[1] * 2.3 * fine, p[2] * 2.3 * fine
                            )
                        )
                    else:
                        out *= radius
                    if out >= margin:
                        continue
                    if out < outside[z, y, x]:
                        second[z, y, x] = outside[z, y, x]
                        outside[z, y, x] = out
                        owner[z, y, x] = row
                    elif out < second[z, y, x]:
                        second[z, y, x] = out


@njit(cache=True, nogil=True)
def open_share(
    p: np.ndarray,
    q: np.ndarray,
    rho: float,
    gap: float,
    radius: float,
    voxel: float,
    kind: int,
    seed: int,
    core: float,
    cracks: np.ndarray,
    first: int,
    last: int,
    crackle_width: float,
) -> float:
    """Share of a voxel inside a particle that is crack or core, from the distance to the wall (0 to 1).

    ``p`` is the place from the centre in um, ``q`` the same in half axes and ``rho`` its length.
    """
    share = 0.0
    if gap > -voxel:
        share = min(max(0.5 + gap / voxel, 0.0), 1.0)
    if core > 0.0 and rho < 2.4 * core:
        scale = 1.0 / (0.8 * core)
        ragged = turned_noise(seed + 2, q[0] * scale, q[1] * scale, q[2] * scale)
        small = turned_noise(seed + 3, p[0] * 1.9, p[1] * 1.9, p[2] * 1.9)
        inside = (0.8 - rho / core + 1.5 * ragged + 0.7 * small) * core * radius * 0.5
        share = max(share, min(max(0.5 + inside / voxel, 0.0), 1.0))
        # Around the hole the material is riddled with small ones.
        speck = turned_noise(seed + 4, p[0] * 3.4, p[1] * 3.4, p[2] * 3.4)
        riddled = (speck - 0.36 - 0.16 * rho / core) * 0.5
        share = max(share, min(max(0.2 + riddled / voxel, 0.0), 0.9))
    for row in range(first, last):
        width = cracks[row, 8]
        wobble = cracks[row, 10]
        along = cracks[row, 3] * p[0] + cracks[row, 4] * p[1] + cracks[row, 5] * p[2] - cracks[row, 6]
        if along < 0.0 or rho * radius > cracks[row, 7]:
            continue
        d = cracks[row, 0] * p[0] + cracks[row, 1] * p[1] + cracks[row, 2] * p[2]
        # A branch's wall passes through its fork, not through the centre.
        if cracks[row, 6] > 0.0:
            d -= cracks[row, 6] * (
                cracks[row, 0] * cracks[row, 3]
                + cracks[row, 1] * cracks[row, 4]
                + cracks[row, 2] * cracks[row, 5]
            )
        if abs(d) > 1.3 * wobble + 0.2 + width + voxel:
            continue
        side = (
            (cracks[row, 1] * cracks[row, 5] - cracks[row, 2] * cracks[row, 4]) * p[0]
            + (cracks[row, 2] * cracks[row, 3] - cracks[row, 0] * cracks[row, 5]) * p[1]
            + (cracks[row, 0] * cracks[row, 4] - cracks[row, 1] * cracks[row, 3]) * p[2]
        )
        if abs(side) > cracks[row, 9] * (along + 0.3 * radius):
            continue
        name = int(cracks[row, 11])
        scale = 2.6 / radius
        d += 0.8 * wobble * turned_noise(name, p[0] * scale, p[1] * scale, p[2] * scale)
        d += 0.5 * wobble * turned_noise(name + 2, 3.1 * p[0] * scale, 3.1 * p[1] * scale, 3.1 * p[2] * scale)
        d += 0.2 * turned_noise(name + 4, 2.9 * p[0], 2.9 * p[1], 2.9 * p[2])
        uneven = 1.0 + 0.9 * turned_noise(name + 3, p[0] * 1.4, p[1] * 1.4, p[2] * 1.4)
        share = max(share, min(max(0.5 + (0.5 * width * uneven - abs(d)) / voxel, 0.0), 1.0))
    if kind == 3 and rho > 0.08:
        # Walls between grains that point outwards: cells of points on the unit sphere.
        grains = 3.4
        warp = 0.35 * turned_noise(seed + 5, p[0] * 2.2, p[1] * 2.2, p[2] * 2.2)
        inverse = grains / rho
        wall, wall_name = wall_distance(
            seed + 6, q[0] * inverse + warp, q[1] * inverse - warp, q[2] * inverse + 0.5 * warp + 0.9 * rho
        )
        # Each wall opens to its own width, wider towards the middle.
        opening = float((wall_name >> np.uint64(40)) & np.uint64(0xFFFF)) / 65536.0
        width = crackle_width * (1.9 * opening - 0.5) * (1.3 - 0.6 * rho)
        if width > 0.0:
            distance = wall / grains * rho * radius
            share = max(share, min(max(0.5 + (0.5 * width - distance) / voxel, 0.0), 1.0))
    return share
