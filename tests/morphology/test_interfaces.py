"""Surfaces and triple lines: against geometry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.morphology import PhaseImage, measure_interfaces, mesh_surface, triple_lines

NAMES = {0: "pore", 1: "binder", 2: "particle"}


def measured(phases: NDArray[Any], spacing: tuple[float, float, float]) -> dict[str, float]:
    found = measure_interfaces(PhaseImage(phases, spacing=spacing, names=NAMES))
    return {each.name: each.value for each in found}


def test_a_ball_has_the_surface_of_a_ball():
    z, y, x = (np.indices((80, 80, 80)) - 39.5) * 0.1
    ball = (z**2 + y**2 + x**2 <= 1.5**2).astype(np.uint8)
    found = measured(ball, (0.1, 0.1, 0.1))
    area = 4 * np.pi * 1.5**2 / 8.0**3
    # Pairs that would cross the volume's faces are taken to be like those inside: 1 of 80 along an axis.
    assert found["Surface_binder"] == pytest.approx(area, rel=0.04)
    assert found["Surface_pore"] == found["Surface_binder"]
    # Marching cubes on voxels is too large by nearly a tenth.
    assert area < found["SurfaceMesh_binder"] < 1.12 * area
    assert "TPB" not in found


def test_straight_triple_lines_have_their_length():
    phases = np.zeros((10, 8, 8), np.uint8)
    phases[:, 4:, :4], phases[:, 4:, 4:] = 1, 2
    assert triple_lines(phases, spacing=(0.3, 1, 1), three=(0, 1, 2)) == pytest.approx(3.0)
    found = measured(phases, (0.3, 1.0, 1.0))
    assert found["TPB"] == pytest.approx(3.0 * 2 / 3 / (3 * 64))
    assert found["TPBPercolating"] == found["TPB"]


def test_triple_lines_of_what_is_cut_off_do_not_percolate():
    phases = np.zeros((10, 8, 8), np.uint8)
    phases[3:6, 4:, :4] = 1
    phases[:, 4:, 4:] = 2
    found = measured(phases, (1.0, 1.0, 1.0))
    assert found["TPB"] > 0
    assert found["TPBPercolating"] == 0


def test_a_ring_where_a_ball_lies_in_a_plane_has_its_circumference():
    z, y, x = np.indices((61, 61, 61)) - 30
    phases = np.where(z < 0, 0, 1).astype(np.uint8)
    phases[z**2 + y**2 + x**2 <= 20**2] = 2
    length = triple_lines(phases, spacing=(1, 1, 1), three=(0, 1, 2))
    # Stairs around a circle in a plane of voxels are 4 / pi times as long.
    assert length == pytest.approx(4 / np.pi * 2 * np.pi * 20, rel=0.04)


def test_255_is_no_phase():
    phases = np.zeros((4, 4, 4), np.uint8)
    phases[:, 2:, :2], phases[:, 2:, 2:] = 1, 255
    assert "TPB" not in measured(phases, (1.0, 1.0, 1.0))


def test_one_phase_has_no_surface():
    assert mesh_surface(np.ones((4, 4, 4)), spacing=(1, 1, 1)) == 0
    assert measured(np.ones((4, 4, 4), np.uint8), (1.0, 1.0, 1.0))["Surface_binder"] == 0


def test_other_shapes_are_refused():
    with pytest.raises(InputError, match="axes z, y, x"):
        PhaseImage(np.zeros((2, 2, 2, 2), np.uint8), spacing=(1, 1, 1))
