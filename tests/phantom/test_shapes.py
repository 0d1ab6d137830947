"""The solids' closed forms, against voxels and against numerical integration."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import dblquad
from skimage.measure import marching_cubes, mesh_surface_area

from electrodej.errors import InputError, VoxelSizeError
from electrodej.phantom.shapes import (
    Solid,
    ball,
    box,
    cracked_ball,
    cylinder,
    ellipsoid,
    ellipsoid_surface,
    shell,
    touching_pair,
)
from electrodej.vocabulary import Spacing

UNIT = (1.0, 1.0, 1.0)
UNEQUAL = (3.0, 4.0, 5.0)
TURN = np.array([[0.6, -0.8, 0.0], [0.48, 0.36, -0.8], [0.64, 0.48, 0.6]])

SOLIDS: dict[str, Callable[[Spacing], Solid]] = {
    "ball": lambda s: ball(60.0, spacing=s, offset=(0.2, -0.3, 0.4)),
    "ellipsoid": lambda s: ellipsoid((40.0, 55.0, 70.0), spacing=s, rotation=TURN),
    "pair": lambda s: touching_pair(55.0, spacing=s, overlap=11.0),
    "cracked ball": lambda s: cracked_ball(60.0, 17.0, spacing=s),
    "shell": lambda s: shell(60.0, 30.0, spacing=s),
    "cylinder": lambda s: cylinder(50.0, 85.0, spacing=s, axis=1),
    "box": lambda s: box((20, 18, 16), spacing=s),
}


@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), UNEQUAL])
@pytest.mark.parametrize("name", SOLIDS)
def test_voxels_fill_the_closed_form_volume(name: str, spacing: Spacing):
    solid = SOLIDS[name](spacing)
    volume = (solid.labels == 1).sum() * math.prod(spacing)
    # A flat face between two planes of voxels costs up to half a voxel: 2 um of 85, or 1.5 of a slit of 17.
    assert volume == pytest.approx(solid.volume, rel=0.035)


@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), UNEQUAL])
@pytest.mark.parametrize("name", [name for name in SOLIDS if name != "box"])
def test_a_mesh_has_the_closed_form_surface(name: str, spacing: Spacing):
    solid = SOLIDS[name](spacing)
    inside = (solid.labels == 1).astype(np.float32)
    corners, faces, _, _ = marching_cubes(inside, 0.5, spacing=spacing)
    # A mesh of a binary image is rough: 5 to 10 % too large (Lindblad 2005).
    assert mesh_surface_area(corners, faces) == pytest.approx(solid.surface * 1.07, rel=0.06)


@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), UNEQUAL])
@pytest.mark.parametrize("name", ["ball", "ellipsoid", "shell", "cylinder", "box"])
def test_axis_lengths_are_those_of_the_covariance(name: str, spacing: Spacing):
    solid = SOLIDS[name](spacing)
    places = np.argwhere(solid.labels == 1) * spacing
    covariance = np.cov(places.T, bias=True) + np.diag(np.square(spacing) / 12)
    axes = 2 * np.sqrt(5 * np.linalg.eigvalsh(covariance))[::-1]
    assert axes == pytest.approx(np.array(solid.axis_lengths), rel=0.03)


@pytest.mark.parametrize("name", ["ball", "ellipsoid", "shell", "cylinder", "box"])
def test_centre_is_the_centroid(name: str):
    solid = SOLIDS[name](UNEQUAL)
    centroid = (np.argwhere(solid.labels == 1) * UNEQUAL).mean(axis=0)
    assert centroid == pytest.approx(np.array(solid.centre), abs=0.15)


def test_ellipsoid_surface_is_the_integral_over_the_sphere():
    a, b, c = 2.0, 3.0, 5.0

    def element(theta: float, phi: float) -> float:
        normal = (
            (b * c * math.sin(theta) * math.cos(phi)) ** 2
            + (a * c * math.sin(theta) * math.sin(phi)) ** 2
            + (a * b * math.cos(theta)) ** 2
        )
        return math.sin(theta) * math.sqrt(normal)

    area, _ = dblquad(element, 0, 2 * math.pi, 0, math.pi)
    assert ellipsoid_surface((b, c, a)) == pytest.approx(area, rel=1e-6)


def test_ellipsoid_surface_of_a_spheroid_is_the_textbook_value():
    # Prolate, half axes 2 2 3: 2 pi a^2 (1 + c / (a e) asin e), e^2 = 1 - a^2 / c^2.
    e = math.sqrt(1 - 4 / 9)
    assert ellipsoid_surface((2.0, 3.0, 2.0)) == pytest.approx(
        2 * math.pi * 4 * (1 + 3 / (2 * e) * math.asin(e)), rel=1e-9
    )


def test_balls_of_a_pair_meet_and_do_not_overlap():
    pair = touching_pair(20.0, spacing=UNIT, overlap=4.0, axis=0)
    faces = (pair.labels[:-1] == 1) & (pair.labels[1:] == 2)
    # The disc where they meet: pi (2 r h - h^2), h = 2.
    assert faces.sum() == pytest.approx(math.pi * (2 * 20 * 2 - 4), rel=0.05)
    assert (pair.labels == 1).sum() == pytest.approx((pair.labels == 2).sum(), rel=0.1)


def test_slit_reaches_the_surface_and_ends_at_the_centre():
    cracked = cracked_ball(20.0, 3.0, spacing=UNIT)
    z, y, x = (round(place) for place in cracked.centre)
    assert cracked.labels[z, y, x + 1 : x + 21].max() == 0
    assert cracked.labels[z, y, x - 20 : x].min() == 1


def test_impossible_solids_are_refused():
    with pytest.raises(InputError, match="narrower"):
        cracked_ball(2.0, 4.0, spacing=UNIT)
    with pytest.raises(InputError, match="smaller"):
        shell(2.0, 2.0, spacing=UNIT)
    with pytest.raises(InputError, match="positive"):
        ball(-1.0, spacing=UNIT)
    with pytest.raises(InputError, match="orthogonal"):
        ellipsoid((1.0, 1.0, 1.0), spacing=UNIT, rotation=2 * np.eye(3))
    with pytest.raises(VoxelSizeError):
        ball(1.0, spacing=(1.0, 0.0, 1.0))
