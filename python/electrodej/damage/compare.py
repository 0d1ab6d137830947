"""Two or more electrodes set against each other, for example after 10 and after 50 cycles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from electrodej.damage.analysis import DamageResult
from electrodej.damage.robust import bootstrap_contributions, contributions_of, drawn_rows
from electrodej.damage.table import Floats
from electrodej.errors import InputError
from electrodej.run import Run
from electrodej.vocabulary import counted


@dataclass(frozen=True)
class AttributeChange:
    """How much more an attribute contributes in one electrode than in another.

    Attributes
    ----------
    attribute
        Its name.
    first, other
        Contribution in each, mean over the seeds, in as many particles of both.
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
    results: Sequence[DamageResult], run: Run | None = None
) -> tuple[tuple[Comparison, ...], tuple[str, ...]]:
    """Compare every electrode with the first.

    Parameters
    ----------
    results
        Two or more, from `explain_damage`.
    run
        Cores, on which no result depends, and progress over every forest.

    Returns
    -------
    comparisons, notes
        Those that could be made, and why the others could not.
    """
    run = run or Run()
    if len(results) < 2:
        raise InputError("a comparison takes two tables or more")
    modelled = [result for result in results if result.model is not None]
    unmodelled = [result.table.name for result in results if result.model is None]
    notes = tuple(f"{name} has no model, so it is not compared." for name in unmodelled)
    if len(modelled) < 2:
        return (), notes
    first = modelled[0]
    known: dict[int, dict[str, tuple[float, float]]] = {}
    pairs = []
    for other in modelled[1:]:
        size = min(_particles(first), _particles(other))
        if size not in known:
            known[size] = _at_size(first, size, run)
        pairs.append(_compare(first, other, size, known[size], _at_size(other, size, run)))
    return tuple(pairs), notes


def _particles(result: DamageResult) -> int:
    """How many particles the contributions over the seeds are of."""
    return min(len(result.table), result.config.most_rows)


def _at_size(result: DamageResult, size: int, run: Run) -> dict[str, tuple[float, float]]:
    """Return each attribute's contribution in so many particles, and its standard error.

    A forest of more particles finds more: what matters contributes more, what does not contributes less.
    Tables of different sizes would therefore differ where the electrodes do not.
    """
    table, config, model = result.table, result.config, result.model
    assert model is not None
    if size == _particles(result):
        means = [model.seeds[name].mean for name in table.attributes]
    else:
        drawn = contributions_of(size, table.values, table.damage, config, run, draws=config.seeds)
        means = drawn.mean(axis=0).tolist()
    rows = drawn_rows(len(table), config.most_rows, seed=config.seed)
    found = bootstrap_contributions(size, table.values[rows], table.damage[rows], config, run)
    errors = found.std(axis=0, ddof=1).tolist()
    return dict(zip(table.attributes, zip(means, errors, strict=True), strict=True))


def _compare(
    first: DamageResult,
    other: DamageResult,
    size: int,
    before_at: dict[str, tuple[float, float]],
    after_at: dict[str, tuple[float, float]],
) -> Comparison:
    from scipy.stats import t as student

    names = [name for name in first.table.attributes if name in other.table.attributes]
    before, before_error = np.array([before_at[name] for name in names]).T
    after, after_error = np.array([after_at[name] for name in names]).T
    error = np.hypot(before_error, after_error)
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
    return Comparison(first.table.name, other.table.name, tuple(changes), _notes(first, other, size))


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


def _notes(first: DamageResult, other: DamageResult, size: int) -> tuple[str, ...]:
    notes = []
    if _particles(first) != _particles(other):
        notes.append(
            f"{first.table.name} has {counted(len(first.table), 'particle')} and {other.table.name} "
            f"{len(other.table)}: both are compared at {size}, because contributions change with the number "
            "of particles."
        )
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
