"""A second look along each ray: places near the surface know better where it is than the centre does."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled
from electrodej.networks.stardist3d.kernels.shapes import place_in_table, reach_along

# Parts of a ray's length at which the network is asked again, how often, and how probable a place must be.
_PARTS = (0.4, 0.55, 0.7, 0.8)
_ROUNDS = 3
_LEAST = 0.3
# A place that sees the surface at a slant of more than 60 degrees says nothing.
_SLANT = 0.5


@compiled
def spread_rays(distances: Any, directions: Any, table: Any, out: Any) -> None:
    """Write how far bodies ``distances`` (n, rays) reach in other ``directions`` (m, 3) to ``out`` (n, m)."""
    side, corners, weights = table
    for k in range(len(directions)):
        place = place_in_table(directions[k, 0], directions[k, 1], directions[k, 2], side)
        for body in range(len(distances)):
            out[body, k] = reach_along(place, distances, body, corners, weights)


@compiled
def look_closer(
    both: Any,
    cells: Any,
    grid: Any,
    lengths: Any,
    directions: Any,
    table: Any,
    farthest: float,
    distances: Any,
) -> None:
    """Move the surface of each body, ``distances`` (n, m), to where places on the way to it see it.

    Body, its centre c, has the surface at c + d u along the direction u. Of the place p nearest to
    c + a d u the network knows how far the surface is on the way to that point: d becomes the mean, over the
    parts a of the way, of d + d_p - |c + d u - p|, for so many rounds. There may be more directions than the
    network has rays: near to the surface its rays stand closer. Places near the border, with a probability
    below 0.3, say nothing: they may be a neighbour's. No place is more than ``farthest`` edges away from the
    centre.

    ``both`` (Z, Y, X, 1 + rays) is what the network says at the cells of its grid, of which ``cells`` (n, 3)
    are the centres. Voxels are ``lengths`` long, in shortest edges; ``directions`` (m, 3) are unit vectors,
    and ``table`` tells between which of the network's rays a direction lies.
    """
    shape = both.shape
    side, corners, weights = table
    place, to = np.zeros(3, np.int64), np.zeros(3)
    for body in range(len(cells)):
        for ray in range(len(directions)):
            for _ in range(_ROUNDS):
                total, count, now = 0.0, 0, distances[body, ray]
                for part in _PARTS:
                    way, inside = min(part * now, farthest), True
                    far = along = 0.0
                    for axis in range(3):
                        edge = grid[axis] * lengths[axis]
                        place[axis] = int(
                            np.floor(cells[body, axis] + way * directions[ray, axis] / edge + 0.5)
                        )
                        inside = inside and 0 <= place[axis] < shape[axis]
                        to[axis] = now * directions[ray, axis] - (place[axis] - cells[body, axis]) * edge
                        far += to[axis] ** 2
                        along += to[axis] * directions[ray, axis]
                    if not inside or both[place[0], place[1], place[2], 0] < _LEAST:
                        continue
                    far = np.sqrt(far)
                    if along <= _SLANT * far:
                        continue
                    seen = place_in_table(to[0], to[1], to[2], side)
                    reach = 0.0
                    for corner in range(3):
                        ray_of = 1 + corners[seen, corner]
                        reach += weights[seen, corner] * both[place[0], place[1], place[2], ray_of]
                    total += now + reach - far
                    count += 1
                # What is not finite is no distance.
                if count and np.isfinite(total):
                    distances[body, ray] = total / count
