"""What a surface is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Surface:
    """Triangles that close round a body.

    Attributes
    ----------
    corners
        Positions (x, y, z) in micrometres, shape (n, 3).
    faces
        Three corners each, shape (m, 3), seen anticlockwise from outside.
    """

    corners: NDArray[np.float64]
    faces: NDArray[np.int64]

    @property
    def volume(self) -> float:
        """Volume inside, in um^3: a sixth of the sum of a . (b x c) over the triangles."""
        a, b, c = (self.corners[self.faces[:, place]] for place in range(3))
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)

    @property
    def area(self) -> float:
        """Area in um^2."""
        return float(np.linalg.norm(self.normals(), axis=1).sum() / 2)

    @property
    def watertight(self) -> bool:
        """Whether every edge has as many triangles on one side as on the other."""
        edges = np.concatenate([self.faces[:, [0, 1]], self.faces[:, [1, 2]], self.faces[:, [2, 0]]])
        codes = edges[:, 0] * len(self.corners) + edges[:, 1]
        back = edges[:, 1] * len(self.corners) + edges[:, 0]
        return bool(np.array_equal(np.sort(codes), np.sort(back)))

    def normals(self) -> NDArray[np.float64]:
        """Return the normal of each triangle, twice as long as its area."""
        a, b, c = (self.corners[self.faces[:, place]] for place in range(3))
        return np.asarray(np.cross(b - a, c - a), np.float64)
