"""Two or more electrodes set against each other, for example after 10 and after 50 cycles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from electrodej.damage.analysis import DamageResult
from electrodej.damage.robust import bootstrap_contributions, drawn_rows
from electrodej.damage.table import Floats
from electrodej.errors import InputError
from electrodej.progress import Progress, silent


@dataclass(frozen=True)
class AttributeChange:
    """How much more an attribute contributes in one electrode than in another.

    Attributes
    ----------
    attribute
        Its name.
    first, other
        Contribution in each, mean over the seeds.
    change
        other - first.
    error
        Standard error of the change: from resampled particles and seeds.
    low, high
        95 % interval, by Student's t, because the error itself is of few resamples.
    confidence
        That the change has its sign: 0.5 is none, 1 is certain.
    p, p_holm
        Two-sided p-value by Student's t, alone and after Holm's correction for all attributes.
    """

    attribute: str
    first: float
    other: float
    change: float
    error: float
    low: float
    high: float
    confidence: float
    p: float
    p_holm: float

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return dict(vars(self))


@dataclass(frozen=True)
class Comparison:
    """The changes from one electrode to another, in the order of the attributes."""

    first: str
    other: str
    changes: tuple[AttributeChange, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "first": self.first,
            "other": self.other,
            "changes": [change.as_dict() for change in self.changes],
            "notes": list(self.notes),
        }


def compare_damage(
    results: Sequence[DamageResult], *, progress: Progress = silent
) -> tuple[tuple[Comparison, ...], tuple[str, ...]]:
    """Compare every electrode with the first.

    Parameters
    ----------
    results
        Two or more, from `explain_damage`.
    progress
        Told of every forest.

    Returns
    -------
    comparisons, notes
        Those that could be made, and why the others could not.
    """
    if len(results) < 2:
        raise InputError("a comparison takes two tables or more")
    modelled = [result for result in results if result.model is not None]
    without = [result.table.name for result in results if result.model is None]
    notes = tuple(f"{name} has no model, so it is not compared." for name in without)
    if len(modelled) < 2:
        return (), notes
    errors = [_standard_errors(result, progress) for result in modelled]
    pairs = [
        _compare(modelled[0], other, errors[0], error)
        for other, error in zip(modelled[1:], errors[1:], strict=True)
    ]
    return tuple(pairs), notes


def _standard_errors(result: DamageResult, progress: Progress) -> dict[str, float]:
    table, config = result.table, result.config
    rows = drawn_rows(len(table), config.most_rows, seed=config.seed)
    found = bootstrap_contributions(table.values[rows], table.damage[rows], config, progress=progress)
    return dict(zip(table.attributes, found.std(axis=0, ddof=1).tolist(), strict=True))


def _compare(
    first: DamageResult, other: DamageResult, first_error: dict[str, float], other_error: dict[str, float]
) -> Comparison:
    from scipy.stats import t as student

    assert first.model is not None
    assert other.model is not None
    names = [name for name in first.table.attributes if name in other.table.attributes]
    before = np.array([first.model.seeds[name].mean for name in names])
    after = np.array([other.model.seeds[name].mean for name in names])
    error = np.hypot([first_error[name] for name in names], [other_error[name] for name in names])
    change = after - before
    degrees = min(first.config.resamples, other.config.resamples) - 1
    half = float(student.ppf(0.975, degrees)) * error
    p = np.array([_two_sided(c, e, degrees) for c, e in zip(change.tolist(), error.tolist(), strict=True)])
    changes = [
        AttributeChange(*row)
        for row in zip(
            names, before.tolist(), after.tolist(), change.tolist(), error.tolist(),
            (change - half).tolist(), (change + half).tolist(),
            (1 - p / 2).tolist(), p.tolist(), holm(p).tolist(), strict=True,
        )
    ]  # fmt: skip
    return Comparison(first.table.name, other.table.name, tuple(changes), _notes(first, other))


def _two_sided(change: float, error: float, degrees: int) -> float:
    from scipy.stats import t as student

    if error == 0:
        return 1.0 if change == 0 else 0.0
    return 2 * float(student.sf(abs(change) / error, degrees))


def holm(p: Floats) -> Floats:
    """Return p-values after Holm's correction for how many there are.

    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    scaled = p[order] * np.arange(p.size, 0, -1)
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
    return corrected


def _notes(first: DamageResult, other: DamageResult) -> tuple[str, ...]:
    notes = []
    for result in (first, other):
        if result.model is not None and not result.model.evaluation.better_than_a_constant:
            notes.append(f"{result.table.name}: the fit is no better than predicting the mean.")
    before, after = (each.description.damage["sd"] for each in (first, other))
    if max(before, after) > 1.5 * min(before, after):
        notes.append(
            f"The SD of damage is {before:.3g} in {first.table.name} and {after:.3g} in {other.table.name}; "
            "contributions are in units of damage and grow with its spread."
        )
    return tuple(notes)
