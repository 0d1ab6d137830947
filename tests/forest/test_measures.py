"""The measures at each voxel, against mathematics, SciPy and themselves in other boxes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from electrodej.forest.bank import Bank
from electrodej.forest.features import box_measures, read_scaled, with_halo
from electrodej.volume import ArrayVolume

SIGMAS = (0.7, 1.6, 4.0, 8.0)


def measures_of(image, bank, box=None):
    volume = ArrayVolume(image, spacing=None)
    box = box or tuple(slice(0, n) for n in volume.shape)
    outer = with_halo(box, bank, volume.shape)
    return dict(
        zip(bank.names, box_measures(read_scaled(volume, outer, (0, 1)), bank, outer, box), strict=True)
    )


@pytest.mark.parametrize("sigma", SIGMAS)
def test_a_bowl_has_its_curvatures_times_the_scale_squared(sigma):
    # f = (a x^2 + b y^2) / 2 keeps its second derivatives a and b when it is smoothed.
    y, x = np.mgrid[:401, :401] - 200.0
    found = measures_of((0.003 * x**2 + 0.001 * y**2).astype(np.float32) / 2, Bank(SIGMAS, 2))
    at = (0, 200, 200)
    assert found[f"curvature 1 at {sigma:g}"][at] == pytest.approx(0.003 * sigma**2, rel=0.01)
    assert found[f"curvature 2 at {sigma:g}"][at] == pytest.approx(0.001 * sigma**2, rel=0.01)
    assert found[f"laplacian at {sigma:g}"][at] == pytest.approx(0.004 * sigma**2, rel=0.01)


@pytest.mark.slow
def test_a_bowl_in_three_dimensions_has_three_curvatures():
    z, y, x = np.mgrid[:121, :121, :121] - 60.0
    image = (0.003 * x**2 + 0.002 * y**2 + 0.001 * z**2 + 0.001 * x * y).astype(np.float32) / 2
    found = measures_of(image, Bank((1.0, 4.0), 3))
    matrix = np.array([[0.001, 0, 0], [0, 0.002, 0.0005], [0, 0.0005, 0.003]])
    wanted = np.linalg.eigvalsh(matrix)[::-1]
    for sigma in (1.0, 4.0):
        here = [found[f"curvature {k} at {sigma:g}"][60, 60, 60] for k in (1, 2, 3)]
        assert here == pytest.approx(wanted * sigma**2, rel=0.02)


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize("angle", [0.0, 0.6, 1.3])
def test_a_slope_is_its_rise_over_the_scale_in_any_direction(sigma, angle):
    y, x = np.mgrid[:401, :401].astype(np.float32)
    found = measures_of(0.01 * (np.cos(angle) * x + np.sin(angle) * y), Bank(SIGMAS, 2))
    at = (0, 200, 200)
    assert found[f"slope at {sigma:g}"][at] == pytest.approx(0.01 * sigma, rel=1e-3)
    assert found[f"structure 1 at {sigma:g}"][at] == pytest.approx(0.01 * sigma, rel=1e-3)
    assert found[f"structure 2 at {sigma:g}"][at] == pytest.approx(0, abs=1e-3 * sigma)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_smoothing_is_a_gaussian_of_the_stated_width(dimensions):
    random = np.random.default_rng(1)
    image = ndimage.gaussian_filter(random.normal(size=(70, 140, 140)), 1.5).astype(np.float32)
    found = measures_of(image, Bank((1.0, 2.5, 4.0), dimensions))
    for sigma in (1.0, 2.5, 4.0):
        width = sigma if dimensions == 3 else (0, sigma, sigma)
        wanted = ndimage.gaussian_filter(image, width, truncate=6)
        inner = (slice(20, -20),) * 3
        difference = found[f"mean at {sigma:g}"][inner] - wanted[inner]
        # A coarser grid and weights cut off at three deviations change little.
        assert difference.std() < 0.03 * wanted[inner].std()


@pytest.mark.slow
@pytest.mark.parametrize(("dimensions", "shape"), [(2, (3, 190, 230)), (3, (90, 110, 130))])
def test_a_voxel_measures_the_same_in_every_box(dimensions, shape):
    image = np.random.default_rng(2).normal(size=shape).astype(np.float32)
    bank = Bank(SIGMAS, dimensions)
    whole = measures_of(image, bank)
    box = (slice(1, 2) if dimensions == 2 else slice(33, 40), slice(77, 101), slice(51, 90))
    part = measures_of(image, bank, box)
    assert all(np.array_equal(part[name], whole[name][box]) for name in bank.names)


def test_longer_voxels_shorten_the_scale_along_them():
    bank = Bank((2.0,), 3, (0.5, 1.0, 1.0))
    image = np.zeros((61, 61, 61), np.float32)
    image[30, 30, 30] = 1
    blob = measures_of(image, bank)["mean at 2"]
    spread = [float((blob.sum(other) * (np.arange(61) - 30.0) ** 2).sum()) for other in ((1, 2), (0, 2))]
    assert spread == pytest.approx([1.0, 4.0], rel=0.06)
