"""Which predicted particle is which true one: the best one-to-one assignment above a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]
Scores = NDArray[np.float64]

# A group with more cells than this (8 bytes each) is assigned as a sparse graph.
_LARGEST_DENSE_GROUP = 4_000_000


@dataclass(frozen=True)
class Candidates:
    """Pairs of a true and a predicted particle that overlap.

    Attributes
    ----------
    truth, pred
        Each pair's particles, as indices from 0.
    score
        Each pair's score, in (0, 1].
    """

    truth: Indices
    pred: Indices
    score: Scores


def match(candidates: Candidates, threshold: float) -> Indices:
    """Choose pairs so that no particle occurs twice and as many as possible score ``threshold`` or more.

    Among the largest choices it is the one with the largest sum of scores. Above an intersection over
    union of 0.5 no choice is left: two particles cannot both cover more than half of a third.

    Parameters
    ----------
    candidates
        All pairs that overlap.
    threshold
        Smallest score of a match.

    Returns
    -------
    ndarray of intp
        Indices into ``candidates`` of the chosen pairs, rising.
    """
    good = np.flatnonzero(candidates.score >= threshold)
    truth, pred, score = candidates.truth[good], candidates.pred[good], candidates.score[good]
    if good.size == 0:
        return good
    single = (np.bincount(truth)[truth] == 1) & (np.bincount(pred)[pred] == 1)
    chosen = [good[single]]
    for group in _groups(truth[~single], pred[~single]):
        pairs = np.flatnonzero(~single)[group]
        chosen.append(good[pairs[_assign(truth[pairs], pred[pairs], score[pairs])]])
    return np.sort(np.concatenate(chosen))


def _groups(truth: Indices, pred: Indices) -> list[Indices]:
    """Split pairs into groups that share no particle."""
    if truth.size == 0:
        return []
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    truth, pred = _numbered(truth), _numbered(pred) + truth.size
    nodes = int(pred.max()) + 1
    graph = coo_array((np.ones(truth.size, np.int8), (truth, pred)), shape=(nodes, nodes))
    component = connected_components(graph, directed=False)[1][truth]
    order = np.argsort(component, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(component[order])) + 1)


def _assign(truth: Indices, pred: Indices, score: Scores) -> Indices:
    """Choose from one group of pairs; returns indices into it."""
    if truth.min() == truth.max() or pred.min() == pred.max():
        return np.array([np.argmax(score)])
    truth, pred = _numbered(truth), _numbered(pred)
    rows, columns = int(truth.max()) + 1, int(pred.max()) + 1
    # A match is worth 1 and all scores together less than that, so that the number of matches comes first.
    worth = 1 + score / (2 * min(rows, columns))
    if rows * columns <= _LARGEST_DENSE_GROUP:
        return _assign_dense(truth, pred, worth, (rows, columns))
    return _assign_sparse(truth, pred, worth, (rows, columns))


def _assign_dense(truth: Indices, pred: Indices, worth: Scores, shape: tuple[int, int]) -> Indices:
    from scipy.optimize import linear_sum_assignment

    table = np.zeros(shape)
    table[truth, pred] = worth
    rows, columns = linear_sum_assignment(table, maximize=True)
    partner = np.full(shape[0], -1)
    partner[rows] = columns
    return np.flatnonzero(partner[truth] == pred)


def _assign_sparse(truth: Indices, pred: Indices, worth: Scores, shape: tuple[int, int]) -> Indices:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    rows, columns = shape
    # Every true particle may also stay alone: a partner of its own that costs more than any real one.
    every = np.arange(rows)
    cost = np.concatenate([3 - worth, np.full(rows, 3.0)])
    graph = coo_array(
        (cost, (np.concatenate([truth, every]), np.concatenate([pred, columns + every]))),
        shape=(rows, columns + rows),
    )
    matched_rows, matched_columns = min_weight_full_bipartite_matching(graph.tocsr())
    partner = np.full(rows, -1)
    partner[matched_rows] = matched_columns
    return np.flatnonzero(partner[truth] == pred)


def _numbered(indices: Indices) -> Indices:
    """Number the distinct values from 0."""
    return np.unique(indices, return_inverse=True)[1].reshape(-1)
