"""Whether two electrodes differ, against known populations, scipy and the definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from electrodej.damage import Group, Sample, attributes_of, compare_electrodes
from electrodej.damage.electrodes import cliffs_delta
from electrodej.errors import InputError


def sample(name: str, seed: int, *, shift: float = 0.0, count: int = 60) -> Sample:
    rng = np.random.default_rng(seed)
    return Sample(name, {
        "Label": np.arange(1, count + 1),
        "Damage": rng.normal(0.2 + shift, 0.05, count),
        "Volume": rng.lognormal(2, 0.5, count),
        "Z": rng.uniform(0, 10, count),
    })  # fmt: skip


def test_cliffs_delta_is_what_counting_all_pairs_gives():
    rng = np.random.default_rng(1)
    first, other = rng.integers(0, 9, 23).astype(float), rng.integers(2, 12, 31).astype(float)
    pairs = np.sign(other[None, :] - first[:, None])
    assert cliffs_delta(first, other) == pytest.approx(pairs.mean())
    u = stats.mannwhitneyu(other, first).statistic
    assert cliffs_delta(first, other) == pytest.approx(2 * u / (23 * 31) - 1)


def test_a_shift_is_found_and_what_is_alike_is_not():
    first, other = Group("new", [sample("a", 1)]), Group("old", [sample("b", 2, shift=0.1)])
    (found,) = compare_electrodes([first, other])
    by_name = {each.attribute: each for each in found.differences}
    assert set(by_name) == {"Damage", "Volume"}
    damage = by_name["Damage"]
    assert damage.sure
    assert damage.size == "large"
    assert damage.low < 0.1 < damage.high
    assert damage.change == pytest.approx(damage.other - damage.first)
    assert not by_name["Volume"].sure
    assert "Damage is larger in old" in found.words
    assert not found.by_samples
    assert any("one sample of each" in note for note in found.notes)
    p = [stats.mannwhitneyu(first.samples[0].columns[n], other.samples[0].columns[n]).pvalue
         for n in ("Damage", "Volume")]  # fmt: skip
    assert damage.p == pytest.approx(p[0])
    # Holm: the smallest p-value times the number of tests.
    assert damage.p_holm == pytest.approx(2 * min(p))


def test_the_interval_is_that_of_the_difference_of_means():
    first, other = Group("a", [sample("a", 3, count=400)]), Group("b", [sample("b", 4, count=400)])
    (found,) = compare_electrodes([first, other], resamples=4000)
    damage = next(each for each in found.differences if each.attribute == "Damage")
    values = [group.samples[0].columns["Damage"] for group in (first, other)]
    interval = stats.ttest_ind(values[1], values[0], equal_var=False).confidence_interval(0.95)
    assert (damage.low, damage.high) == pytest.approx((interval.low, interval.high), abs=0.0006)


def test_particles_of_one_odd_sample_are_no_proof_that_groups_differ():
    """Many particles, but only three samples each: one that stands apart must not decide."""
    first = Group("a", [sample(f"a{n}", n, count=300) for n in range(3)])
    odd = [sample("b0", 10, shift=0.2, count=300), sample("b1", 11, count=300), sample("b2", 12, count=300)]
    (found,) = compare_electrodes([first, Group("b", odd)])
    damage = next(each for each in found.differences if each.attribute == "Damage")
    assert found.by_samples
    assert not damage.sure
    assert damage.low <= 0.01 < damage.high
    means = [[s.columns["Damage"].mean() for s in group] for group in (first.samples, odd)]
    assert damage.p == pytest.approx(stats.ttest_ind(*means, equal_var=False).pvalue)


def test_undefined_values_and_attributes_that_one_lacks_are_left_out():
    a, b = sample("a", 1), sample("b", 2)
    b = Sample("b", {name: values for name, values in b.columns.items() if name != "Volume"})
    b.columns["Damage"][:50] = np.nan
    (found,) = compare_electrodes([Group("a", [a]), Group("b", [b])])
    assert [each.attribute for each in found.differences] == ["Damage"]
    assert found.differences[0].other == pytest.approx(np.nanmean(b.columns["Damage"]))


def test_nothing_to_compare_is_said():
    with pytest.raises(InputError, match="two groups"):
        compare_electrodes([Group("a", [sample("a", 1)])])
    empty = Sample("b", {"Label": np.array([], int), "Damage": np.array([])})
    (found,) = compare_electrodes([Group("a", [sample("a", 1)]), Group("b", [empty])])
    assert found.differences == ()
    assert "too little" in found.words


def test_places_and_numbers_are_no_attributes():
    columns = {"Label": np.arange(3), "BoxZ0": np.arange(3), "X": np.ones(3), "Damage": np.ones(3),
               "Image": np.array(["a"] * 3, object)}  # fmt: skip
    assert attributes_of(columns) == ["Damage"]
