"""Shapes that mathematics knows, through `features`, at unit, uneven and real voxels.

Tolerances. A solid of 10 to 20 voxels across is drawn by voxel centres: its count of voxels differs from
its volume by the lattice's discrepancy, well below 1 %, and its second moments by as much (VOLUME). A
layer of one voxel holds fewer voxels and scatters more (LAYER). Where a measure has a bias of a fraction
of a voxel, the test says so.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from electrodej.features import features
from electrodej.phantom import shapes
from electrodej.run import Run

Spacing = tuple[float, float, float]
SPACINGS: list[Spacing] = [(1.0, 1.0, 1.0), (3.0, 4.0, 5.0), (0.07, 0.07, 0.07)]
VOLUME = 0.01
LAYER = 0.03

every_spacing = pytest.mark.parametrize("spacing", SPACINGS, ids=["unit", "3x4x5", "70nm"])


def mean_voxel(spacing: Spacing) -> float:
    """Edge of the cube with the volume of a voxel; shapes are sized in it."""
    edge: float = math.prod(spacing) ** (1 / 3)
    return edge


def measured(labels: NDArray[Any], *, spacing: Spacing, radius: float, grey: Any = None) -> dict[str, Any]:
    """Columns of the table."""
    shades = np.ones(labels.shape, np.uint8) if grey is None else grey
    return features(shades, labels, spacing=spacing, radius=radius, run=Run(jobs=1)).columns


def directions(count: int = 200_000) -> NDArray[Any]:
    """Unit vectors (z, y, x) spread evenly over the sphere (Fibonacci lattice)."""
    i = np.arange(count) + 0.5
    z = 1 - 2 * i / count
    turn = np.pi * (1 + math.sqrt(5)) * i
    flat = np.sqrt(1 - z**2)
    return np.stack([z, flat * np.sin(turn), flat * np.cos(turn)], axis=1)


def layer_volume(radius: float, spacing: Spacing, *, inside: bool) -> float:
    """Volume that a 6-neighbourhood erosion takes from a ball, or a dilation adds to it.

    The eroded ball is what the six balls moved by one voxel share: in direction n it reaches
    min_i(-s_i |n_i| + sqrt(R^2 - s_i^2 (1 - n_i^2))). The dilated one is their union: max_i(+ s_i |n_i| ...).
    """
    n = np.abs(directions())
    step = np.asarray(spacing)
    root = np.sqrt(radius**2 - step**2 * (1 - n**2))
    reach = (root - step * n).min(axis=1) if inside else (root + step * n).max(axis=1)
    body = 4 / 3 * math.pi * float((reach**3).mean())
    return abs(4 / 3 * math.pi * radius**3 - body)


@every_spacing
def test_ball(spacing: Spacing) -> None:
    voxel = mean_voxel(spacing)
    # Off the middle of a voxel: centred balls gain or lose whole shells of voxels at once.
    solid = shapes.ball(12 * voxel, spacing=spacing, offset=(0.3, -0.2, 0.1))
    table = measured(solid.labels, spacing=spacing, radius=5 * voxel)
    assert_allclose(table["Volume"], solid.volume, rtol=VOLUME)
    assert_allclose(table["Elongation"], 1, rtol=VOLUME)
    # The voxels lost and won at the surface are spread evenly: they move the centre by far less than a voxel.
    assert_allclose([table["Z"][0], table["Y"][0], table["X"][0]], solid.centre, atol=0.02 * voxel)
    for radius in ("RadiusA", "RadiusB", "RadiusC"):
        assert_allclose(table[radius], 12 * voxel, rtol=VOLUME)
    # A ball is closed already; a grid leaves at most a few corners to close.
    assert table["Damage"] <= 0.002

    surface = layer_volume(12 * voxel, spacing, inside=True) / voxel  # voxels times v^(2/3)
    assert_allclose(table["SurfOuter"], surface, rtol=LAYER)
    assert_allclose(table["Vsratio"], solid.volume ** (1 / 3) / surface ** (1 / 2), rtol=LAYER)
    assert_allclose(table["Sphericity"], 36 * math.pi * solid.volume**2 / surface**3, rtol=3 * LAYER)


def test_ball_on_a_cubic_grid_has_elongation_one_and_no_direction() -> None:
    solid = shapes.ball(9.0, spacing=(1.0, 1.0, 1.0))
    table = measured(solid.labels, spacing=solid.spacing, radius=4.0)
    assert_allclose(table["Elongation"], 1, rtol=1e-12)
    for name in ("Roll", "Pitch", "Yaw"):
        assert np.isnan(table[name]), name


@every_spacing
@pytest.mark.parametrize("angles", [(0, 0, 0), (30, -20, 50), (-60, 65, -75), (10, 40, 0)])
def test_turned_ellipsoid(spacing: Spacing, angles: tuple[float, float, float]) -> None:
    voxel = mean_voxel(spacing)
    roll, pitch, yaw = angles
    long, middle, short = 18 * voxel, 11 * voxel, 7 * voxel
    turn = Rotation.from_euler("ZYX", [yaw, pitch, roll], degrees=True).as_matrix()
    solid = shapes.ellipsoid((short, middle, long), spacing=spacing, rotation=turn[::-1, ::-1])
    table = measured(solid.labels, spacing=spacing, radius=5 * voxel)
    assert_allclose(table["Volume"], solid.volume, rtol=VOLUME)
    assert_allclose(table["Elongation"], long / short, rtol=2 * VOLUME)
    axes = [2 * table[name][0] for name in ("RadiusA", "RadiusB", "RadiusC")]
    assert_allclose(axes, [2 * long, 2 * middle, 2 * short], rtol=VOLUME)
    # The moments' error of 1 % turns the axes by less than a degree, as their squares differ by a factor two.
    found = [table[name][0] for name in ("Roll", "Pitch", "Yaw")]
    assert_allclose(found, angles, atol=1)


@every_spacing
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_box_of_whole_voxels_is_exact(spacing: Spacing, axis: int) -> None:
    size = [3, 3, 3]
    size[axis] = 9
    solid = shapes.box((size[0], size[1], size[2]), spacing=spacing)
    table = measured(solid.labels, spacing=spacing, radius=2 * min(spacing))
    voxels = 81
    assert_allclose(table["Volume"], solid.volume)
    assert_allclose(table["SurfOuter"], (voxels - 7) * mean_voxel(spacing) ** 2)
    assert table["SurfInner"] == table["Damage"] == 0
    # A box of edge a has the second moment a^2 / 12.
    edges = sorted(n * step for n, step in zip(size, spacing, strict=True))
    assert_allclose([table["RadiusC"][0], table["RadiusA"][0]], np.sqrt(5 / 12) * np.array(edges)[[0, 2]])
    # The long axis lies along z, y or x.
    yaw, pitch = [(0, -90), (90, 0), (0, 0)][axis]
    assert (table["Yaw"], table["Pitch"]) == (yaw, pitch)


@every_spacing
def test_cylinder(spacing: Spacing) -> None:
    voxel = mean_voxel(spacing)
    solid = shapes.cylinder(8 * voxel, 30 * voxel, spacing=spacing, axis=1)
    table = measured(solid.labels, spacing=spacing, radius=5 * voxel)
    # The ends are rounded to whole voxels: half a voxel each of about 30, and the cross-section's 2 %.
    rounding = spacing[1] / (30 * voxel) + 2 * VOLUME
    assert_allclose(table["Volume"], solid.volume, rtol=rounding)
    assert_allclose(table["RadiusA"], math.sqrt(5 / 12) * 30 * voxel, rtol=rounding)
    assert_allclose(table["Yaw"], 90)


@every_spacing
def test_shell_is_filled_and_its_cavity_is_the_inner_surface(spacing: Spacing) -> None:
    voxel = mean_voxel(spacing)
    outer, inner = 14 * voxel, 8 * voxel
    solid = shapes.shell(outer, inner, spacing=spacing)
    table = measured(solid.labels, spacing=spacing, radius=3 * voxel)
    assert solid.filled_volume is not None
    assert_allclose(table["Volume"], solid.filled_volume, rtol=VOLUME)
    # The cavity, centred on a voxel, holds up to 2 % fewer voxels than its volume says.
    assert_allclose(table["Damage"], (inner / outer) ** 3, rtol=3 * VOLUME)
    wall = layer_volume(inner, spacing, inside=False) / voxel
    assert_allclose(table["SurfInner"], wall, rtol=LAYER)
    # A median moves a smooth wall by less than a voxel.
    assert_allclose(table["RoughInner"], 1, atol=0.25)


@every_spacing
def test_cracked_ball(spacing: Spacing) -> None:
    voxel = mean_voxel(spacing)
    ball_radius, radius, width = 13 * voxel, 8 * voxel, 3 * spacing[0]
    solid = shapes.cracked_ball(ball_radius, width, spacing=spacing)
    table = measured(solid.labels, spacing=spacing, radius=radius)
    assert solid.filled_volume is not None
    whole = solid.filled_volume
    slit = whole - solid.volume
    # What stays open at the mouth, pi R long and w wide: a ball of radius r that leans on both lips dips in
    # by r - sqrt(r^2 - w^2 / 4), and the grid leaves up to one more voxel. The slit's own edge is the plane
    # between two layers of voxels, half a voxel off.
    dip = radius - math.sqrt(radius**2 - width**2 / 4)
    mouth = math.pi * ball_radius * width * (dip + max(spacing))
    end = 0.5 * spacing[2] * width * 2 * ball_radius
    assert table["Damage"] <= slit / whole * (1 + VOLUME)
    assert table["Damage"] >= (slit - mouth - end) / whole * (1 - VOLUME)
    assert_allclose(table["Volume"], whole, rtol=VOLUME + mouth / whole)
    # Two walls of half a disc each, in voxels of y and x. Less the mouth, where three layers of fill and the
    # walls' rims are outer surface: pi R of length against pi R^2, 3 / 13 and as much again at most. More by
    # the slit's end, 2 R long and three layers high.
    walls = math.pi * ball_radius**2 / (spacing[1] * spacing[2]) * voxel**2
    assert 0.55 * walls < table["SurfInner"] < 1.15 * walls


@every_spacing
def test_slit_wider_than_the_ball_stays_open(spacing: Spacing) -> None:
    voxel = mean_voxel(spacing)
    solid = shapes.cracked_ball(13 * voxel, 5 * spacing[0], spacing=spacing)
    # A ball of r = 2.4 planes finds room in the slit of 5 planes; only its inner edges are rounded.
    table = measured(solid.labels, spacing=spacing, radius=2.4 * spacing[0])
    assert_allclose(table["Volume"], solid.volume, rtol=0.03)


@every_spacing
def test_touching_pair_shares_the_lens_of_the_shell(spacing: Spacing) -> None:
    voxel = mean_voxel(spacing)
    ball_radius, radius = 14 * voxel, 7 * voxel
    margin = 8 * math.ceil(voxel / min(spacing))
    solid = shapes.touching_pair(ball_radius, spacing=spacing, margin=margin)
    table = measured(solid.labels, spacing=spacing, radius=radius)
    # What a ball of R + r shares with one of R at a distance of 2 R.
    wide, distance = ball_radius + radius, 2 * ball_radius
    lens = (wide + ball_radius - distance) ** 2
    lens *= distance**2 + 2 * distance * (wide + ball_radius) - 3 * (wide - ball_radius) ** 2
    lens *= math.pi / (12 * distance)
    shell = 4 / 3 * math.pi * (wide**3 - ball_radius**3)
    # Distances run between voxel centres, the outer ones up to half a voxel inside the surface: the shell
    # is thinner by about 0.3 of 7 voxels, the lens lower by as much, which is (1 - 0.3 / 7)^2 of it.
    assert_allclose(table["Contact"], lens / shell, rtol=0.1)
    assert_allclose(table["Contact"][0], table["Contact"][1], rtol=0.05)
    assert_allclose(table["DisNearest"], distance, rtol=0.01)
    assert_array_equal(table["Damage"] < 0.002, True)


@every_spacing
def test_centroids_on_a_lattice(spacing: Spacing) -> None:
    pitch = 4
    labels = np.zeros((3 * pitch,) * 3, np.uint16)
    labels[2::pitch, 2::pitch, 2::pitch] = np.arange(1, 28).reshape(3, 3, 3)
    table = measured(labels, spacing=spacing, radius=0.5 * min(spacing))
    steps = np.array(list(np.ndindex(3, 3, 3))) * pitch * np.asarray(spacing)
    between = np.linalg.norm(steps[:, None] - steps, axis=2)
    expected = np.sort(between, axis=1)[:, 1:7].mean(axis=1)
    assert_allclose(table["DisNearest"], expected)
    middle, corner = 13, 0
    if spacing == (1.0, 1.0, 1.0):
        assert_allclose(table["DisNearest"][middle], pitch)
        assert_allclose(table["DisNearest"][corner], pitch * (3 + 3 * math.sqrt(2)) / 6)
    # All alike: no spread in form.
    for name in ("locVolume", "locElongation", "locSphericity"):
        assert_allclose(table[name], 0, atol=1e-9)


def test_spread_over_neighbours_of_two_sizes() -> None:
    labels = np.zeros((5, 5, 40), np.uint16)
    labels[2, 2, 2] = 1
    labels[1:4, 1:4, 6:9] = 2
    labels[1:4, 1:4, 31:34] = 3
    labels[2, 2, 37] = 4
    table = measured(labels, spacing=(2.0, 2.0, 2.0), radius=1.0)
    sizes = np.array([8.0, 216.0, 216.0, 8.0])
    for row in range(4):
        expected = np.std(np.delete(sizes, row), ddof=1)
        assert_allclose(table["locVolume"][row], expected)


def test_packing_density_of_a_full_volume_is_one() -> None:
    table = measured(np.ones((6, 7, 8), np.uint8), spacing=(1.0, 1.0, 1.0), radius=2.0)
    assert table["PDensity"] == 1
    assert np.isnan(table["Contact"])


def test_packing_density_counts_ten_micrometres_around() -> None:
    labels = np.zeros((9, 9, 61), np.uint8)
    labels[4, 4, 30] = 1
    labels[:, :, 40] = 2  # ten voxels of 1 um away: inside
    labels[:, :, 19] = 3  # eleven: outside
    table = measured(labels, spacing=(1.0, 1.0, 1.0), radius=1.0)
    assert_allclose(table["PDensity"][0], (1 + 81) / (9 * 9 * 21))


def test_grey_of_a_cracked_ball_leaves_its_black_crack_out() -> None:
    solid = shapes.cracked_ball(9.0, 3.0, spacing=(1.0, 1.0, 1.0))
    grey = np.where(solid.labels == 1, 120, 0).astype(np.uint8)
    table = measured(solid.labels, spacing=solid.spacing, radius=5.0, grey=grey)
    assert table["Edensity"] == 120
    assert table["Homogeneity"] == 0
    assert table["Damage"] > 0


def test_grey_of_two_halves() -> None:
    labels = np.zeros((6, 6, 6), np.uint8)
    labels[1:5, 1:5, 1:5] = 1
    grey = np.full(labels.shape, 40_000, np.uint16)
    grey[3:] = 40_002
    table = measured(labels, spacing=(1.0, 1.0, 1.0), radius=1.0, grey=grey)
    assert table["Edensity"] == 40_001
    assert_allclose(table["Homogeneity"], math.sqrt(64 / 63))
