"""The phase part of a report: a slice in colour, and what the phases measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.report.content import Section
from electrodej.report.drawings import WHOLE, Drawing, as_figure
from electrodej.report.figures import PALETTE
from electrodej.report.numbers import percent, unit_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

# Colours of the phases in order of their numbers; what is left over repeats.
COLOURS = (PALETTE[4], "#5f5f5f", PALETTE[1], PALETTE[2], PALETTE[3], PALETTE[6])
CRACK_COLOUR = "#000000"
LAYER_CRACK_COLOUR = PALETTE[5]
"""Over a grey slice, where cracks are dark anyway."""


def phase_colour(number: int) -> str:
    """Return the colour of a phase by its number."""
    return COLOURS[number % len(COLOURS)]


def phase_section(
    grey: NDArray[Any],
    phases: NDArray[np.uint8],
    *,
    names: Sequence[str],
    measures: Mapping[str, tuple[float, str, str]],
    spacing: tuple[float, float],
    cracks: NDArray[np.bool_] | None = None,
    note: str = "",
    curves: Sequence[Drawing] = (),
) -> Section:
    """Return what the phases of an electrode are.

    Parameters
    ----------
    grey, phases
        One slice, shape (Y, X), as image and as numbers of phases.
    names
        Of the phases 0, 1, 2 ...
    measures
        Name to value, unit and definition, as `electrodej morphology` writes them.
    spacing
        Pixel size (y, x) in micrometres.
    cracks
        Where the slice has cracks.
    note
        A sentence to add.
    curves
        Further pictures, see `structure_drawings`.
    """
    drawing = Drawing(
        "phases",
        "Phases and cracks" if cracks is not None else "Phases",
        "The middle slice, and which phase a network sees where."
        + ("" if cracks is None else " Cracks, which another network finds, are black."),
        lambda: phase_figure(grey, phases, names=names, spacing=spacing, cracks=cracks),
        wide=True,
    )
    shares = {name: measures[f"Share_{name}"][0] for name in names if f"Share_{name}" in measures}
    words = ", ".join(f"{percent(share)} % {name}" for name, share in shares.items())
    return Section(
        "Phases",
        "\n\n".join(text for text in (f"By volume: {words}." if words else "", note) if text),
        figures=[as_figure(each) for each in (drawing, *curves)],
        table={
            "Measure": list(measures),
            "Value": [value for value, _, _ in measures.values()],
            "Unit": [unit_text(unit) for _, unit, _ in measures.values()],
            "What it is": [text for _, _, text in measures.values()],
        },
    )


def phase_figure(
    grey: NDArray[Any],
    phases: NDArray[np.uint8],
    *,
    names: Sequence[str],
    spacing: tuple[float, float],
    cracks: NDArray[np.bool_] | None = None,
) -> MatplotlibFigure:
    """Return a slice beside its phases in colour, with a scale in micrometres."""
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure as MatplotlibFigure
    from matplotlib.patches import Patch

    height, width = (length * size for length, size in zip(grey.shape, spacing, strict=True))
    figure = MatplotlibFigure(figsize=(WHOLE, 0.6 + WHOLE / 2 * height / width), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    extent = (0.0, width, height, 0.0)
    low, high = np.percentile(grey, (0.5, 99.5))
    left.imshow(grey, cmap="gray", vmin=low, vmax=high if high > low else low + 1, extent=extent)
    colours = [phase_colour(number) for number in range(len(names))]
    right.imshow(
        phases,
        cmap=ListedColormap(colours),
        vmin=-0.5,
        vmax=len(names) - 0.5,
        extent=extent,
        interpolation="nearest",
    )
    handles = [Patch(color=colour, label=name) for colour, name in zip(colours, names, strict=True)]
    if cracks is not None:
        shown = np.ma.masked_where(~cracks, np.ones(cracks.shape, np.uint8))
        right.imshow(shown, cmap=ListedColormap([CRACK_COLOUR]), extent=extent, interpolation="nearest")
        handles.append(Patch(color=CRACK_COLOUR, label="crack"))
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles))
    for axes in (left, right):
        axes.set_xlabel("x (µm)")
        axes.spines[:].set_visible(False)
    left.set_ylabel("y (µm)")
    return figure
