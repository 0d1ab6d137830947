"""Clusters of voxels that share faces: runs along x, joined by union and find."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled
from electrodej.unions import join, root_of


@compiled
def count_runs(mask: Any, counts: Any) -> None:
    """Count the runs of each row; ``counts`` has one place more than there are rows and becomes their sum."""
    nz, ny, nx = mask.shape
    total = 0
    for row in range(nz * ny):
        line = mask[row // ny, row % ny]
        counts[row] = total
        before = False
        for x in range(nx):
            now = line[x] != 0
            if now and not before:
                total += 1
            before = now
    counts[nz * ny] = total


@compiled
def fill_runs(mask: Any, first: Any, starts: Any, stops: Any) -> None:
    """Where the runs begin and end (exclusive)."""
    nz, ny, nx = mask.shape
    for row in range(nz * ny):
        line = mask[row // ny, row % ny]
        at = first[row]
        before = False
        for x in range(nx):
            now = line[x] != 0
            if now != before:
                if now:
                    starts[at] = x
                else:
                    stops[at] = x
                    at += 1
                before = now
        if before:
            stops[at] = nx


@compiled
def _unite_rows(parents: Any, starts: Any, stops: Any, first: Any, row: Any, other: Any) -> None:
    i, j = first[row], first[other]
    while i < first[row + 1] and j < first[other + 1]:
        if starts[i] < stops[j] and starts[j] < stops[i]:
            join(parents, i, j)
        if stops[i] < stops[j]:
            i += 1
        else:
            j += 1


@compiled
def join_runs(shape: Any, wraps: Any, starts: Any, stops: Any, first: Any, parents: Any) -> None:
    """Give each run the first run of its cluster; ``wraps`` says whether y and x are periodic."""
    nz, ny, nx = shape
    for row in range(nz * ny):
        y = row % ny
        if y > 0:
            _unite_rows(parents, starts, stops, first, row, row - 1)
        if row >= ny:
            _unite_rows(parents, starts, stops, first, row, row - ny)
        if wraps[0] and y == ny - 1:
            _unite_rows(parents, starts, stops, first, row, row - y)
        begin, end = first[row], first[row + 1]
        if wraps[1] and end > begin and starts[begin] == 0 and stops[end - 1] == nx:
            join(parents, begin, end - 1)
    for run in range(parents.size):
        parents[run] = root_of(parents, run)


@compiled
def survey_runs(
    shape: Any, starts: Any, stops: Any, first: Any, clusters: Any, sizes: Any, touches: Any
) -> None:
    """Voxels of each cluster, and which of the faces z0 z1 y0 y1 x0 x1 it touches, as bits."""
    nz, ny, nx = shape
    for row in range(nz * ny):
        z, y = row // ny, row % ny
        faces = 0
        if z == 0:
            faces |= 1
        if z == nz - 1:
            faces |= 2
        if y == 0:
            faces |= 4
        if y == ny - 1:
            faces |= 8
        for run in range(first[row], first[row + 1]):
            here = faces
            if starts[run] == 0:
                here |= 16
            if stops[run] == nx:
                here |= 32
            sizes[clusters[run]] += stops[run] - starts[run]
            touches[clusters[run]] |= np.uint8(here)


@compiled
def clear_runs(mask: Any, starts: Any, stops: Any, first: Any, clusters: Any, kept: Any) -> None:
    """Set the voxels of clusters that are not kept to 0."""
    nz, ny, _ = mask.shape
    for row in range(nz * ny):
        line = mask[row // ny, row % ny]
        for run in range(first[row], first[row + 1]):
            if not kept[clusters[run]]:
                line[starts[run] : stops[run]] = 0


@compiled
def euler_counts(mask: Any, counts: Any) -> None:
    """Voxels, pairs that share a face, full squares of 4 and full cubes of 8."""
    nz, ny, nx = mask.shape
    for z in range(nz):
        for y in range(ny):
            a = mask[z, y]
            b = mask[z, y + 1] if y < ny - 1 else a
            c = mask[z + 1, y] if z < nz - 1 else a
            d = mask[z + 1, y + 1] if z < nz - 1 and y < ny - 1 else a
            has_y, has_z = y < ny - 1, z < nz - 1
            for x in range(nx):
                if a[x] == 0:
                    continue
                has_x = x < nx - 1
                right = has_x and a[x + 1] != 0
                behind = has_y and b[x] != 0
                below = has_z and c[x] != 0
                counts[0] += 1
                counts[1] += np.int64(right) + np.int64(behind) + np.int64(below)
                flat = right and behind and b[x + 1] != 0
                upright = right and below and c[x + 1] != 0
                side = behind and below and d[x] != 0
                counts[2] += np.int64(flat) + np.int64(upright) + np.int64(side)
                counts[3] += np.int64(flat and upright and side and d[x + 1] != 0)
