"""The second look along each ray: what it makes of a ball whose centre the network sees wrongly."""

from __future__ import annotations

import numpy as np
import pytest

from electrodej.networks.stardist3d.kernels.closer import look_closer, spread_rays
from electrodej.networks.stardist3d.rays import make_rays
from electrodej.networks.stardist3d.shapes import look_up

RADIUS, GRID = 15.0, np.array([2, 2, 2])
TABLE = look_up(32).table


def seen(spacing, centre, *, edge=24, grid=GRID):
    """What a network says that knows the distances from all places in a ball but its centre, to the digit."""
    rays = make_rays(32, spacing)
    lengths = np.array(spacing) / min(spacing)
    cells = np.stack(np.indices((edge,) * 3), axis=-1)
    away = (cells - centre) * grid * lengths
    from_centre = np.linalg.norm(away, axis=-1)
    # On a ray u from p, |p + t u| = R.
    along = away @ (rays.steps * lengths).T
    reach = -along + np.sqrt(np.maximum(along**2 + RADIUS**2 - (from_centre**2)[..., np.newaxis], 0))
    both = np.concatenate([np.clip(1 - from_centre / RADIUS, 0, 1)[..., np.newaxis], reach], axis=-1)
    return both.astype(np.float32), rays, lengths


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0)])
def test_places_on_the_way_mend_what_the_centre_sees_wrongly(spacing):
    centre = np.array([[12, 11, 12]])
    both, rays, lengths = seen(spacing, centre[0])
    wrong = np.full((1, 32), RADIUS * 0.8, np.float32)
    look_closer(both, centre, GRID, lengths, rays.directions, TABLE, 24.0, wrong)
    # Between rays 30 degrees apart distances are taken to be straight, which they are not.
    assert np.abs(wrong - RADIUS).max() < 0.3


def test_places_of_a_neighbour_and_beyond_the_volume_say_nothing():
    centre = np.array([[12, 12, 1]])
    both, rays, lengths = seen((1.0, 1.0, 1.0), centre[0])
    both[:, :, 6:, 0] = 0.0
    both[:, :, 6:, 1:] = 500.0
    given = np.full((1, 32), RADIUS, np.float32)
    look_closer(both, centre, GRID, lengths, rays.directions, TABLE, 24.0, given)
    assert np.abs(given - RADIUS).max() < 0.2


def test_values_that_are_not_finite_change_nothing():
    centre = np.array([[12, 12, 12]])
    both, rays, lengths = seen((1.0, 1.0, 1.0), centre[0])
    both[..., 1:] = np.nan
    given = np.full((1, 32), 14.0, np.float32)
    look_closer(both, centre, GRID, lengths, rays.directions, TABLE, 24.0, given)
    assert (given == 14.0).all()


def test_a_body_is_known_in_more_directions_than_the_network_has_rays():
    # Two balls in one: from the middle, 32 rays miss where they meet by more than a voxel.
    def surface(places, directions):
        reach = np.zeros((*places.shape[:-1], len(directions)))
        for middle in (-7.0, 7.0):
            away = places - np.array([0, 0, middle])
            along = away @ directions.T
            under = along**2 + 12.0**2 - (away**2).sum(axis=-1)[..., np.newaxis]
            reach = np.maximum(reach, np.where(under >= 0, -along + np.sqrt(np.maximum(under, 0)), 0))
        return reach

    rays, fine = make_rays(32).directions, make_rays(256).directions
    places = (np.stack(np.indices((24, 24, 24)), axis=-1) - 12) * 2.0
    reach = surface(places, rays)
    both = np.concatenate([(reach.min(axis=-1, keepdims=True) / 10).clip(0, 1), reach], axis=-1)
    cells = np.array([[12, 12, 12]])
    found = np.empty((1, 256), np.float32)
    spread_rays(reach[12, 12, 12][np.newaxis].astype(np.float32), fine, TABLE, found)
    truth = surface(np.zeros((1, 3)), fine)
    before = np.abs(found - truth).mean()
    look_closer(both.astype(np.float32), cells, GRID, np.ones(3), fine, TABLE, 24.0, found)
    assert np.abs(found - truth).mean() < 0.6 * before
