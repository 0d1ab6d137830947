"""Which particle a voxel belongs to, and whether it is material or a crack there."""

from __future__ import annotations

import math

import numpy as np

from electrodej.compiled import compiled, compiled_inline
from electrodej.phantom.kernels.crystals import crystal_norm
from electrodej.phantom.kernels.noise import noise_memory, turned_noise, wall_distance
from electrodej.phantom.population import FRINGE_REACH, Particles

NOBODY = np.int32(-1)
FAR = np.float32(1e9)
# A softer edge (um) than this is a fogged one.
CRISP = 0.1
# How far the faces of a break stray from a plane, as a share of the radius.
RAGGEDNESS = 0.12
# Channels of noise that `pull_together` and `open_share` use, from 0 on.
CHANNELS = 10


@compiled
def pull_together(
    memory: np.ndarray,
    p: np.ndarray,
    breaks: np.ndarray,
    first: int,
    end: int,
    radius: float,
) -> float:
    """Move a point of a broken particle to where it was before; how deep it lies in a gap (um, < 0: not)."""
    depth = -1e9
    raggedness = RAGGEDNESS * radius
    scale = 3.0 / radius
    for i in range(first, end):
        half = breaks[i, 4]
        d = breaks[i, 0] * p[0] + breaks[i, 1] * p[1] + breaks[i, 2] * p[2] - breaks[i, 3]
        if abs(d) < half + raggedness:
            d += raggedness * turned_noise(
                memory, 0, int(breaks[i, 5]), p[0] * scale, p[1] * scale, p[2] * scale
            )
        depth = max(depth, half - abs(d))
        back = min(max(d, -half), half)
        for axis in range(3):
            p[axis] -= back * breaks[i, axis]
    return depth


@compiled
def own_axes(p: np.ndarray, turn: np.ndarray, half_axes: np.ndarray, row: int, q: np.ndarray) -> float:
    """Point in units of the half axes, in ``q``; returns its length, 1 on the ellipsoid."""
    square = 0.0
    for axis in range(3):
        along = turn[row, 0, axis] * p[0] + turn[row, 1, axis] * p[1] + turn[row, 2, axis] * p[2]
        q[axis] = along / half_axes[row, axis]
        square += q[axis] * q[axis]
    return math.sqrt(square)


@compiled
def voxels_in_reach(
    centre: np.ndarray, reach: float, origin: np.ndarray, spacing: np.ndarray, shape: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """First and end index, in an array that begins at ``origin``, of the box about a centre."""
    low = np.empty(3, np.int64)
    high = np.empty(3, np.int64)
    for axis in range(3):
        first = math.ceil((centre[axis] - reach) / spacing[axis]) - origin[axis]
        last = math.floor((centre[axis] + reach) / spacing[axis]) - origin[axis]
        low[axis] = max(first, 0)
        high[axis] = min(last + 1, shape[axis])
    return low, high


@compiled
def claim(
    origin: np.ndarray,
    spacing: np.ndarray,
    rows: np.ndarray,
    particles: Particles,
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
    memory = noise_memory(4)
    p = np.empty(3)
    q = np.empty(3)
    centre, half_axes, turn = particles.centre, particles.half_axes, particles.turn
    breaks, break_start = particles.breaks, particles.break_start
    faceted, faces = particles.faceted, particles.faces
    for row in rows:
        radius = particles.radius[row]
        seed = particles.seed[row]
        # The faces of a crystal are flat.
        bumps = 0.1 * bumpiness if faceted[row] == 1 else bumpiness
        margin = max(particles.softness[row], FRINGE_REACH)
        rim = 1.0 + bumpiness + (roughness + margin) / radius
        deep = 1.0 - bumpiness - roughness / radius
        coarse = 1.7 / radius
        first, end = break_start[row], break_start[row + 1]
        low, high = voxels_in_reach(particles.centre[row], particles.reach[row], origin, spacing, owner.shape)
        for z in range(low[0], high[0]):
            for y in range(low[1], high[1]):
                for x in range(low[2], high[2]):
                    p[0] = (z + origin[0]) * spacing[0] - centre[row, 0]
                    p[1] = (y + origin[1]) * spacing[1] - centre[row, 1]
                    p[2] = (x + origin[2]) * spacing[2] - centre[row, 2]
                    if end > first:
                        pull_together(memory, p, breaks, first, end, radius)
                    rho = own_axes(p, turn, half_axes, row, q)
                    if faceted[row] == 1:
                        rho = crystal_norm(q, faces[row])
                    if rho > rim:
                        continue
                    out = (rho - 1.0) * radius
                    if rho > deep:
                        out -= (
                            bumps
                            * radius
                            * turned_noise(memory, 1, seed, p[0] * coarse, p[1] * coarse, p[2] * coarse)
                        )
                        if abs(out) < roughness + margin:
                            out -= roughness * _frayed(memory, seed, p)
                    if out >= margin:
                        continue
                    if out < outside[z, y, x]:
                        second[z, y, x] = outside[z, y, x]
                        outside[z, y, x] = out
                        owner[z, y, x] = row
                    elif out < second[z, y, x]:
                        second[z, y, x] = out


@compiled
def part(
    origin: np.ndarray, spacing: np.ndarray, seed: int, width: float, outside: np.ndarray, second: np.ndarray
) -> None:
    """Draw surfaces back from where two particles meet, by a gap that closes and opens along the contact."""
    memory = noise_memory(2)
    for z in range(outside.shape[0]):
        pz = (z + origin[0]) * spacing[0]
        for y in range(outside.shape[1]):
            py = (y + origin[1]) * spacing[1]
            for x in range(outside.shape[2]):
                away = 0.5 * (second[z, y, x] - outside[z, y, x])
                if away > width or outside[z, y, x] > 0.0:
                    continue
                px = (x + origin[2]) * spacing[2]
                opening = 0.5 + 1.3 * turned_noise(memory, 0, seed + 801, 0.45 * pz, 0.45 * py, 0.45 * px)
                opening += 0.5 * turned_noise(memory, 1, seed + 802, 1.9 * pz, 1.9 * py, 1.9 * px)
                drawn_back = 0.5 * width * min(max(opening, 0.0), 2.0) - away
                outside[z, y, x] = max(outside[z, y, x], drawn_back)


@compiled
def _frayed(memory: np.ndarray, seed: int, p: np.ndarray) -> float:
    """Fine roughness of a surface, in -1..1, at two scales; not so steep that islets come loose."""
    wide = turned_noise(memory, 2, seed + 1, 2.4 * p[0], 2.4 * p[1], 2.4 * p[2])
    fine = turned_noise(memory, 3, seed + 8, 5.5 * p[0], 5.5 * p[1], 5.5 * p[2])
    return 0.7 * wide + 0.3 * fine


@compiled
def open_share(
    memory: np.ndarray,
    seed: int,
    core: float,
    crackled: bool,
    cracks: np.ndarray,
    first: int,
    end: int,
    radius: float,
    p: np.ndarray,
    q: np.ndarray,
    rho: float,
    gap: float,
    voxel: float,
    crackle_width: float,
    fragment_size: float,
    fragment_gap: float,
) -> float:
    """Share of a voxel inside a particle that is crack or core, from the distance to the wall (0 to 1).

    ``p`` is the place from the centre in um, ``q`` the same in half axes and ``rho`` its length; ``gap`` the
    depth in the gap of a break; ``cracks[first:end]`` are the particle's; ``fragment_size`` is 0 where it is
    not crushed.
    """
    share = _covered(gap, voxel)
    if core > 0.0 and rho < 2.4 * core:
        share = max(share, _core(memory, seed, core, radius, p, q, rho, voxel))
    for i in range(first, end):
        share = max(share, _crack(memory, cracks, i, radius, p, rho, voxel))
    if crackled and rho > 0.08:
        share = max(share, _crackle(memory, seed, radius, p, q, rho, voxel, crackle_width))
    if fragment_size > 0.0:
        share = max(share, _crushed(memory, seed, p, voxel, fragment_size, fragment_gap))
    return share


@compiled
def _crushed(memory: np.ndarray, seed: int, p: np.ndarray, voxel: float, size: float, most: float) -> float:
    """Gaps between fragments: the walls of cells about scattered points, each open to its own width."""
    warp = 0.25 * turned_noise(memory, 9, seed + 31, 1.1 * p[0] / size, 1.1 * p[1] / size, 1.1 * p[2] / size)
    wall, name = wall_distance(seed + 32, p[0] / size + warp, p[1] / size - warp, p[2] / size + 0.5 * warp)
    opening = float((name >> np.uint64(40)) & np.uint64(0xFFFF)) / 65536.0
    width = most * (1.35 * opening - 0.35)
    if width <= 0.0:
        return 0.0
    return _covered(0.5 * width - wall * size, voxel)


@compiled_inline
def _covered(depth: float, voxel: float) -> float:
    """Share of a voxel that a hole covers whose wall lies ``depth`` um away (negative: outside the hole)."""
    return min(max(0.5 + depth / voxel, 0.0), 1.0)


@compiled
def _core(
    memory: np.ndarray,
    seed: int,
    core: float,
    radius: float,
    p: np.ndarray,
    q: np.ndarray,
    rho: float,
    voxel: float,
) -> float:
    """The ragged hole about the centre, and the small ones that riddle the material around it."""
    scale = 1.0 / (0.8 * core)
    ragged = turned_noise(memory, 1, seed + 2, q[0] * scale, q[1] * scale, q[2] * scale)
    small = turned_noise(memory, 2, seed + 3, 1.9 * p[0], 1.9 * p[1], 1.9 * p[2])
    hole = (0.8 - rho / core + 1.5 * ragged + 0.7 * small) * core * radius * 0.5
    speck = turned_noise(memory, 3, seed + 4, 3.4 * p[0], 3.4 * p[1], 3.4 * p[2])
    riddled = 0.2 + (speck - 0.36 - 0.16 * rho / core) * 0.5 / voxel
    return max(_covered(hole, voxel), min(max(riddled, 0.0), 0.9))


@compiled
def _crack(
    memory: np.ndarray,
    cracks: np.ndarray,
    i: int,
    radius: float,
    p: np.ndarray,
    rho: float,
    voxel: float,
) -> float:
    """A ragged wall with the normal n = columns 0 to 2 that runs along t = columns 3 to 5 (CRACK_COLUMNS)."""
    start, end, width, spread, wobble = cracks[i, 6], cracks[i, 7], cracks[i, 8], cracks[i, 9], cracks[i, 10]
    along = cracks[i, 3] * p[0] + cracks[i, 4] * p[1] + cracks[i, 5] * p[2] - start
    if along < 0.0 or rho * radius > end:
        return 0.0
    # The wall passes through the centre; that of a branch (normal and t tilted together) through its fork.
    d = cracks[i, 0] * p[0] + cracks[i, 1] * p[1] + cracks[i, 2] * p[2] - cracks[i, 12]
    if abs(d) > 1.3 * wobble + 0.2 + width + voxel:
        return 0.0
    side = (
        (cracks[i, 1] * cracks[i, 5] - cracks[i, 2] * cracks[i, 4]) * p[0]
        + (cracks[i, 2] * cracks[i, 3] - cracks[i, 0] * cracks[i, 5]) * p[1]
        + (cracks[i, 0] * cracks[i, 4] - cracks[i, 1] * cracks[i, 3]) * p[2]
    )
    if abs(side) > spread * (along + 0.3 * radius):
        return 0.0
    name = int(cracks[i, 11])
    a = 2.6 / radius
    b = 8.1 / radius
    d += 0.8 * wobble * turned_noise(memory, 4, name, a * p[0], a * p[1], a * p[2])
    d += 0.5 * wobble * turned_noise(memory, 5, name + 2, b * p[0], b * p[1], b * p[2])
    d += 0.2 * turned_noise(memory, 6, name + 4, 2.9 * p[0], 2.9 * p[1], 2.9 * p[2])
    uneven = 1.0 + 0.9 * turned_noise(memory, 7, name + 3, 1.4 * p[0], 1.4 * p[1], 1.4 * p[2])
    share: float = _covered(0.5 * width * uneven - abs(d), voxel)
    return share


@compiled
def _crackle(
    memory: np.ndarray,
    seed: int,
    radius: float,
    p: np.ndarray,
    q: np.ndarray,
    rho: float,
    voxel: float,
    crackle_width: float,
) -> float:
    """Walls between grains that point outwards: cells of points about the unit sphere."""
    grains = 3.4
    warp = 0.35 * turned_noise(memory, 8, seed + 5, 2.2 * p[0], 2.2 * p[1], 2.2 * p[2])
    scale = grains / rho
    wall, name = wall_distance(
        seed + 6, q[0] * scale + warp, q[1] * scale - warp, q[2] * scale + 0.5 * warp + 0.9 * rho
    )
    # Each wall opens to its own width, wider towards the middle.
    opening = float((name >> np.uint64(40)) & np.uint64(0xFFFF)) / 65536.0
    width = crackle_width * (1.9 * opening - 0.5) * (1.3 - 0.6 * rho)
    if width <= 0.0:
        return 0.0
    return _covered(0.5 * width - wall / grains * rho * radius, voxel)
