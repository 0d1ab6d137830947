"""The conductances of a coarser level, summed from those of the finer one."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled
from electrodej.transport.kernels.operators import Floats, Operator


@compiled
def _face(op: Operator, axis: int, z: int, y: int, x: int, shape: Any) -> Any:
    """Conductance from a cell to the next along an axis; 0 where there is none."""
    nz, ny, nx = shape
    if not op.classes.size:
        if axis == 0:
            return op.gz[z, y, x]
        return op.gy[z, y, x] if axis == 1 else op.gx[z, y, x]
    other = (z, y, x)
    if axis == 0:
        if z == nz - 1:
            return np.float32(0)
        other = (z + 1, y, x)
    elif axis == 1:
        if y == ny - 1 and not op.wraps[0]:
            return np.float32(0)
        other = (z, (y + 1) % ny, x)
    else:
        if x == nx - 1 and not op.wraps[1]:
            return np.float32(0)
        other = (z, y, (x + 1) % nx)
    return op.tables[axis, op.classes[z, y, x], op.classes[other]]


@compiled
def coarsen(
    op: Operator, shape: Any, factors: Any, scale: Floats, coarse: Operator, z0: int, z1: int
) -> None:
    """Fill the conductances of the coarse slices from z0 to z1.

    A coarse face has the sum of the fine faces in it, times ``scale`` of its axis: 1 over the factor, since
    the cells' centres lie farther apart.
    """
    nz, ny, nx = shape
    fz, fy, fx = factors[0], factors[1], factors[2]
    for cz in range(z0, z1):
        coarse.gz[cz] = 0
        coarse.gy[cz] = 0
        coarse.gx[cz] = 0
        for z in range(cz * fz, min((cz + 1) * fz, nz)):
            ends_z = z % fz == fz - 1 or z == nz - 1
            for y in range(ny):
                ends_y = y % fy == fy - 1 or y == ny - 1
                cy = y // fy
                for x in range(nx):
                    cx = x // fx
                    if ends_z:
                        coarse.gz[cz, cy, cx] += scale[0] * _face(op, 0, z, y, x, shape)
                    if ends_y:
                        coarse.gy[cz, cy, cx] += scale[1] * _face(op, 1, z, y, x, shape)
                    if x % fx == fx - 1 or x == nx - 1:
                        coarse.gx[cz, cy, cx] += scale[2] * _face(op, 2, z, y, x, shape)


@compiled
def coarsen_ends(op: Operator, shape: Any, factors: Any, scale: Floats, coarse: Operator) -> None:
    """Fill the coarse conductances to the electrodes."""
    nz, ny, nx = shape
    coarse.first[:] = 0
    coarse.last[:] = 0
    for y in range(ny):
        for x in range(nx):
            cy, cx = y // factors[1], x // factors[2]
            if op.classes.size:
                one, other = op.classes[0, y, x], op.classes[nz - 1, y, x]
                first = 2 * op.tables[0, one, one] if op.ends[0] else np.float32(0)
                last = 2 * op.tables[0, other, other] if op.ends[1] else np.float32(0)
            else:
                first, last = op.first[y, x], op.last[y, x]
            coarse.first[cy, cx] += scale[0] * first
            coarse.last[cy, cx] += scale[0] * last
