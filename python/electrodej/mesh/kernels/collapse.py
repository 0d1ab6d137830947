"""Edges of a closed surface drawn together to points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrodej.compiled import compiled

# Cosine of the most that a triangle may turn.
_TURN = 0.5
_HELD, _MOVED = 1, 2


@compiled
def _normal(
    a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]
) -> tuple[float, float, float]:
    x, y = b - a, c - a
    return (
        x[1] * y[2] - x[2] * y[1],
        x[2] * y[0] - x[0] * y[2],
        x[0] * y[1] - x[1] * y[0],
    )


@compiled
def _turns(
    corners: NDArray[np.float64], face: NDArray[np.int64], old: int, other: int, place: NDArray[np.float64]
) -> bool:
    """Whether a triangle would turn too far, or vanish, with a corner elsewhere; with both it is gone."""
    if face[0] == other or face[1] == other or face[2] == other:
        return False
    a, b, c = corners[face[0]], corners[face[1]], corners[face[2]]
    before = _normal(a, b, c)
    after = _normal(
        place if face[0] == old else a, place if face[1] == old else b, place if face[2] == old else c
    )
    dot = before[0] * after[0] + before[1] * after[1] + before[2] * after[2]
    lengths = (before[0] ** 2 + before[1] ** 2 + before[2] ** 2) * (
        after[0] ** 2 + after[1] ** 2 + after[2] ** 2
    )
    return bool(dot <= _TURN * np.sqrt(lengths))


@compiled
def collapse(
    corners: NDArray[np.float64],
    reach: NDArray[np.float64],
    faces: NDArray[np.int64],
    starts: NDArray[np.int64],
    around: NDArray[np.int64],
    edges: NDArray[np.int64],
    bound: float,
    target: NDArray[np.int64],
) -> int:
    """Draw edges together to their middles, those that do not disturb one another; return how many.

    Parameters
    ----------
    corners, reach
        Where each corner is, and how far at most from the original ones that it stands for; changed.
    faces
        Corners of the triangles.
    starts, around
        The triangles around corner n are ``around[starts[n] : starts[n + 1]]``.
    edges
        Pairs of corners, those to be tried first in front.
    bound
        Most that ``reach`` may become.
    target
        What becomes of each corner: itself, or the one that it is drawn to; changed.

    Notes
    -----
    The surface stays closed where exactly two corners neighbour both ends (the link condition). Triangles
    that turn by more than 60 degrees are not made.
    """
    state = np.zeros(len(corners), np.uint8)
    seen = np.zeros(len(corners), np.int64)
    done = 0
    for number in range(len(edges)):
        u, v = edges[number, 0], edges[number, 1]
        if state[u] or state[v]:
            continue
        place = (corners[u] + corners[v]) / 2
        far = max(reach[u], reach[v]) + np.sqrt(((corners[u] - corners[v]) ** 2).sum()) / 2
        if far > bound:
            continue
        good, both, shared = True, 0, 0
        mark = 2 * number + 1
        for end in range(2):
            here, other = (u, v) if end == 0 else (v, u)
            for place_in in range(starts[here], starts[here + 1]):
                face = faces[around[place_in]]
                if _turns(corners, face, here, other, place):
                    good = False
                for k in range(3):
                    w = face[k]
                    if w == other:
                        shared += 1
                    elif w != here:
                        if state[w] == _MOVED:
                            good = False
                        if end == 0:
                            seen[w] = mark
                        elif seen[w] == mark:
                            both += 1
                            seen[w] = mark + 1
        if not good or both != 2 or shared != 4:
            continue
        for here in (u, v):
            for place_in in range(starts[here], starts[here + 1]):
                face = faces[around[place_in]]
                for k in range(3):
                    if state[face[k]] == 0:
                        state[face[k]] = _HELD
        state[u] = state[v] = _MOVED
        corners[u], reach[u], target[v] = place, far, u
        done += 1
    return done
