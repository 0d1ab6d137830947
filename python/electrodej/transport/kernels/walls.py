"""Where a conducting volume borders what reacts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.compiled import compiled
from electrodej.transport.kernels.operators import Floats


@compiled
def wall_areas(
    inside: NDArray[np.uint8],
    reacts: NDArray[np.uint8],
    wraps: NDArray[np.bool_],
    areas: NDArray[np.float64],
    out: Floats,
    counts: NDArray[np.int64],
    z0: int,
    z1: int,
) -> None:
    """out = area of a voxel's faces with voxels that react, for those inside; counts[z] = their number.

    The volume's own faces are no walls. ``areas`` are those of a face across z, y and x.
    """
    nz, ny, nx = inside.shape
    for z in range(z0, z1):
        counts[z] = 0
        for y in range(ny):
            for x in range(nx):
                out[z, y, x] = 0
                if not inside[z, y, x]:
                    continue
                across_z = _reacts(reacts, z - 1, y, x, nz, False, 0) + _reacts(
                    reacts, z + 1, y, x, nz, False, 0
                )
                across_y = _reacts(reacts, z, y - 1, x, ny, wraps[0], 1) + _reacts(
                    reacts, z, y + 1, x, ny, wraps[0], 1
                )
                across_x = _reacts(reacts, z, y, x - 1, nx, wraps[1], 2) + _reacts(
                    reacts, z, y, x + 1, nx, wraps[1], 2
                )
                counts[z] += across_z + across_y + across_x
                out[z, y, x] = across_z * areas[0] + across_y * areas[1] + across_x * areas[2]


@compiled
def _reacts(reacts: Any, z: int, y: int, x: int, length: int, wraps: Any, axis: int) -> int:
    """1 where the voxel at a place reacts; places beyond the volume along an axis wrap, or are nothing."""
    place = z if axis == 0 else (y if axis == 1 else x)
    if place < 0 or place >= length:
        if not wraps:
            return 0
        place = (place + length) % length
    if axis == 0:
        return 1 if reacts[place, y, x] else 0
    if axis == 1:
        return 1 if reacts[z, place, x] else 0
    return 1 if reacts[z, y, place] else 0
