"""Closed, smooth surfaces of particles and phases."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.mesh.coarse import coarser_surface
from electrodej.mesh.surface import Surface
from electrodej.vocabulary import Spacing
from electrodej.volume import check_spacing

# Taubin's two steps: one that shrinks, one that grows a little more; together they pass long waves unchanged.
_SHRINK, _GROW = 0.5, -0.53
# How near the volume has to come to that of the voxels, and how often corners are moved to get there.
_EXACT, _MOST_MOVES = 1e-3, 10


def surface_of(mask: NDArray[Any], *, spacing: Spacing, smoothing: int = 10, coarsen: float = 0.0) -> Surface:
    """Return the surface of a mask, closed where it is cut by the volume's faces.

    Parameters
    ----------
    mask
        Not 0 inside, shape (Z, Y, X).
    spacing
        Voxel size (z, y, x) in micrometres.
    smoothing
        Steps of smoothing; 0 for the voxels' stairs. A body of a few voxels, which would shrink away, is
        smoothed less.
    coarsen
        Take triangles away as long as no point moves by more than that, in um; see `coarser_surface`.

    Notes
    -----
    Marching cubes at 1/2 (T. Lewiner et al., J. Graphics Tools 8, 2003), Taubin's smoothing (SIGGRAPH 1995),
    and then all corners are moved along their normals until the volume is that of the voxels.

    Raises
    ------
    InputError
        There is nothing to be surrounded.

    Examples
    --------
    >>> surface = surface_of(np.ones((8, 8, 8)), spacing=(0.5, 0.5, 0.5))
    >>> surface.watertight, round(surface.volume, 2)
    (True, 64.0)
    """
    from skimage.measure import marching_cubes

    step = check_spacing(spacing)
    inside = np.asarray(mask) != 0
    if inside.ndim != 3 or not inside.any():
        raise InputError("a surface needs a body of at least one voxel, in an array with the axes z, y and x")
    room = np.pad(inside, 1).astype(np.float32)
    corners, faces, _, _ = marching_cubes(room, 0.5, spacing=step, allow_degenerate=False)
    # z, y, x to x, y, z turns the triangles over; positions count from the centre of the first voxel.
    placed = (np.asarray(corners, np.float64) - np.array(step))[:, ::-1]
    surface = Surface(np.ascontiguousarray(placed), np.asarray(faces, np.int64)[:, ::-1])
    if surface.volume < 0:
        surface = Surface(surface.corners, np.ascontiguousarray(surface.faces[:, ::-1]))
    volume = float(inside.sum()) * math.prod(step)
    while True:
        smooth = _smoothed(surface, smoothing)
        if coarsen > 0:
            smooth = coarser_surface(smooth, coarsen)
        filled = _filled(smooth, volume)
        if smoothing == 0 or abs(filled.volume - volume) <= _EXACT * volume:
            return filled
        smoothing //= 2


def _smoothed(surface: Surface, steps: int) -> Surface:
    from scipy.sparse import coo_array

    if steps == 0:
        return surface
    n = len(surface.corners)
    faces = surface.faces
    rows = np.concatenate([faces[:, 0], faces[:, 1], faces[:, 2]])
    columns = np.concatenate([faces[:, 1], faces[:, 2], faces[:, 0]])
    around = coo_array((np.ones(len(rows)), (rows, columns)), shape=(n, n)).tocsr()
    around = around + around.T
    many = np.asarray(around.sum(axis=1)).reshape(-1, 1)
    corners = surface.corners
    for _ in range(steps):
        for share in (_SHRINK, _GROW):
            corners = corners + share * (around @ corners / many - corners)
    return Surface(corners, faces)


def _filled(surface: Surface, volume: float) -> Surface:
    """Move the corners along their normals until the volume is right."""
    for _ in range(_MOST_MOVES):
        short = volume - surface.volume
        if abs(short) <= 1e-4 * volume:
            break
        each = surface.normals()
        normals = np.zeros_like(surface.corners)
        for place in range(3):
            np.add.at(normals, surface.faces[:, place], each)
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        normals = np.divide(normals, length, out=np.zeros_like(normals), where=length > 0)
        surface = Surface(surface.corners + short / surface.area * normals, surface.faces)
    return surface
