"""The numbers behind a drawing, read back from it: so a picture and its table cannot differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure as MatplotlibFigure

COLUMNS = ("Panel", "Series", "XName", "X", "YName", "Y", "Value")
_MOST_PIXELS = 2500

Row = tuple[str, float, float, float]


def drawn_numbers(figure: MatplotlibFigure) -> dict[str, NDArray[Any]]:
    """Return what a figure draws, a row for each point, bar, step or cell of a small picture.

    Points of lines and scatters are their places, bars go from 0 to their end, bands give both edges, steps
    of a histogram their left edge (and the last its right one too), the cells of a picture their row and
    column. ``Value`` is what gives the colour, where something does. Lines across a whole panel and
    photographs are left out.

    Returns
    -------
    dict
        Columns of `COLUMNS`, as texts; empty where there are no numbers.
    """
    rows: list[tuple[str, ...]] = []
    for number, axes in enumerate(figure.axes):
        if not axes.axison or axes.get_label() == "<colorbar>":
            continue
        panel = axes.get_title() or str(number + 1)
        names = axes.get_xlabel(), axes.get_ylabel()
        words = _words(axes.xaxis), _words(axes.yaxis)
        for series, x, y, value in _rows(axes):
            rows.append(
                (
                    panel,
                    series,
                    names[0],
                    _text(x, words[0]),
                    names[1],
                    _text(y, words[1]),
                    _text(value, {}),
                )
            )
    if not rows:
        return {}
    return {
        name: np.array(cells, dtype=object)
        for name, cells in zip(COLUMNS, zip(*rows, strict=True), strict=True)
    }


def _rows(axes: Axes) -> Iterator[Row]:
    from matplotlib.collections import LineCollection, PathCollection, PolyCollection
    from matplotlib.container import BarContainer
    from matplotlib.patches import StepPatch

    nothing = float("nan")
    for bars in axes.containers:
        if not isinstance(bars, BarContainer):
            continue
        flat = bars.orientation == "horizontal"
        for bar in bars.patches:
            middle = bar.get_y() + bar.get_height() / 2 if flat else bar.get_x() + bar.get_width() / 2
            end = bar.get_x() + bar.get_width() if flat else bar.get_y() + bar.get_height()
            yield (_name(bars), *((end, middle) if flat else (middle, end)), nothing)
    for patch in axes.patches:
        if isinstance(patch, StepPatch):
            values, edges, _ = patch.get_data()
            for edge, height in zip(edges, [*values, values[-1]], strict=True):
                yield _name(patch), float(edge), float(height), nothing
    for line in axes.lines:
        # Lines of a whole panel are drawn in its own coordinates.
        if line.get_transform() == axes.transData:
            for x, y in np.asarray(line.get_xydata(), float):
                yield _name(line), x, y, nothing
    for points in axes.collections:
        if isinstance(points, PathCollection):
            places = np.asarray(points.get_offsets(), float)
            colours = points.get_array()
            tints = [nothing] * len(places) if colours is None else np.asarray(colours, float)
            for (x, y), tint in zip(places, tints, strict=True):
                yield _name(points), float(x), float(y), float(tint)
        elif isinstance(points, LineCollection | PolyCollection):
            for path in points.get_paths():
                for x, y in np.asarray(path.vertices, float):
                    yield _name(points), x, y, nothing
    for picture in axes.images:
        cells = picture.get_array()
        if cells is not None and cells.ndim == 2 and cells.size <= _MOST_PIXELS:
            for (row, column), value in np.ndenumerate(np.ma.filled(cells.astype(float), nothing)):
                yield _name(picture), float(column), float(row), float(value)


def _name(artist: Any) -> str:
    label = str(artist.get_label())
    return "" if label.startswith("_") else label


def _words(axis: Axis) -> dict[float, str]:
    """Return what stands at the ticks of an axis of names."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter

    locator, formatter = axis.get_major_locator(), axis.get_major_formatter()
    if not isinstance(locator, FixedLocator) or not isinstance(formatter, FixedFormatter | FuncFormatter):
        return {}
    places = [float(place) for place in locator()]
    return dict(zip(places, formatter.format_ticks(places), strict=True))


def _text(value: float, words: dict[float, str]) -> str:
    number = float(value)
    if number != number:
        return ""
    return words.get(number) or repr(number)
