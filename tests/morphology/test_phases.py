"""Shares, surfaces and chords: against geometry, and the published weights of Crofton's formula."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.morphology import PairCounts, PhaseImage, measure_phases, phase_measures
from electrodej.morphology import phases as module

CUBE = (1.0, 1.0, 1.0)
# Shares of the sphere of directions for cubic voxels (Lehmann and Legland 2012, table 1), for one line each:
# along an axis, a face's diagonal, the body's diagonal.
AXIS, FACE, BODY = 2 * 0.04577789120476, 2 * 0.03698062787608, 2 * 0.03519563978232


def values(phases: NDArray[Any], **options: Any) -> dict[str, float]:
    options = {"spacing": CUBE} | options
    return {measure.name: measure.value for measure in measure_phases(PhaseImage(phases, **options))}


def balls(side: int, radius: float, spacing: tuple[float, float, float]) -> NDArray[np.uint8]:
    """Balls at the middle of cells that repeat; one voxel more than two cells, so that every pair is met."""
    middles = [np.arange(round(2 * side / step) + 1) * step % side - side / 2 for step in spacing]
    z, y, x = np.meshgrid(*middles, indexing="ij")
    return (z**2 + y**2 + x**2 <= radius**2).astype(np.uint8)


def test_shares_count_labelled_voxels_only():
    found = values(np.array([[[0, 1, 1, 255], [2, 2, 2, 255]]], np.uint8), names={0: "pore"})
    assert found["Share_pore"] == pytest.approx(1 / 6)
    assert found["Share_class1"] == pytest.approx(1 / 3)
    assert found["Share_class2"] == pytest.approx(1 / 2)


def test_layers_have_the_area_that_the_published_weights_give():
    # A border after every fourth voxel along x, and nothing along y and z.
    phases = np.broadcast_to((np.arange(41) // 4 % 2).astype(np.uint8), (9, 9, 41))
    expected = 2 * (AXIS + 4 * FACE / np.sqrt(2) + 4 * BODY / np.sqrt(3)) / 4
    assert values(phases)["Area_class0_class1"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("spacing", "rel"), [(CUBE, 0.03), ((1.25, 1.0, 0.625), 0.05)])
def test_balls_have_the_surface_and_the_chord_of_balls(spacing: tuple[float, float, float], rel: float):
    side, radius = 20, 7.3
    found = values(balls(side, radius, spacing), spacing=spacing)
    area = 4 * np.pi * radius**2 / side**3
    # The plane that is one more than two cells holds no ball: up to 1 of 33 along z.
    assert found["Area_class0_class1"] == pytest.approx(area, rel=rel)
    # The mean chord of a ball is 4/3 of its radius.
    assert found["Chord_class1"] == pytest.approx(4 / 3 * radius, rel=0.06)


def test_twice_the_voxel_size_halves_areas_and_doubles_chords():
    phases = np.random.default_rng(0).integers(0, 3, (6, 7, 8), np.uint8)
    one, two = values(phases), values(phases, spacing=(2.0, 2.0, 2.0))
    for name, value in one.items():
        factor = {"Share": 1, "Area": 0.5, "Chord": 2}[name.split("_")[0]]
        assert two[name] == pytest.approx(factor * value)


def test_turning_the_image_with_its_voxels_changes_nothing():
    phases = np.random.default_rng(1).integers(0, 2, (6, 7, 8), np.uint8)
    turned = values(phases.transpose(2, 0, 1)[::-1], spacing=(5.0, 3.0, 4.0))
    for name, value in values(phases, spacing=(3.0, 4.0, 5.0)).items():
        assert turned[name] == pytest.approx(value)


def test_slabs_change_nothing():
    phases = np.random.default_rng(2).choice(np.array([0, 2, 7, 255], np.uint8), (9, 6, 7))
    whole = PairCounts((0, 2, 7))
    whole.add(phases)
    parts = PairCounts((0, 2, 7), at_once=42)
    for first in range(0, 9, 4):
        parts.add(phases[first : first + 4])
    np.testing.assert_array_equal(parts.pairs, whole.pairs)
    np.testing.assert_array_equal(parts.voxels, whole.voxels)
    # Along x each line of 7 voxels has 6 pairs.
    full = PairCounts((0, 1))
    full.add(np.zeros((9, 6, 7), np.uint8))
    assert full.pairs[module.DIRECTIONS.index((0, 0, 1))].sum() == 9 * 6 * 6
    assert full.pairs[module.DIRECTIONS.index((1, -1, 1))].sum() == 8 * 5 * 6


def test_a_single_slice_is_measured_as_one_of_a_structure_alike_in_all_directions():
    # Lines of one direction in a plane, once for each pixel step of 4: 2 P_L with the circle's 4 directions,
    # of which three cross them, the two diagonals once in a length of sqrt(2).
    section = np.broadcast_to((np.arange(41) // 4 % 2).astype(np.uint8), (9, 41))
    found = values(section)
    assert found["Area_class0_class1"] == pytest.approx(2 * (0.25 + 2 * 0.25 / np.sqrt(2)) / 4)


def test_surfaces_of_three_phases_add_up_in_the_chords():
    phases = np.random.default_rng(3).integers(0, 3, (5, 6, 7), np.uint8)
    found = values(phases)
    surface = found["Area_class0_class1"] + found["Area_class0_class2"]
    assert found["Chord_class0"] == pytest.approx(4 * found["Share_class0"] / surface)


def test_where_there_is_one_phase_or_one_voxel_nothing_is_made_up():
    one = values(np.zeros((3, 3, 3), np.uint8))
    assert one["Share_class0"] == 1
    assert np.isnan(one["Chord_class0"])
    lonely = values(np.zeros((1, 1, 1), np.uint8), ids=(0, 1))
    assert np.isnan(lonely["Area_class0_class1"])
    assert np.isnan(values(np.full((2, 2, 2), 255, np.uint8), ids=(0, 1))["Share_class0"])


def test_particle_labels_and_wrong_phases_are_refused():
    with pytest.raises(InputError, match="particle labels"):
        PhaseImage(np.full((2, 2, 2), 300, np.uint16), spacing=CUBE)
    with pytest.raises(InputError, match="different numbers"):
        PairCounts((1, 1))
    with pytest.raises(InputError, match="voxel size"):
        phase_measures(PairCounts((0, 1)), spacing=(0, 1, 1))


def test_grey_values_are_no_phases():
    with pytest.raises(InputError, match="more than 64 different values"):
        PhaseImage(np.arange(200, dtype=np.uint8).reshape(2, 10, 10), spacing=CUBE)
