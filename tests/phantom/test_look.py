"""How the image looks, against the figures of a real slice and against the mathematics of its noise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from electrodej.phantom import Phantom, PhantomConfig, make_phantom
from electrodej.phantom.detector import blurred, correlated_noise, gaussian_taps
from electrodej.phantom.kernels.noise import VALUE_NOISE_STD, noise_memory, value_noise, white_noise

QUANTILES = (5, 25, 50, 75, 95)
# Grey levels of the real slice within the particles a person drew, and outside of them.
REAL_INSIDE = (108, 162, 177, 190, 207)
REAL_OUTSIDE = (52, 72, 87, 104)


def test_grey_levels_inside_particles_are_those_of_the_real_slice(section: Phantom):
    grey = section.grey[section.outlines > 0]
    quantiles = np.percentile(grey, QUANTILES)
    assert quantiles[0] == pytest.approx(REAL_INSIDE[0], abs=18)
    assert quantiles[1:] == pytest.approx(np.array(REAL_INSIDE[1:]), abs=6)


def test_grey_levels_outside_particles_are_those_of_the_real_slice(section: Phantom):
    quantiles = np.percentile(section.grey[section.outlines == 0], QUANTILES)
    assert quantiles[:4] == pytest.approx(np.array(REAL_OUTSIDE), abs=6)
    # 166 in the real slice, where whole particles at its edges were not drawn.
    assert 120 < quantiles[4] < 170


def test_sections_have_the_size_of_the_real_ones(section: Phantom):
    areas = np.bincount(section.outlines.ravel())[1:]
    diameters = np.sqrt(4 * areas / np.pi)
    drawn = np.percentile(diameters[diameters >= 19], (10, 50, 90))
    # 29, 47 and 56 px in the real slice, where 90 particles were drawn.
    assert drawn == pytest.approx(np.array([29, 47, 56]), abs=7.5)


def test_power_spectrum_falls_as_in_the_real_slice(section: Phantom):
    grey = section.grey[0].astype(float)
    window = np.hanning(grey.shape[0])[:, None] * np.hanning(grey.shape[1])
    power = np.abs(np.fft.rfft2((grey - grey.mean()) * window)) ** 2
    radius = np.hypot(np.fft.fftfreq(grey.shape[0])[:, None], np.fft.rfftfreq(grey.shape[1]))
    edges = np.geomspace(0.02, 0.3, 15)
    band = np.digitize(radius.ravel(), edges)
    mean = np.bincount(band, power.ravel())[1:15] / np.bincount(band)[1:15]
    slope = np.polyfit(np.log(np.sqrt(edges[1:] * edges[:-1])), np.log(mean), 1)[0]
    assert slope == pytest.approx(-3.0, abs=0.3)


def test_texture_is_correlated_as_in_the_real_slice(section: Phantom):
    from scipy import ndimage as ndi

    grey = section.grey[0].astype(float)
    inner = ndi.binary_erosion(ndi.gaussian_filter(grey, 2) > 165, iterations=3)
    field = np.where(inner, grey - grey[inner].mean(), 0)
    width = grey.shape[1]
    correlation = []
    for step in range(4):
        here, there = slice(None, width - step), slice(step, None)
        pairs = inner[:, here] & inner[:, there]
        correlation.append((field[:, here] * field[:, there])[pairs].mean())
    assert math.sqrt(correlation[0]) == pytest.approx(14.5, abs=1.5)
    assert np.array(correlation[1:]) / correlation[0] == pytest.approx([0.79, 0.58, 0.46], abs=0.08)


def test_value_noise_has_the_deviation_of_its_formula():
    # Uniform numbers in -1..1 have variance 1/3; the weights' squares sum to 26/35 along an axis.
    assert math.sqrt((26 / 35) ** 3 / 3) == pytest.approx(VALUE_NOISE_STD, rel=1e-5)
    places = np.random.default_rng(0).uniform(-500, 500, (20_000, 3))
    memory = noise_memory(1)
    values = np.array([value_noise(memory, 0, 5, *place) for place in places])
    assert values.std() == pytest.approx(VALUE_NOISE_STD, rel=0.03)
    assert np.abs(values).max() <= 1


def test_value_noise_forgets_nothing_by_remembering():
    places = np.random.default_rng(1).uniform(-3, 3, (300, 3))
    memory = noise_memory(1)
    remembered = [value_noise(memory, 0, seed, *place) for place in places for seed in (1, 2)]
    fresh = [value_noise(noise_memory(1), 0, seed, *place) for place in places for seed in (1, 2)]
    assert remembered == fresh


def test_white_noise_depends_on_the_place_alone():
    large, small = np.empty((6, 7, 8), np.float32), np.empty((2, 3, 4), np.float32)
    white_noise(3, -2, 5, 0, large)
    white_noise(3, 0, 7, 3, small)
    assert np.array_equal(large[2:4, 2:5, 3:7], small)
    many = np.empty((40, 50, 60), np.float32)
    white_noise(4, 0, 0, 0, many)
    assert many.mean() == pytest.approx(0, abs=0.01)
    assert many.std() == pytest.approx(1, abs=0.01)


def test_noise_is_correlated_as_its_gaussian_says():
    config = PhantomConfig(shape=(40, 96, 96), spacing=(0.1, 0.1, 0.2), noise_flatness=0.5)
    field = correlated_noise(7, 0.2, config, (0, 0, 0), config.shape)
    assert field.std() == pytest.approx(1, abs=0.02)
    # White noise under a Gaussian of deviation s is correlated by exp(-d^2 / 4 s^2).
    for axis, step, sigma in ((0, 0.1, 0.1), (1, 0.1, 0.2), (2, 0.2, 0.2)):
        moved = np.moveaxis(field, axis, 0)
        assert (moved[1:] * moved[:-1]).mean() == pytest.approx(
            math.exp(-((step / sigma) ** 2) / 4), abs=0.03
        )


def test_blur_keeps_the_sum_and_has_its_deviation():
    point = np.zeros((41, 41, 41), np.float32)
    point[20, 20, 20] = 1
    spread = blurred(point, gaussian_taps((0.3, 0.2, 0.25), (0.1, 0.1, 0.1)))
    assert spread.sum() == pytest.approx(1, abs=1e-5)
    for axis, sigma in enumerate((0.3, 0.2, 0.25)):
        profile = spread.sum(axis=tuple(other for other in range(3) if other != axis))
        place = (np.arange(len(profile)) - len(profile) // 2) * 0.1
        # Cut at three deviations, a Gaussian keeps 98.7 % of its deviation.
        assert math.sqrt((profile * place**2).sum()) == pytest.approx(sigma, rel=0.03)


def test_faint_sections_dim_particles_and_leave_labels_alone():
    how = {"spacing": (0.3,) * 3, "seed": 2, "faint_thickness": 0.3}
    clear = make_phantom((24, 90, 90), **how)
    faint = make_phantom((24, 90, 90), faint_sections=0.1, faint_depth=1.0, **how)
    assert np.array_equal(clear.outlines, faint.outlines)
    inside = clear.labels > 0
    lost = clear.grey[inside].astype(float) - faint.grey[inside]
    # A voxel escapes with 0.9 for each of the three sections through it; the others lose about 95 levels.
    assert lost.mean() == pytest.approx((1 - 0.9**3) * 95, rel=0.2)


def test_lost_slices_show_noise_alone():
    phantom = make_phantom((24, 90, 90), spacing=(0.3,) * 3, seed=2, lost_slices=0.3)
    spread = phantom.grey.reshape(24, -1).std(axis=1)
    lost = spread < 25
    assert 2 <= lost.sum() <= 14
    assert spread[~lost].min() > 35
    assert (phantom.outlines[lost] > 0).any()


def test_streaks_run_along_x_and_rings_about_the_axis():
    absent = ("solid_fraction", "debris", "ghosts", "binder_texture", "noise", "unevenness", "pore_share")
    bare = {**dict.fromkeys(absent, 0.0), "pore_grey": 90.0, "binder_grey": 90.0, "bits": 16}
    shape = (1, 160, 160)
    streaks = make_phantom(shape, streaks=5.0, rings=0.0, **bare).grey[0] / 257.0
    assert np.abs(np.diff(streaks, axis=1)).mean() < 0.3 * np.abs(np.diff(streaks, axis=0)).mean()
    rings = make_phantom(shape, streaks=0.0, rings=5.0, axis_offset=(0.0, 0.0), **bare).grey[0] / 257.0
    y, x = np.indices(rings.shape) - 79.5
    along = np.hypot(y, x)
    steps = np.digitize(along.ravel(), np.arange(0, 80, 0.5))
    mean = np.bincount(steps, rings.ravel()) / np.maximum(np.bincount(steps), 1)
    explained = mean[steps].reshape(rings.shape)[along < 75]
    assert np.var(explained) > 0.9 * np.var(rings[along < 75])
