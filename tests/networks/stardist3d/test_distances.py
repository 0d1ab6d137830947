"""Rays and the distances along them, against geometry."""

from __future__ import annotations

import numpy as np
import pytest

from electrodej.networks.stardist3d.patches import targets, without_small
from electrodej.networks.stardist3d.rays import make_rays


def ellipsoid(shape, centre, axes, spacing=(1.0, 1.0, 1.0)):
    """A label volume with the ellipsoid of these half axes, lengths in the unit of the spacing."""
    places = np.meshgrid(*(np.arange(n) * s for n, s in zip(shape, spacing, strict=True)), indexing="ij")
    inside = sum(((p - c) / a) ** 2 for p, c, a in zip(places, centre, axes, strict=True))
    return (inside <= 1).astype(np.int32)


def reach(directions, axes):
    """How far it is from an ellipsoid's centre to its surface."""
    return 1 / np.sqrt(((directions / np.array(axes)) ** 2).sum(axis=1))


@pytest.mark.parametrize("count", [32, 64, 96])
def test_rays_are_unit_vectors_that_balance_and_their_triangles_close_the_sphere(count):
    rays = make_rays(count)
    assert np.allclose(np.linalg.norm(rays.directions, axis=1), 1)
    assert np.abs(rays.directions.mean(axis=0)).max() < 0.01
    assert len(rays.triangles) == 2 * count - 4  # Euler
    a, b, c = (rays.directions[rays.triangles[:, k]] for k in range(3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6
    assert (volume > 0).all()
    assert 0.8 * 4 / 3 * np.pi < volume.sum() < 4 / 3 * np.pi


@pytest.mark.parametrize("axes", [(12.0, 12.0, 12.0), (14.0, 9.0, 11.0)])
def test_distances_from_the_centre_are_those_of_the_ellipsoid(axes):
    labels = ellipsoid((33, 33, 33), (16, 16, 16), axes)
    rays = make_rays(64)
    chance, both = targets(labels, (2, 2, 2), rays)
    assert np.abs(both[8, 8, 8, :-1] - reach(rays.directions, axes)).max() < 1.0
    assert np.abs(both[8, 8, 8, :-1] - reach(rays.directions, axes)).mean() < 0.35
    assert chance[8, 8, 8, 0] == 1 == chance.max()
    assert chance[0, 0, 0, 0] == 0


def test_with_long_voxels_distances_are_told_in_shortest_edges():
    spacing, axes = (3.0, 1.0, 1.0), (12.0, 12.0, 12.0)
    labels = ellipsoid((11, 33, 33), (15, 16, 16), axes, spacing)
    rays = make_rays(64, spacing)
    _, both = targets(labels, (1, 2, 2), rays)
    # Along z the surface is known to a voxel of three.
    assert np.abs(both[5, 8, 8, :-1] - reach(rays.directions, axes)).max() < 2.0
    assert np.abs(both[5, 8, 8, :-1] - reach(rays.directions, axes)).mean() < 0.7


def test_a_ray_ends_where_another_particle_begins():
    labels = np.ones((9, 9, 20), np.int32)
    labels[:, :, 14:] = 2
    rays = make_rays(96)
    _, both = targets(labels, (1, 1, 1), rays)
    along = int(np.argmax(rays.directions[:, 2]))
    expected = (13.5 - 4) / rays.directions[along, 2]
    assert abs(both[4, 4, 4, along] - expected) < 0.3


def test_unknown_voxels_are_passed_over_and_small_particles_left_out():
    labels = ellipsoid((16, 16, 16), (6, 8, 8), (5, 5, 5))
    labels[14:] = -1
    chance, both = targets(labels, (2, 2, 2), make_rays(32))
    assert (chance[7] == -1).all()
    assert (both[7, ..., -1] == -1).all()
    assert without_small(labels, 11.0).max() == 0
    assert without_small(labels, 9.0).max() == 1
    assert (without_small(labels, 11.0)[14:] == -1).all()
