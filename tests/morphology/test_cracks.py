"""Cracks of boxes: every figure follows from counting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.morphology import CRACK_COLUMNS, measure_cracks

CUBE = (1.0, 1.0, 1.0)
BOX = (3.0, 4.0, 5.0)


def particle() -> tuple[NDArray[Any], NDArray[Any]]:
    """A block of 11 x 11 x 15 voxels with room around it, and no crack."""
    labels = np.zeros((15, 15, 19), np.uint16)
    labels[2:13, 2:13, 2:17] = 1
    return labels, np.zeros(labels.shape, bool)


def row(labels: NDArray[Any], cracks: NDArray[Any], spacing: tuple[float, float, float]) -> dict[str, float]:
    table = measure_cracks(labels, cracks, spacing=spacing)
    assert list(table) == list(CRACK_COLUMNS)
    return {name: values[0] for name, values in table.items()}


@pytest.mark.parametrize("spacing", [CUBE, BOX])
def test_a_straight_crack_of_one_voxel(spacing: tuple[float, float, float]):
    labels, cracks = particle()
    cracks[7, 7, 5:12] = True
    found = row(labels, cracks, spacing)
    voxel = np.prod(spacing)
    assert found["Volume"] == pytest.approx(11 * 11 * 15 * voxel)
    assert found["CrackVolume"] == pytest.approx(7 * voxel)
    assert found["CrackShare"] == pytest.approx(7 / (11 * 11 * 15))
    # From the centre of the first voxel to that of the last.
    assert found["CrackLength"] == pytest.approx(6 * spacing[2])
    # The nearest voxel that is not crack is one step away along the shortest edge.
    assert found["CrackWidth"] == pytest.approx(min(spacing))
    # The centre lies 6 voxels from the faces along z and y, and 7 along x.
    assert found["CrackDepth"] == pytest.approx(min(6 * spacing[0], 6 * spacing[1], 7 * spacing[2]))
    assert (found["CrackPieces"], found["CrackReachesSurface"]) == (1, 0)


def test_a_bar_of_three_by_three_voxels_is_three_wide():
    labels, cracks = particle()
    cracks[6:9, 6:9, 4:15] = True
    found = row(labels, cracks, CUBE)
    assert found["CrackWidthMax"] == 3
    # Thinning takes at most half the width from either end.
    assert 8 <= found["CrackLength"] <= 10


def test_pieces_that_share_a_corner_are_one_and_others_are_not():
    labels, cracks = particle()
    cracks[5, 5, 5] = cracks[6, 6, 6] = cracks[9, 9, 9] = True
    found = row(labels, cracks, CUBE)
    assert found["CrackPieces"] == 2
    assert found["CrackLength"] == pytest.approx(np.sqrt(3))


def test_a_crack_reaches_the_surface_by_a_face_and_not_at_the_volume_s_end():
    labels, cracks = particle()
    cracks[7, 7, 2:6] = True
    assert row(labels, cracks, CUBE)["CrackReachesSurface"] == 1
    inside = np.ones((5, 5, 5), np.uint16)
    cut = np.zeros(inside.shape, bool)
    cut[2, 2, :3] = True
    assert row(inside, cut, CUBE)["CrackReachesSurface"] == 0


def test_depth_counts_from_what_lies_beside_the_particle_and_not_from_the_volume_s_end():
    """The block is cut at all ends but one, 8 voxels from the crack's centre."""
    labels, cracks = np.ones((5, 5, 12), np.uint16), np.zeros((5, 5, 12), bool)
    labels[:, :, 10:] = 0
    cracks[2, 2, 1:4] = True
    assert row(labels, cracks, CUBE)["CrackDepth"] == 8
    assert np.isnan(row(np.ones_like(labels), cracks, CUBE)["CrackDepth"])


def test_a_large_number_on_a_label_costs_nothing():
    labels, cracks = particle()
    cracks[7, 7, 5:12] = True
    small = row(labels, cracks, CUBE)
    assert row(labels * np.uint32(4_000_000_000), cracks, CUBE) == small | {"Label": 4_000_000_000}


def test_a_particle_without_cracks_has_no_width_and_no_depth():
    found = row(*particle(), CUBE)
    assert (found["CrackVolume"], found["CrackLength"], found["CrackPieces"]) == (0, 0, 0)
    assert np.isnan([found["CrackWidth"], found["CrackWidthMax"], found["CrackDepth"]]).all()


def test_a_crack_belongs_to_the_particle_whose_label_it_has_and_missing_labels_have_no_row():
    labels = np.zeros((3, 3, 8), np.uint16)
    labels[:, :, :4], labels[:, :, 4:] = 2, 5
    cracks = np.zeros(labels.shape, bool)
    cracks[1, 1, 3:6] = True
    table = measure_cracks(labels, cracks, spacing=CUBE)
    assert table["Label"].tolist() == [2, 5]
    assert table["CrackVolume"].tolist() == [1, 2]
    # Each touches the other particle, which is outside.
    assert table["CrackReachesSurface"].tolist() == [1, 1]


def test_voxels_twice_as_large_make_everything_twice_as_long_and_eight_times_as_large():
    labels, cracks = particle()
    cracks[4:7, 5:10, 6:8] = True
    one, two = row(labels, cracks, CUBE), row(labels, cracks, (2.0, 2.0, 2.0))
    for name, factor in {"CrackVolume": 8, "CrackLength": 2, "CrackWidth": 2, "CrackDepth": 2}.items():
        assert two[name] == pytest.approx(factor * one[name])


def test_images_of_different_shapes_are_refused():
    with pytest.raises(InputError, match="one shape"):
        measure_cracks(np.ones((2, 2, 2), np.uint8), np.ones((2, 2, 3), bool), spacing=CUBE)
