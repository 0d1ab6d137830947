"""What a conducting volume does to a field of potentials, row by row.

A cell (z, y, x) is joined to its six neighbours by conductances g, and to an electrode beyond the first and
the last slice. The operator is (A u)_i = sum_j g_ij (u_i - u_j), the electrodes at potential 0.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from electrodej.compiled import compiled

Floats = NDArray[np.float32]
Real = Any


class Operator(NamedTuple):
    """The conductances of one level, from classes of voxels or stored.

    Attributes
    ----------
    classes
        Which conductivity each voxel has, 0 for none; empty where conductances are stored.
    tables
        Conductance along each axis between the centres of two voxels of these classes: the harmonic mean of
        their conductivities times the area of a voxel's face over the distance.
    wraps
        Whether y and x are periodic.
    ends
        Whether there is an electrode at the first and at the last slice.
    gz, gy, gx
        Stored conductances from each cell to the next one along an axis.
    first, last
        Conductances from the first and last slice to the electrodes, stored.
    """

    classes: NDArray[np.uint8]
    tables: Floats
    wraps: NDArray[np.bool_]
    ends: NDArray[np.bool_]
    gz: Floats
    gy: Floats
    gx: Floats
    first: Floats
    last: Floats


@compiled
def _join_one(total: Floats, sums: Floats, here: Any, there: Any, values: Floats, g: Real) -> None:
    """One conducting class: sums += g, total += g values where both voxels conduct."""
    for i in range(total.size):
        c = g if here[i] & there[i] else np.float32(0)
        sums[i] += c
        total[i] += c * values[i]


@compiled
def _join_many(total: Floats, sums: Floats, here: Any, there: Any, values: Floats, table: Floats) -> None:
    """Several classes: the same with the conductance of each pair."""
    for i in range(total.size):
        c = table[here[i], there[i]]
        sums[i] += c
        total[i] += c * values[i]


@compiled
def _join_stored(total: Floats, sums: Floats, faces: Floats, values: Floats) -> None:
    for i in range(total.size):
        sums[i] += faces[i]
        total[i] += faces[i] * values[i]


@compiled
def _pad(row: Any, line: Any, wraps: Any) -> None:
    """Copy a row into the middle of a line that is two longer, whose ends are what lies beyond."""
    n = row.size
    line[1 : n + 1] = row
    line[0] = row[n - 1] if wraps else row.dtype.type(0)
    line[n + 1] = row[0] if wraps else row.dtype.type(0)


@compiled
def _electrode_of_classes(sums: Floats, here: Any, table: Floats) -> None:
    """Half a voxel lies between its centre and the electrode at its face."""
    for i in range(sums.size):
        sums[i] += np.float32(2) * table[here[i], here[i]]


@compiled
def _row_of_one(
    op: Operator, u: Floats, z: int, y: int, total: Floats, sums: Floats, line: Floats, kinds: Any
) -> None:
    """A row of a volume with one conducting class."""
    nz, ny, nx = u.shape
    classes, gz, gy, gx = op.classes, op.tables[0, 1, 1], op.tables[1, 1, 1], op.tables[2, 1, 1]
    here = classes[z, y]
    if z > 0:
        _join_one(total, sums, here, classes[z - 1, y], u[z - 1, y], gz)
    if z < nz - 1:
        _join_one(total, sums, here, classes[z + 1, y], u[z + 1, y], gz)
    if y > 0 or op.wraps[0]:
        other = y - 1 if y > 0 else ny - 1
        _join_one(total, sums, here, classes[z, other], u[z, other], gy)
    if y < ny - 1 or op.wraps[0]:
        other = y + 1 if y < ny - 1 else 0
        _join_one(total, sums, here, classes[z, other], u[z, other], gy)
    _join_one(total, sums, here, kinds[:nx], line[:nx], gx)
    _join_one(total, sums, here, kinds[2:], line[2 : nx + 2], gx)


@compiled
def _row_of_many(
    op: Operator, u: Floats, z: int, y: int, total: Floats, sums: Floats, line: Floats, kinds: Any
) -> None:
    """A row of a volume with several conducting classes."""
    nz, ny, nx = u.shape
    classes, along_z, along_y, along_x = op.classes, op.tables[0], op.tables[1], op.tables[2]
    here = classes[z, y]
    if z > 0:
        _join_many(total, sums, here, classes[z - 1, y], u[z - 1, y], along_z)
    if z < nz - 1:
        _join_many(total, sums, here, classes[z + 1, y], u[z + 1, y], along_z)
    if y > 0 or op.wraps[0]:
        other = y - 1 if y > 0 else ny - 1
        _join_many(total, sums, here, classes[z, other], u[z, other], along_y)
    if y < ny - 1 or op.wraps[0]:
        other = y + 1 if y < ny - 1 else 0
        _join_many(total, sums, here, classes[z, other], u[z, other], along_y)
    _join_many(total, sums, here, kinds[:nx], line[:nx], along_x)
    _join_many(total, sums, here, kinds[2:], line[2 : nx + 2], along_x)


@compiled
def _row_of_stored(
    op: Operator, u: Floats, z: int, y: int, total: Floats, sums: Floats, line: Floats, faces: Floats
) -> None:
    nz, ny, nx = u.shape
    if z > 0:
        _join_stored(total, sums, op.gz[z - 1, y], u[z - 1, y])
    else:
        sums += op.first[y]
    if z < nz - 1:
        _join_stored(total, sums, op.gz[z, y], u[z + 1, y])
    else:
        sums += op.last[y]
    if y > 0 or op.wraps[0]:
        other = y - 1 if y > 0 else ny - 1
        _join_stored(total, sums, op.gy[z, other], u[z, other])
    if y < ny - 1 or op.wraps[0]:
        _join_stored(total, sums, op.gy[z, y], u[z, y + 1 if y < ny - 1 else 0])
    faces[1:] = op.gx[z, y]
    faces[0] = faces[nx]
    if not op.wraps[1]:
        faces[0] = 0
    _join_stored(total, sums, faces[:nx], line[:nx])
    _join_stored(total, sums, faces[1:], line[2:])


@compiled
def _row(
    op: Operator, u: Floats, z: int, y: int, total: Floats, sums: Floats, line: Floats, kinds: Any
) -> None:
    """For the cells of a row: sum of g_ij u_j in ``total``, sum of g_ij in ``sums``; ``line`` has the row.

    The second half of ``line`` is room for stored conductances.
    """
    total[:] = 0
    sums[:] = 0
    n, last = total.size, u.shape[0] - 1
    _pad(u[z, y], line[: n + 2], op.wraps[1])
    if not op.classes.size:
        _row_of_stored(op, u, z, y, total, sums, line[: n + 2], line[n + 2 :])
        return
    here = op.classes[z, y]
    _pad(here, kinds, op.wraps[1])
    if op.tables.shape[1] == 2:
        _row_of_one(op, u, z, y, total, sums, line, kinds)
    else:
        _row_of_many(op, u, z, y, total, sums, line, kinds)
    if z == 0 and op.ends[0]:
        _electrode_of_classes(sums, here, op.tables[0])
    if z == last and op.ends[1]:
        _electrode_of_classes(sums, here, op.tables[0])


@compiled
def apply(op: Operator, u: Floats, out: Floats, z0: int, z1: int, dots: NDArray[np.float64]) -> None:
    """out = A u on the slices from z0 to z1, and dots[z] = u . A u of each slice."""
    nx = u.shape[2]
    total, sums = np.empty(nx, np.float32), np.empty(nx, np.float32)
    line, kinds = np.empty(2 * nx + 3, np.float32), np.empty(nx + 2, np.uint8)
    products = np.empty(nx, np.float64)
    for z in range(z0, z1):
        products[:] = 0
        for y in range(u.shape[1]):
            _row(op, u, z, y, total, sums, line, kinds)
            row, here = out[z, y], u[z, y]
            for i in range(nx):
                row[i] = sums[i] * here[i] - total[i]
            for i in range(nx):
                products[i] += np.float64(row[i]) * np.float64(here[i])
        dots[z] = products.sum()


@compiled
def smooth(op: Operator, r: Floats, u: Floats, colour: int, damping: Real, z0: int, z1: int) -> None:
    """One half of a sweep for A u = r: the rows with (z + y) % 2 == colour are brought nearer to balance.

    Rows of one colour do not see each other along z and y; along x old values are used, so ``damping`` is
    below 1.
    """
    nx = u.shape[2]
    total, sums = np.empty(nx, np.float32), np.empty(nx, np.float32)
    line, kinds = np.empty(2 * nx + 3, np.float32), np.empty(nx + 2, np.uint8)
    omega, keep = np.float32(damping), np.float32(1 - damping)
    for z in range(z0, z1):
        for y in range((z + colour) % 2, u.shape[1], 2):
            row, right = u[z, y], r[z, y]
            _row(op, u, z, y, total, sums, line, kinds)
            for i in range(nx):
                total[i] += right[i]
            for i in range(nx):
                s = sums[i] if sums[i] > 0 else np.float32(1)
                row[i] = keep * row[i] + omega * (total[i] / s)


@compiled
def restrict(op: Operator, r: Floats, u: Floats, coarse: Floats, factors: Any, z0: int, z1: int) -> None:
    """Sum r - A u over the cells of each coarse cell, for the coarse slices from z0 to z1."""
    nx = u.shape[2]
    total, sums = np.empty(nx, np.float32), np.empty(nx, np.float32)
    line, kinds = np.empty(2 * nx + 3, np.float32), np.empty(nx + 2, np.uint8)
    fz, fy, fx = factors[0], factors[1], factors[2]
    for cz in range(z0, z1):
        coarse[cz] = 0
        for z in range(cz * fz, min((cz + 1) * fz, u.shape[0])):
            for y in range(u.shape[1]):
                _row(op, u, z, y, total, sums, line, kinds)
                here, right, out = u[z, y], r[z, y], coarse[cz, y // fy]
                for i in range(nx):
                    total[i] += right[i]
                for i in range(nx):
                    total[i] -= sums[i] * here[i]
                _gather(total, out, fx)


@compiled
def _gather(fine: Floats, coarse: Floats, factor: int) -> None:
    if factor == 1:
        for i in range(fine.size):
            coarse[i] += fine[i]
        return
    half = fine.size // 2
    for i in range(half):
        coarse[i] += fine[2 * i] + fine[2 * i + 1]
    if fine.size % 2:
        coarse[half] += fine[fine.size - 1]


@compiled
def prolong(u: Floats, coarse: Floats, factors: Any, z0: int, z1: int) -> None:
    """Add to each cell the value of its coarse cell."""
    fz, fy, fx = factors[0], factors[1], factors[2]
    for z in range(z0, z1):
        for y in range(u.shape[1]):
            row, add = u[z, y], coarse[z // fz, y // fy]
            if fx == 1:
                for i in range(row.size):
                    row[i] += add[i]
            else:
                for i in range(row.size // 2):
                    row[2 * i] += add[i]
                    row[2 * i + 1] += add[i]
                if row.size % 2:
                    row[row.size - 1] += add[row.size // 2]
