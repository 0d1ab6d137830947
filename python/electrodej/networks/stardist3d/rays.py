"""The directions in which a star-convex body is measured, and the triangles between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from electrodej.vocabulary import Spacing


@dataclass(frozen=True, eq=False)
class Rays:
    """Directions spread evenly over the sphere, in micrometres: what they are does not depend on the voxels.

    Lengths along them are told in multiples of the shortest edge of a voxel, so that a network sees numbers
    of one size whatever the scan.

    Attributes
    ----------
    directions
        Unit vectors (n, 3), z y x.
    steps
        The same in voxels for a length of 1, which is one shortest edge.
    triangles
        Corners of the triangles of the convex hull, (m, 3), each turned so that its normal points outwards.

    Examples
    --------
    >>> rays = make_rays(32, (2.0, 1.0, 1.0))
    >>> len(rays.directions), len(rays.triangles)
    (32, 60)
    >>> bool(np.allclose(rays.steps, rays.directions / (2, 1, 1)))
    True
    """

    directions: NDArray[np.float64]
    steps: NDArray[np.float64]
    triangles: NDArray[np.int64]


@lru_cache(maxsize=16)
def make_rays(count: int, spacing: Spacing = (1.0, 1.0, 1.0)) -> Rays:
    """Return ``count`` rays for voxels of a size (z, y, x), in any unit.

    They lie on a Fibonacci lattice: ray *k* has the height 1 - (2k + 1) / n and the longitude 2 pi k / g, g
    being the golden ratio squared. Each then stands for nearly the same part of the sphere.
    """
    from scipy.spatial import ConvexHull

    number = np.arange(count)
    height = 1 - (2 * number + 1) / count
    longitude = number * math.pi * (3 - math.sqrt(5))
    width = np.sqrt(1 - height**2)
    directions = np.stack([height, width * np.sin(longitude), width * np.cos(longitude)], axis=1)
    hull = ConvexHull(directions)
    triangles = hull.simplices.astype(np.int64)
    a, b, c = (directions[triangles[:, corner]] for corner in range(3))
    inwards = np.einsum("ij,ij->i", np.cross(b - a, c - a), a) < 0
    triangles[inwards] = triangles[inwards][:, [0, 2, 1]]
    shortest = min(spacing)
    steps = directions / (np.array(spacing) / shortest)
    return Rays(directions, np.ascontiguousarray(steps), np.ascontiguousarray(triangles))
