"""What can be said of a table without a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from electrodej.damage.table import DamageTable, Floats

ALIKE = 0.9
"""Attributes with a rank correlation beyond this share their contribution as chance has it."""


@dataclass(frozen=True)
class Description:
    """Numbers that need no model.

    Attributes
    ----------
    particles
        How many.
    damage
        Mean, SD (sample standard deviation), smallest, median and largest damage, and quartiles.
    correlation
        Attribute to Spearman's rank correlation with damage, None where it is undefined.
    alike
        Pairs of attributes whose rank correlation is beyond 0.9, and that correlation.
    """

    particles: int
    damage: dict[str, float]
    correlation: dict[str, float | None]
    alike: tuple[tuple[str, str, float], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "particles": self.particles,
            "damage": self.damage,
            "correlation": self.correlation,
            "alike": [{"attributes": [a, b], "correlation": r} for a, b, r in self.alike],
        }


def describe(table: DamageTable) -> Description:
    """Describe the damage, and how each attribute goes with it."""
    correlations = rank_correlations(np.column_stack([table.values, table.damage]))
    with_damage, among = correlations[-1, :-1], correlations[:-1, :-1]
    alike = [
        (table.attributes[i], table.attributes[j], float(among[i, j]))
        for i, j in zip(*np.nonzero(np.triu(np.abs(np.nan_to_num(among)) > ALIKE, 1)), strict=True)
    ]
    return Description(
        particles=len(table),
        damage=_numbers(table.damage),
        correlation={
            name: None if np.isnan(r) else float(r)
            for name, r in zip(table.attributes, with_damage, strict=True)
        },
        alike=tuple(alike) if len(table) > 2 else (),
    )


def rank_correlations(columns: Floats) -> Floats:
    """Return Spearman's rank correlation of each pair of columns, NaN where a column is constant.

    >>> rank_correlations(np.array([[1.0, 1, 0], [2, 4, 0], [3, 9, 0]]))[0].round(6).tolist()
    [1.0, 1.0, nan]
    """
    from scipy.stats import rankdata

    if len(columns) < 2:
        return np.full((columns.shape[1], columns.shape[1]), np.nan)
    ranks = rankdata(columns, axis=0)
    ranks -= ranks.mean(axis=0)
    norms = np.sqrt((ranks**2).sum(axis=0))
    norms[norms == 0] = np.nan
    return np.asarray(np.clip(ranks.T @ ranks / np.outer(norms, norms), -1, 1))


def _numbers(damage: Floats) -> dict[str, float]:
    if not damage.size:
        return {}
    low, first, middle, third, high = np.quantile(damage, (0, 0.25, 0.5, 0.75, 1)).tolist()
    return {
        "mean": float(damage.mean()),
        "sd": float(damage.std(ddof=1)) if damage.size > 1 else 0.0,
        "smallest": low,
        "quartile1": first,
        "median": middle,
        "quartile3": third,
        "largest": high,
    }
