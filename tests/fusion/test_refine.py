"""Borders that move to the edge in the grey volume: to where it is, no further, whatever the slabs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from electrodej.errors import InputError
from electrodej.fusion import RefinedFusion, Views, refine_borders, start_fusion
from electrodej.run import Run
from electrodej.volume import ArrayVolume

UNIT = (1.0, 1.0, 1.0)


def soft_ball(shape, centre, radius, spacing, *, inside=180.0, around=60.0, width=0.8):
    """Grey of a blurred ball: half way between ``inside`` and ``around`` at the radius, by construction."""
    grids = np.meshgrid(*(np.arange(n) * size for n, size in zip(shape, spacing, strict=True)), indexing="ij")
    distance = np.sqrt(sum((grid - at) ** 2 for grid, at in zip(grids, centre, strict=True)))
    return around + (inside - around) / (
        1 + np.exp((distance - radius) / (width * min(spacing) / 2))
    ), distance


def overlap(one, other):
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


@pytest.mark.parametrize("spacing", [UNIT, (3.0, 4.0, 5.0)])
@pytest.mark.parametrize("off", [-1, 1])
def test_a_border_that_is_a_voxel_off_moves_to_the_edge(spacing, off):
    radius = 12 * min(spacing)
    shape = tuple(round(2.8 * radius / size) for size in spacing)
    centre = [n * size / 2 for n, size in zip(shape, spacing, strict=True)]
    grey, distance = soft_ball(shape, centre, radius, spacing)
    truth = distance <= radius
    found = (distance <= radius + off * min(spacing)).astype(np.uint16) * 7
    refined = refine_borders(found, np.rint(grey).astype(np.uint8), spacing=spacing, reach=2)
    assert set(np.unique(refined)) == {0, 7}
    assert overlap(refined == 7, truth) > 0.95 > 0.8 > overlap(found == 7, truth)


def test_a_border_moves_no_further_than_it_may():
    grey, distance = soft_ball((41, 41, 41), (20, 20, 20), 17, UNIT)
    small = distance <= 14.5
    cross = ndimage.generate_binary_structure(3, 1)
    sizes = [np.count_nonzero(small)]
    for reach in (1, 2):
        grown = refine_borders(small.astype(np.uint16), grey, spacing=UNIT, reach=reach) > 0
        assert not (grown & ~ndimage.binary_dilation(small, cross, iterations=reach)).any()
        sizes.append(np.count_nonzero(grown))
    assert sizes[0] < sizes[1] < sizes[2]


def test_a_long_voxel_is_crossed_at_every_second_step():
    grey = np.full((9, 15, 19), 200, np.uint8)
    grey[0] = grey[-1] = 10
    grey[:, :2] = grey[:, -2:] = 10
    grey[:, :, :2] = grey[:, :, -2:] = 10
    labels = np.zeros(grey.shape, np.uint16)
    labels[3:6, 4:11, 4:15] = 1
    for reach, (slices, rows) in {1: (3, 9), 2: (5, 11)}.items():
        moved = refine_borders(labels, grey, spacing=(2.0, 1.0, 1.0), reach=reach)
        assert np.count_nonzero(moved[:, 7, 7]) == slices
        assert np.count_nonzero(moved[4, :, 7]) == rows


def test_what_touches_stays_parted_where_it_was():
    grey = np.full((14, 14, 24), 30, np.uint8)
    grey[2:12, 2:12, 2:22] = 200
    labels = np.zeros(grey.shape, np.uint16)
    labels[2:12, 2:12, 2:9] = 1
    labels[2:12, 2:12, 9:22] = 2
    assert np.array_equal(refine_borders(labels, grey, spacing=UNIT, reach=3), labels)


def test_a_dark_crack_that_the_border_does_not_reach_stays_inside():
    grey = np.full((20, 20, 20), 30, np.uint8)
    grey[3:17, 3:17, 3:17] = 200
    grey[6:14, 9:11, 6:14] = 30
    labels = np.zeros(grey.shape, np.uint16)
    labels[3:17, 3:17, 3:17] = 1
    assert np.array_equal(refine_borders(labels, grey, spacing=UNIT, reach=2), labels)


def test_a_particle_darker_than_what_is_around_it_stays_as_it_is():
    grey, distance = soft_ball((30, 30, 30), (15, 15, 15), 10, UNIT, inside=50, around=150)
    labels = (distance <= 9).astype(np.uint16)
    assert np.array_equal(refine_borders(labels, grey, spacing=UNIT, reach=2), labels)


def test_particles_too_small_to_know_their_grey_stay_as_they_are():
    labels = np.zeros((12, 12, 12), np.uint16)
    labels[5:8, 5:8, 5:8] = 1
    random = np.random.default_rng(1)
    grey = random.integers(0, 255, labels.shape, dtype=np.uint8)
    assert np.array_equal(refine_borders(labels, grey, spacing=UNIT), labels)


@pytest.mark.parametrize("slab", [1, 2, 5, 23])
def test_refined_labels_do_not_depend_on_slabs(crowd, slab):
    truth, views, spacing = crowd
    noise = np.random.default_rng(2).normal(0, 20, truth.shape)
    grey = ndimage.gaussian_filter(np.where(truth > 0, 170.0, 60.0), 0.7) + noise
    volume = ArrayVolume(np.clip(grey, 0, 255).astype(np.uint8), spacing=spacing)

    def refined(thickness):
        fusion = start_fusion(Views(*views, spacing=spacing), slab=thickness, run=Run(jobs=1))
        moved = RefinedFusion(fusion, volume, spacing=spacing, reach=3)
        plain = np.concatenate([part for _, part in fusion.slabs()])
        starts, parts = zip(*moved.slabs(), strict=True)
        assert list(starts) == list(np.cumsum([0, *(len(part) for part in parts)])[:-1])
        return plain, np.concatenate(parts)

    plain, whole = refined(44)
    assert np.count_nonzero(plain != whole) > 100
    assert np.array_equal(refined(slab)[1], whole)


def test_shapes_that_differ_and_reaches_that_make_no_sense_are_refused():
    labels = np.zeros((4, 4, 4), np.uint16)
    with pytest.raises(InputError, match="one shape"):
        refine_borders(labels, np.zeros((4, 4, 5), np.uint8), spacing=UNIT)
    with pytest.raises(InputError, match="1 to 8 voxels, not 0"):
        refine_borders(labels, np.zeros((4, 4, 4), np.uint8), spacing=UNIT, reach=0)
