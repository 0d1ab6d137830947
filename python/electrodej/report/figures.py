"""The report's figures as files: PNG for slides, SVG for papers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import OutputError
from electrodej.files import check_target, whole_file
from electrodej.progress import Progress, silent
from electrodej.report.content import ReportContent
from electrodej.report.numbers import equivalent_diameter, readable, unit_text, within_fences
from electrodej.report.slices import choose_grid, grey_window, read_slice
from electrodej.vocabulary import PathLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

# Okabe and Ito's palette, which people with any kind of colour vision can tell apart.
PALETTE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#000000")
STYLE: dict[str, Any] = {
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "savefig.bbox": "tight",
    "svg.fonttype": "none",
    # The same input gives the same file.
    "svg.hashsalt": "electrodej",
}
_DISTRIBUTIONS = ("Volume", "Damage", "Sphericity", "Contact", "Elongation", "PDensity")
_MOST_SHOWN = 4_000_000


def write_figures(
    folder: PathLike,
    content: ReportContent,
    *,
    force: bool = False,
    progress: Progress = silent,
) -> list[Path]:
    """Write the report's figures into ``folder``, each as PNG and as SVG.

    ``slice-middle`` is the middle slice with the particles' outlines, ``distributions`` the histograms of
    the main attributes, ``damage-size`` the damage of each particle over its size; those that the content
    has no data for are left out.

    Parameters
    ----------
    folder
        Where to; made if it is not there.
    content
        What is shown.
    force
        Replace existing figures.
    progress
        Told after each figure.

    Returns
    -------
    list of pathlib.Path
        The files written.
    """
    import matplotlib as mpl

    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise OutputError(f"{target} is not a folder; choose another name for the figures")
    if not target.exists():
        check_target(target)
        target.mkdir()
    names = [f"{name}{suffix}" for name, _ in _drawings(content) for suffix in (".png", ".svg")]
    for name in names:
        check_target(target / name, force=force)
    written = []
    with mpl.rc_context(cast(Any, STYLE)):
        for name, draw in _drawings(content):
            figure = draw(content)
            for suffix in (".png", ".svg"):
                with whole_file(target / f"{name}{suffix}", force=force) as part:
                    figure.savefig(part, metadata={"Date": None} if suffix == ".svg" else None)
                written.append(target / f"{name}{suffix}")
                progress(len(written), len(names), "figures")
    return written


def _drawings(content: ReportContent) -> Iterator[tuple[str, Any]]:
    columns = content.numeric_columns()
    if content.grey is not None:
        yield "slice-middle", slice_figure
    if content.rows and _distributions(content):
        yield "distributions", distribution_figure
    if content.rows and "Damage" in columns and equivalent_diameter(columns) is not None:
        yield "damage-size", damage_figure


def slice_figure(content: ReportContent) -> MatplotlibFigure:
    """Return the middle xy slice with outlines and a scale bar."""
    from matplotlib.figure import Figure

    grey, labels, spacing = content.grey, content.labels, content.spacing
    if grey is None or labels is None or spacing is None:
        raise ValueError("a slice needs the image, its labels and the voxel size")
    shape = (1, *grey.shape) if len(grey.shape) == 2 else grey.shape
    volume = (int(shape[0]), int(shape[1]), int(shape[2]))
    middle = volume[0] // 2
    grid = choose_grid((1, volume[1], volume[2]), spacing=spacing, most_voxels=_MOST_SHOWN)
    _, step_y, step_x = grid.steps
    plane = read_slice(grey, middle)[::step_y, ::step_x]
    marks = read_slice(labels, middle)[::step_y, ::step_x]
    height, width = volume[1] * spacing[1], volume[2] * spacing[2]

    figure = Figure(figsize=(7, max(1.5, min(10.0, 7 * height / width))))
    axes = figure.subplots()
    low, high = grey_window(grey, volume)
    box = (0.0, width, height, 0.0)
    axes.imshow(plane, cmap="gray", vmin=low, vmax=high, extent=box, interpolation="nearest")
    axes.imshow(_outline_picture(marks), extent=box, interpolation="nearest")
    axes.set_axis_off()
    _scale_bar(axes, width, height)
    axes.set_title(f"xy, z = {readable(middle * spacing[0])} µm", loc="left")
    return figure


def distribution_figure(content: ReportContent) -> MatplotlibFigure:
    """Return the histograms of the main attributes."""
    from matplotlib.figure import Figure

    shown = _distributions(content)
    across = min(3, len(shown))
    down = -(-len(shown) // across)
    figure = Figure(figsize=(3.6 * across, 2.9 * down), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for axes, (name, unit, values) in zip(panels, shown, strict=False):
        bars = int(np.clip(np.sqrt(values.size) * 1.5, 8, 60))
        low, high = within_fences(values)
        beyond = int(np.count_nonzero((values < low) | (values > high)))
        axes.hist(values, bins=bars, range=(low, high), color=PALETTE[0], edgecolor="white", linewidth=0.5)
        axes.axvline(float(np.median(values)), color=PALETTE[5], linestyle="--", linewidth=1.5)
        axes.set_xlabel(f"{name} ({unit})" if unit else name)
        axes.set_ylabel("Particles")
        title = f"n = {values.size}, median {readable(float(np.median(values)), 3)}"
        axes.set_title(title + (f", {beyond} beyond" if beyond else ""), fontsize=10)
    for axes in panels[len(shown) :]:
        axes.set_axis_off()
    return figure


def damage_figure(content: ReportContent) -> MatplotlibFigure:
    """Return the damage of each particle over its equivalent diameter."""
    from matplotlib.figure import Figure

    columns = content.numeric_columns()
    diameter = equivalent_diameter(columns)
    if diameter is None:
        raise ValueError("the table has neither a diameter nor a volume")
    figure = Figure(figsize=(5.2, 4.0), layout="constrained")
    axes = figure.subplots()
    many = diameter.size > 5000
    axes.plot(
        diameter,
        100 * columns["Damage"],
        ".",
        color=PALETTE[0],
        markersize=2 if many else 6,
        alpha=0.5,
        mew=0,
    )
    axes.set_xlabel("Equivalent diameter (µm)")
    axes.set_ylabel("Damage (%)")
    return figure


def _distributions(content: ReportContent) -> list[tuple[str, str, NDArray[np.float64]]]:
    """Name, unit and defined values of the attributes worth a histogram."""
    columns = content.numeric_columns()
    shown = []
    diameter = equivalent_diameter(columns)
    if diameter is not None:
        shown.append(("Equivalent diameter", "µm", diameter[np.isfinite(diameter)]))
    for name in _DISTRIBUTIONS:
        if name in columns and not (name == "Volume" and diameter is not None):
            values = columns[name]
            shown.append((name, unit_text(content.units.get(name, "")), values[np.isfinite(values)]))
    return [entry for entry in shown if entry[2].size]


def _outline_picture(labels: NDArray[Any]) -> NDArray[np.float32]:
    """Return an RGBA picture that is opaque on the rim of each particle, shape (Y, X, 4)."""
    rim = np.zeros(labels.shape, dtype=bool)
    rim[:-1] |= labels[:-1] != labels[1:]
    rim[1:] |= labels[1:] != labels[:-1]
    rim[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    rim[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    rim &= labels != 0
    picture = np.zeros((*labels.shape, 4), dtype=np.float32)
    picture[rim] = (*(int(PALETTE[1][i : i + 2], 16) / 255 for i in (1, 3, 5)), 1.0)
    return picture


def _scale_bar(axes: Axes, width: float, height: float) -> None:
    power = 10.0 ** np.floor(np.log10(width * 0.3))
    length = next(step for step in (5, 2, 1) if step * power <= width * 0.3) * power
    left, low = 0.04 * width, 0.95 * height
    axes.plot([left, left + length], [low, low], color="white", linewidth=4, solid_capstyle="butt")
    axes.text(
        left, low - 0.02 * height, f"{readable(float(length))} µm", color="white", va="bottom", weight="bold"
    )
