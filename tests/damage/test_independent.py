"""Contributions against their definition and against other programs."""

from __future__ import annotations

from itertools import chain, combinations
from math import factorial
from typing import Any

import numpy as np
import pytest

from electrodej.damage import DamageConfig
from electrodej.damage.evaluate import permutation_rise
from electrodej.damage.forest import fit_forest, interaction_strengths, new_forest, shap_values

ATTRIBUTES = 4


@pytest.fixture(scope="module")
def fitted() -> tuple[Any, Any, Any]:
    """A small forest of the usual kind, on four attributes of which two act together."""
    generator = np.random.default_rng(0)
    values = generator.random((120, ATTRIBUTES))
    damage = values[:, 0] ** 2 + values[:, 1] * (values[:, 2] > 0.5) + 0.05 * generator.random(120)
    forest = fit_forest(values, damage, DamageConfig(trees=5, leaves=8), seed=0)
    return forest.model, values, damage


def expected(tree: Any, particle: Any, known: frozenset[int], node: int = 0) -> float:
    """What a tree expects where only some attributes are known (Lundberg 2020, algorithm 1)."""
    if tree.children_left[node] < 0:
        return float(tree.value[node].item())
    ways = tree.children_left[node], tree.children_right[node]
    attribute = int(tree.feature[node])
    if attribute in known:
        goes_left = np.float32(particle[attribute]) <= tree.threshold[node]
        return expected(tree, particle, known, ways[0] if goes_left else ways[1])
    weights = tree.weighted_n_node_samples
    parts = [weights[way] / weights[node] * expected(tree, particle, known, way) for way in ways]
    return float(sum(parts))


def games(model: Any, particle: Any) -> dict[frozenset[int], float]:
    """What the forest expects for each set of known attributes."""
    every = range(ATTRIBUTES)
    sets = chain.from_iterable(combinations(every, size) for size in range(ATTRIBUTES + 1))
    return {
        frozenset(known): float(np.mean([expected(each.tree_, particle, frozenset(known)) for each in model]))
        for known in sets
    }


def others(*without: int) -> list[frozenset[int]]:
    rest = [each for each in range(ATTRIBUTES) if each not in without]
    return [frozenset(c) for size in range(len(rest) + 1) for c in combinations(rest, size)]


@pytest.mark.slow
def test_shap_values_are_shapleys_of_their_definition(fitted: Any) -> None:
    model, values, _ = fitted
    base, shap = shap_values(model, values[:6])
    m = ATTRIBUTES
    for particle, found in zip(values[:6], shap, strict=True):
        game = games(model, particle)
        assert base == pytest.approx(game[frozenset()])
        for attribute in range(m):
            by_definition = sum(
                factorial(len(s))
                * factorial(m - len(s) - 1)
                / factorial(m)
                * (game[s | {attribute}] - game[s])
                for s in others(attribute)
            )
            assert found[attribute] == pytest.approx(by_definition, abs=1e-9)


def test_interactions_are_those_of_their_definition(fitted: Any) -> None:
    model, values, _ = fitted
    found = interaction_strengths(model, values[:6])
    m = ATTRIBUTES
    all_games = [games(model, particle) for particle in values[:6]]
    for i, j in combinations(range(m), 2):
        both = [
            sum(
                factorial(len(s)) * factorial(m - len(s) - 2) / factorial(m - 1)
                * (game[s | {i, j}] - game[s | {i}] - game[s | {j}] + game[s])
                for s in others(i, j)
            )
            for game in all_games
        ]  # fmt: skip
        assert found[i, j] == pytest.approx(np.abs(both).mean(), abs=1e-9)
        assert found[j, i] == found[i, j]


@pytest.mark.slow
def test_permutation_importance_is_scikit_learns(fitted: Any) -> None:
    from sklearn.inspection import permutation_importance

    model, values, damage = fitted
    shuffles = 300
    ours = permutation_rise(model, values, damage, seed=0, shuffles=shuffles)
    theirs = permutation_importance(
        model, values, damage, scoring="neg_mean_absolute_error", n_repeats=shuffles, random_state=1
    )
    # Two means of as many shuffles each differ by chance as their standard errors say.
    error = np.hypot(ours.std(axis=1, ddof=1), theirs.importances.std(axis=1, ddof=1)) / np.sqrt(shuffles)
    assert (np.abs(ours.mean(axis=1) - theirs.importances_mean) <= 4 * error + 1e-12).all()
    np.testing.assert_allclose(ours.std(axis=1), theirs.importances_std, rtol=0.25)


def test_both_ways_of_asking_rank_the_attributes_alike(fitted: Any) -> None:
    model, values, damage = fitted
    contribution = np.abs(shap_values(model, values)[1]).mean(axis=0)
    rise = permutation_rise(model, values, damage, seed=0, shuffles=50).mean(axis=1)
    assert contribution.argmin() == rise.argmin() == 3
    assert contribution.argmax() == rise.argmax()


def test_settings_by_default_are_those_of_the_reference() -> None:
    config = DamageConfig()
    forest = new_forest(config, seed=0, oob=True).get_params()
    told = ("n_estimators", "criterion", "max_leaf_nodes", "max_features", "oob_score", "bootstrap")
    assert [forest[name] for name in told] == [40, "absolute_error", 30, "sqrt", True, True]
    assert (config.held_out, config.seeds, config.draws, config.draw_size) == (0.05, 10, 10, 500)
