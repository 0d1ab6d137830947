"""What StarDist would say of known bodies, view by view: distance to a section's border, largest 1."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage


def make_balls(shape, centres, radii, spacing):
    """Labels 1, 2, ... of balls, lengths in micrometres; a voxel in two of them is the nearer one's."""
    grids = np.meshgrid(*(np.arange(n) * size for n, size in zip(shape, spacing, strict=True)), indexing="ij")
    labels = np.zeros(shape, np.int32)
    nearest = np.zeros(shape)
    for number, (centre, radius) in enumerate(zip(centres, radii, strict=True), start=1):
        distance = np.sqrt(sum((grid - at) ** 2 for grid, at in zip(grids, centre, strict=True)))
        own = distance - radius < nearest
        labels[own] = number
        nearest[own] = (distance - radius)[own]
    return labels


def view_of(labels, axis, spacing, *, lost=0.0, missed=0.0, noise=0.0, seed=0):
    """uint8 probability of the sections across ``axis``; shares of slices and of sections are missing."""
    random = np.random.default_rng((seed, axis))
    sizes = [size for n, size in enumerate(spacing) if n != axis]
    out = np.zeros(labels.shape, np.float32)
    for section, probability in zip(np.moveaxis(labels, axis, 0), np.moveaxis(out, axis, 0), strict=True):
        if random.random() < lost:
            continue
        for number in np.unique(section[section > 0]):
            if random.random() < missed:
                continue
            depth = ndimage.distance_transform_edt(np.pad(section == number, 1), sampling=sizes)[1:-1, 1:-1]
            probability += depth / depth.max()
        probability += noise * random.standard_normal(section.shape)
    return np.rint(np.clip(out, 0, 1) * 255).astype(np.uint8)


@pytest.fixture(scope="session")
def balls():
    return make_balls


@pytest.fixture(scope="session")
def views_of():
    """The three views of labels."""

    def make(labels, spacing, **faults):
        return [view_of(labels, axis, spacing, **faults) for axis in range(3)]

    return make


@pytest.fixture(scope="session")
def crowd():
    """Sixteen balls, most of which touch, seen by views that miss sections, with their truth."""
    spacing = (0.2, 0.2, 0.2)
    places = [2.2, 6.3]
    centres = [(z, y, x) for z in places for y in places for x in (2.0, 5.7, 9.6, 13.4)]
    radii = [1.5 + 0.5 * ((3 * n) % 5) / 4 for n in range(16)]
    labels = make_balls((44, 44, 78), centres, radii, spacing)
    views = [view_of(labels, axis, spacing, lost=0.08, missed=0.08, noise=0.03, seed=3) for axis in range(3)]
    return labels, views, spacing
