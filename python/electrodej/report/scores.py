"""Scores against a known truth, as a reader wants them: what was found, what was missed, how well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_HEADS = {
    "threshold": "Overlap (IoU) from",
    "tp": "Found",
    "fp": "Found wrongly",
    "fn": "Missed",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "mean_matched_score": "Mean overlap of the found",
}


@dataclass(frozen=True)
class ScoreTable:
    """The scores as the page shows them.

    Attributes
    ----------
    lead
        What was compared, in words; "" where the scores do not say.
    table
        Head to values, one row for each threshold; empty where there are no thresholds.
    everything
        Everything, as it came.
    """

    lead: str
    table: Mapping[str, list[Any]]
    everything: Mapping[str, Any]


def score_table(scores: Mapping[str, Any]) -> ScoreTable:
    """Take apart what `electrodej score` found; what is not known here is left as it is.

    Examples
    --------
    >>> found = score_table({"n_true": 9, "n_pred": 8, "thresholds": [{"threshold": 0.5, "f1": 0.9, "x": 1}]})
    >>> dict(found.table), found.lead[:25]
    ({'Overlap (IoU) from': [0.5], 'F1': [0.9]}, '9 true particles, 8 found')
    """
    thresholds = scores.get("thresholds")
    rows = list(thresholds) if isinstance(thresholds, list | tuple) else []
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        return ScoreTable("", {}, scores)
    table = {
        head: [row[name] for row in rows] for name, head in _HEADS.items() if all(name in row for row in rows)
    }
    lead = ""
    if "n_true" in scores and "n_pred" in scores:
        lead = (
            f"{scores['n_true']} true particles, {scores['n_pred']} found. A particle counts as found where "
            "it and a true one share at least so much of the volume that the two cover together (IoU). "
            "Precision: share of the found that are right. Recall: share of the true that are found. "
            "F1: both in one number."
        )
    return ScoreTable(lead, table, scores)
