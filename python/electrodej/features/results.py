"""The results of the passes over all particles, and what several attributes derive from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from electrodej.features.axes import axis_lengths, euler_angles, principal_axes
from electrodej.features.ball import crofton_directions
from electrodej.features.neighbours import nearest
from electrodej.features.particles import COUNTS, LENGTHS, Measured
from electrodej.features.scan import Scanned
from electrodej.features.typing import Array, Floats, Ints
from electrodej.vocabulary import Shape, Spacing


def ratio(above: Array, below: Array) -> Floats:
    """above / below, NaN where ``below`` is not positive."""
    above, below = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    good = below > 0
    return np.where(good, above / np.where(good, below, 1.0), np.nan)


@dataclass(frozen=True)
class Results:
    """All particles, in the order of their labels."""

    scanned: Scanned
    measured: Measured
    spacing: Spacing
    shape: Shape
    crop: int
    dense: Ints  # labelled voxels in the surroundings
    around: Ints  # all voxels of the surroundings

    @property
    def voxel(self) -> float:
        """Volume of a voxel, um^3."""
        return float(np.prod(self.spacing))

    @property
    def face(self) -> float:
        """Area that a surface voxel stands for, um^2."""
        return float(self.voxel ** (2 / 3))

    def count(self, name: str) -> Ints:
        """One of `COUNTS`, in voxels."""
        return self.measured.counts[:, COUNTS.index(name)]

    def length(self, name: str) -> Floats:
        """One of `LENGTHS`."""
        return self.measured.lengths[:, LENGTHS.index(name)]

    def layer_grey(self, first: int, last: int) -> Floats:
        """Mean grey of ``raw`` from layer ``first`` on, before ``last``; NaN where it has no voxel there."""
        number, total = np.moveaxis(self.measured.layers[:, first:last].sum(axis=1), -1, 0)
        with np.errstate(invalid="ignore"):
            mean = ratio(total, number)
        return np.where(np.isfinite(mean), mean, np.nan)

    @cached_property
    def centroid(self) -> Floats:
        """(n, 3) z, y, x in um, in the uncropped volume."""
        return np.multiply(self.scanned.mean + self.crop, self.spacing)

    @cached_property
    def _axes(self) -> tuple[Floats, Floats]:
        step = np.asarray(self.spacing)
        covariance = self.scanned.moments * step[:, None] * step
        covariance = covariance + np.diag(step**2 / 12)
        return principal_axes(covariance[:, ::-1, ::-1])

    @cached_property
    def axis_lengths(self) -> Floats:
        """(n, 3) full lengths of the principal axes, longest first, um."""
        return axis_lengths(self._axes[0])

    @cached_property
    def angles(self) -> tuple[Floats, Floats, Floats]:
        """Roll, pitch and yaw in degrees, NaN where axes are equal."""
        return euler_angles(*self._axes)

    @cached_property
    def volume(self) -> Floats:
        """Volume of ``fill``, um^3."""
        return self.count("fill") * self.voxel

    @cached_property
    def surface(self) -> Floats:
        """Whole perimeter of ``raw`` as an area, um^2."""
        return self.count("edge_raw") * self.face

    @property
    def inner_edge(self) -> Ints:
        """Perimeter voxels of ``raw`` that are more than those of ``fill``."""
        return self.count("edge_raw") - self.count("edge_fill")

    @cached_property
    def nearest(self) -> tuple[Ints, Floats]:
        """Rows of the 6 nearest particles and their distances in um."""
        return nearest(self.centroid)

    @cached_property
    def areas(self) -> tuple[Floats, Floats]:
        """Surface areas of ``raw`` and ``fill`` by Crofton's formula, um^2."""
        _, per_crossing = crofton_directions(self.spacing)
        return self.measured.crossings[:, 0] @ per_crossing, self.measured.crossings[:, 1] @ per_crossing

    @cached_property
    def neighbour_count(self) -> Ints:
        """Number of other particles that share a face with each."""
        touching = np.searchsorted(self.scanned.labels, self.scanned.pairs[:, :2].ravel())
        return np.bincount(touching, minlength=len(self.scanned.labels)).astype(np.int64)

    @cached_property
    def pair_areas(self) -> Floats:
        """Area of the faces that each touching pair shares, um^2."""
        z, y, x = self.spacing
        return np.asarray(self.scanned.pairs[:, 2:] @ np.array([y * x, z * x, z * y]))
