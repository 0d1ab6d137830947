"""Changes from one electrode to another: real ones are sure, those of chance are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import t

from electrodej.damage import DamageConfig, compare_damage, explain_damage, make_table
from electrodej.damage.robust import bootstrap_contributions, shap_over_seeds
from electrodej.errors import InputError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def config(quick: DamageConfig) -> DamageConfig:
    return replace(quick, draws=0, folds=2, repeats=1, interaction_rows=0, resamples=6)


@pytest.fixture(scope="module")
def results(columns_of: Any, config: DamageConfig) -> Any:
    """Two tables alike, and one in which Contact counts three times as much."""
    return [
        explain_damage(make_table(columns_of(250, seed=seed, slope=slope), name=name), config)
        for seed, slope, name in ((1, 0.1, "10"), (2, 0.1, "10 too"), (3, 0.3, "50"))
    ]


@pytest.fixture(scope="module")
def compared(results: Any) -> Any:
    return compare_damage(results)


def test_only_the_contribution_that_changed_is_sure(compared: Any) -> None:
    (alike, changed), notes = compared
    assert notes == ()
    assert (alike.first, alike.other, changed.other) == ("10", "10 too", "50")
    assert all(change.p_holm > 0.05 for change in alike.changes)
    by_name = {change.attribute: change for change in changed.changes}
    contact = by_name["Contact"]
    assert contact.p_holm < 0.01
    assert contact.confidence > 0.99
    assert contact.low > 0
    # Mean |slope (x - 1/2)| of a uniform x is slope / 4, of which a forest of few leaves shows the most part.
    assert 0.4 * 0.2 / 4 < contact.change < 1.2 * 0.2 / 4


def test_comparison_the_other_way_round_has_the_opposite_sign(results: Any, compared: Any) -> None:
    there = compared[0][1]
    (back,), _ = compare_damage(results[::-2])
    for one, other in zip(there.changes, back.changes, strict=True):
        assert one.change == pytest.approx(-other.change)
        assert one.error == pytest.approx(other.error)


def test_interval_and_confidence_belong_to_change_and_error(compared: Any) -> None:
    comparison = compared[0][0]
    for change in comparison.changes:
        assert change.change == pytest.approx(change.other - change.first)
        assert change.high - change.low == pytest.approx(2 * t.ppf(0.975, 5) * change.error)
        assert change.confidence == pytest.approx(t.cdf(abs(change.change) / change.error, 5))
        assert change.p == pytest.approx(2 * (1 - change.confidence))
        assert change.p_holm >= change.p


def test_a_table_without_a_model_is_left_out_of_the_comparison(results: Any, columns_of: Any) -> None:
    few = explain_damage(make_table(columns_of(10), name="few.csv"))
    comparisons, notes = compare_damage([few, results[0]])
    assert comparisons == ()
    assert "few.csv" in notes[0]
    comparisons, _ = compare_damage([few, *results[:2]])
    assert [(each.first, each.other) for each in comparisons] == [("10", "10 too")]


def test_tables_whose_damage_spreads_otherwise_are_noted(results: Any, config: DamageConfig) -> None:
    first = results[0]
    wide = {name: first.table.values[:, place] for place, name in enumerate(first.table.attributes)}
    # Twice is exact in binary, so the forests are the same but for the factor.
    wide["Damage"] = 2 * first.table.damage
    other = explain_damage(make_table(wide, name="wide"), config)
    (comparison,), _ = compare_damage([first, other])
    assert any("grow with its spread" in note for note in comparison.notes)
    scales = [change.other / change.first for change in comparison.changes]
    np.testing.assert_allclose(scales, 2, rtol=1e-9)


def test_one_table_is_no_comparison(results: Any) -> None:
    with pytest.raises(InputError, match="two tables"):
        compare_damage(results[:1])


def test_intervals_of_tables_of_one_kind_hold_no_change(columns_of: Any) -> None:
    # Six pairs of tables drawn from the same population, 21 attributes each: of 126 intervals of 95 % about
    # 120 should hold 0, and more do, as the errors are said to be cautious.
    config = DamageConfig(trees=8, leaves=12, seeds=2, resamples=8)
    held = []
    for pair in range(6):
        tables = [make_table(columns_of(100, seed=100 + 2 * pair + each)) for each in (0, 1)]
        seeds = [
            np.abs(shap_over_seeds(each.values, each.damage, config)).mean(axis=(0, 1)) for each in tables
        ]
        errors = [
            bootstrap_contributions(100, each.values, each.damage, config).std(axis=0, ddof=1)
            for each in tables
        ]
        held.append(np.abs(seeds[1] - seeds[0]) <= t.ppf(0.975, 7) * np.hypot(*errors))
    assert np.size(held) == 126
    assert np.mean(held) >= 0.95


def test_tables_of_one_kind_and_different_size_do_not_differ(columns_of: Any) -> None:
    """A step is found to its full height by a forest of many particles, and to half of it by one of 60."""
    config = DamageConfig(
        trees=20, seeds=4, draws=0, folds=2, repeats=1, resamples=10, interaction_rows=0, most_rows=2000
    )
    results = []
    for count in (1500, 60, 61, 62):
        columns = columns_of(count, seed=count)
        columns["Damage"] = 0.15 * (columns["Contact"] > 0.6) + 0.02 * columns["Damage"]
        results.append(explain_damage(make_table(columns, name=str(count)), config))
    raw = [result.model.seeds["Contact"].mean for result in results if result.model]
    assert raw[0] > 1.3 * np.mean(raw[1:])
    changes = []
    for other in results[1:]:
        for pair in ([results[0], other], [other, results[0]]):
            (comparison,), _ = compare_damage(pair)
            assert all(change.p_holm > 0.05 for change in comparison.changes)
            assert f"both are compared at {other.table.name}" in " ".join(comparison.notes)
            by_name = {change.attribute: change for change in comparison.changes}
        changes.append(by_name["Contact"].change)
    assert abs(np.mean(changes)) < 0.4 * (raw[0] - np.mean(raw[1:]))
