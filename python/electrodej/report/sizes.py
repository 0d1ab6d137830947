"""How large the particles are: curves by number and by volume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.features.sizes import size_at, size_curve
from electrodej.report.content import Section
from electrodej.report.drawings import WHOLE, Drawing, as_figure
from electrodej.report.electrode_sections import sized
from electrodej.report.figures import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

_FEWEST = 3


def size_section(columns: Mapping[str, NDArray[Any]]) -> Section | None:
    """Return the part of a page that tells how sizes are distributed; None of fewer than three particles."""
    diameter, weight = sized(columns)
    if np.count_nonzero(np.isfinite(diameter)) < _FEWEST:
        return None
    by = "area" if "Volume" not in columns and "Area" in columns else "volume"
    drawing = Drawing(
        "sizes",
        f"Sizes by number and by {by}",
        f"Share of the particles, and of their {by}, that has at most this equivalent diameter. Few large "
        f"particles hold much of the {by}.",
        lambda: size_figure(diameter, weight, by),
        wide=True,
    )
    numbers = {"by number": size_at(diameter), f"by {by}": size_at(diameter, weight)}
    return Section(
        "Sizes",
        "D10, D50 and D90 are the equivalent diameters in µm that a tenth, half and nine tenths do not exceed"
        f": of the particles by number, of their {by} by {by}.",
        [as_figure(drawing)],
        {
            "Counted": list(numbers),
            **{
                name: np.array([each[place] for each in numbers.values()])
                for place, name in enumerate(("D10", "D50", "D90"))
            },
        },
    )


def size_figure(diameter: NDArray[np.float64], weight: NDArray[np.float64], by: str) -> MatplotlibFigure:
    """Return both running sums over the diameter."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WHOLE, 4.2), layout="constrained")
    axes = figure.subplots()
    for colour, name, heavy in ((PALETTE[0], "number", None), (PALETTE[5], by, weight)):
        size, share = size_curve(diameter, heavy)
        axes.step(size, 100 * share, where="post", color=colour, label=f"by {name}")
    for level in (10, 50, 90):
        axes.axhline(level, color="#bbbbbb", linewidth=0.6, linestyle=":")
    axes.set_ylim(0, 100)
    axes.set_xlabel("Equivalent diameter (µm)")
    axes.set_ylabel("Share (%)")
    axes.legend(loc="lower right")
    return figure
