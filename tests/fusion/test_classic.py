"""The classic segmentation on bodies whose number and size are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.fusion import ClassicSettings, segment_classic

SPACING = (0.15, 0.15, 0.15)
BRIGHT, DARK = 180, 80


def distance(shape, centre, spacing):
    """Distance of each voxel's centre from a point, both in micrometres."""
    grids = np.meshgrid(*(np.arange(n) * size for n, size in zip(shape, spacing, strict=True)), indexing="ij")
    return np.sqrt(sum((grid - at) ** 2 for grid, at in zip(grids, centre, strict=True)))


def balls(shape, centres, radius, spacing=SPACING, noise=0.0):
    """A grey volume of bright balls on a dark ground."""
    solid = np.zeros(shape, bool)
    for centre in centres:
        solid |= distance(shape, centre, spacing) <= radius
    grey = np.where(solid, BRIGHT, DARK).astype(np.float32)
    grey += noise * np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    return np.clip(grey, 0, 255).astype(np.uint8)


def test_balls_that_touch_are_parted():
    grey = balls((40, 40, 70), [(3, 3, 3), (3, 3, 7)], radius=2.1)
    labels = segment_classic(grey, spacing=SPACING)
    assert sorted(np.unique(labels)) == [0, 1, 2]
    assert labels[20, 20, 20] != labels[20, 20, 47]


def test_volume_of_a_noisy_ball_is_that_of_the_ball():
    grey = balls((48, 48, 48), [(3.5, 3.5, 3.5)], radius=2.5, noise=20)
    labels = segment_classic(grey, spacing=SPACING)
    volume = np.count_nonzero(labels == 1) * math.prod(SPACING)
    # The surface layer, half a voxel thick, is what thresholding noise can gain or lose.
    layer = 4 * math.pi * 2.5**2 * SPACING[0] / 2
    assert labels.max() == 1
    assert volume == pytest.approx(4 / 3 * math.pi * 2.5**3, abs=layer)


def test_lengths_are_physical_in_each_direction():
    spacing = (0.3, 0.15, 0.1)
    grey = balls((20, 40, 105), [(3, 3, 3), (3, 3, 7)], radius=2.1, spacing=spacing)
    labels = segment_classic(grey, spacing=spacing)
    assert labels.max() == 2
    assert labels[10, 20, 30] != labels[10, 20, 70]


def test_a_crack_does_not_cut_a_particle_in_two_and_is_no_material():
    grey = balls((40, 40, 40), [(3, 3, 3)], radius=2.5)
    grey[:, :, 18:22] = DARK  # 0.6 um wide
    labels = segment_classic(grey, spacing=SPACING)
    assert labels.max() == 1
    assert labels[20, 20, 20] == 0
    assert labels[20, 20, 10] == labels[20, 20, 30] == 1


def test_specks_below_the_smallest_radius_are_dropped():
    grey = balls((40, 40, 40), [(3, 3, 3)], radius=2.0)
    grey[2:7, 2:7, 2:7] = BRIGHT
    assert segment_classic(grey, spacing=SPACING).max() == 1
    assert segment_classic(grey, spacing=SPACING, settings=ClassicSettings(min_radius=0)).max() == 2


def test_a_volume_of_one_grey_value_has_no_particles():
    assert segment_classic(np.full((8, 8, 8), 7, np.uint8), spacing=SPACING).max() == 0


def test_brightness_and_contrast_do_not_matter():
    grey = balls((40, 40, 70), [(3, 3, 3), (3, 3, 7)], radius=2.1, noise=15)
    labels = segment_classic(grey, spacing=SPACING)
    assert np.array_equal(segment_classic(grey.astype(np.float32) * 3 - 100, spacing=SPACING), labels)


@pytest.mark.parametrize("name", ["smoothing", "closing", "height", "min_radius"])
@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_settings_that_are_no_lengths_are_refused(name, value):
    with pytest.raises(InputError, match=name):
        ClassicSettings(**{name: value})


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(InputError, match="not finite"):
        segment_classic(np.array([[[np.nan, 1.0]]], np.float32), spacing=SPACING)
