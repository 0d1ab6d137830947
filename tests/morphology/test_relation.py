"""How two measures go together: held against SciPy and against what follows from counting."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from electrodej.errors import InputError
from electrodej.morphology import relate


def test_the_correlation_is_spearman_s_and_does_not_see_a_bend_of_the_scale():
    random = np.random.default_rng(1)
    x = random.random(60)
    y = x + random.normal(0, 0.3, 60)
    found = relate(x, y)
    expected = stats.spearmanr(x, y)
    assert found.correlation == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue)
    bent = relate(np.exp(5 * x), y**3)
    assert bent.correlation == pytest.approx(found.correlation)


def test_ranks_that_agree_but_for_one_swap_give_the_textbook_s_figure():
    # 1 - 6 sum(d^2) / (n (n^2 - 1)) with two ranks off by one
    found = relate(np.arange(5.0), np.array([0, 2, 1, 3, 4.0]))
    assert found.correlation == pytest.approx(1 - 6 * 2 / (5 * 24))


def test_a_stronger_relation_of_more_particles_has_a_narrower_interval():
    random = np.random.default_rng(2)
    x = random.random(400)
    y = x + random.normal(0, 0.5, 400)
    few, many = relate(x[:40], y[:40]), relate(x, y)
    for found in (few, many):
        assert found.correlation_low < found.correlation < found.correlation_high
    assert many.correlation_high - many.correlation_low < 0.5 * (few.correlation_high - few.correlation_low)


def test_the_interval_of_a_mean_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(3)
    covered = 0
    for seed in range(200):
        values = random.normal(5, 2, 40)
        each = relate(np.zeros(40), values, bins=1, resamples=400, seed=seed).bins[0]
        covered += each.mean_low <= 5 <= each.mean_high
    # 190 are expected; a bootstrap of 40 values is a little too narrow. Four standard deviations below.
    assert 174 <= covered <= 200


def test_bins_hold_as_many_particles_and_their_means():
    x = np.arange(40.0)[::-1]
    found = relate(x, 2 * x, bins=4)
    assert [each.count for each in found.bins] == [10] * 4
    assert [each.centre for each in found.bins] == [4.5, 14.5, 24.5, 34.5]
    assert [each.mean for each in found.bins] == [9, 29, 49, 69]
    assert [(each.low, each.high) for each in found.bins] == [(0, 9), (10, 19), (20, 29), (30, 39)]


def test_few_particles_have_fewer_bins_and_very_few_none():
    x = np.arange(12.0)
    assert [each.count for each in relate(x, x, bins=8).bins] == [6, 6]
    assert relate(x[:4], x[:4], bins=8).bins == ()


def test_particles_of_the_same_x_are_never_parted():
    x = np.repeat([0.0, 1.0], [30, 10])
    found = relate(x, np.arange(40.0), bins=4)
    assert [(each.low, each.high, each.count) for each in found.bins] == [(0, 0, 30), (1, 1, 10)]


def test_the_same_seed_gives_the_same_interval_and_the_mean_lies_in_it():
    y = np.random.default_rng(5).random(30)
    one, same = (relate(np.arange(30.0), y, seed=7) for _ in range(2))
    assert one == same
    assert all(each.mean_low <= each.mean <= each.mean_high for each in one.bins)


def test_undefined_values_are_left_out_and_nothing_to_relate_is_none():
    x = np.arange(10.0)
    y = x.copy()
    y[3], x[4] = np.nan, np.inf
    assert relate(x, y).particles == 8
    for flat in (relate(np.ones(9), np.arange(9.0)), relate(np.arange(3.0), np.arange(3.0))):
        assert (flat.correlation, flat.p) == (None, None)


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(InputError, match="one length"):
        relate(np.arange(3.0), np.arange(4.0))
