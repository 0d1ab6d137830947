"""Do two electrodes differ? Every attribute of their particles, with effect, interval and p-value.

The particles of one sample are alike for reasons that have nothing to do with what was done to it, so the
unit of a comparison is the sample. Where a group has several samples, its samples are drawn in the bootstrap
and then their particles, and the test is of the samples' means. Where it has one, only its particles can be
drawn; the answer is then about these two samples and not about what sets the groups apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.damage.compare import holm
from electrodej.errors import InputError
from electrodej.run import Run

Floats = NDArray[np.float64]
Columns = Mapping[str, NDArray[Any]]

# Bounds between negligible, small, medium and large differences of ranks (Romano and others, 2006).
_EFFECTS = ((0.147, "negligible"), (0.33, "small"), (0.474, "medium"))
_FEWEST = 3
_MANY = 5000
_SURE = 0.05
# What numbers the particles, or says where they lie, differs by chance of the cut. The grey at five depths is
# told by GreyRim and GreyCore already.
_NO_ATTRIBUTES = frozenset({"Label", "Slice", "X", "Y", "Z", "Pieces", "TouchesBorder"})
_PARTS = ("BBox", "Box", "Z0", "Z1", "Y0", "Y1", "X0", "X1", "GreyDepth")


@dataclass(frozen=True)
class Sample:
    """The particles of one sample.

    Attributes
    ----------
    name
        What it is called.
    columns
        Their table, name to values.
    """

    name: str
    columns: Columns


@dataclass(frozen=True)
class Group:
    """Samples of one kind: of one cathode, or after as many cycles."""

    name: str
    samples: Sequence[Sample]


@dataclass(frozen=True)
class Difference:
    """How an attribute differs between two groups.

    Attributes
    ----------
    attribute
        Its name.
    first, other
        Mean in each: of the samples' means where there are several, of the particles otherwise.
    change
        other - first.
    low, high
        95 % interval of the change, by bootstrap.
    effect
        Cliff's delta: how much more often a particle of the other group has the larger value than the
        smaller one, -1 to 1.
    p, p_holm
        Two-sided p-value, alone and after Holm's correction for all attributes. NaN where a group has too
        few samples, or particles, for a test.
    """

    attribute: str
    first: float
    other: float
    change: float
    low: float
    high: float
    effect: float
    p: float
    p_holm: float

    @property
    def size(self) -> str:
        """The effect in a word."""
        return next((word for bound, word in _EFFECTS if abs(self.effect) < bound), "large")

    @property
    def sure(self) -> bool:
        """Whether it is more than chance, after Holm's correction."""
        return self.p_holm < _SURE


@dataclass(frozen=True)
class ElectrodeComparison:
    """Two groups, attribute by attribute.

    Attributes
    ----------
    first, other
        Their names.
    differences
        In the order of the table.
    by_samples
        Whether samples are the unit; else particles are.
    notes
        What must be known to read it.
    """

    first: str
    other: str
    differences: tuple[Difference, ...]
    by_samples: bool
    notes: tuple[str, ...]

    @property
    def words(self) -> str:
        """What was found, in sentences."""
        sure = sorted((each for each in self.differences if each.sure), key=lambda each: -abs(each.effect))
        tested = sum(np.isfinite(each.p) for each in self.differences)
        if not tested:
            return f"{self.first} and {self.other}: there is too little for a test."
        if not sure:
            return (
                f"{self.first} and {self.other}: no attribute of {tested} differs by more than chance, after "
                "Holm's correction. That is no proof that they are alike."
            )
        parts = [
            f"{each.attribute} is {'larger' if each.change > 0 else 'smaller'} in {self.other} "
            f"({each.first:.3g} to {each.other:.3g}, change {each.change:+.3g}, 95 % interval "
            f"{each.low:+.3g} to {each.high:+.3g}; {each.size} effect, Cliff's delta {each.effect:+.2f})"
            for each in sure
        ]
        head = f"{self.first} and {self.other}: {len(sure)} of {tested} attributes differ. "
        return head + "; ".join(parts) + "."

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "first": self.first,
            "other": self.other,
            "by_samples": self.by_samples,
            "words": self.words,
            "notes": list(self.notes),
            "differences": [vars(each) | {"size": each.size} for each in self.differences],
        }


def compare_electrodes(
    groups: Sequence[Group], run: Run | None = None, *, resamples: int = 1000, seed: int = 0
) -> tuple[ElectrodeComparison, ...]:
    """Compare every group with the first.

    Parameters
    ----------
    groups
        Two or more.
    resamples
        Draws of the bootstrap.
    seed
        Of the draws.
    run
        Progress over the attributes.

    Examples
    --------
    >>> first = Group("new", [Sample("a", {"Damage": np.linspace(0.0, 0.1, 40)})])
    >>> other = Group("old", [Sample("b", {"Damage": np.linspace(0.2, 0.3, 40)})])
    >>> found, = compare_electrodes([first, other])
    >>> difference, = found.differences
    >>> round(difference.change, 3), difference.effect, difference.size, difference.sure
    (0.2, 1.0, 'large', True)
    """
    if len(groups) < 2 or any(not group.samples for group in groups):
        raise InputError("a comparison takes two groups or more, each with a sample")
    run = run or Run()
    first, *others = groups
    return tuple(
        _compare(first, other, resamples, seed, run.part(number, len(others), ""))
        for number, other in enumerate(others)
    )


def cliffs_delta(first: Floats, other: Floats) -> float:
    """Return how much more often a value of ``other`` exceeds one of ``first`` than it is exceeded.

    (#(y > x) - #(y < x)) / (n m), from ranks, so that many particles take no time.

    >>> cliffs_delta(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
    0.75
    """
    ordered = np.sort(first)
    below = np.searchsorted(ordered, other, side="left")
    above = len(first) - np.searchsorted(ordered, other, side="right")
    return float((below.sum() - above.sum()) / (len(first) * len(other)))


def attributes_of(columns: Columns) -> list[str]:
    """Return the names of the columns that describe a particle: numbers, and no place or number of it."""
    return [
        name
        for name, values in columns.items()
        if np.asarray(values).dtype.kind in "biuf"
        and name not in _NO_ATTRIBUTES
        and not name.startswith(_PARTS)
    ]


def _compare(first: Group, other: Group, resamples: int, seed: int, run: Run) -> ElectrodeComparison:
    tables = [sample.columns for group in (first, other) for sample in group.samples]
    shared = [name for name in attributes_of(tables[0]) if all(name in table for table in tables)]
    by_samples = all(len(group.samples) > 1 for group in (first, other))
    found = []
    for number, name in enumerate(shared):
        values = [_defined(group, name) for group in (first, other)]
        if all(sum(map(len, each)) >= _FEWEST for each in values):
            rng = np.random.default_rng((seed, number))
            found.append(_difference(name, values[0], values[1], by_samples, resamples, rng))
        run.progress(number + 1, len(shared), "comparing")
    tested = [number for number, each in enumerate(found) if np.isfinite(each.p)]
    corrected = holm(np.array([found[number].p for number in tested]))
    for number, p in zip(tested, corrected.tolist(), strict=True):
        found[number] = Difference(**{**vars(found[number]), "p_holm": p})
    return ElectrodeComparison(
        first.name, other.name, tuple(found), by_samples, tuple(_notes(first, other, by_samples))
    )


def _defined(group: Group, name: str) -> list[Floats]:
    """Return the defined values of each sample that has some."""
    columns = [np.asarray(sample.columns[name], np.float64) for sample in group.samples]
    return [values for column in columns if len(values := column[np.isfinite(column)])]


def _difference(
    name: str,
    first: Sequence[Floats],
    other: Sequence[Floats],
    by_samples: bool,
    resamples: int,
    rng: np.random.Generator,
) -> Difference:
    from scipy import stats

    means = [_mean(group, by_samples) for group in (first, other)]
    before, after = (
        np.array([_drawn_mean(group, by_samples, rng) for _ in range(resamples)]) for group in (first, other)
    )
    low, high = np.quantile(after - before, (0.025, 0.975))
    pooled = np.concatenate(first), np.concatenate(other)
    p = np.nan
    if by_samples:
        units = [np.array([values.mean() for values in group]) for group in (first, other)]
        if all(len(each) > 1 for each in units) and max(np.ptp(each) for each in units) > 0:
            # From mean, deviation and number: samples that are all but equal are no reason to warn.
            (m1, s1, n1), (m2, s2, n2) = ((each.mean(), each.std(ddof=1), len(each)) for each in units)
            p = float(stats.ttest_ind_from_stats(m1, s1, n1, m2, s2, n2, equal_var=False).pvalue)
    else:
        p = float(stats.mannwhitneyu(*pooled).pvalue)
    return Difference(
        name, means[0], means[1], means[1] - means[0], float(low), float(high), cliffs_delta(*pooled), p, p
    )


def _mean(samples: Sequence[Floats], by_samples: bool) -> float:
    if by_samples:
        return float(np.mean([values.mean() for values in samples]))
    return float(np.concatenate(samples).mean())


def _drawn_mean(samples: Sequence[Floats], by_samples: bool, rng: np.random.Generator) -> float:
    """Return the mean of as many samples with as many particles, drawn with replacement, samples first."""
    if by_samples:
        drawn = [samples[place] for place in rng.integers(len(samples), size=len(samples))]
        return float(np.mean([_mean_of_draw(values, rng) for values in drawn]))
    return _mean_of_draw(np.concatenate(samples), rng)


def _mean_of_draw(values: Floats, rng: np.random.Generator) -> float:
    """Return the mean of as many values drawn with replacement; of many it is normally distributed."""
    count = len(values)
    if count > _MANY:
        return float(rng.normal(values.mean(), values.std() / np.sqrt(count)))
    return float(values[rng.integers(count, size=count)].mean())


def _notes(first: Group, other: Group, by_samples: bool) -> list[str]:
    if by_samples:
        fewest = min(len(group.samples) for group in (first, other))
        return (
            [f"A group has {fewest} samples only; intervals of so few are too narrow, and much goes unseen."]
            if fewest < 5
            else []
        )
    several = any(len(group.samples) > 1 for group in (first, other))
    return [
        f"{first.name} and {other.name} are compared particle by particle, because "
        + ("one of them has a single sample" if several else "there is one sample of each")
        + ". A difference is one of these samples; whether it comes from what was done to them, only several "
        "samples of each can tell."
    ]
