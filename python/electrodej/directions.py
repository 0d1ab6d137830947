"""The directions between voxels and their neighbours, and how much of all directions each stands for.

Surfaces are measured by Crofton's formula, those of particles and those between phases alike: the area is
twice the mean, over all directions, of the number of crossings with lines in a direction times the area that
one line stands for. See Lehmann and Legland, Efficient N-dimensional surface estimation using Crofton formula
and run-length encoding (2012).
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Direction = tuple[int, int, int]

# One of each two that are opposite.
DIRECTIONS: tuple[Direction, ...] = tuple(
    (z, y, x) for z, y, x in product((-1, 0, 1), repeat=3) if (z, y, x) > (0, 0, 0)
)
"""The 13 directions between a voxel and its 26 neighbours."""


def direction_shares(units: Floats) -> Floats:
    """Return the share of all directions that is nearest to each: of the sphere, or of a plane's circle.

    Parameters
    ----------
    units
        Unit vectors (n, 3), one of each two that are opposite. Where voxels are not cubes, they are not
        spread evenly; the shares say so.

    Examples
    --------
    >>> direction_shares(np.eye(3)).round(6).tolist()
    [0.333333, 0.333333, 0.333333]
    >>> direction_shares(np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])).tolist()
    [0.5, 0.5]
    """
    if np.linalg.matrix_rank(units) == 3:
        from scipy.spatial import SphericalVoronoi

        cells = SphericalVoronoi(np.concatenate([units, -units])).calculate_areas()
        return np.asarray(2 * cells[: len(units)] / cells.sum())
    # Angles in the plane, as lines: modulo half a turn.
    _, _, axes = np.linalg.svd(units)
    angles = np.arctan2(units @ axes[1], units @ axes[0]) % np.pi
    order = np.argsort(angles)
    gaps = np.diff(angles[order], append=angles[order][0] + np.pi)
    shares = np.empty(len(units))
    shares[order] = (gaps + np.roll(gaps, 1)) / (2 * np.pi)
    return shares
