"""Several electrodes on one page: sample by sample, then what differs between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.report.content import Section
from electrodej.report.drawings import WHOLE, Drawing, as_figure
from electrodej.report.figures import PALETTE
from electrodej.report.numbers import equivalent_diameter, readable, unit_text, within_fences
from electrodej.report.profile import profile_section

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

    from electrodej.damage import Difference, ElectrodeComparison, Group, Sample

Units = Mapping[str, str]

_SHOWN = ("Volume", "Area", "Damage", "Sphericity", "Circularity", "Contact", "Elongation", "PDensity")
_MOST_SAMPLES = 8
_GREY, _RED, _BLUE = "#8c8c8c", PALETTE[5], PALETTE[0]


def electrode_sections(
    groups: Sequence[Group], comparisons: Sequence[ElectrodeComparison], *, units: Units
) -> list[Section]:
    """Return the parts of a page that show samples beside one another, and what differs between groups.

    Parameters
    ----------
    groups
        All samples.
    comparisons
        From `electrodej.damage.compare_electrodes`; empty for a page that compares nothing.
    units
        Of the attributes.
    """
    samples = [(group.name, sample) for group in groups for sample in group.samples]
    names = _attributes([sample for _, sample in samples])
    drawing = Drawing(
        "samples",
        "Sample by sample",
        "Share of the particles of each sample; the dashed lines are the medians."
        + ("" if len(samples) <= _MOST_SAMPLES else " Samples of a group are drawn together."),
        lambda: distribution_figure(groups, names, units),
        wide=True,
    )
    of = "area" if any("Area" in sample.columns for _, sample in samples) else "volume"
    sections = [
        Section(
            "Samples",
            "Median of each attribute, sample by sample; D10, D50 and D90 are equivalent diameters in µm, "
            f"by {of}: so much of the {of} lies in smaller particles.",
            [as_figure(drawing)] if names else [],
            sample_table(samples, names),
        )
    ]
    often = Counter(sample.name for _, sample in samples)
    by_depth = profile_section(
        {
            sample.name if often[sample.name] == 1 else f"{sample.name} ({group})": sample.columns
            for group, sample in samples
        }
    )
    sections += [] if by_depth is None else [by_depth]
    return sections + [_difference_section(each) for each in comparisons]


def sample_table(
    samples: Sequence[tuple[str, Sample]], names: Sequence[str]
) -> dict[str, NDArray[Any] | list[Any]]:
    """Return one row for each sample: its group, how many particles, sizes and medians."""
    from electrodej.features.sizes import size_at

    sizes = []
    for _, sample in samples:
        diameter, weight = sized(sample.columns)
        sizes.append(size_at(diameter, weight))
    table: dict[str, NDArray[Any] | list[Any]] = {}
    if any(group != sample.name for group, sample in samples):
        table["Group"] = [group for group, _ in samples]
    table["Sample"] = [sample.name for _, sample in samples]
    table["Particles"] = [_rows(sample) for _, sample in samples]
    for place, name in enumerate(("D10", "D50", "D90")):
        table[name] = np.array([each[place] for each in sizes])
    for name in names:
        table[name] = np.array([_median(sample.columns.get(name)) for _, sample in samples])
    return table


def sized(columns: Mapping[str, NDArray[Any]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the equivalent diameter of each particle, and the volume, or in 2D the area, that it counts."""
    numbers = {
        name: np.asarray(values, np.float64)
        for name, values in columns.items()
        if name in ("EqDiameter", "Volume", "Area")
    }
    diameter = equivalent_diameter(numbers)
    if diameter is None:
        return np.array([]), np.array([])
    weight = numbers.get("Volume", numbers.get("Area"))
    return diameter, np.ones(len(diameter)) if weight is None else weight


def distribution_figure(groups: Sequence[Group], names: Sequence[str], units: Units) -> MatplotlibFigure:
    """Return a histogram of each attribute with a line for each sample, or each group where they are many."""
    from matplotlib.figure import Figure

    lines = _lines(groups)
    across = min(3, len(names))
    down = -(-len(names) // across)
    figure = Figure(figsize=(WHOLE, 2.9 * down + 0.6), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        values = [_finite(np.concatenate([sample.columns[name] for sample in each])) for _, each in lines]
        low, high = within_fences(np.concatenate(values))
        for number, one in enumerate(values):
            if not one.size:
                continue
            bars = int(np.clip(np.sqrt(one.size) * 1.5, 8, 40))
            colour = PALETTE[number % len(PALETTE)]
            counts, edges = np.histogram(one, bins=bars, range=(low, high))
            axes.stairs(100 * counts / one.size / np.diff(edges), edges, color=colour, linewidth=1.6)
            axes.axvline(float(np.median(one)), color=colour, linestyle="--", linewidth=1)
        unit = unit_text(units.get(name, ""))
        axes.set_xlabel(f"{name} ({unit})" if unit else name)
        axes.set_ylabel(f"% per {unit}" if unit else "% per unit")
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    handles = [
        figure.axes[0].plot([], [], color=PALETTE[number % len(PALETTE)], label=name)[0]
        for number, (name, _) in enumerate(lines)
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=4)
    return figure


def difference_figure(comparison: ElectrodeComparison) -> MatplotlibFigure:
    """Return the effect of each attribute, the largest on top."""
    from matplotlib.figure import Figure

    found = sorted(comparison.differences, key=lambda each: abs(each.effect))
    figure = Figure(figsize=(WHOLE, 1.2 + 0.28 * len(found)), layout="constrained")
    axes = figure.subplots()
    for place, each in enumerate(found):
        colour = _GREY if not each.sure else (_RED if each.change > 0 else _BLUE)
        axes.barh(place, each.effect, color=colour, height=0.7)
    for bound in (0.147, 0.33, 0.474):
        for side in (-bound, bound):
            axes.axvline(side, color="#bbbbbb", linewidth=0.6, linestyle=":")
    axes.axvline(0, color="#000000", linewidth=0.8)
    axes.set_yticks(range(len(found)), [each.attribute for each in found])
    axes.set_xlim(-1, 1)
    axes.set_xlabel("Cliff's delta: larger there more often (right) or less often (left)")
    return figure


def _difference_section(comparison: ElectrodeComparison) -> Section:
    title = f"What differs: {comparison.first} and {comparison.other}"
    drawing = Drawing(
        "differences",
        "Effect of each attribute",
        "Coloured: more than chance after Holm's correction for the number of attributes; red larger, blue "
        "smaller in the second. Dotted: bounds of negligible, small, medium and large.",
        lambda: difference_figure(comparison),
        wide=True,
    )
    found = sorted(comparison.differences, key=lambda each: -abs(each.effect))
    body = "\n\n".join([comparison.words, *comparison.notes])
    if not found:
        return Section(title, body)
    return Section(title, body, [as_figure(drawing)], _difference_table(comparison, found))


def _difference_table(
    comparison: ElectrodeComparison, found: Sequence[Difference]
) -> dict[str, Sequence[Any] | NDArray[Any]]:
    return {
        "Attribute": [each.attribute for each in found],
        comparison.first: [readable(each.first, 3) for each in found],
        f"{comparison.other} ": [readable(each.other, 3) for each in found],
        "Change": [readable(each.change, 3) for each in found],
        "95 % interval": [f"{readable(each.low, 3)} to {readable(each.high, 3)}" for each in found],
        "Cliff's delta": np.array([each.effect for each in found]),
        "Effect": [each.size for each in found],
        "p (Holm)": [readable(each.p_holm, 2) for each in found],
    }


def _lines(groups: Sequence[Group]) -> list[tuple[str, list[Sample]]]:
    count = sum(len(group.samples) for group in groups)
    if count > _MOST_SAMPLES:
        return [(group.name, list(group.samples)) for group in groups]
    several = any(group.name != sample.name for group in groups for sample in group.samples)
    return [
        (f"{sample.name} ({group.name})" if several and group.name else sample.name, [sample])
        for group in groups
        for sample in group.samples
    ]


def _attributes(samples: Sequence[Sample]) -> list[str]:
    """Return the main attributes that are known in all samples, but the volume where there is a diameter."""
    shown = ["EqDiameter", *_SHOWN]
    names = [
        name
        for name in shown
        if all(name in sample.columns for sample in samples)
        and any(_finite(sample.columns[name]).size for sample in samples)
    ]
    return [name for name in names if name not in ("Volume", "Area")] if "EqDiameter" in names else names


def _rows(sample: Sample) -> int:
    return len(next(iter(sample.columns.values()), ()))


def _finite(values: NDArray[Any]) -> NDArray[np.float64]:
    numbers = np.asarray(values, np.float64)
    return numbers[np.isfinite(numbers)]


def _median(values: NDArray[Any] | None) -> float:
    finite = np.array([]) if values is None else _finite(values)
    return float(np.median(finite)) if finite.size else float("nan")
