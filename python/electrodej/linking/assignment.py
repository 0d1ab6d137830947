"""Which section continues which track: the assignment with the largest sum of scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]
Scores = NDArray[np.float64]

# 8 bytes each.
_MOST_CELLS = 1_000_000


def assign(
    rows: NDArray[np.integer],
    columns: NDArray[np.integer],
    score: Scores,
    *,
    most_pairs: bool = False,
    most_cells: int = _MOST_CELLS,
) -> Indices:
    """Choose pairs so that no row and no column occurs twice and the sum of scores is largest.

    Parameters
    ----------
    rows, columns
        The candidates, each pair at most once.
    score
        Of each candidate, above 0.
    most_pairs
        Choose as many pairs as possible, and among the largest choices the one with the largest sum; scores
        are then up to 1.
    most_cells
        A group of candidates is put in a table of rows and columns up to this many cells; a larger group
        is assigned as a sparse graph, with a sum that is as large.

    Returns
    -------
    ndarray of intp
        Indices of the chosen candidates, rising.

    Examples
    --------
    The greedy choice, 0.9 alone, would be worth less than 0.8 + 0.7:

    >>> assign(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.9, 0.8, 0.7])).tolist()
    [1, 2]
    """
    if score.size == 0:
        return np.zeros(0, np.intp)
    rows, columns = _numbered(rows), _numbered(columns)
    alone = (np.bincount(rows)[rows] == 1) & (np.bincount(columns)[columns] == 1)
    chosen = [np.flatnonzero(alone)]
    rest = np.flatnonzero(~alone)
    for group in _groups(rows[rest], columns[rest]):
        pairs = rest[group]
        places = _numbered(rows[pairs]), _numbered(columns[pairs])
        chosen.append(pairs[_assign_group(*places, score[pairs], most_pairs, most_cells)])
    return np.sort(np.concatenate(chosen))


def _groups(rows: Indices, columns: Indices) -> list[Indices]:
    """Split the candidates into groups that share no row and no column."""
    if rows.size == 0:
        return []
    from electrodej.linking.kernels.sections import group_pairs

    columns = columns + rows.max() + 1
    root = np.empty(int(columns.max()) + 1, np.intp)
    group_pairs(rows, columns, root)
    component = root[rows]
    order = np.argsort(component, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(component[order])) + 1)


def _assign_group(
    rows: Indices, columns: Indices, score: Scores, most_pairs: bool, most_cells: int
) -> Indices:
    height, width = int(rows.max()) + 1, int(columns.max()) + 1
    if height == 1 or width == 1:
        return np.array([np.argmax(score)])
    if most_pairs:
        # A pair is worth 1 and all scores together less than that, so that the number of pairs comes first.
        score = 1 + score / (2 * min(height, width))
    if height * width <= most_cells:
        from scipy.optimize import linear_sum_assignment

        table = np.zeros((height, width))
        table[rows, columns] = score
        chosen_rows, chosen_columns = linear_sum_assignment(table, maximize=True)
    else:
        chosen_rows, chosen_columns = _match_sparse(rows, columns, score, (height, width))
    partner = np.full(height, -1)
    partner[chosen_rows] = chosen_columns
    return np.flatnonzero(partner[rows] == columns)


def _match_sparse(
    rows: Indices, columns: Indices, score: Scores, shape: tuple[int, int]
) -> tuple[Indices, Indices]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    height, width = shape
    # A row may stay alone: it has a column of its own that costs more than any candidate. Costs are kept
    # away from 0, which a sparse graph takes for no edge.
    every = np.arange(height)
    dearest = 1.0 + float(score.max())
    cost = np.concatenate([dearest - score, np.full(height, dearest)])
    graph = coo_array(
        (cost, (np.concatenate([rows, every]), np.concatenate([columns, width + every]))),
        shape=(height, width + height),
    )
    matched_rows, matched_columns = min_weight_full_bipartite_matching(graph.tocsr())
    return np.asarray(matched_rows, dtype=np.intp), np.asarray(matched_columns, dtype=np.intp)


def _numbered(values: NDArray[np.integer]) -> Indices:
    """Number the distinct values from 0."""
    inverse: Indices = np.unique(values, return_inverse=True)[1].reshape(-1)
    return inverse
