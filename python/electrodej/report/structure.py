"""Curves of the structure of phases: sizes, profiles, correlations, from the tables of `morphology`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.report.drawings import WHOLE, Drawing
from electrodej.report.figures import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

Columns = Mapping[str, NDArray[Any]]

TABLES = ("sizes", "profiles", "correlations")
_SIZES = (("Thickness_", "local thickness"), ("Intrusion_", "intrusion through the faces"))


def structure_drawings(tables: Mapping[str, Columns]) -> list[Drawing]:
    """Return the pictures of those of the tables `TABLES` that are there, of the first image in each."""
    known: dict[str, tuple[str, str, Callable[[Columns], MatplotlibFigure]]] = {
        "sizes": (
            "Sizes of the phases",
            "Share of each phase's volume in balls of at most this diameter: the largest ball inside the "
            "phase that holds a place, and the largest one that also comes in through the volume's faces.",
            size_curves,
        ),
        "profiles": (
            "Phases along the axes",
            "Share of each phase in slabs across each axis.",
            profile_curves,
        ),
        "correlations": (
            "Correlation of the phases",
            "Probability that two places so far apart are both of the phase (line), and that all between "
            "them is (dashes).",
            correlation_curves,
        ),
    }
    drawings = []
    for name in TABLES:
        columns = _of_first_image(tables.get(name, {}))
        if columns:
            title, caption, draw = known[name]
            drawings.append(Drawing(f"phase-{name}", title, caption, partial(draw, columns), wide=True))
    return drawings


def _of_first_image(columns: Columns) -> dict[str, NDArray[Any]]:
    if not columns or not len(columns["Image"]):
        return {}
    here = columns["Image"] == columns["Image"][0]
    return {name: values[here] for name, values in columns.items()}


def size_curves(columns: Columns) -> MatplotlibFigure:
    """Return the running sums of thickness and intrusion, a line for each phase."""
    figure, panels = _panels(len(_SIZES))
    for axes, (prefix, title) in zip(panels, _SIZES, strict=True):
        names = [name for name in dict.fromkeys(columns["Size"]) if str(name).startswith(prefix)]
        for number, name in enumerate(names):
            here = columns["Size"] == name
            axes.plot(
                np.concatenate([columns["From"][here][:1], columns["To"][here]]).astype(float),
                np.concatenate([[0.0], columns["Below"][here]]).astype(float),
                color=_colour(number),
                label=str(name).removeprefix(prefix),
            )
        _finish(axes, title, "diameter (µm)", "share of the phase")
    return figure


def profile_curves(columns: Columns) -> MatplotlibFigure:
    """Return the share of each phase along z, y and x."""
    axes_of = list(dict.fromkeys(columns["Axis"]))
    figure, panels = _panels(len(axes_of))
    names = [name for name in dict.fromkeys(columns["Measure"]) if str(name).startswith("Share_")]
    for axes, axis in zip(panels, axes_of, strict=True):
        for number, name in enumerate(names):
            here = (columns["Axis"] == axis) & (columns["Measure"] == name)
            axes.plot(
                columns["Position"][here].astype(float),
                columns["Value"][here].astype(float),
                color=_colour(number),
                label=str(name).removeprefix("Share_"),
            )
        _finish(axes, f"along {axis}", f"{axis} (µm)", "share of the slab")
    return figure


def correlation_curves(columns: Columns) -> MatplotlibFigure:
    """Return two-point correlation and lineal path of each phase along z, y and x."""
    axes_of = list(dict.fromkeys(columns["Axis"]))
    figure, panels = _panels(len(axes_of))
    for axes, axis in zip(panels, axes_of, strict=True):
        for number, name in enumerate(dict.fromkeys(columns["Phase"])):
            here = (columns["Axis"] == axis) & (columns["Phase"] == name)
            distance = columns["Distance"][here].astype(float)
            axes.plot(
                distance, columns["TwoPoint"][here].astype(float), color=_colour(number), label=str(name)
            )
            axes.plot(distance, columns["LinealPath"][here].astype(float), color=_colour(number), ls="--")
        _finish(axes, f"along {axis}", "distance (µm)", "probability")
    return figure


def _panels(count: int) -> tuple[MatplotlibFigure, Sequence[Axes]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WHOLE, 3.6), layout="constrained")
    return figure, list(np.atleast_1d(figure.subplots(1, count, sharey=True)))


def _colour(number: int) -> str:
    return PALETTE[number % len(PALETTE)]


def _finish(axes: Axes, title: str, across: str, up: str) -> None:
    axes.set_title(title)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.set_ylim(bottom=0)
    if axes.lines:
        axes.legend()
