"""Interpolated sections, against shapes whose sections are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from electrodej.linking.fill import Patch, interpolate
from electrodej.linking.sections import Crop


def disc(radius, centre, shape=(60, 60), pixel=(1.0, 1.0)):
    y, x = np.indices(shape)
    return np.hypot((y - centre[0]) * pixel[0], (x - centre[1]) * pixel[1]) <= radius


def crop_of(mask):
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Crop(int(rows[0]), int(columns[0]), mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def painted(crop, shape=(60, 60)):
    image = np.zeros(shape, bool)
    window = image[crop.window]
    window[crop.mask[: window.shape[0], : window.shape[1]]] = True
    return image


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
@pytest.mark.parametrize("pixel", [(1.0, 1.0), (1.0, 2.0)])
def test_radius_and_centre_of_a_disc_run_on_a_straight_line(share, pixel):
    before, behind = disc(9, (22, 24), pixel=pixel), disc(17, (30, 32), pixel=pixel)
    drawn = painted(interpolate(crop_of(before), crop_of(behind), share, pixel=pixel))
    radius, centre = 9 + 8 * share, (22 + 8 * share, 24 + 8 * share)
    # The outline of a disc on a grid is off by up to half a pixel's diagonal; the centre by half a pixel.
    room = np.hypot(*pixel)
    assert not (drawn & ~disc(radius + room, centre, pixel=pixel)).any()
    assert not (disc(radius - room, centre, pixel=pixel) & ~drawn).any()


def test_a_section_between_two_equal_ones_is_the_same():
    shape = np.zeros((60, 60), bool)
    shape[10:30, 10:20] = shape[20:30, 10:44] = True
    assert np.array_equal(painted(interpolate(crop_of(shape), crop_of(shape), 0.5, pixel=(1, 1))), shape)


def test_the_result_is_the_same_from_either_side():
    before, behind = crop_of(disc(6, (20, 20))), crop_of(disc(11, (28, 24)))
    there = interpolate(before, behind, 0.25, pixel=(1, 1))
    back = interpolate(behind, before, 0.75, pixel=(1, 1))
    assert np.array_equal(painted(there), painted(back))


def test_what_reaches_over_the_upper_or_left_edge_is_cut():
    before, behind = crop_of(disc(8, (0, 30))), crop_of(disc(8, (30, 0)))
    crop = interpolate(before, behind, 0.5, pixel=(1, 1))
    assert crop.top >= 0
    assert crop.left >= 0


@given(hnp.arrays(bool, st.tuples(st.integers(0, 9), st.integers(0, 17))))
def test_a_patch_keeps_its_pixels(mask):
    crop = Patch.of(4, Crop(3, 5, mask), (0,)).crop()
    assert (crop.top, crop.left) == (3, 5)
    assert np.array_equal(crop.mask, mask)
