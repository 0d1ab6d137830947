"""The literal program against cases that a person can count by hand."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.transform import Rotation

UNIT = (1.0, 1.0, 1.0)


def measure(reference: ModuleType, labels: Any, *, radius: float, spacing: Any = UNIT) -> dict[str, Any]:
    """The table of a volume whose grey is 1 everywhere."""
    labels = np.asarray(labels)
    table: dict[str, Any] = reference.reference_table(
        np.ones(labels.shape, np.uint8), labels, spacing=spacing, radius=radius
    )
    return table


def in_room(solid: Any, room: int = 2) -> Any:
    """The solid with empty voxels around it."""
    return np.pad(np.asarray(solid, np.uint16), room)


def test_one_voxel_is_its_own_perimeter(reference: ModuleType) -> None:
    table = measure(reference, in_room(np.ones((1, 1, 1)), 1), radius=1.0)
    assert table["Volume"] == table["SurfOuter"] == table["Vsratio"] == table["Elongation"] == 1
    assert_allclose(table["Sphericity"], 36 * np.pi)
    assert table["SurfInner"] == table["RoughOuter"] == table["Contact"] == table["Damage"] == 0
    assert_allclose(table["PDensity"], 1 / 27)
    for name in ("Roll", "Pitch", "Yaw", "RoughInner", "Homogeneity", "DisNearest", "locVolume", "locOri"):
        assert np.isnan(table[name]), name


def test_one_anisotropic_voxel_has_its_own_axes_and_units(reference: ModuleType) -> None:
    table = measure(reference, in_room(np.ones((1, 1, 1))), radius=1.0, spacing=(3.0, 4.0, 5.0))
    assert_allclose(table["Volume"], 60)
    assert_allclose(table["SurfOuter"], 60 ** (2 / 3))
    assert_allclose(table["Elongation"], 5 / 3)
    assert_allclose([table["Z"][0], table["Y"][0], table["X"][0]], [6, 8, 10])
    assert (table["Yaw"], table["Pitch"], table["Roll"]) == (0, 0, 0)


def test_cube_of_eight_voxels_is_all_surface(reference: ModuleType) -> None:
    table = measure(reference, in_room(np.ones((2, 2, 2))), radius=1.0)
    assert table["Volume"] == table["SurfOuter"] == 8
    assert_allclose(table["Vsratio"], 2 / np.sqrt(8))
    assert_allclose(table["Sphericity"], 4.5 * np.pi)  # 36 pi 64 / 512


def test_cavity_is_filled_and_its_wall_is_the_inner_surface(reference: ModuleType) -> None:
    cube = np.ones((7, 7, 7), np.uint16)
    cube[2:5, 2:5, 2:5] = 0
    table = measure(reference, in_room(cube), radius=1.0)
    assert table["Volume"] == 343
    assert_allclose(table["Damage"], 27 / 343)
    assert table["SurfOuter"] == 343 - 125
    assert table["SurfInner"] == 6 * 9
    # The median takes the edges (12 of 27) and corners (8) of the cube, the faces' 5 x 5 stay.
    assert_allclose(table["RoughOuter"], 6 * 25 / 218)
    # It leaves a plus of 7 voxels of the cavity, whose wall has 6 + 12 voxels.
    assert_allclose(table["RoughInner"], 18 / 54)


def test_cavity_open_to_the_face_of_the_volume_is_no_hole(reference: ModuleType) -> None:
    cube = np.ones((5, 5, 5), np.uint16)
    cube[2, 2, 2:] = 0
    open_to_face = measure(reference, cube, radius=0.5)
    assert open_to_face["Damage"] == 0
    cube[2, 2, 4] = 1
    closed = measure(reference, cube, radius=0.5)
    assert_allclose(closed["Damage"], 2 / 125)


def test_slit_is_closed_except_for_its_mouth(reference: ModuleType) -> None:
    # Two plates of 2 x 9 x 9 voxels, one voxel apart. A gap voxel on the rim has a voxel of its ball two
    # voxels outside, sqrt(5) from the plates, so the rim stays open and 7 x 7 voxels are closed.
    plates = np.ones((5, 9, 9), np.uint16)
    plates[2] = 0
    table = measure(reference, in_room(plates), radius=2.0)
    assert table["Volume"] == 4 * 81 + 49
    assert_allclose(table["Damage"], 49 / 373)
    assert table["SurfOuter"] == 373 - (2 * 49 + 25)  # inside: the plates' facing sides, 5 x 5 of the gap
    assert table["SurfInner"] == 4 * 81 - 250


def test_inner_surface_is_a_difference_of_counts_that_may_be_negative(reference: ModuleType) -> None:
    # Plates of one voxel: all 162 voxels are surface; the fill's surface is those and the 24 that cap
    # the gap of 7 x 7.
    plates = np.ones((3, 9, 9), np.uint16)
    plates[1] = 0
    table = measure(reference, in_room(plates), radius=2.0)
    assert table["SurfInner"] == 162 - 186
    assert np.isnan(table["RoughInner"])


def test_closing_looks_beyond_the_face_of_the_volume(reference: ModuleType) -> None:
    plates = np.ones((5, 9, 9), np.uint16)
    plates[2] = 0
    free = measure(reference, in_room(plates), radius=2.0)
    at_faces = measure(reference, plates, radius=2.0)
    for name in ("Volume", "SurfOuter", "SurfInner", "RoughOuter", "RoughInner", "Damage"):
        assert at_faces[name] == free[name], name


@pytest.mark.parametrize("spacing", [UNIT, (3.0, 4.0, 5.0), (0.5, 0.25, 0.25)])
@pytest.mark.parametrize("radius", [1.0, 2.5, 4.5])
def test_distance_transform_and_explicit_ball_agree(
    reference: ModuleType, blobs: Any, spacing: Any, radius: float
) -> None:
    scale = min(spacing)
    grey, labels = blobs((14, 16, 18), 6, seed=3, spacing=spacing, size=(2 * scale, 7 * scale))
    both = [
        reference.reference_table(grey, labels, spacing=spacing, radius=radius * scale, closing=closing)
        for closing in ("distance", "ball")
    ]
    for name in reference.COLUMNS:
        assert_array_equal(both[0][name], both[1][name], err_msg=name)


def test_shell_counts_only_voxels_of_the_volume(reference: ModuleType) -> None:
    line = np.array([[[0, 2, 1, 2, 0]]])
    assert_allclose(measure(reference, line, radius=1.0)["Contact"], [2 / 2, 1 / 3])
    assert_allclose(measure(reference, line, radius=2.0)["Contact"][0], 2 / 4)


def test_particle_that_fills_the_volume_has_no_shell(reference: ModuleType) -> None:
    table = measure(reference, np.ones((3, 3, 3), np.uint8), radius=1.0)
    assert np.isnan(table["Contact"])
    assert table["PDensity"] == 1


def test_label_in_two_pieces_is_one_particle(reference: ModuleType) -> None:
    table = measure(reference, [[[3, 0, 0, 0, 3]]], radius=1.0)
    assert_array_equal(table["Label"], [3])
    assert table["X"] == 2
    assert table["Volume"] == 2


@pytest.mark.parametrize(("size", "grown"), [(5.0, 2), (4.0, 2), (10.0, 1), (11.0, 0), (0.1, 100)])
def test_packing_box_grows_by_whole_voxels_within_ten_micrometres(
    reference: ModuleType, size: float, grown: int
) -> None:
    line = np.zeros((1, 1, 301), np.uint8)
    line[0, 0, [0, 150]] = [1, 2]
    table = measure(reference, line, radius=0.5, spacing=(1.0, 1.0, size))
    assert_allclose(table["PDensity"], [1 / (grown + 1), 1 / (2 * grown + 1)])


def test_angles_are_those_of_the_rotation(reference: ModuleType) -> None:
    rng = np.random.default_rng(5)
    for yaw, pitch, roll in rng.uniform(-89, 89, size=(50, 3)):
        # Capital letters: turns about the moving axes, Rz(yaw) Ry(pitch) Rx(roll).
        axes = Rotation.from_euler("ZYX", [yaw, pitch, roll], degrees=True).as_matrix()
        axes = axes * rng.choice([-1, 1], size=3)  # an eigenvector has no sign
        angles = reference.euler_angles(np.array([3.0, 2.0, 1.0]), axes)
        assert_allclose(angles, [roll, pitch, yaw], atol=1e-9)


def test_angles_with_the_long_axis_upright_leave_yaw_zero(reference: ModuleType) -> None:
    column = in_room(np.ones((5, 3, 1)))
    table = measure(reference, column, radius=0.5)
    assert (table["Pitch"], table["Yaw"]) == (-90, 0)
    # a2 is y, and Ry(-90) leaves y where it was: no roll.
    assert table["Roll"] == 0


def test_equal_axes_have_no_angles(reference: ModuleType) -> None:
    rod = measure(reference, in_room(np.ones((1, 1, 5))), radius=0.5)
    assert (rod["Yaw"], rod["Pitch"]) == (0, 0)
    assert np.isnan(rod["Roll"])
    disc = measure(reference, in_room(np.ones((1, 5, 5))), radius=0.5)
    assert np.isnan([disc["Yaw"], disc["Pitch"], disc["Roll"]]).all()


def test_grey_leaves_zeros_out_and_refuses_nan(reference: ModuleType) -> None:
    labels = np.array([[[1, 1, 1, 0, 2, 2, 0, 3, 3, 0, 4, 4]]])
    grey = np.array([[[0, 2, 6, 9, 0, 0, 9, 0, 5, 9, 1, np.nan]]])
    table = reference.reference_table(grey, labels, spacing=UNIT, radius=0.5)
    assert_allclose(table["Edensity"], [4, np.nan, 5, np.nan])
    assert_allclose(table["Homogeneity"], [np.sqrt(8), np.nan, np.nan, np.nan])


def test_neighbours_are_the_six_nearest(reference: ModuleType) -> None:
    line = np.zeros((1, 1, 40), np.uint8)
    line[0, 0, [0, 1, 3, 6, 10, 15, 21, 28]] = np.arange(1, 9)
    table = measure(reference, line, radius=0.5)
    assert_allclose(table["DisNearest"][0], (1 + 3 + 6 + 10 + 15 + 21) / 6)
    assert_allclose(table["DisNearest"][7], (7 + 13 + 18 + 22 + 25 + 27) / 6)


def test_few_neighbours_are_all_taken_and_one_has_no_spread(reference: ModuleType) -> None:
    table = measure(reference, [[[1, 0, 0, 2, 2, 2]]], radius=0.5)
    assert_allclose(table["DisNearest"], [4, 4])
    assert np.isnan(table["locVolume"]).all()
    table = measure(reference, [[[1, 0, 0, 2, 2, 2, 0, 3]]], radius=0.5)
    assert_allclose(table["DisNearest"], [(4 + 7) / 2, (4 + 3) / 2, (7 + 3) / 2])
    assert_allclose(table["locVolume"], [np.sqrt(2), 0, np.sqrt(2)])
    assert_allclose(table["locElongation"], [np.sqrt(2), 0, np.sqrt(2)])  # elongations 1, 3, 1


def test_neighbours_that_tie_are_taken_in_label_order(reference: ModuleType) -> None:
    assert reference.nearest(np.array([2.0, 1, 1, 1, 1, 1, 2 + 1e-12, 2, 9])) == [1, 2, 3, 4, 5, 0]


def test_empty_volume_gives_an_empty_table(reference: ModuleType) -> None:
    table = measure(reference, np.zeros((3, 3, 3), np.uint8), radius=1.0)
    assert set(table) == set(reference.COLUMNS)
    assert all(len(column) == 0 for column in table.values())


def test_large_labels_with_gaps_keep_their_names(reference: ModuleType) -> None:
    table = measure(reference, np.array([[[7, 0, 2**31]]], np.uint32), radius=0.5)
    assert_array_equal(table["Label"], [7, 2**31])
    assert_array_equal(table["X"], [0, 2])
