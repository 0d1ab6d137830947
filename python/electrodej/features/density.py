"""The second, short pass: labelled voxels in the surroundings of each particle."""

from __future__ import annotations

import numpy as np

from electrodej.features.ball import steps_within
from electrodej.features.sources import Source
from electrodej.features.typing import Ints
from electrodej.vocabulary import Shape, Spacing

# How far the box of a particle is grown for the packing density, in um.
SURROUNDINGS = 10.0


def surroundings(boxes: Ints, shape: Shape, spacing: Spacing) -> Ints:
    """Boxes grown by 10 um on each side and cut to the volume.

    Grown by the whole voxels that fit into 10 um, so that a voxel belongs to the surroundings when its
    centre is, along each axis, at most 10 um from the centre of a voxel of the box.
    """
    grown = boxes.copy()
    for axis in range(3):
        steps = steps_within(SURROUNDINGS, spacing[axis])
        grown[:, 2 * axis] = np.maximum(boxes[:, 2 * axis] - steps, 0)
        grown[:, 2 * axis + 1] = np.minimum(boxes[:, 2 * axis + 1] + steps, shape[axis])
    return grown


def count_slab(labels: Source, z0: int, z1: int, boxes: Ints) -> Ints:
    """Labelled voxels of the planes z0 to z1 in each of ``boxes``; sums over slabs are exact."""
    from electrodej.features.kernels.density import count_in_boxes

    _, ny, nx = labels.shape
    window = labels.read((z0, z1, 0, ny, 0, nx))
    planes = window.array[z0 - window.origin[0] : z1 - window.origin[0]]
    starts = np.argsort(boxes[:, 0], kind="stable")
    stops = np.argsort(boxes[:, 1], kind="stable")
    return count_in_boxes(planes, z0, boxes, starts, stops)
