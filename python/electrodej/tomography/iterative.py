"""Slices that fit the projections, found step by step: for few angles, which leave streaks otherwise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrodej.tomography.kernels.projector import back_project, project
from electrodej.tomography.settings import TomographySettings

Bins = NDArray[np.float32]
Image = NDArray[np.float32]


class _System:
    """The projection of an image as a matrix."""

    def __init__(
        self, bins: Bins, turns: NDArray[np.float64], middle: NDArray[np.float64], shape: tuple[int, int]
    ) -> None:
        self.turns, self.middle = turns, middle
        self.bins, self.image = bins.shape, (*shape, bins.shape[2])

    def forth(self, image: Image) -> Bins:
        out = np.zeros(self.bins, np.float32)
        project(image, self.turns, self.middle, out)
        return out

    def back(self, bins: Bins) -> Image:
        out = np.zeros(self.image, np.float32)
        back_project(bins, self.turns, self.middle, out)
        return out


def iterate(
    bins: Bins,
    turns: NDArray[np.float64],
    middle: NDArray[np.float64],
    shape: tuple[int, int],
    settings: TomographySettings,
) -> Image:
    """Return slices (y, x, rows) by SIRT, with no value below 0, or by CGLS."""
    system = _System(bins, turns, middle, shape)
    return (_sirt if settings.method == "sirt" else _cgls)(system, bins, settings.steps)


def _sirt(system: _System, bins: Bins, steps: int) -> Image:
    """x += C A' R (b - A x), R and C one over the sums of A's rows and columns; values below 0 become 0."""
    rows = system.forth(np.ones(system.image, np.float32))
    columns = system.back(np.ones(system.bins, np.float32))
    # A ray that hardly meets the image says nothing of it.
    by_row = np.where(rows > 0.5, 1 / np.maximum(rows, 0.5), 0).astype(np.float32)
    by_column = (1 / np.maximum(columns, 0.5)).astype(np.float32)
    image = np.zeros(system.image, np.float32)
    for _ in range(steps):
        image += by_column * system.back(by_row * (bins - system.forth(image)))
        np.maximum(image, 0, out=image)
    return image


def _cgls(system: _System, bins: Bins, steps: int) -> Image:
    """Least squares by conjugate gradients; each slice has its own step."""
    image = np.zeros(system.image, np.float32)
    rest = bins.copy()
    gradient = system.back(rest)
    way = gradient.copy()
    size = _squares(gradient)
    for _ in range(steps):
        seen = system.forth(way)
        step = (size / np.maximum(_squares(seen), 1e-30)).astype(np.float32)
        image += step * way
        rest -= step * seen
        gradient = system.back(rest)
        new = _squares(gradient)
        way = gradient + (new / np.maximum(size, 1e-30)).astype(np.float32) * way
        size = new
    return image


def _squares(values: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(np.einsum("ijk,ijk->k", values, values, dtype=np.float64))
