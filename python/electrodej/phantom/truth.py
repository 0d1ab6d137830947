"""What is true of each particle of a phantom, one row each."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.phantom.population import KINDS
from electrodej.phantom.scene import Scene

TruthTable = dict[str, NDArray[Any]]

TRUTH_COLUMNS: dict[str, tuple[str, str]] = {
    "label": ("", "number of the particle in labels and outlines"),
    "z": ("um", "centroid of the outline's voxels in the volume: mean voxel index times spacing"),
    "y": ("um", "the same along y"),
    "x": ("um", "the same along x"),
    "radius": ("um", "radius of the ball with the outline's volume in the volume"),
    "volume": ("um^3", "the outline's voxels: material, cracks and core"),
    "crack_volume": ("um^3", "voxels of cracks, core and gaps"),
    "damage": ("", "crack_volume / volume"),
    "kind": ("", "intact, cored, cracked, crackled or broken"),
    "fogged": ("", "1 where drawn dim and with soft edges"),
    "touches_border": ("", "1 where the volume's faces cut it or it touches them"),
    "centre_z": ("um", "centre of the whole particle, whether in the volume or not"),
    "centre_y": ("um", "the same along y"),
    "centre_x": ("um", "the same along x"),
    "semi_axis_1": ("um", "longest half axis of the ellipsoid it was made of"),
    "semi_axis_2": ("um", "middle half axis"),
    "semi_axis_3": ("um", "shortest half axis"),
    "axis_z": (
        "",
        "z component of the unit vector along the longest axis, turned so that it is not negative",
    ),
    "axis_y": ("", "y component of it"),
    "axis_x": ("", "x component of it"),
}


class Tally:
    """Adds up the voxels of each particle over slabs, in integers, so that their order does not matter."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._sums = np.zeros((scene.visible + 1, 6), dtype=np.int64)

    def add(self, z0: int, outlines: NDArray[Any], phases: NDArray[np.uint8]) -> None:
        """Count the slab that begins at slice ``z0``."""
        from electrodej.phantom.kernels.labels import tally

        tally(outlines, phases, z0, self._scene.config.shape[0], self._sums)

    def table(self) -> TruthTable:
        """The columns of `TRUTH_COLUMNS`, one row for each label."""
        scene = self._scene
        counts, cracks = self._sums[1:, 0], self._sums[1:, 1]
        border = self._sums[1:, 5] > 0
        spacing = scene.spacing
        voxel = float(spacing.prod())
        centroid = self._sums[1:, 2:5] / np.maximum(counts, 1)[:, None] * spacing
        particles = scene.particles.only(np.arange(scene.visible))
        order = np.argsort(-particles.half_axes, axis=1, kind="stable")
        axes = np.take_along_axis(particles.half_axes, order, axis=1)
        longest = np.take_along_axis(particles.turn, order[:, None, :1], axis=2)[:, :, 0]
        longest = longest * np.where(longest[:, :1] < 0, -1.0, 1.0)
        columns = [
            np.arange(1, scene.visible + 1),
            *centroid.T,
            np.cbrt(counts * voxel * 3 / (4 * np.pi)),
            counts * voxel,
            cracks * voxel,
            cracks / np.maximum(counts, 1),
            np.array(KINDS)[particles.kind],
            (particles.softness > 0.1).astype(np.int64),
            border.astype(np.int64),
            *particles.centre.T,
            *axes.T,
            *longest.T,
        ]
        return dict(zip(TRUTH_COLUMNS, columns, strict=True))


def write_truth(path: Path, truth: TruthTable) -> None:
    """Write the table as CSV; the caller sees to it that the file is whole."""
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(truth)
        for row in zip(*(column.tolist() for column in truth.values()), strict=True):
            writer.writerow(row)
