"""Squared distances to the nearest voxel outside a mask, and the balls that fit inside.

Distances are in units of the shortest voxel edge, in 32 bits: whole numbers, and exact, for cubes. Beyond
the volume nothing is known, so its faces are no border.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled, compiled_without_nan

FAR = np.float32(1e18)


@compiled
def along_x(mask: Any, step: Any, out: Any, z0: int, z1: int) -> None:
    """Squared distance along x to the nearest voxel that is 0."""
    nx = mask.shape[2]
    for z in range(z0, z1):
        for y in range(mask.shape[1]):
            line, row = mask[z, y], out[z, y]
            x = 0
            while x < nx:
                if line[x] == 0:
                    row[x] = 0
                    x += 1
                    continue
                start = x
                while x < nx and line[x] != 0:
                    x += 1
                for i in range(start, x):
                    left = i - start + 1 if start > 0 else nx * 2
                    right = x - i if x < nx else nx * 2
                    near = min(left, right)
                    row[i] = FAR if near >= nx * 2 else np.float32((step * near) * (step * near))


@compiled
def _largest(row: Any) -> Any:
    """The largest of numbers from 0 on, by their bits, which are in the same order."""
    whole = row.view(np.int32)
    most = np.int32(0)
    for i in range(whole.size):
        most = max(most, whole[i])
    return most


@compiled_without_nan
def _nearer(row: Any, other: Any, more: Any) -> None:
    for i in range(row.size):
        value = other[i] + more
        row[i] = value if value < row[i] else row[i]


@compiled
def _join(lines: Any, step: Any, out: Any) -> None:
    """out[i] = min over j of lines[j] + (step (i - j))^2, outwards as far as that can be less."""
    n = lines.shape[0]
    bits = np.empty(1, np.float32)
    for i in range(n):
        row = out[i]
        row[:] = lines[i]
        j = 1
        while j < max(i + 1, n - i):
            more = np.float32((step * j) * (step * j))
            bits[0] = more
            if bits.view(np.int32)[0] >= _largest(row):
                break
            if i - j >= 0:
                _nearer(row, lines[i - j], more)
            if i + j < n:
                _nearer(row, lines[i + j], more)
            j += 1


@compiled
def along_y(out: Any, step: Any, z0: int, z1: int) -> None:
    """Join the rows of each slice."""
    plane = np.empty(out.shape[1:], np.float32)
    for z in range(z0, z1):
        plane[:] = out[z]
        _join(plane, step, out[z])


@compiled
def along_z(out: Any, step: Any, y0: int, y1: int) -> None:
    """Join the rows of each section across y."""
    nz, _, nx = out.shape
    plane, joined = np.empty((nz, nx), np.float32), np.empty((nz, nx), np.float32)
    for y in range(y0, y1):
        for z in range(nz):
            plane[z] = out[z, y]
        _join(plane, step, joined)
        for z in range(nz):
            out[z, y] = joined[z]


@compiled
def to_levels(squares: Any, most: Any, levels: Any, z0: int, z1: int) -> None:
    """The largest whole number whose square is at most each squared distance, up to ``most``."""
    for z in range(z0, z1):
        for y in range(squares.shape[1]):
            row, out = squares[z, y], levels[z, y]
            for x in range(row.size):
                out[x] = min(np.int64(np.sqrt(np.float64(row[x])) * (1 + 1e-9)), most)


@compiled
def level_along_x(levels: Any, level: Any, step: Any, out: Any, full: Any, z0: int, z1: int) -> None:
    """Squared distance along x to the nearest voxel of at least a level; ``full``: the row has one."""
    nx = levels.shape[2]
    for z in range(z0, z1):
        for y in range(levels.shape[1]):
            line, row = levels[z, y], out[z, y]
            most = 0
            for x in range(nx):
                most = max(most, line[x])
            full[z, y] = most >= level
            if most < level:
                continue
            away = nx * 2
            for x in range(nx):
                away = 0 if line[x] >= level else away + 1
                row[x] = away
            away = nx * 2
            for x in range(nx - 1, -1, -1):
                away = 0 if line[x] >= level else away + 1
                near = np.float32(min(np.int64(row[x]), away)) * np.float32(step)
                row[x] = near * near


@compiled
def level_along_y(level: Any, step: Any, out: Any, full: Any, z0: int, z1: int) -> None:
    """Join the rows of each slice that are less than ``level`` apart; ``full``: one is near the row."""
    ny = out.shape[1]
    plane, had = np.empty(out.shape[1:], np.float32), np.empty(ny, np.bool_)
    reach: Any = np.int64(np.ceil(level / step)) - 1
    for z in range(z0, z1):
        had[:] = full[z]
        if not had.any():
            continue
        plane[:] = out[z]
        for y in range(ny):
            row = out[z, y]
            if not had[y]:
                row[:] = FAR
            for j in range(max(0, y - reach), min(ny, y + reach + 1)):
                if had[j] and j != y:
                    full[z, y] = True
                    away = np.float32(step * (j - y))
                    _nearer(row, plane[j], away * away)


@compiled
def level_along_z(level: Any, step: Any, near: Any, full: Any, out: Any, y0: int, y1: int) -> None:
    """Give ``level`` to the voxels that have none and are less than that from one that counts."""
    nz, _, nx = near.shape
    joined = np.empty(nx, np.float32)
    reach: Any = np.int64(np.ceil(level / step)) - 1
    limit = np.float32(level * level * (1 - 1e-6))
    for y in range(y0, y1):
        for z in range(nz):
            joined[:] = FAR
            some = False
            for k in range(max(0, z - reach), min(nz, z + reach + 1)):
                if full[k, y]:
                    some = True
                    away = np.float32(step * (k - z))
                    _nearer(joined, near[k, y], away * away)
            if some:
                _mark(joined, limit, level, out[z, y])


@compiled
def _mark(squares: Any, limit: Any, level: Any, row: Any) -> None:
    mark = row.dtype.type(level)
    for x in range(row.size):
        row[x] = mark if row[x] == 0 and squares[x] < limit else row[x]
