"""Sums over fields and steps of the conjugate gradients, slice by slice.

Fields are in 32 bits; every sum is in 64 bits, slice by slice, so that it does not depend on the threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.compiled import compiled
from electrodej.transport.kernels.operators import Floats, Operator

Doubles = NDArray[np.float64]


@compiled
def dot(a: Floats, b: Floats, z0: int, z1: int, dots: Doubles) -> None:
    """dots[z] = a . b of each slice."""
    products = np.empty(a.shape[2], np.float64)
    for z in range(z0, z1):
        products[:] = 0
        for y in range(a.shape[1]):
            one, other = a[z, y], b[z, y]
            for i in range(one.size):
                products[i] += np.float64(one[i]) * np.float64(other[i])
        dots[z] = products.sum()


@compiled
def advance(x: Floats, r: Floats, p: Floats, q: Floats, step: Any, z0: int, z1: int) -> None:
    """x += step p, r -= step q."""
    s = np.float32(step)
    for z in range(z0, z1):
        for y in range(x.shape[1]):
            a, b, c, d = x[z, y], r[z, y], p[z, y], q[z, y]
            for i in range(a.size):
                a[i] += s * c[i]
            for i in range(a.size):
                b[i] -= s * d[i]


@compiled
def turn(p: Floats, z_field: Floats, beta: Any, z0: int, z1: int) -> None:
    """p = z + beta p."""
    b = np.float32(beta)
    for z in range(z0, z1):
        for y in range(p.shape[1]):
            one, other = p[z, y], z_field[z, y]
            for i in range(one.size):
                one[i] = other[i] + b * one[i]


@compiled
def ramp(x: Floats, z0: int, z1: int) -> None:
    """The potential of an empty volume, 1 at the first electrode and 0 at the other."""
    nz = x.shape[0]
    for z in range(z0, z1):
        x[z] = np.float32(1 - (z + 0.5) / nz)


@compiled
def _spend(energy: Doubles, here: Any, there: Any, u: Floats, v: Floats, table: Floats) -> None:
    for i in range(energy.size):
        step = np.float64(u[i]) - np.float64(v[i])
        energy[i] += table[here[i], there[i]] * step * step


@compiled
def energies(op: Operator, x: Floats, z0: int, z1: int, energy: Doubles, flux: Doubles) -> None:
    """Of each slice: sum of g (du)^2 over the faces that start there, and the current to the next slice.

    The electrodes are at 1 and 0. The current of slice z is that through its face with slice z - 1, or the
    first electrode.
    """
    nz, ny, nx = x.shape
    products, passed, kinds = np.empty(nx), np.empty(nx), np.empty(nx + 2, np.uint8)
    line = np.empty(nx + 2, np.float32)
    along_z, along_y, along_x = op.tables[0], op.tables[1], op.tables[2]
    for z in range(z0, z1):
        products[:] = 0
        passed[:] = 0
        for y in range(ny):
            here, u = op.classes[z, y], x[z, y]
            if z == 0 or z == nz - 1:
                for i in range(nx):
                    g = 2 * along_z[here[i], here[i]]
                    if z == 0:
                        products[i] += g * (1.0 - u[i]) ** 2
                        passed[i] += g * (1.0 - u[i])
                    if z == nz - 1:
                        products[i] += g * np.float64(u[i]) ** 2
            if z > 0:
                there, v = op.classes[z - 1, y], x[z - 1, y]
                _spend(products, here, there, u, v, along_z)
                for i in range(nx):
                    passed[i] += along_z[here[i], there[i]] * (np.float64(v[i]) - u[i])
            if y < ny - 1 or op.wraps[0]:
                other = y + 1 if y < ny - 1 else 0
                _spend(products, here, op.classes[z, other], u, x[z, other], along_y)
            kinds[:nx] = here
            kinds[nx] = here[0] if op.wraps[1] else 0
            line[:nx] = u
            line[nx] = u[0]
            _spend(products, here, kinds[1 : nx + 1], u, line[1 : nx + 1], along_x)
        energy[z] = products.sum()
        flux[z] = passed.sum()


@compiled
def imbalance(op: Operator, right: Floats, z0: int, z1: int) -> None:
    """right = A u -> b - A u, where b is the current from the first electrode at potential 1."""
    for z in range(z0, z1):
        for y in range(right.shape[1]):
            row = right[z, y]
            for i in range(row.size):
                row[i] = -row[i]
            if z == 0:
                here = op.classes[0, y]
                for i in range(row.size):
                    row[i] += 2 * op.tables[0, here[i], here[i]]
