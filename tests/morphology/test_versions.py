"""Borders moved by pixels, and the spread over versions."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.morphology import Measure, move_border, spread


def disc(radius: float) -> NDArray[np.uint8]:
    rows, columns = np.indices((41, 41)) - 20
    return (np.hypot(rows, columns) <= radius).astype(np.uint8)[np.newaxis]


def test_a_disc_grows_and_shrinks_by_so_many_pixels():
    for pixels in (1, 3):
        area = move_border(disc(10), 1, pixels).sum()
        assert area == pytest.approx(np.pi * (10 + pixels) ** 2, rel=0.05)
        area = move_border(disc(10), 1, -pixels).sum()
        assert area == pytest.approx(np.pi * (10 - pixels) ** 2, rel=0.08)


def test_a_shrunk_phase_gives_its_pixels_to_the_nearest_one():
    phases = np.array([[[0, 1, 1, 1, 1, 2]]], np.uint8)
    assert move_border(phases, 1, -1).tolist() == [[[0, 0, 1, 1, 2, 2]]]
    assert move_border(phases, 2, 2).tolist() == [[[0, 1, 1, 2, 2, 2]]]


def test_what_nobody_labelled_stays_so_and_is_no_border():
    phases = np.array([[[255, 1, 1, 0, 255]]], np.uint8)
    assert move_border(phases, 1, 1).tolist() == [[[255, 1, 1, 1, 255]]]
    assert move_border(phases, 0, -5).tolist() == [[[255, 1, 1, 1, 255]]]
    alone = np.array([[[255, 1, 1, 255]]], np.uint8)
    assert move_border(alone, 1, -1).tolist() == alone.tolist()


def test_slices_do_not_see_each_other():
    phases = np.zeros((3, 5, 5), np.uint8)
    phases[1] = 1
    np.testing.assert_array_equal(move_border(phases, 1, 2), phases)


def test_a_border_moved_by_nothing_or_by_no_number():
    phases = disc(5)
    np.testing.assert_array_equal(move_border(phases, 1, 0), phases)
    with pytest.raises(InputError, match="pixels"):
        move_border(phases, 1, np.nan)


def measures(*values: float) -> list[Measure]:
    return [Measure(f"m{place}", "um", "", value) for place, value in enumerate(values)]


def test_mean_and_spread_are_those_of_the_defined_values():
    found = spread([measures(1, 5, np.nan), measures(3, np.nan, np.nan), measures(8, np.nan, np.nan)])
    assert found["Versions"].tolist() == [3, 1, 0]
    assert found["Mean"][:2].tolist() == [4, 5]
    # The squared distances from 4 are 9, 1 and 16; their sum is halved.
    assert found["SD"][0] == pytest.approx(np.sqrt(13))
    assert found["RelativeSD"][0] == pytest.approx(np.sqrt(13) / 4)
    assert np.isnan(found["SD"][1:]).all()
    assert (found["Least"][0], found["Largest"][0]) == (1, 8)


def test_versions_with_other_measures_are_refused():
    with pytest.raises(InputError, match="same measures"):
        spread([measures(1), measures(1, 2)])
    with pytest.raises(InputError, match="same measures"):
        spread([])
