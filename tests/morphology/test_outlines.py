"""Which particle a crack voxel belongs to, on volumes that can be counted by eye."""

from __future__ import annotations

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.morphology import add_cracks


def test_a_crack_goes_to_the_nearest_particle_and_labels_stay():
    labels = np.array([[[1, 1, 0, 0, 0, 0, 3, 3]]], np.uint16)
    cracks = np.array([[[0, 1, 1, 0, 0, 1, 0, 0]]], bool)
    found = add_cracks(labels, cracks, spacing=(1, 1, 1), reach=5)
    assert found.tolist() == [[[1, 1, 1, 0, 0, 3, 3, 3]]]
    assert found.dtype == np.uint16
    assert labels.tolist() == [[[1, 1, 0, 0, 0, 0, 3, 3]]]


def test_nearest_is_meant_in_micrometres():
    labels = np.zeros((3, 1, 5), np.uint8)
    labels[0, 0, 2], labels[1, 0, 4] = 1, 2
    cracks = np.zeros(labels.shape, bool)
    cracks[1, 0, 2] = True
    # One step of 3 along z, or two of 1 along x.
    assert add_cracks(labels, cracks, spacing=(3, 1, 1), reach=9)[1, 0, 2] == 2
    assert add_cracks(labels, cracks, spacing=(1, 1, 1), reach=9)[1, 0, 2] == 1


def test_what_lies_beyond_the_reach_belongs_to_nobody():
    labels = np.array([[[1, 0, 0, 0]]])
    cracks = labels == 0
    # Three steps of 0.1 are 0.30000000000000004, and count as 0.3.
    assert add_cracks(labels, cracks, spacing=(0.1,) * 3, reach=0.3).tolist() == [[[1, 1, 1, 1]]]
    assert add_cracks(labels, cracks, spacing=(0.1,) * 3, reach=0.25).tolist() == [[[1, 1, 1, 0]]]


def test_slabs_change_nothing():
    random = np.random.default_rng(0)
    labels = np.where(random.random((12, 9, 9)) < 0.05, random.integers(1, 9, (12, 9, 9)), 0)
    cracks = random.random(labels.shape) < 0.5
    whole = add_cracks(labels, cracks, spacing=(1.0, 1.1, 1.3), reach=2.5)
    parts = add_cracks(labels, cracks, spacing=(1.0, 1.1, 1.3), reach=2.5, slab_voxels=81)
    # Of two particles at one distance either may get the voxel.
    assert ((whole > 0) == (parts > 0)).all()
    assert (whole == parts).mean() > 0.97


@pytest.mark.parametrize("reach", [-1.0, np.nan, np.inf])
def test_a_reach_that_is_no_length_is_refused(reach: float):
    with pytest.raises(InputError, match="reach"):
        add_cracks(np.ones((1, 1, 1), int), np.ones((1, 1, 1), bool), spacing=(1, 1, 1), reach=reach)


def test_different_shapes_are_refused():
    with pytest.raises(InputError, match="one shape"):
        add_cracks(np.ones((1, 1, 1), int), np.ones((1, 1, 2), bool), spacing=(1, 1, 1), reach=1)
