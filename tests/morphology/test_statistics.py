"""Profiles, correlations, representative volumes: against counting and known structures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.morphology import coarser, lineal_path, profile, representative_volume, two_point, voxel_error

CUBE = (1.0, 1.0, 1.0)
NOISE = np.random.default_rng(1).random((9, 10, 11)) < 0.6


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_correlations_are_what_counting_gives(axis: int):
    lines = np.moveaxis(NOISE, axis, 0)
    pairs, paths = (work(NOISE, axis, spacing=CUBE) for work in (two_point, lineal_path))
    for step in range(len(lines)):
        both = lines[: len(lines) - step] & lines[step:]
        assert pairs["Probability"][step] == pytest.approx(both.mean(), abs=1e-12)
        whole = np.logical_and.reduce([lines[k : len(lines) - step + k] for k in range(step + 1)])
        assert paths["Probability"][step] == pytest.approx(whole.mean(), abs=1e-12)
    assert pairs["Distance"].tolist() == list(range(len(lines)))


def test_profiles_hold_the_share_of_every_slice():
    found = profile(NOISE, 1, spacing=(1.0, 0.5, 1.0))
    assert found["Share"].tolist() == NOISE.mean(axis=(0, 2)).tolist()
    assert found["Position"][:2].tolist() == [0.25, 0.75]


def test_volumes_without_structure_spread_as_chance_does():
    """Independent voxels: the deviation falls with the square root of their number, Edge^-1.5."""
    share = 0.3
    voxels = np.random.default_rng(2).random((60, 60, 60)) < share
    found = representative_volume(voxels, lambda part: float(part.mean()), spacing=(0.5, 0.5, 0.5))
    assert found["Volumes"].tolist() == [8, 27, 64, 125, 216]
    assert found["Edge"].tolist() == pytest.approx([15, 10, 7.5, 6, 5])
    expected = np.sqrt((1 - share) / share / (found["Edge"] / 0.5) ** 3)
    assert found["RelativeSD"] == pytest.approx(expected, rel=0.5)
    # 5 % of 0.3 is reached by a cube of (0.7 / 0.3 / 0.05^2)^(1/3) voxels of 0.5 um.
    assert found["Representative"] == pytest.approx(0.5 * (0.7 / 0.3 / 0.05**2) ** (1 / 3), rel=0.5)


def test_a_spread_that_hardly_falls_tells_no_size():
    """Two halves that differ: parts of any size are as unlike as others."""
    halves = np.zeros((48, 48, 48))
    halves[24:] = 1
    found = representative_volume(halves, lambda part: 2.0 + float(part.mean()), spacing=CUBE)
    assert not found["Representative"] > 20 * found["Edge"].max()


def test_a_measure_that_does_not_vary_has_no_representative_size():
    found = representative_volume(np.ones((12, 12, 12)), lambda part: float(part.mean()), spacing=CUBE)
    assert found["RelativeSD"].max() == 0
    assert math.isnan(found["Representative"])
    with pytest.raises(InputError, match="target"):
        representative_volume(np.ones((12, 12, 12)), np.mean, spacing=CUBE, target=0)


def test_the_error_of_the_voxels_is_that_of_a_straight_line():
    seen = []

    def measure(phases: np.ndarray, spacing: tuple[float, float, float]) -> float:
        seen.append((phases.shape, spacing))
        return 2 + 0.5 * spacing[2]

    found = voxel_error(np.zeros((12, 13, 14), np.uint8), measure, spacing=(1.0, 1.0, 0.4))
    assert seen[1] == ((6, 6, 7), (2.0, 2.0, 0.8))
    assert found["Extrapolated"] == pytest.approx(2)
    assert found["Error"] == pytest.approx(0.1)


def test_coarse_voxels_have_the_phase_of_most():
    phases = np.zeros((3, 3, 6), np.uint8)
    phases[:, :, 3:] = 7
    phases[0, :, 5] = 1
    assert coarser(phases, 3).tolist() == [[[0, 7]]]
    with pytest.raises(InputError, match="none 4 times as large"):
        coarser(phases, 4)
