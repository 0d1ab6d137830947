"""Bodies that a network offers: which of them are kept, and their labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from electrodej.models.grey import FloatArray
from electrodej.networks.stardist3d.rays import make_rays
from electrodej.vocabulary import Shape, Spacing
from electrodej.volume import compact_dtype

# Directions along an edge of each of the six tables of a cube: two degrees apart.
_SIDE = 48
# Bytes of a slab: a label, a share and a depth for each voxel.
_SLAB_BYTES = 96 * 2**20


@dataclass(frozen=True)
class Bodies:
    """Star-convex bodies, the most probable first.

    Attributes
    ----------
    centres
        (n, 3), z y x in voxels.
    probability
        Of each.
    distances
        From the centre to the surface along each ray, (n, rays), in shortest voxel edges.
    spacing
        Length of a voxel (z, y, x), the shortest 1.
    """

    centres: NDArray[np.float64]
    probability: FloatArray
    distances: FloatArray
    spacing: Spacing

    def __len__(self) -> int:
        return len(self.centres)

    def taken(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Bodies:
        """Return some of them."""
        return Bodies(self.centres[which], self.probability[which], self.distances[which], self.spacing)

    def ordered(self) -> Bodies:
        """Return them the most probable first; ties go by place, so that tiles make no difference."""
        places = self.centres.T
        return self.taken(np.lexsort((places[2], places[1], places[0], -self.probability)))


@dataclass(frozen=True, eq=False)
class Directions:
    """For each direction between which three rays it lies, and what each counts.

    The directions are those through the cells of a cube's six faces.

    Attributes
    ----------
    corners, weights
        (6 side side, 3).
    """

    side: int
    corners: NDArray[np.int64]
    weights: NDArray[np.float64]

    @property
    def table(self) -> tuple[int, NDArray[np.int64], NDArray[np.float64]]:
        """All of it, as the kernels take it."""
        return self.side, self.corners, self.weights


@lru_cache(maxsize=8)
def look_up(rays: int) -> Directions:
    """Return the tables for so many rays."""
    whole = make_rays(rays)
    middles = (np.arange(_SIDE) + 0.5) / _SIDE * 2 - 1
    u, v = (each.ravel() for each in np.meshgrid(middles, middles, indexing="ij"))
    one = np.ones_like(u)
    # As `kernels.shapes.place_in_table` numbers the faces.
    faces = [(s * one, u, v) for s in (-1, 1)]
    faces += [(u, s * one, v) for s in (-1, 1)]
    faces += [(u, v, s * one) for s in (-1, 1)]
    directions = np.concatenate([np.stack(face, axis=1) for face in faces])
    # A direction is a sum of the three rays around it with no negative share. A row of a face at a time.
    within = np.linalg.inv(whole.directions[whole.triangles].swapaxes(1, 2))
    corners, weights = [], []
    for row in directions.reshape(-1, _SIDE, 3):
        shares = np.einsum("tij,nj->nti", within, row)
        best = shares.min(axis=2).argmax(axis=1)
        corners.append(whole.triangles[best])
        weights.append(np.maximum(shares[np.arange(len(best)), best], 0))
    counts = np.concatenate(weights)
    return Directions(_SIDE, np.concatenate(corners), counts / counts.sum(axis=1, keepdims=True))


def choose(bodies: Bodies, *, overlap: float) -> Bodies:
    """Keep the most probable of bodies that overlap by more than ``overlap`` of the smaller one.

    All bodies of a volume are looked at together, each beside those near to it: there are no blocks, and so
    no seams between them.
    """
    from electrodej.networks.stardist3d.kernels.shapes import keep_bodies

    if not len(bodies):
        return bodies
    bodies = bodies.ordered()
    places = bodies.centres * np.array(bodies.spacing)
    # Two bodies meet only where their centres are at most two such edges apart.
    edge = float(bodies.distances.max()) * (1 + 1e-6)
    # Small bodies in a large volume: no more cells than there are bodies, or the table would outgrow them.
    span = places.max(axis=0) - places.min(axis=0)
    edge = max(edge, float(np.prod(span + edge) / len(bodies)) ** (1 / 3))
    cells = np.floor((places - places.min(axis=0)) / edge).astype(np.int64)
    shape = cells.max(axis=0) + 1
    flat = np.ravel_multi_index(tuple(cells.T), tuple(shape))
    by_cell = np.argsort(flat, kind="stable")
    # Rows have one cell more, so that the end of each is where the next one begins.
    z, y = np.indices(shape[:2])
    row = (z * shape[1] + y)[..., np.newaxis] * shape[2] + np.arange(shape[2] + 1)
    firsts = np.searchsorted(flat[by_cell], row)
    bins = np.concatenate([cells, by_cell[:, np.newaxis]], axis=1)
    table = look_up(bodies.distances.shape[1])
    kept = keep_bodies(
        places, bodies.distances, firsts, bins, overlap, table.side, table.corners, table.weights
    )
    return bodies.taken(kept)


class Drawn:
    """Bodies drawn as labels 1 to n, slab by slab; nothing of a volume's size is held.

    Parameters
    ----------
    bodies
        The most probable first; in that order they are numbered.
    shape
        Voxels of the volume.
    factor
        How many of its voxels (z, y, x) one voxel of the bodies is long.
    """

    def __init__(
        self, bodies: Bodies, shape: Shape, factor: tuple[float, float, float] = (1.0, 1.0, 1.0)
    ) -> None:
        self.count, self.factor = len(bodies), factor
        self._shape = shape
        self._distances = bodies.distances
        # Voxels are as long as they are: a centre stands half a voxel behind where its own begins.
        self._centres = (bodies.centres + 0.5) * np.array(factor) - 0.5
        self._scale = np.array(bodies.spacing) / np.array(factor)
        self._most = bodies.distances.max(axis=1, initial=0) / self._scale[0]
        self._table = look_up(bodies.distances.shape[1])
        self._depth = max(1, _SLAB_BYTES // (12 * shape[1] * shape[2]))

    def slabs(self) -> Iterator[tuple[int, NDArray[np.uint16 | np.uint32]]]:
        """Yield the first slice and the labels of each slab."""
        for z0, depth in self.plan():
            yield z0, self.slab(z0, depth)

    def plan(self) -> Iterator[tuple[int, int]]:
        """Yield the first slice of each slab, and how many it has."""
        for z0 in range(0, self._shape[0], self._depth):
            yield z0, min(self._depth, self._shape[0] - z0)

    @property
    def lengths(self) -> tuple[float, ...]:
        """How long a voxel (z, y, x) is in the unit of the bodies' distances."""
        return tuple(self._scale.tolist())

    def slab(self, z0: int, depth: int) -> NDArray[np.uint16 | np.uint32]:
        """Return the labels of some slices."""
        return self.deep_slab(z0, depth)[0]

    def deep_slab(
        self, z0: int, depth: int, around: float = 0.0
    ) -> tuple[NDArray[np.uint16 | np.uint32], FloatArray]:
        """Return labels, and how deep in its body each voxel of some slices lies, along its ray.

        Bodies are drawn larger by ``around``, in the unit of their distances: there depths are negative.
        """
        from electrodej.networks.stardist3d.kernels.shapes import draw_bodies

        shape = (depth, *self._shape[1:])
        numbers = np.zeros(shape, np.uint32)
        heights = self._centres[:, 0]
        most = self._most + around / self._scale[0]
        here = np.flatnonzero((heights + most >= z0) & (heights - most <= z0 + depth - 1))
        deep = np.empty(shape, np.float32)
        draw_bodies(
            z0,
            self._centres[here],
            self._distances[here],
            self._scale,
            self._table.table,
            around,
            numbers,
            deep,
        )
        labels = np.concatenate([[0], here + 1]).astype(compact_dtype(self.count))
        return labels[numbers], deep

    def close(self) -> None:
        """Nothing is held."""
