"""Grey levels of images in parts: what is held stays small, and what it is measured on is the whole image."""

from __future__ import annotations

import tracemalloc

import numpy as np

from electrodej.models.grey import measure_levels


def test_levels_of_a_large_volume_are_measured_in_little_memory():
    chance = np.random.default_rng(0)
    slices = (chance.random((1024, 1024), np.float32) for _ in range(64))
    tracemalloc.start()
    try:
        levels = measure_levels(slices, (1.0, 99.8), count=64)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The volume has 268 MB; some copies of the 17 MB that are kept of it, and a slice.
    assert most < 130e6
    # Where 4 million values are drawn, shares below 1 % are off by 2e-4 at most (four deviations).
    np.testing.assert_allclose((levels.low, levels.high), (0.01, 0.998), atol=2e-4)


def test_no_column_is_passed_over_where_a_fifth_of_the_values_is_taken():
    section = np.broadcast_to(np.arange(1000, dtype=np.uint16), (1000, 1000))
    levels = measure_levels([section] * 20, (0.0, 100.0), count=20)
    assert (levels.low, levels.high) == (0, 999)


def test_parts_that_are_small_together_are_taken_whole():
    volume = np.random.default_rng(0).integers(0, 60_000, (60, 257, 263), np.uint16)
    levels = measure_levels(volume, (1.0, 99.8), count=60)
    assert (levels.low, levels.high) == tuple(np.percentile(volume, (1.0, 99.8)))
