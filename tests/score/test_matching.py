"""The best one-to-one assignment."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from electrodej.score.matching import Candidates, match


def candidates(table: NDArray[np.float64]) -> Candidates:
    truth, pred = np.nonzero(table)
    return Candidates(truth=truth, pred=pred, score=table[truth, pred])


def best_by_trying_all(table: NDArray[np.float64], threshold: float) -> tuple[int, float]:
    """Number of matches and sum of scores of the best choice, over all permutations."""
    rows, columns = table.shape
    if rows > columns:
        return best_by_trying_all(table.T, threshold)
    best = (0, 0.0)
    for order in itertools.permutations(range(columns), rows):
        scores = [table[row, column] for row, column in enumerate(order) if table[row, column] >= threshold]
        best = max(best, (len(scores), round(sum(scores), 9)))
    return best


tables = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda shape: st.lists(
        st.sampled_from([0.0, 0.0, 0.1, 0.3, 0.5, 0.51, 0.9, 1.0]),
        min_size=shape[0] * shape[1],
        max_size=shape[0] * shape[1],
    ).map(lambda values: np.array(values).reshape(shape))
)


@given(table=tables, threshold=st.sampled_from([0.05, 0.3, 0.5, 0.9]))
@settings(deadline=None, max_examples=150)
def test_the_choice_is_one_to_one_and_the_best_of_all(table: NDArray[np.float64], threshold: float) -> None:
    pairs = candidates(table)
    chosen = match(pairs, threshold)
    assert len(set(pairs.truth[chosen])) == len(set(pairs.pred[chosen])) == chosen.size
    assert (chosen.size, round(pairs.score[chosen].sum(), 9)) == best_by_trying_all(table, threshold)


def test_number_of_matches_comes_before_their_scores() -> None:
    # One match of 1.0, or two of 0.5.
    table = np.array([[1.0, 0.5], [0.5, 0.0]])
    pairs = candidates(table)
    chosen = match(pairs, 0.5)
    assert list(zip(pairs.truth[chosen], pairs.pred[chosen], strict=True)) == [(0, 1), (1, 0)]


def test_groups_too_large_for_a_table_are_assigned_alike() -> None:
    rng = np.random.default_rng(5)
    table = np.where(rng.random((40, 30)) < 0.15, rng.random((40, 30)), 0.0)
    pairs = candidates(table)
    dense = match(pairs, 0.2)
    assert match(pairs, 0.2, most_cells=0).tolist() == dense.tolist()


def test_no_pairs_give_no_matches() -> None:
    assert match(candidates(np.zeros((3, 2))), 0.5).size == 0
