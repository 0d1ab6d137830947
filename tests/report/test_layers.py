"""Phases and cracks as the page holds them."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.report.grid import Grid
from electrodej.report.layers import CRACK, NOTHING, pack_layers


def unpacked(pack):
    return np.frombuffer(zlib.decompress(pack.data), np.uint8).reshape(pack.shape)


def test_layers_are_the_voxels_that_the_page_shows():
    chance = np.random.default_rng(0)
    phases = chance.integers(0, 3, (7, 9, 11), dtype=np.uint8)
    phases[0, 0, 0] = 255
    cracks = chance.random(phases.shape) > 0.5
    grid = Grid(phases.shape, (2, 3, 1))
    pack = pack_layers(phases, cracks, grid)
    shown = np.ix_(*(grid.indices(axis) for axis in range(3)))
    codes = unpacked(pack)
    np.testing.assert_array_equal(codes & ~np.uint8(CRACK), np.where(phases == 255, NOTHING, phases)[shown])
    np.testing.assert_array_equal(codes >= CRACK, cracks[shown])
    assert pack.phases == (0, 1, 2)
    assert pack.cracks


def test_cracks_alone_are_a_layer_and_nothing_is_none():
    cracks = np.zeros((2, 3, 4), np.uint8)
    cracks[1, 1, 1] = 7
    grid = Grid(cracks.shape, (1, 1, 1))
    pack = pack_layers(None, cracks, grid)
    assert pack.phases == ()
    assert np.argwhere(unpacked(pack) >= CRACK).tolist() == [[1, 1, 1]]
    assert pack_layers(None, None, grid) is None


def test_layers_become_coarser_rather_than_larger():
    phases = np.random.default_rng(0).integers(0, 4, (40, 40, 40), dtype=np.uint8)
    # A voxel of four equal chances is two bits.
    whole = pack_layers(phases, None, Grid(phases.shape, (1, 1, 1)), most_bytes=100_000)
    assert whole.step == 1
    pack = pack_layers(phases, None, Grid(phases.shape, (1, 1, 1)), most_bytes=4000)
    assert len(pack.data) <= 4000
    assert pack.shape == (20, 20, 20)
    np.testing.assert_array_equal(unpacked(pack), phases[1::2, 1::2, 1::2])


def test_layer_of_another_image_is_refused(content):
    with pytest.raises(InputError, match="phases are 2 x 3 x 4 voxels"):
        replace(content, phase_image=np.zeros((2, 3, 4), np.uint8))
