"""The parts of fusion, against independent programs and values worked out by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import ndimage

from electrodej.errors import InputError
from electrodej.fusion import FusionSettings, Views, as_bytes, connected_components, fuse_views
from electrodej.fusion.field import ONE, Field, add_bridged
from electrodej.fusion.kmeans import block_means, foreground_from
from electrodej.fusion.slabs import plan_slabs
from electrodej.fusion.watershed import check_room
from electrodej.machine import memory_text
from electrodej.run import Run


@pytest.mark.parametrize("connectivity", [6, 26])
@pytest.mark.parametrize("share", [0.02, 0.15, 0.4, 0.95])
def test_components_are_those_of_scipy(connectivity, share):
    random = np.random.default_rng(int(100 * share))
    structure = ndimage.generate_binary_structure(3, 1 if connectivity == 6 else 3)
    for shape in ((9, 11, 13), (1, 30, 7), (30, 1, 7), (12, 12, 1)):
        mask = random.random(shape) < share
        labels, voxels = connected_components(mask, connectivity=connectivity)
        expected, count = ndimage.label(mask, structure)
        # Both number components in the order of their first voxels.
        assert np.array_equal(labels, expected)
        assert voxels.tolist() == [0, *np.bincount(expected.ravel(), minlength=count + 1)[1:].tolist()]


def test_components_of_a_mask_that_is_no_volume_are_refused():
    with pytest.raises(InputError, match="2 dimensions"):
        connected_components(np.ones((3, 3)))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("clusters", [2, 3, 5])
def test_clusters_are_the_best_of_all_intervals(seed, clusters):
    random = np.random.default_rng(seed)
    histogram = random.integers(0, 9, 12) * (random.random(12) < 0.8)
    values = np.flatnonzero(histogram)

    def spread(cuts):
        total = 0.0
        for begin, end in itertools.pairwise([0, *cuts, len(values)]):
            part = np.repeat(values[begin:end], histogram[values[begin:end]])
            total += ((part - part.mean()) ** 2).sum()
        return total

    options = list(itertools.combinations(range(1, len(values)), min(clusters, len(values)) - 1))
    best = min(options, key=spread)
    found = foreground_from(histogram, clusters)
    with_found = [cuts for cuts in options if values[cuts[0]] == found]
    assert min(map(spread, with_found)) == pytest.approx(spread(best))


def test_a_histogram_of_one_value_has_no_foreground():
    assert foreground_from(np.array([0, 7, 0]), 5) == 3


def test_gaps_are_bridged_along_each_views_own_axis_only():
    seen = np.zeros((7, 7, 7), np.uint8)
    seen[3, 3, [1, 4]] = 100, 60  # two slices of the yz view between them
    none = np.zeros_like(seen)
    bridged = add_bridged((none, none, seen), 2, 0, 7)
    assert bridged[3, 3].tolist() == [0, 100, 60, 60, 60, 0, 0]
    assert np.count_nonzero(bridged) == 4
    assert np.array_equal(add_bridged((seen, none, none), 2, 0, 7), seen)
    assert np.array_equal(add_bridged((none, seen, none), 2, 0, 7), seen)
    along_z = add_bridged((seen.transpose(2, 1, 0), none, none), 2, 0, 7)
    assert np.array_equal(along_z.transpose(2, 1, 0), bridged)
    along_y = add_bridged((none, seen.transpose(1, 2, 0).copy(), none), 2, 0, 7)
    assert np.array_equal(along_y, bridged.transpose(1, 2, 0))


def test_longer_gaps_stay():
    seen = np.zeros((1, 1, 8), np.uint8)
    seen[0, 0, [1, 6]] = 100
    none = np.zeros_like(seen)
    assert np.array_equal(add_bridged((none, none, seen), 2, 0, 1), seen)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.3, 0.4, 0.5)])
def test_the_field_is_the_smoothed_sum(spacing):
    random = np.random.default_rng(2)
    views = [ndimage.gaussian_filter(random.random((14, 13, 12)), 1) for _ in range(3)]
    settings = FusionSettings(bridge=0, smoothing=0.8)
    field = Field(Views(*views, spacing=spacing), settings).read(0, 14)[:, 1:-1, 1:-1] / ONE
    sigma = [0.8 * min(spacing) / size for size in spacing]
    expected = ndimage.gaussian_filter(sum(views), sigma, mode="nearest", truncate=4)
    # Rounding to 1/255 in each view, and a Gaussian cut at 2.5 deviations, which holds 1.2 % less.
    assert np.abs(field - expected).max() < 1.5 / 255 + 0.01
    assert Field(Views(*views, spacing=spacing), settings).read(5, 9).shape == (4, 15, 14)


def test_16_bit_probabilities_go_to_the_nearest_of_256_levels():
    values = np.arange(65536, dtype=np.uint16)
    assert np.array_equal(as_bytes(values), np.rint(values / 65535 * 255).astype(np.uint8))


def test_block_means_are_those_of_the_voxels_there_are():
    values = np.random.default_rng(1).integers(0, 766, (5, 7, 9), dtype=np.uint16)
    means = block_means(values, 3)
    assert means.shape == (2, 3, 3)
    for at in np.ndindex(means.shape):
        block = values[tuple(slice(3 * n, 3 * n + 3) for n in at)]
        assert abs(means[at] - block.mean()) <= 0.5


def test_slabs_cover_all_slices_and_fit_the_memory():
    slabs = plan_slabs((1324, 1985, 492), jobs=2, memory=2**31, thickness=None, halo=5)
    assert slabs[0][0] == 0
    assert slabs[-1][1] == 1324
    assert all(a[1] == b[0] for a, b in itertools.pairwise(slabs))
    thickest = max(z1 - z0 for z0, z1 in slabs)
    assert 2 * (thickest + 10) * 1985 * 492 * 24 <= 2**31
    with pytest.raises(InputError, match="slab"):
        plan_slabs((4, 4, 4), jobs=1, memory=2**20, thickness=0, halo=1)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (2**30 - 1, "1024.0 MiB"),
        (2**30, "1.0 GiB"),
        (9 * 2**20, "9.0 MiB"),
        (2048, "2.0 KiB"),
        (100, "0.1 KiB"),
    ],
)
def test_memory_is_told_in_a_unit_that_fits(size, text):
    assert memory_text(size) == text


def test_a_volume_too_large_for_the_watershed_is_told_in_a_unit_that_fits():
    views = Views(*[np.zeros((8, 64, 64), np.uint8)] * 3, spacing=(1.0, 1.0, 1.0))
    with pytest.raises(InputError, match=r"384\.0 KiB, and 2\.0 KiB may be used"):
        check_room(views, 2048)


def test_arrays_of_8_bit_values_in_16_bit_are_told():
    low = np.zeros((6, 6, 6), np.uint16)
    low[2:4, 2:4, 2:4] = 255
    with pytest.raises(InputError, match="the largest value is 255 of 65,535"):
        fuse_views(low, low, low, spacing=(1.0, 1.0, 1.0), run=Run(jobs=1))
