"""Grey by depth: what shows damage below the resolution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.features.attributes import GREY_BY_DEPTH
from electrodej.report.content import Section
from electrodej.report.drawings import WHOLE, Drawing, as_figure
from electrodej.report.figures import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

Columns = Mapping[str, NDArray[Any]]

_DEPTHS = tuple(name for name in GREY_BY_DEPTH if name.startswith("GreyDepth"))
_ENDS = ("GreyRim", "GreyCore")
_MEANING = (
    "Cracks and pores that are finer than a voxel cannot be seen as such: they make the material around them "
    "darker. A rim or a core that is darker than the rest tells of damage below the resolution, or of blur, "
    "which darkens the rim, and of beam hardening, which darkens the core. Compare samples scanned and "
    "reconstructed alike. Cracks that are resolved are left out."
)


def profile_section(samples: Mapping[str, Columns]) -> Section | None:
    """Return the part of a page with the grey of particles from their surface to their middle.

    Parameters
    ----------
    samples
        Name to the table of each sample; those without grey by depth are left out.

    Returns
    -------
    Section or None
        None where no sample has it.
    """
    known = {name: table for name, table in samples.items() if all(each in table for each in _DEPTHS)}
    curves = {name: profile(table) for name, table in known.items()}
    curves = {name: curve for name, curve in curves.items() if np.isfinite(curve).any()}
    if not curves:
        return None
    drawing = Drawing(
        "grey-by-depth",
        "Grey from the surface to the middle",
        "Median over the particles of the mean grey of their material in fifths of the depth; the bands hold "
        "the middle half of the particles.",
        lambda: profile_figure(curves),
        wide=True,
    )
    return Section(
        "Grey by depth",
        _MEANING,
        [as_figure(drawing)],
        {
            "Sample": list(curves),
            **{
                name: np.array([_median(known[each].get(name)) for each in curves])
                for name in (*_ENDS, *_DEPTHS)
            },
        },
    )


def profile(table: Columns) -> NDArray[np.float64]:
    """Return the quartiles over the particles, (3, 5): from the surface to the middle."""
    values = np.stack([np.asarray(table[name], np.float64) for name in _DEPTHS])
    quartiles = np.full((3, len(_DEPTHS)), np.nan)
    for place, row in enumerate(values):
        finite = row[np.isfinite(row)]
        if finite.size:
            quartiles[:, place] = np.quantile(finite, (0.25, 0.5, 0.75))
    return quartiles


def profile_figure(curves: Mapping[str, NDArray[np.float64]]) -> MatplotlibFigure:
    """Return the curves with their bands."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WHOLE, 4.2), layout="constrained")
    axes = figure.subplots()
    depth = 100 * (np.arange(len(_DEPTHS)) + 0.5) / len(_DEPTHS)
    for number, (name, (low, middle, high)) in enumerate(curves.items()):
        colour = PALETTE[number % len(PALETTE)]
        axes.fill_between(depth, low, high, color=colour, alpha=0.18, linewidth=0, label=f"_{name}")
        axes.plot(depth, middle, "-o", color=colour, markersize=4, label=name)
    axes.set_xlim(0, 100)
    axes.set_xlabel("Depth (% of the particle's largest: 0 is the surface)")
    axes.set_ylabel("Grey")
    if len(curves) > 1:
        axes.legend(loc="best")
    return figure


def _median(values: NDArray[Any] | None) -> float:
    finite = np.array([]) if values is None else np.asarray(values, np.float64)
    finite = finite[np.isfinite(finite)]
    return float(np.median(finite)) if finite.size else float("nan")
