"""How far it is from a place in a particle to its surface, along each ray."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled

# The last step is halved so often: the surface is then known to an eighth of it.
_HALVINGS = 3


@compiled
def measure_distances(labels: Any, grid: Any, steps: Any, out: Any) -> None:
    """Fill ``out`` (Z, Y, X, rays) with the distances at each cell of the grid; 0 outside of particles.

    ``labels`` (z, y, x) are followed in steps of one shortest edge from the voxel on which a cell stands. A
    ray ends where the label changes, or half a voxel beyond the last one of the volume.
    """
    depth, height, width = labels.shape
    rays = steps.shape[0]
    for i in range(out.shape[0]):
        z = i * grid[0]
        for j in range(out.shape[1]):
            y = j * grid[1]
            for k in range(out.shape[2]):
                x = k * grid[2]
                label = labels[z, y, x]
                if label <= 0:
                    for ray in range(rays):
                        out[i, j, k, ray] = 0
                    continue
                for ray in range(rays):
                    dz, dy, dx = steps[ray, 0], steps[ray, 1], steps[ray, 2]
                    inside, stride = 0.0, 1.0
                    for _ in range(4096):
                        at = inside + stride
                        a = int(np.floor(z + at * dz + 0.5))
                        b = int(np.floor(y + at * dy + 0.5))
                        c = int(np.floor(x + at * dx + 0.5))
                        if 0 <= a < depth and 0 <= b < height and 0 <= c < width and labels[a, b, c] == label:
                            inside = at
                        else:
                            break
                    for _ in range(_HALVINGS):
                        stride /= 2
                        at = inside + stride
                        a = int(np.floor(z + at * dz + 0.5))
                        b = int(np.floor(y + at * dy + 0.5))
                        c = int(np.floor(x + at * dx + 0.5))
                        if 0 <= a < depth and 0 <= b < height and 0 <= c < width and labels[a, b, c] == label:
                            inside = at
                    out[i, j, k, ray] = inside + stride / 2


@compiled
def measure_centrality(labels: Any, grid: Any, distances: Any, out: Any) -> None:
    """Fill ``out`` (Z, Y, X) with how central each cell is in its particle: 0 outside, 1 at its centre.

    With m the shortest distance of a cell, it is m over the largest m of the cells in the same particle.
    """
    most = np.zeros(labels.max() + 1, np.float32)
    for turn in range(2):
        for i in range(out.shape[0]):
            for j in range(out.shape[1]):
                for k in range(out.shape[2]):
                    label = labels[i * grid[0], j * grid[1], k * grid[2]]
                    if label <= 0:
                        out[i, j, k] = 0
                        continue
                    if turn == 0:
                        shortest = distances[i, j, k, 0]
                        for ray in range(1, distances.shape[3]):
                            shortest = min(shortest, distances[i, j, k, ray])
                        out[i, j, k] = shortest
                        most[label] = max(most[label], shortest)
                    else:
                        out[i, j, k] /= most[label]
