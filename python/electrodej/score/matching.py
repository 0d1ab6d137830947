"""Which predicted particle is which true one: the best one-to-one assignment above a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodej.linking import assign

Indices = NDArray[np.intp]
Scores = NDArray[np.float64]


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


def match(candidates: Candidates, threshold: float, *, most_cells: int = 4_000_000) -> Indices:
    """Choose pairs so that no particle occurs twice and as many as possible score ``threshold`` or more.

    Among the largest choices it is the one with the largest sum of scores. Above an intersection over
    union of 0.5 no choice is left: two particles cannot both cover more than half of a third.

    Parameters
    ----------
    candidates
        All pairs that overlap.
    threshold
        Smallest score of a match.
    most_cells
        See `electrodej.linking.assign`.

    Returns
    -------
    ndarray of intp
        Indices into ``candidates`` of the chosen pairs, rising.
    """
    good = np.flatnonzero(candidates.score >= threshold)
    return good[
        assign(
            candidates.truth[good],
            candidates.pred[good],
            candidates.score[good],
            most_pairs=True,
            most_cells=most_cells,
        )
    ]
