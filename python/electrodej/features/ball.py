"""The physical ball on the voxel grid, and the weights of directions for surface area."""

from __future__ import annotations

import functools
import itertools

import numpy as np

from electrodej.directions import DIRECTIONS, direction_shares
from electrodej.features.typing import Floats, Ints
from electrodej.vocabulary import Spacing

# Lengths typed in decimals are not exact in binary (10 * 0.07 > 0.7): a centre counts as within the
# radius when it is so up to this relative slip.
SLIP = 1e-9


def steps_within(length: float, step: float) -> int:
    """How many whole voxels of size ``step`` fit into ``length``.

    >>> steps_within(0.7, 0.07)
    10
    """
    return int(np.floor(length / step * (1 + SLIP)))


@functools.lru_cache(maxsize=64)
def ball_half_widths(radius: float, spacing: Spacing) -> Ints:
    """Half widths along x, in voxels, of a ball on the grid.

    A voxel belongs to the ball when its centre is at most ``radius`` (um) from the centre of the middle
    voxel. Returns an array (reach_z + 1, reach_y + 1): entry (dz, dy) is the half width of the ball's
    row dz, dy voxels from the middle, -1 where the ball has none.

    >>> ball_half_widths(1.0, (1.0, 1.0, 1.0)).tolist()
    [[1, 0], [0, -1]]
    """
    z, y, x = spacing
    squares = (radius * (1 + SLIP)) ** 2
    half = np.full((steps_within(radius, z) + 1, steps_within(radius, y) + 1), -1, dtype=np.int64)
    for dz, dy in itertools.product(range(half.shape[0]), range(half.shape[1])):
        rest = squares - (dz * z) ** 2 - (dy * y) ** 2
        if rest >= 0:
            half[dz, dy] = int(np.floor(np.sqrt(rest) / x))
    return half


@functools.lru_cache(maxsize=64)
def crofton_directions(spacing: Spacing) -> tuple[Ints, Floats]:
    """The 13 directions between a voxel and its 26 neighbours, and what one crossing adds to the area.

    Crofton's formula: the area of a surface is twice the mean, over all directions, of the number of
    its crossings with lines in that direction times the area of one line's cross-section,
    S = 2 sum_k c_k n_k v / d_k, with v the voxel volume, d_k the length of the step and c_k the share of
    the sphere of directions nearest to k, see `electrodej.directions`.

    Returns the directions (13, 3) in voxels and the areas (13,) in um^2 for one crossing.
    """
    directions = np.array(DIRECTIONS, dtype=np.int64)
    steps = directions * np.asarray(spacing)
    lengths = np.linalg.norm(steps, axis=1)
    shares = direction_shares(steps / lengths[:, None])
    return directions, 2 * shares * np.prod(spacing) / lengths
