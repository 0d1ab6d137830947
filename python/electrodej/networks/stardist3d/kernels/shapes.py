"""Star-convex bodies: which places they cover, how far two of them are in one another, which are kept.

The surface of a body is known along its rays. Between three rays its distance is the mean of theirs, by how
near each is; flat triangles would cut every body smaller. Directions are looked up in a cube of tables, see
`electrodej.networks.stardist3d.shapes`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled, compiled_inline

# Places along the radius of a body at which two bodies are compared.
_FINE = 7.0


@compiled_inline
def place_in_table(z: float, y: float, x: float, side: int) -> int:
    """Return where in the tables a direction stands."""
    az, ay, ax = abs(z), abs(y), abs(x)
    if az >= ay and az >= ax:
        face = 0 if z < 0 else 1
        most, u, v = az, y, x
    elif ay >= ax:
        face = 2 if y < 0 else 3
        most, u, v = ay, z, x
    else:
        face = 4 if x < 0 else 5
        most, u, v = ax, z, y
    if most <= 0:
        return 0
    row = min(int((u / most + 1) * 0.5 * side), side - 1)
    column = min(int((v / most + 1) * 0.5 * side), side - 1)
    return (face * side + row) * side + column


@compiled_inline
def reach_along(place: int, distances: Any, body: int, corners: Any, weights: Any) -> Any:
    """Return how far the surface of a body is in the direction at a place in the tables."""
    return (
        distances[body, corners[place, 0]] * weights[place, 0]
        + distances[body, corners[place, 1]] * weights[place, 1]
        + distances[body, corners[place, 2]] * weights[place, 2]
    )


@compiled
def draw_bodies(
    z0: int,
    centres: Any,
    distances: Any,
    scale: Any,
    table: Any,
    around: float,
    out: Any,
    depths: Any,
) -> None:
    """Draw the bodies into the slices from ``z0`` on: their numbers, and how deep each voxel lies in its one.

    ``centres`` are in voxels, ``scale`` is what a voxel is long along each axis in the unit of the distances.
    Where two bodies overlap, a voxel is that one's in which it lies deeper, by its distance from the centre
    over that of the surface; the lower number decides between equals. Bodies are drawn larger by ``around``;
    a voxel's depth is the surface's distance less its own, and what is of no body has none (-infinity).
    """
    side, corners, weights = table
    depth, height, width = out.shape
    nearest = np.full(out.shape, np.inf, np.float32)
    out[:] = 0
    depths[:] = -np.inf
    for body in range(len(centres)):
        most = distances[body].max() + around
        cz, cy, cx = centres[body, 0], centres[body, 1], centres[body, 2]
        first_z = max(int(np.ceil(cz - most / scale[0])), z0)
        last_z = min(int(np.floor(cz + most / scale[0])), z0 + depth - 1)
        first_y = max(int(np.ceil(cy - most / scale[1])), 0)
        last_y = min(int(np.floor(cy + most / scale[1])), height - 1)
        for z in range(first_z, last_z + 1):
            dz = (z - cz) * scale[0]
            for y in range(first_y, last_y + 1):
                dy = (y - cy) * scale[1]
                left = most * most - dz * dz - dy * dy
                if left < 0:
                    continue
                half = np.sqrt(left) / scale[2]
                for x in range(max(int(np.ceil(cx - half)), 0), min(int(np.floor(cx + half)), width - 1) + 1):
                    dx = (x - cx) * scale[2]
                    place = place_in_table(dz, dy, dx, side)
                    far = np.sqrt(dz * dz + dy * dy + dx * dx)
                    reach = reach_along(place, distances, body, corners, weights)
                    share = np.float32(far / reach)
                    inside = share <= 1
                    if (inside or far <= reach + around) and share < nearest[z - z0, y, x]:
                        nearest[z - z0, y, x] = share
                        depths[z - z0, y, x] = max(reach - far, 0.0) if inside else reach - far
                        out[z - z0, y, x] = body + 1


@compiled
def keep_bodies(
    centres: Any,
    distances: Any,
    firsts: Any,
    bins: Any,
    overlap: float,
    side: int,
    corners: Any,
    weights: Any,
) -> Any:
    """Return which bodies are kept: none that is more than ``overlap`` in one that comes before it.

    ``centres`` are in the unit of the distances, the most probable first. ``bins`` (n, 3) are the cells of a
    grid in which they lie, of an edge no body reaches farther than, and ``firsts`` where each cell begins in
    the last column of ``bins``, which numbers the bodies by cells. How far a body is in another one is the
    share of the smaller one's volume that both have.
    """
    count = len(centres)
    kept = np.ones(count, np.bool_)
    most = np.empty(count)
    size = np.empty(count)
    for body in range(count):
        most[body] = distances[body].max()
        # The mean of the cubes stands for the volume where only the smaller one is wanted.
        total = 0.0
        for ray in range(distances.shape[1]):
            total += distances[body, ray] ** 3
        size[body] = total
    cells = firsts.shape
    for body in range(count):
        if not kept[body]:
            continue
        for a in range(max(bins[body, 0] - 2, 0), min(bins[body, 0] + 3, cells[0])):
            for b in range(max(bins[body, 1] - 2, 0), min(bins[body, 1] + 3, cells[1])):
                for c in range(max(bins[body, 2] - 2, 0), min(bins[body, 2] + 3, cells[2] - 1)):
                    for at in range(firsts[a, b, c], firsts[a, b, c + 1]):
                        other = bins[at, 3]
                        if other <= body or not kept[other]:
                            continue
                        dz = centres[other, 0] - centres[body, 0]
                        dy = centres[other, 1] - centres[body, 1]
                        dx = centres[other, 2] - centres[body, 2]
                        apart = np.sqrt(dz * dz + dy * dy + dx * dx)
                        if apart >= most[body] + most[other]:
                            continue
                        small, large = (other, body) if size[other] <= size[body] else (body, other)
                        step = most[small] / _FINE
                        inside = both = 0
                        reach = int(_FINE)
                        for i in range(-reach, reach + 1):
                            for j in range(-reach, reach + 1):
                                for k in range(-reach, reach + 1):
                                    pz, py, px = i * step, j * step, k * step
                                    place = place_in_table(pz, py, px, side)
                                    if pz * pz + py * py + px * px > (
                                        reach_along(place, distances, small, corners, weights) ** 2
                                    ):
                                        continue
                                    inside += 1
                                    qz = pz + centres[small, 0] - centres[large, 0]
                                    qy = py + centres[small, 1] - centres[large, 1]
                                    qx = px + centres[small, 2] - centres[large, 2]
                                    place = place_in_table(qz, qy, qx, side)
                                    if qz * qz + qy * qy + qx * qx <= (
                                        reach_along(place, distances, large, corners, weights) ** 2
                                    ):
                                        both += 1
                        if both > overlap * inside:
                            kept[other] = False
    return kept
