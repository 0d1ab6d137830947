"""The assignment, against every possible one and against SciPy on the whole table."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrodej.linking.assignment import assign


def candidates_of(pairs):
    rows, columns = np.array(list(pairs)).T
    return rows, columns, np.array(list(pairs.values()))


def best_sum(pairs):
    """The largest sum over all choices of pairs without a common row or column."""
    best = 0.0
    for size in range(1, len(pairs) + 1):
        for chosen in itertools.combinations(pairs, size):
            rows, columns = zip(*chosen, strict=True)
            if len(set(rows)) == len(set(columns)) == size:
                best = max(best, sum(pairs[pair] for pair in chosen))
    return best


few_pairs = st.dictionaries(
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    st.integers(1, 64).map(lambda n: n / 64),
    min_size=1,
    max_size=9,
)


@pytest.mark.parametrize("most_cells", [0, 1_000_000])
@given(pairs=few_pairs)
def test_no_choice_has_a_larger_sum(most_cells, pairs):
    rows, columns, score = candidates_of(pairs)
    chosen = assign(rows, columns, score, most_cells=most_cells)
    assert len(set(rows[chosen])) == len(set(columns[chosen])) == chosen.size
    assert score[chosen].sum() == best_sum(pairs)


def test_a_large_chain_is_assigned_as_scipy_does_on_the_whole_table():
    from scipy.optimize import linear_sum_assignment

    generator = np.random.default_rng(0)
    rows = np.concatenate([np.arange(300), np.arange(299)])
    columns = np.concatenate([np.arange(300), np.arange(1, 300)])
    score = generator.random(rows.size)
    table = np.zeros((300, 300))
    table[rows, columns] = score
    best = table[linear_sum_assignment(table, maximize=True)].sum()
    assert score[assign(1000 + 7 * rows, columns, score)].sum() == pytest.approx(best, rel=1e-12)


def test_nothing_is_chosen_from_nothing():
    nothing = np.zeros(0, np.int64)
    assert assign(nothing, nothing, np.zeros(0)).size == 0
