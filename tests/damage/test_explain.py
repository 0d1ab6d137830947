"""A known cause of damage is found, what has no part in it is not, and the figures are what they say."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from electrodej.damage import DamageConfig, explain_damage, make_table
from electrodej.damage.evaluate import confidence_of_gain, permutation_rise
from electrodej.damage.robust import contributions, drawn_rows, shap_over_seeds
from electrodej.errors import InputError
from electrodej.run import Run


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_drivers_lead_the_ranking_and_decoys_stay_low_whatever_the_seed(
    columns_of: Any, quick: DamageConfig, drivers: tuple[str, ...], seed: int
) -> None:
    table = make_table(columns_of(400, seed=seed))
    found = shap_over_seeds(table.values, table.damage, replace(quick, seed=10 * seed))
    for shap in found:
        contribution = dict(zip(table.attributes, contributions(shap).tolist(), strict=True))
        ranking = sorted(contribution, key=lambda name: -contribution[name])
        assert set(ranking[:4]) == set(drivers)
        weakest = min(contribution[name] for name in drivers)
        assert max(contribution[name] for name in ranking[4:]) < weakest / 2


@pytest.mark.slow
def test_base_and_shap_values_sum_to_the_prediction_of_each_particle(known: Any) -> None:
    predicted = known.model.forest.model.predict(known.table.values)
    np.testing.assert_allclose(known.model.base + known.model.shap.sum(axis=1), predicted, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(known.model.prediction, predicted)


def test_contribution_is_the_mean_absolute_shap_value(known: Any) -> None:
    expected = np.abs(known.model.shap).mean(axis=0)
    assert list(known.model.contribution) == list(known.table.attributes)
    np.testing.assert_allclose(list(known.model.contribution.values()), expected, rtol=1e-15)


def test_ranking_goes_by_the_mean_over_the_seeds(known: Any) -> None:
    means = [known.model.seeds[name].mean for name in known.ranking]
    assert sorted(means, reverse=True) == means
    assert sorted(known.ranking) == sorted(known.table.attributes)


def test_spread_over_seeds_is_that_of_forests_fitted_by_scikit_learn_and_shap_directly(
    known: Any, quick: DamageConfig
) -> None:
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.model_selection import train_test_split

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap
    values, damage = known.table.values, known.table.damage
    found = []
    for seed in range(quick.seeds):
        seen, _, seen_damage, _ = train_test_split(values, damage, test_size=0.05, random_state=seed)
        forest = RandomForestRegressor(
            20, criterion="absolute_error", max_leaf_nodes=30, max_features="sqrt", random_state=seed
        ).fit(seen, seen_damage)
        found.append(np.abs(shap.TreeExplainer(forest).shap_values(values)).mean(axis=0))
    spreads = known.model.seeds.values()
    np.testing.assert_allclose([s.mean for s in spreads], np.mean(found, axis=0), rtol=1e-9)
    np.testing.assert_allclose([s.deviation for s in spreads], np.std(found, axis=0, ddof=1), rtol=1e-9)
    assert known.model.contribution["Contact"] == pytest.approx(found[0][14])


def test_draws_have_their_size_and_a_spread(known: Any) -> None:
    assert known.model.draw_size == 200
    assert all(spread.deviation > 0 for spread in known.model.draws.values())
    small = explain_damage(
        make_table({name: column[:100] for name, column in _columns(known).items()}),
        replace(known.config, draw_size=500, seeds=2, folds=2, repeats=1, interaction_rows=0),
    )
    assert small.model is not None
    assert small.model.draw_size == 80
    assert small.model.interactions is None


def _columns(result: Any) -> dict[str, Any]:
    table = result.table
    return dict(zip(table.attributes, table.values.T, strict=True)) | {"Damage": table.damage}


def test_curves_tell_rising_from_non_monotonous(known: Any) -> None:
    curves = known.model.curves
    assert curves["Contact"].shape == "rising"
    assert curves["Edensity"].shape == "non-monotonous"
    assert curves["Edensity"].mean.argmin() not in (0, len(curves["Edensity"].mean) - 1)
    assert curves["Contact"].count.sum() == 300
    assert curves["Contact"].count.min() >= 10


def test_the_pair_that_acts_together_interacts_most(known: Any) -> None:
    first, second, strength = known.top_pairs(1)[0]
    assert {first, second} == {"Volume", "PDensity"}
    assert strength > 2 * known.top_pairs(2)[1][2]


def test_a_good_fit_beats_the_mean_and_a_driver_matters_on_held_out_particles(
    known: Any, drivers: tuple[str, ...]
) -> None:
    evaluation = known.model.evaluation
    assert evaluation.better_than_a_constant
    assert evaluation.r2["mean"].mean == 0
    assert evaluation.r2["forest"].mean > 0.4
    assert evaluation.mae["forest"].mean < evaluation.mae["mean"].mean
    rises = {name: spread.mean for name, spread in evaluation.permutation.items()}
    assert set(sorted(rises, key=lambda name: -rises[name])[:4]) == set(drivers)
    assert not any(note.startswith("WARNING") for note in known.notes)


def test_a_fit_no_better_than_the_mean_is_called_so(chance: Any) -> None:
    evaluation = chance.model.evaluation
    assert not evaluation.better_than_a_constant
    assert evaluation.beats_mean < 0.975
    assert evaluation.r2["forest"].mean < 0.1
    warning = next(note for note in chance.notes if note.startswith("WARNING"))
    assert "no better than predicting the mean" in warning
    assert f"{evaluation.beats_mean:.3f}" in warning


@pytest.mark.slow
def test_linear_rival_finds_a_straight_line_that_a_forest_cannot(
    columns_of: Any, quick: DamageConfig
) -> None:
    columns = columns_of(120)
    columns["Damage"] = 0.1 + 0.05 * columns["Z"] + 0.05 * columns["Roll"] - 0.05 * columns["Yaw"]
    result = explain_damage(make_table(columns), replace(quick, seeds=2, draws=0, interaction_rows=0))
    assert result.model is not None
    r2 = result.model.evaluation.r2
    assert r2["linear"].mean > 0.999
    assert r2["forest"].mean < r2["linear"].mean
    assert result.model.draws == {}


def test_confidence_of_gain_is_the_corrected_resampled_t_test() -> None:
    # Two repeats of two folds: mean 2, variance 2/3, so t = 2 / sqrt((1/4 + 1/1) 2/3) = 2.190890 with 3
    # degrees of freedom, whose distribution function is known in closed form.
    t = 2 / np.sqrt((1 / 4 + 1) * 2 / 3)
    u = t / np.sqrt(3)
    expected = 0.5 + (u / (1 + u**2) + np.arctan(u)) / np.pi
    assert confidence_of_gain(np.array([[1.0, 2.0], [2.0, 3.0]])) == pytest.approx(expected)
    assert confidence_of_gain(np.ones((2, 3))) == 1
    assert confidence_of_gain(-np.ones((2, 3))) == 0


def test_shuffling_what_a_model_does_not_use_costs_nothing() -> None:
    class Sum:
        def predict(self, values: Any) -> Any:
            return values[:, 0] + 2 * values[:, 1]

    values = np.random.default_rng(0).random((40, 3))
    rises = permutation_rise(Sum(), values, Sum().predict(values), seed=0)
    assert (rises[2] == 0).all()
    assert 0 < rises[0].mean() < rises[1].mean()


def test_number_of_cores_changes_no_number(columns_of: Any, quick: DamageConfig) -> None:
    table = make_table(columns_of(60))
    small = replace(quick, trees=8, seeds=2, draws=0, folds=2, repeats=1, interaction_rows=0)
    one, two = (explain_damage(table, small, run=Run(jobs=jobs)) for jobs in (1, 2))
    assert one.as_dict() == two.as_dict()
    assert one.model is not None
    assert two.model is not None
    np.testing.assert_array_equal(one.model.shap, two.model.shap)


def test_ten_particles_are_described_and_not_modelled(columns_of: Any) -> None:
    columns = columns_of(10)
    columns["Contact"] = columns["Damage"] * 3 + 1
    result = explain_damage(make_table(columns))
    assert result.model is None
    assert "10 particles are too few" in result.notes[-1]
    found = result.as_dict()
    assert (found["modelled"], found["contribution"]) == (False, {})
    assert found["description"]["correlation"]["Contact"] == pytest.approx(1)
    assert found["description"]["damage"]["median"] == pytest.approx(np.median(columns["Damage"]))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_particles_are_no_trouble(columns_of: Any, count: int) -> None:
    result = explain_damage(make_table(columns_of(count)))
    assert result.model is None
    assert result.description.particles == count


def test_damage_that_is_all_alike_is_not_modelled(columns_of: Any) -> None:
    columns = columns_of(80)
    columns["Damage"] = np.full(80, 0.25)
    result = explain_damage(make_table(columns))
    assert result.model is None
    assert result.notes[-1].endswith("all particles have the same damage, 0.25.")
    assert result.description.correlation["Contact"] is None


def test_constant_and_empty_columns_contribute_nothing(columns_of: Any, quick: DamageConfig) -> None:
    columns = columns_of(120)
    columns["Z"] = np.full(120, 3.0)
    columns["RoughInner"] = np.full(120, np.nan)
    small = replace(quick, trees=10, seeds=2, draws=0, folds=2, repeats=1, interaction_rows=0)
    result = explain_damage(make_table(columns), small)
    assert result.model is not None
    assert result.model.contribution["Z"] == result.model.contribution["RoughInner"] == 0
    assert result.model.curves["Z"].shape == "flat"
    assert result.description.correlation["Z"] is None
    assert result.table.constant == ("Z", "RoughInner")


def test_attributes_that_go_together_are_named(columns_of: Any, quick: DamageConfig) -> None:
    columns = columns_of(100)
    columns["Vsratio"] = columns["Sphericity"] ** (1 / 6)
    small = replace(quick, trees=8, seeds=2, draws=0, folds=2, repeats=1, interaction_rows=0)
    result = explain_damage(make_table(columns), small)
    ((first, second, correlation),) = result.description.alike
    assert (first, second) == ("Sphericity", "Vsratio")
    assert correlation == pytest.approx(1)
    assert any("Sphericity and Vsratio" in note for note in result.notes)


def test_of_many_particles_some_are_drawn_for_what_is_repeated(columns_of: Any, quick: DamageConfig) -> None:
    small = replace(quick, trees=8, seeds=2, draws=0, folds=2, repeats=1, most_rows=100, interaction_rows=0)
    result = explain_damage(make_table(columns_of(150)), small)
    assert result.model is not None
    assert len(result.model.shap) == 150
    assert result.model.evaluation.particles == 100
    assert any("150 particles" in note and "100 drawn" in note for note in result.notes)


def test_drawn_rows_are_distinct_in_order_and_repeatable() -> None:
    rows = drawn_rows(50, 20, seed=3)
    assert (np.diff(rows) > 0).all()
    assert len(rows) == 20
    np.testing.assert_array_equal(rows, drawn_rows(50, 20, seed=3))
    np.testing.assert_array_equal(drawn_rows(5, 20, seed=3), np.arange(5))


def test_a_forest_grown_in_steps_is_the_same_forest(columns_of: Any) -> None:
    from electrodej.damage import forest

    table = make_table(columns_of(80))
    config = DamageConfig(trees=7)
    whole = forest.fit_forest(table.values, table.damage, config, seed=0)
    told: list[float] = []
    run = Run(jobs=1, progress=lambda done, *_: told.append(done))
    steps = forest.fit_forest(table.values, table.damage, config, seed=0, run=run, in_steps_from=10)
    np.testing.assert_array_equal(whole.model.predict(table.values), steps.model.predict(table.values))
    assert whole.oob_r2 == steps.oob_r2
    assert told == list(range(1, 8))


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"trees": 0}, "trees"),
        ({"leaves": 1}, "leaves"),
        ({"held_out": 0.7}, "held_out"),
        ({"seeds": 2.5}, "seeds"),
    ],
)
def test_settings_that_make_no_sense_are_named(changes: dict[str, Any], name: str) -> None:
    with pytest.raises(InputError, match=name):
        DamageConfig(**changes)
