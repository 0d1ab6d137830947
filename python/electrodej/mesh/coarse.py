"""Fewer triangles, with a bound on how far the surface moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrodej.mesh.surface import Surface

# Rounds of edges that do not disturb one another; a round that takes away less than this share is the last.
_ROUNDS, _LITTLE = 60, 0.002


def coarser_surface(surface: Surface, bound: float) -> Surface:
    """Return a surface with fewer triangles, no point of which is farther than a bound from the other one.

    Parameters
    ----------
    surface
        Closed.
    bound
        In um.

    Notes
    -----
    The shortest edges are drawn together to their middles. Each corner knows how far at most it is from the
    original corners that it stands for. As triangles are flat, no point between them is moved farther, so the
    two surfaces are at most that far apart, either way.

    Examples
    --------
    >>> from electrodej.mesh import surface_of
    >>> surface = surface_of(np.ones((8, 8, 8)), spacing=(1, 1, 1))
    >>> coarse = coarser_surface(surface, 1.0)
    >>> coarse.watertight, len(coarse.faces) < len(surface.faces) / 2
    (True, True)
    """
    from electrodej.mesh.kernels.collapse import collapse

    corners, faces = surface.corners.copy(), surface.faces.copy()
    reach = np.zeros(len(corners))
    for _ in range(_ROUNDS):
        order = np.argsort(faces.ravel(), kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(faces.ravel(), minlength=len(corners)))])
        target = np.arange(len(corners))
        edges = _shortest_first(corners, faces)
        done = collapse(corners, reach, faces, starts, order // 3, edges, bound, target)
        faces = target[faces]
        a, b, c = faces.T
        faces = faces[(a != b) & (b != c) & (c != a)]
        if done <= _LITTLE * len(np.unique(faces)):
            break
    kept, numbers = np.unique(faces, return_inverse=True)
    return Surface(corners[kept], numbers.reshape(-1, 3).astype(np.int64))


def _shortest_first(corners: NDArray[np.float64], faces: NDArray[np.int64]) -> NDArray[np.int64]:
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = pairs[pairs[:, 0] < pairs[:, 1]]  # of two triangles, one has it in this order
    lengths = ((corners[edges[:, 0]] - corners[edges[:, 1]]) ** 2).sum(axis=1)
    return np.ascontiguousarray(edges[np.argsort(lengths, kind="stable")])
