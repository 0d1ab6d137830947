"""Pictures that are drawn when they are wanted, and written as PNG and SVG."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from electrodej.progress import Progress, silent
from electrodej.report.content import Figure
from electrodej.report.figures import STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

# Names come from files: a dollar sign in one is no formula.
_RC = {**STYLE, "text.parse_math": False, "legend.frameon": False}


@dataclass(frozen=True)
class Drawing:
    """A picture that is drawn when it is wanted.

    Attributes
    ----------
    name
        Of its files.
    title, caption
        For the page.
    draw
        Makes it.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[], MatplotlibFigure]


def as_figure(drawing: Drawing) -> Figure:
    """Return a drawing for a section of the report, as SVG."""
    return Figure(drawing.title, render(drawing, "svg"), "image/svg+xml", drawing.caption)


def render(drawing: Drawing, form: Literal["svg", "png"]) -> bytes:
    """Return the bytes of a picture; the same drawing gives the same bytes."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context(cast(Any, _RC)), warnings.catch_warnings():
        # A name may hold letters that the font lacks.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        drawing.draw().savefig(buffer, format=form, metadata={"Date": None} if form == "svg" else None)
    return buffer.getvalue()


def write_drawings(
    folder: str | os.PathLike[str], drawings: Sequence[Drawing], *, progress: Progress = silent
) -> list[Path]:
    """Write each drawing into an existing folder as PNG, 200 dots per inch, and as SVG with text as text."""
    written = []
    for done, drawing in enumerate(drawings):
        for form in ("png", "svg"):
            path = Path(folder) / f"{drawing.name}.{form}"
            path.write_bytes(render(drawing, form))
            written.append(path)
        progress(done + 1, len(drawings), "figures")
    return written


def new_axes(width: float, height: float) -> tuple[MatplotlibFigure, Axes]:
    """Return a figure of this size in inches, and its axes."""
    from matplotlib.figure import Figure as MatplotlibFigure

    figure = MatplotlibFigure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()
