"""The faces of crystals."""

from __future__ import annotations

import math

import numpy as np

from electrodej.compiled import compiled, compiled_inline


@compiled_inline
def crystal_norm(q: np.ndarray, faces: np.ndarray) -> float:
    """Like the length of ``q``, but 1 on the faces of a crystal: the 16-norm of its heights over them.

    Edges and corners are a little rounded by it.
    """
    total = 0.0
    for face in range(faces.shape[0]):
        height = faces[face, 0] * q[0] + faces[face, 1] * q[1] + faces[face, 2] * q[2]
        height *= height
        height *= height
        height *= height
        total += height * height
    return math.sqrt(math.sqrt(math.sqrt(math.sqrt(total))))


@compiled
def crystal_norms(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """`crystal_norm` of each point."""
    out = np.empty(points.shape[0])
    for row in range(points.shape[0]):
        out[row] = crystal_norm(points[row], faces)
    return out
