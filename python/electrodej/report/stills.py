"""Still pictures of the middle slices: what paper and a browser without scripts show at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodej.report.grid import Grid
from electrodej.report.overlays import outlined
from electrodej.vocabulary import Spacing, View

_QUALITY = 70
_MOST_ACROSS = 900


@dataclass(frozen=True)
class Still:
    """A picture of one slice.

    Attributes
    ----------
    data
        JPEG.
    width, height
        In what proportion it is shown.
    """

    data: bytes
    width: int
    height: int


class Stills:
    """Collects the middle slice of each view while slices go by."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._middle = tuple(length // 2 for length in grid.shape)
        z, y, x = grid.shape
        shapes: dict[View, tuple[int, int]] = {"xy": (y, x), "xz": (z, x), "yz": (y, z)}
        self._views: dict[View, tuple[NDArray[np.uint8], NDArray[np.uint32]]] = {
            view: (np.zeros(shape, np.uint8), np.zeros(shape, np.uint32)) for view, shape in shapes.items()
        }

    def add(self, k: int, shown: NDArray[np.uint8], coded: NDArray[np.unsignedinteger]) -> None:
        """Take the k-th slice that is shown, and the codes of its particles."""
        for number, plane in enumerate((shown, coded)):
            if k == self._middle[0]:
                self._views["xy"][number][:] = plane
            self._views["xz"][number][k] = plane[self._middle[1]]
            self._views["yz"][number][:, k] = plane[:, self._middle[2]]

    def jpegs(self, spacing: Spacing) -> dict[View, Still]:
        """Return the pictures, those of a single image without its edges."""
        pitch = [step * size for step, size in zip(self._grid.steps, spacing, strict=True)]
        edges: dict[View, list[float]] = {"xy": pitch[1:], "xz": pitch[::2], "yz": pitch[1::-1]}
        stills: dict[View, Still] = {}
        for view, sizes in edges.items():
            if self._grid.shape[0] == 1 and view != "xy":
                continue
            grey, labels = self._views[view]
            tall, wide = (length * size for length, size in zip(grey.shape, sizes, strict=True))
            scale = min(_MOST_ACROSS, max(grey.shape)) / max(tall, wide)
            data = jpeg(outlined(grey, labels), _QUALITY)
            stills[view] = Still(data, max(1, round(wide * scale)), max(1, round(tall * scale)))
        return stills


def jpeg(picture: NDArray[np.uint8], quality: int) -> bytes:
    """Return a picture as JPEG, shape (Y, X) or (Y, X, 3)."""
    import imagecodecs

    return bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(picture), level=quality))
