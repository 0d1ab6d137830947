"""Borders that follow the grey volume: how exactly, how far, and when they do not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.special import ndtr

from electrodej.networks.stardist3d.borders import Bordered, learn_twice
from electrodej.networks.stardist3d.greys import STEP, learn_greys
from electrodej.networks.stardist3d.shapes import Bodies, Drawn
from electrodej.volume import ArrayVolume

EDGE, RADIUS, FACTOR = 72, 24.0, 2
LEVELS = (20.0, 220.0)
MIDDLE = np.array([35.3, 36.1, 35.6])


def balls(radius, centres=(MIDDLE,), *, edge=EDGE):
    """Balls in voxels of the volume, as the network tells of them in its own, twice as long."""
    own = (np.array(centres) + 0.5) / FACTOR - 0.5
    count = len(own)
    reach = np.full((count, 256), radius / FACTOR, np.float32)
    bodies = Bodies(own, np.ones(count, np.float32), reach, (1.0, 1.0, 1.0))
    shown = (edge // FACTOR,) * 3
    return Drawn(bodies, (edge,) * 3, (FACTOR,) * 3), Drawn(bodies, shown), shown


def away(centre=MIDDLE, edge=EDGE):
    return np.sqrt(sum((grid - at) ** 2 for grid, at in zip(np.indices((edge,) * 3), centre, strict=True)))


def scan_of(*, blur, noise, seed=0):
    """A ball of grey 180 in 60: the edge is that of a blurred plane, half way at the radius."""
    chance = np.random.default_rng(seed)
    return 60 + 120 * ndtr((RADIUS - away()) / blur) + chance.normal(0, noise, (EDGE,) * 3)


def bordered(grey, offset, reach=3, **given):
    drawn, small, shown = balls(RADIUS + offset, **given)
    volume = ArrayVolume(grey.astype(np.float32), spacing=(0.1, 0.1, 0.1))
    seen = grey.reshape(shown[0], 2, shown[1], 2, shown[2], 2).mean(axis=(1, 3, 5)).astype(np.float32)
    greys = learn_twice(seen, small, (1.0, 1.0, 1.0), levels=LEVELS)
    return Bordered(drawn, volume, greys, levels=LEVELS, reach=reach), greys


def labels_of(borders):
    return np.concatenate([part for _, part in borders.slabs()])


def radius_of(mask):
    return (np.count_nonzero(mask) * 3 / 4 / np.pi) ** (1 / 3)


# A blur of one and a half of the network's voxels fills much of the rims in which greys are taken.
@pytest.mark.parametrize(("blur", "tolerance"), [(0.7, 0.1), (1.5, 0.1), (3.0, 0.5)])
@pytest.mark.parametrize("offset", [-1.0, 1.0])
def test_the_edge_of_a_blurred_ball_is_found_in_noise(blur, tolerance, offset):
    found = labels_of(bordered(scan_of(blur=blur, noise=10), offset)[0])
    assert abs(radius_of(found == 1) - RADIUS) < tolerance
    assert set(np.unique(found)) == {0, 1}


def test_where_noise_hides_the_edge_the_network_counts_for_more():
    sure, dim = (bordered(scan_of(blur=1.0, noise=noise), 2.0) for noise in (5, 300))
    assert dim[1].doubt > 5 * sure[1].doubt
    moved = [RADIUS + 2 - radius_of(labels_of(borders) == 1) for borders, _ in (sure, dim)]
    assert moved[0] > 1.8
    assert abs(moved[1]) < 0.6 * moved[0]


def test_nothing_appears_apart_from_a_body_and_no_hole_in_it():
    found = labels_of(bordered(scan_of(blur=1.0, noise=120), 0.0)[0]) > 0
    assert ndimage.label(found)[1] == 1
    assert ndimage.label(~found)[1] == 1


def test_a_border_moves_no_further_than_it_may():
    grey = scan_of(blur=0.7, noise=2)
    far = away()
    for reach in (1, 3):
        found = labels_of(bordered(grey, -4.0, reach=reach)[0]) > 0
        assert found[far < RADIUS - 4 - 0.1].all()
        assert not found[far > RADIUS - 4 + reach].any()
    assert radius_of(found) > RADIUS - 4 + 1.5


def test_slabs_do_not_matter():
    borders, _ = bordered(scan_of(blur=1.5, noise=30), 1.0)
    whole = labels_of(borders)
    borders._drawn._depth = 5
    assert np.array_equal(labels_of(borders), whole)


def test_the_border_between_two_that_touch_stays():
    apart = np.array([0, 0, 15])
    pair = MIDDLE - apart, MIDDLE + apart
    inside = np.minimum(away(pair[0]), away(pair[1])) <= 18
    grey = np.where(inside, 180.0, 60.0)
    drawn, small, _ = balls(18.0, pair)
    volume = ArrayVolume(grey.astype(np.float32), spacing=(0.1, 0.1, 0.1))
    seen = grey.reshape(36, 2, 36, 2, 36, 2).mean(axis=(1, 3, 5)).astype(np.float32)
    greys = learn_greys(seen, small, (1.0, 1.0, 1.0), levels=LEVELS)
    found = labels_of(Bordered(drawn, volume, greys, levels=LEVELS, reach=3))
    z, y, x = np.nonzero(found)
    left = x < MIDDLE[2]
    assert np.array_equal(found[z, y, x] == 1, left)


def test_greys_are_those_beside_the_border_and_unknown_far_from_all():
    edge = 96
    at = (30.0, 30.0, 30.0)
    far = away(at, edge)
    # A dark core and something bright far away are in neither.
    grey = np.where(far < 10, 40.0, np.where(far <= RADIUS, 180.0, np.where(far < 40, 60.0, 250.0)))
    _, small, _ = balls(RADIUS, [at], edge=edge)
    seen = grey.reshape(48, 2, 48, 2, 48, 2).mean(axis=(1, 3, 5)).astype(np.float32)
    greys = learn_greys(seen, small, (1.0, 1.0, 1.0), levels=LEVELS)
    row = round((at[2] + RADIUS) / FACTOR / STEP)
    middle = int(at[0] / FACTOR / STEP)
    assert abs(greys.inside[middle, middle, row] - 0.8) < 1e-3
    assert abs(greys.around[middle, middle, row] - 0.2) < 1e-3
    assert np.isnan(greys.inside[-1, -1, -1])
    assert np.isnan(greys.around[-1, -1, -1])


def test_particles_darker_than_what_is_around_them_stay_as_they_are():
    grey = np.where(away() <= RADIUS, 60.0, 180.0)
    found = labels_of(bordered(grey, 1.5)[0]) == 1
    assert np.array_equal(found, away() <= RADIUS + 1.5)
