"""A second look along each ray: places near the surface know better where it is than the centre does."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled

# Parts of a ray's length at which the network is asked again, how often, and how probable a place must be.
_PARTS = (0.4, 0.55, 0.7, 0.8)
_ROUNDS = 2
_LEAST = 0.3


@compiled
def look_closer(
    both: Any, cells: Any, grid: Any, lengths: Any, steps: Any, farthest: float, distances: Any
) -> None:
    """Move the surface of each body, ``distances`` (n, rays), to where places on the way to it see it.

    On ray k of a body with its centre at c, the place p nearest to c + a d_k u_k says that the surface lies
    (p - c) u_k + d_k(p) away. d_k becomes the mean of what the places at the parts a of the way say,
    for so many rounds. Places near the border, with a probability below 0.3, say nothing: they may be
    a neighbour's. No place is more than ``farthest`` edges away from the centre.

    ``both`` (Z, Y, X, 1 + rays) is what the network says at the cells of its grid, of which ``cells`` (n, 3)
    are the centres. Voxels are ``lengths`` long, in shortest edges; ``steps`` (rays, 3) are the directions in
    voxels, for one such edge.
    """
    shape = both.shape
    place = np.zeros(3, np.int64)
    for body in range(len(cells)):
        for ray in range(len(steps)):
            for _ in range(_ROUNDS):
                total, count = 0.0, 0
                for part in _PARTS:
                    way, inside = min(part * distances[body, ray], farthest), True
                    behind = 0.0
                    for axis in range(3):
                        at = cells[body, axis] + way * steps[ray, axis] / grid[axis]
                        place[axis] = int(np.floor(at + 0.5))
                        inside = inside and 0 <= place[axis] < shape[axis]
                        moved = (place[axis] - cells[body, axis]) * grid[axis] * lengths[axis]
                        behind += moved * steps[ray, axis] * lengths[axis]
                    if not inside or both[place[0], place[1], place[2], 0] < _LEAST:
                        continue
                    total += behind + both[place[0], place[1], place[2], 1 + ray]
                    count += 1
                # What is not finite is no distance.
                if count and np.isfinite(total):
                    distances[body, ray] = total / count
