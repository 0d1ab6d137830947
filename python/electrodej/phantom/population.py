"""What each particle and each fragment is like: drawn once, before any voxel is made."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from electrodej.phantom.config import PhantomConfig
from electrodej.phantom.packing import Packing

Array = NDArray[np.float64]

KINDS = ("intact", "cored", "cracked", "crackled", "broken", "crushed")
# How far beyond its surface a particle still changes the grey level (um), by the dark fringe.
FRINGE_REACH = 0.6
INTACT, CORED, CRACKED, CRACKLED, BROKEN, CRUSHED = range(6)
# Pairs of opposite faces of a crystal.
FACES = 7

# Columns of a crack: a ragged wall that starts `start` from the centre along `t`; n.p = offset on it.
CRACK_COLUMNS = (
    "nz",
    "ny",
    "nx",
    "tz",
    "ty",
    "tx",
    "start",
    "end",
    "width",
    "spread",
    "wobble",
    "seed",
    "offset",
)
# Columns of a break: the two sides of the plane n.p = offset stand `gap` apart.
BREAK_COLUMNS = ("nz", "ny", "nx", "offset", "half_gap", "seed")


class Particles(NamedTuple):
    """The particles that may show in the volume, sorted by their first slice; row i has the label i + 1."""

    centre: Array
    """(n, 3) zyx in um; voxel index times spacing."""
    half_axes: Array
    """(n, 3) in um, along the columns of ``turn``."""
    turn: Array
    """(n, 3, 3): columns are the particle's own axes in zyx."""
    kind: NDArray[np.int8]
    seed: NDArray[np.int64]
    softness: Array
    """Width of the edge in um; large where fogged."""
    grey: Array
    """Difference from the usual grey level of material."""
    core: Array
    """Radius of the core as a share of the particle's; 0 without one."""
    cracks: Array
    crack_start: NDArray[np.int64]
    breaks: Array
    break_start: NDArray[np.int64]
    faceted: NDArray[np.uint8]
    faces: Array
    """(n, FACES, 3): normals of a crystal's pairs of faces in its own axes; their length sets its size."""
    radius: Array
    """Of the ball with the ellipsoid's volume, in um."""
    reach: Array
    """No part of the particle, soft edge included, lies further from its centre."""

    def only(self, keep: NDArray[np.int64]) -> Particles:
        """The rows in ``keep``, in that order."""
        cracks, crack_start = _pick(self.cracks, self.crack_start, keep)
        breaks, break_start = _pick(self.breaks, self.break_start, keep)
        return Particles(
            centre=self.centre[keep],
            half_axes=self.half_axes[keep],
            turn=self.turn[keep],
            kind=self.kind[keep],
            seed=self.seed[keep],
            softness=self.softness[keep],
            grey=self.grey[keep],
            core=self.core[keep],
            cracks=cracks,
            crack_start=crack_start,
            breaks=breaks,
            break_start=break_start,
            faceted=self.faceted[keep],
            faces=self.faces[keep],
            radius=self.radius[keep],
            reach=self.reach[keep],
        )


class Levels(NamedTuple):
    """The numbers that the painting kernel reads: grey levels, lengths in um and shares."""

    particle: float
    binder: float
    pore: float
    crack: float
    particle_texture: float
    binder_texture: float
    shade: float
    fringe: float
    seam: float
    seam_width: float
    crackle_width: float
    pore_length: float
    pore_level: float
    faint_share: float
    faint_depth: float
    faint_thickness: float
    film: float
    fragment_size: float
    fragment_gap: float


class Clutter(NamedTuple):
    """Bright fragments and foggy patches between the particles, none of them labelled."""

    centre: Array
    half_axes: Array
    turn: Array
    seed: NDArray[np.int64]
    softness: Array
    grey: Array
    """Grey level at its middle."""
    is_debris: NDArray[np.uint8]
    reach: Array


def populate(config: PhantomConfig, packing: Packing) -> Particles:
    """Give every ball of the packing a shape, a kind and its cracks; drop those out of the volume's sight."""
    random = np.random.default_rng([config.seed, 2])
    count = len(packing.radii)
    # Some are far from round: two that have grown together.
    spread = config.ellipticity * np.where(random.random(count) < 0.2, 2.0, 0.8)
    half_axes = packing.radii[:, None] * _axis_ratios(spread, count, random)
    turn = rotations(count, random)
    kind = random.choice(len(KINDS), size=count, p=_kind_shares(config)).astype(np.int8)
    seed = random.integers(0, 2**48, count)
    fogged = random.random(count) < config.fogged_share
    softness = np.where(fogged, random.uniform(0.3, 0.8, count), 0.05)
    grey = config.particle_spread * random.standard_normal(count) - np.where(
        fogged, random.uniform(5, 24, count), 0.0
    )
    core = config.core_size * random.lognormal(0.0, 0.3, count)
    split = (kind >= CRACKED) & (kind < CRUSHED)
    core = np.where((kind == CORED) | (split & (random.random(count) < 0.8)), np.minimum(core, 0.45), 0)
    cracks, breaks = [], []
    for row in range(count):
        cracks.append(_cracks(config, packing.radii[row], int(kind[row]), random))
        breaks.append(_breaks(config, packing.radii[row], int(kind[row]), random))
    gaps = np.array([2 * rows[:, 4].sum() for rows in breaks]) if breaks else np.zeros(0)
    reach = half_axes.max(axis=1, initial=0) * (1.02 + config.bumpiness) + 2 * config.roughness + 0.1 + gaps
    faceted, faces, longest = _crystals(config, count)
    reach = np.where(faceted == 1, longest * reach, reach)
    reach += np.maximum(softness, FRINGE_REACH)
    particles = Particles(
        centre=packing.centres,
        half_axes=half_axes,
        turn=turn,
        kind=kind,
        seed=seed,
        softness=softness,
        grey=grey,
        core=core,
        cracks=np.concatenate([*cracks, np.zeros((0, len(CRACK_COLUMNS)))]),
        crack_start=np.concatenate([[0], np.cumsum([len(rows) for rows in cracks])]).astype(np.int64),
        breaks=np.concatenate([*breaks, np.zeros((0, len(BREAK_COLUMNS)))]),
        break_start=np.concatenate([[0], np.cumsum([len(rows) for rows in breaks])]).astype(np.int64),
        faceted=faceted,
        faces=faces,
        radius=packing.radii,
        reach=reach,
    )
    seen = np.flatnonzero(_in_sight(config, particles.centre, particles.reach))
    first = particles.centre[seen, 0] - particles.reach[seen]
    return particles.only(seen[np.argsort(first, kind="stable")])


def scatter(config: PhantomConfig, packing: Packing) -> Clutter:
    """Strew fragments (in heaps, as broken particles leave them) and foggy patches between the particles."""
    random = np.random.default_rng([config.seed, 3])
    low = -np.array(config.spacing) / 2 - 3.0
    size = np.array(config.shape) * np.array(config.spacing) + 6.0
    room = float(size.prod()) * (1 - config.solid_fraction)
    debris = _strewn(config.debris * room, config.debris_radius, low, size, packing, random, grouped=True)
    ghosts = _strewn(config.ghosts * room, config.ghost_radius, low, size, packing, random, grouped=False)
    centre = np.concatenate([debris[0], ghosts[0]])
    radius = np.concatenate([debris[1], ghosts[1]])
    is_debris = np.arange(len(radius)) < len(debris[1])
    count = len(radius)
    half_axes = radius[:, None] * _axis_ratios(np.full(count, 0.25), count, random)
    softness = np.where(is_debris, random.uniform(0.06, 0.35, count), random.uniform(0.6, 1.6, count))
    grey = np.where(
        is_debris, random.uniform(*config.debris_grey, count), random.uniform(*config.ghost_grey, count)
    )
    clutter = Clutter(
        centre=centre,
        half_axes=half_axes,
        turn=rotations(count, random),
        seed=random.integers(0, 2**48, count),
        softness=softness,
        grey=grey,
        is_debris=is_debris.astype(np.uint8),
        reach=half_axes.max(axis=1, initial=0) * 1.8 + softness,
    )
    seen = np.flatnonzero(_in_sight(config, clutter.centre, clutter.reach))
    return Clutter(**{name: getattr(clutter, name)[seen] for name in Clutter._fields})


def rotations(count: int, random: np.random.Generator) -> Array:
    """Rotation matrices, evenly over all orientations, from unit quaternions."""
    q = random.standard_normal((count, 4))
    q /= np.sqrt((q * q).sum(axis=1, keepdims=True))
    w, x, y, z = q.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.ascontiguousarray(np.array(rows).transpose(2, 0, 1))


def _axis_ratios(spread: Array, count: int, random: np.random.Generator) -> Array:
    """Half axes of ellipsoids with the volume of the unit ball."""
    ratios = np.exp(np.clip(spread[:, None] * random.standard_normal((count, 3)), -0.5, 0.5))
    return np.asarray(ratios / np.cbrt(ratios.prod(axis=1, keepdims=True)))


def _kind_shares(config: PhantomConfig) -> list[float]:
    shares = [config.cored_share, config.cracked_share, config.crackled_share, config.broken_share]
    shares.append(config.crushed_share)
    every = [max(0.0, 1 - sum(shares)), *shares]
    return [share / sum(every) for share in every]


def _crystals(config: PhantomConfig, count: int) -> tuple[NDArray[np.uint8], Array, Array]:
    """Which particles are crystals, their faces, and how far their corners lie out (1 is a ball's surface).

    Faces stand askew as they come. Their normals are so long that the crystal has the ellipsoid's volume.
    """
    from electrodej.phantom.kernels.crystals import crystal_norms

    faces = np.zeros((count, FACES, 3))
    longest = np.ones(count)
    random = np.random.default_rng([config.seed, 6])
    faceted = (random.random(count) < config.faceted_share).astype(np.uint8)
    directions = random.standard_normal((600, 3))
    directions /= np.sqrt((directions**2).sum(axis=1, keepdims=True))
    for row in np.flatnonzero(faceted):
        normals = random.standard_normal((FACES, 3))
        normals /= np.sqrt((normals**2).sum(axis=1, keepdims=True)) * random.uniform(0.85, 1.15, (FACES, 1))
        out = 1 / crystal_norms(directions, normals)
        size = np.cbrt((out**3).mean())
        faces[row] = normals * size
        longest[row] = 1.1 * out.max() / size
    return faceted, faces, longest


def _unit(random: np.random.Generator) -> Array:
    vector = random.standard_normal(3)
    return np.asarray(vector / math.sqrt(float(vector @ vector)))


def _cracks(config: PhantomConfig, radius: float, kind: int, random: np.random.Generator) -> Array:
    """Radial cracks that start near the centre, some with a branch."""
    rows: list[list[float]] = []
    if kind in (CRACKED, BROKEN):
        most = config.crack_count if kind == CRACKED else max(1, config.crack_count // 2)
        for _ in range(int(random.integers(1, most + 1))):
            normal = _unit(random)
            along = np.cross(normal, _unit(random))
            along /= math.sqrt(float(along @ along))
            width = float(random.uniform(*config.crack_width))
            through = random.random() < 0.15
            start = -1.2 * radius if through else float(random.uniform(0, 0.15)) * radius
            end = radius * (1.3 if random.random() < 0.55 else float(random.uniform(0.5, 0.95)))
            spread = 4.0 if through else float(random.uniform(0.5, 1.6))
            wobble = float(random.uniform(0.05, 0.14)) * radius
            seed = float(random.integers(0, 2**40))
            rows.append([*normal, *along, start, end, width, spread, wobble, seed, 0.0])
            if random.random() < 0.8:
                angle = float(random.choice([-1, 1]) * random.uniform(0.35, 0.8))
                tilted = math.cos(angle) * normal + math.sin(angle) * along
                forward = math.cos(angle) * along - math.sin(angle) * normal
                # The branch's wall goes through its fork, which lies on the first crack.
                fork = float(random.uniform(0.25, 0.6)) * radius
                start, offset = math.cos(angle) * fork, math.sin(angle) * fork
                rows.append([*tilted, *forward, start, end, 0.7 * width, spread, wobble, seed + 1, offset])
    return np.array(rows, dtype=np.float64).reshape(-1, len(CRACK_COLUMNS))


def _breaks(config: PhantomConfig, radius: float, kind: int, random: np.random.Generator) -> Array:
    rows: list[list[float]] = []
    if kind == BROKEN:
        for _ in range(int(random.integers(1, 3))):
            gap = min(float(random.uniform(*config.gap_width)), 0.3 * radius)
            offset = float(random.uniform(-0.35, 0.35)) * radius
            rows.append([*_unit(random), offset, gap / 2, float(random.integers(0, 2**40))])
    return np.array(rows, dtype=np.float64).reshape(-1, len(BREAK_COLUMNS))


def _strewn(
    volume: float,
    radii: tuple[float, float],
    low: Array,
    size: Array,
    packing: Packing,
    random: np.random.Generator,
    *,
    grouped: bool,
) -> tuple[Array, Array]:
    """Centres and radii of fragments with the wanted volume whose centres lie between the particles."""
    from scipy.spatial import cKDTree

    mean = float(np.mean(np.linspace(*radii, 50) ** 3)) * 4 / 3 * math.pi
    wanted = int(random.poisson(volume / mean))
    if wanted == 0:
        return np.zeros((0, 3)), np.zeros(0)
    centres = low + random.random((8 * wanted + 64, 3)) * size
    if grouped:
        # Fragments lie in heaps of about four.
        heap = np.arange(len(centres)) // 4 * 4
        centres = centres[heap] + 1.2 * radii[1] * random.standard_normal(centres.shape)
    if len(packing.radii):
        tree = cKDTree(packing.centres)
        distance, nearest = tree.query(centres, k=min(6, len(packing.radii)))
        near = np.asarray(distance).reshape(len(centres), -1)
        free = (near - packing.radii[np.asarray(nearest).reshape(len(centres), -1)]).min(axis=1)
        centres = centres[free > 0.1]
    centres = centres[:wanted]
    return centres, random.uniform(*radii, len(centres))


def _in_sight(config: PhantomConfig, centre: Array, reach: Array) -> NDArray[np.bool_]:
    """Which of them may show in the volume or, by the blur, at its edges."""
    spacing = np.array(config.spacing)
    last = (np.array(config.shape) - 1) * spacing
    halo = reach[:, None] + 4 * np.array(config.blur) + spacing
    return np.asarray(((centre + halo >= 0) & (centre - halo <= last)).all(axis=1))


def _pick(rows: Array, start: NDArray[np.int64], keep: NDArray[np.int64]) -> tuple[Array, NDArray[np.int64]]:
    parts = [rows[start[row] : start[row + 1]] for row in keep]
    counts = [len(part) for part in parts]
    return np.concatenate([*parts, rows[:0]]), np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
