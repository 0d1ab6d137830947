"""The picture of what changed from one electrode to another."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from electrodej.report.damage.figures import height_for
from electrodej.report.drawings import WHOLE, Drawing
from electrodej.report.figures import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

    from electrodej.damage import AttributeChange, Comparison

_BLUE, _RED, _GREY = PALETTE[0], PALETTE[5], "#8c8c8c"
_LEGEND = 0.5
"""Height in inches of the two names above the axes."""
_LONGEST_NAME = 60


def comparison_drawing(comparison: Comparison, *, suffix: str = "") -> Drawing:
    """Return the drawing of what changed from one electrode to another."""
    return Drawing(
        f"comparison{suffix}",
        f"Change of the contributions: {comparison.first} to {comparison.other}",
        "Left: contribution in each, mean over the seeds. Right: their difference with its 95 % interval, "
        "and the confidence that it has its sign. Filled and bold: sure after Holm's correction for the "
        "number of attributes.",
        lambda: comparison_figure(comparison),
        wide=True,
    )


def comparison_figure(comparison: Comparison) -> MatplotlibFigure:
    """Return the contributions in both electrodes, and their changes with interval and confidence."""
    from matplotlib.figure import Figure as MatplotlibFigure

    changes = sorted(comparison.changes, key=lambda change: change.change)
    figure = MatplotlibFigure(figsize=(WHOLE, height_for(len(changes)) + _LEGEND), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    places = range(len(changes))
    names = _legend_names(comparison.first, comparison.other)
    first, other = [each.first for each in changes], [each.other for each in changes]
    left.hlines(places, first, other, color=_GREY, linewidth=1)
    left.plot(first, places, "o", color=_GREY, markersize=6, label=names[0])
    left.plot(other, places, "D", color=_BLUE, markersize=5, label=names[1])
    left.set_xlim(left=0)
    left.set_xlabel("Mean |SHAP| (damage)")
    left.set_yticks(places, [change.attribute for change in changes])
    figure.legend(loc="outside upper left")
    for place, change in zip(places, changes, strict=True):
        _draw_change(right, place, change)
    right.axvline(0, color="#000000", linewidth=0.8)
    right.set_xlabel("Change (damage)")
    right.text(1.02, 1.0, "confidence", transform=right.transAxes, va="bottom", fontsize=10)
    right.tick_params(left=False)
    return figure


def _legend_names(first: str, other: str) -> tuple[str, str]:
    """Return both names, cut in the middle where they are long, so that they can still be told apart."""
    short = _cut(first), _cut(other)
    if first == other or short[0] != short[1]:
        return short
    # They differ where they were cut, so what they begin with alike goes instead.
    alike = len(os.path.commonprefix([first, other]))  # noqa: RUF071 - letter by letter is meant
    return _cut(f"…{first[alike:]}"), _cut(f"…{other[alike:]}")


def _cut(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    kept = (_LONGEST_NAME - 1) // 2
    return f"{name[:kept]}…{name[-kept:]}"


def _draw_change(axes: Axes, place: int, change: AttributeChange) -> None:
    """Draw one change with its interval, and write its confidence beside it."""
    sure = change.p_holm < 0.05
    colour = _RED if change.change > 0 else _BLUE
    axes.plot([change.low, change.high], [place, place], color=colour, linewidth=1.5)
    axes.plot(
        change.change,
        place,
        "^" if change.change > 0 else "v",
        color=colour,
        markerfacecolor=colour if sure else "white",
        markersize=6,
    )
    axes.text(
        1.02,
        place,
        ">0.999" if change.confidence > 0.999 else f"{change.confidence:.3f}",
        transform=axes.get_yaxis_transform(),
        va="center",
        fontsize=9,
        weight="bold" if sure else "normal",
    )
