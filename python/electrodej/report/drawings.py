"""Pictures that are drawn when they are wanted, and written as PNG and SVG."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from electrodej.files.tables import table_bytes
from electrodej.progress import Progress, silent
from electrodej.report.content import Figure
from electrodej.report.drawn import drawn_numbers
from electrodej.report.figures import STYLE
from electrodej.vocabulary import PathLike

Form = Literal["svg", "png"]

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

HALF, WHOLE = 6.0, 12.2
"""Widths of a drawing in inches, one column of the page and both: its letters are as large as the text's."""

# Names come from files: a dollar sign in one is no formula. A drawing keeps the width that it asks for.
_RC = {**STYLE, "text.parse_math": False, "legend.frameon": False, "savefig.bbox": "standard"}


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
    wide
        Whether it takes both columns of the page.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[], MatplotlibFigure]
    wide: bool = False

    @cached_property
    def figure(self) -> MatplotlibFigure:
        """The drawing itself, made once."""
        with _drawing():
            figure = self.draw()
            # The layout of axes with a fixed aspect settles only when it is done a second time.
            figure.draw_without_rendering()
            return figure

    @cached_property
    def svg(self) -> bytes:
        """The picture as SVG; the same drawing gives the same bytes."""
        return self._saved("svg", metadata={"Date": None})

    @cached_property
    def png(self) -> bytes:
        """The picture as PNG, after the SVG, because saving may move what is saved next by a hair."""
        self.svg  # noqa: B018 - saved first
        return self._saved("png")

    @cached_property
    def numbers(self) -> bytes:
        """What it draws, as the bytes of a CSV file; empty where it draws no numbers."""
        columns = drawn_numbers(self.figure)
        return table_bytes(columns) if columns else b""

    def _saved(self, form: Form, **options: Any) -> bytes:
        buffer = io.BytesIO()
        with _drawing():
            self.figure.savefig(buffer, format=form, **options)
        return buffer.getvalue()


@contextmanager
def _drawing() -> Iterator[None]:
    """The house's style, and no word on letters that the font lacks, which a name may hold."""
    import matplotlib as mpl

    with mpl.rc_context(cast(Any, _RC)), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        yield


def as_figure(drawing: Drawing) -> Figure:
    """Return a drawing for a section of the report, as SVG."""
    return Figure(
        drawing.title,
        drawing.svg,
        "image/svg+xml",
        drawing.caption,
        wide=drawing.wide,
        numbers=drawing.numbers,
    )


def render(drawing: Drawing, form: Form) -> bytes:
    """Return the bytes of a picture; it is drawn once, however often it is wanted."""
    return drawing.svg if form == "svg" else drawing.png


def write_drawings(
    folder: PathLike, drawings: Sequence[Drawing], *, progress: Progress = silent
) -> list[Path]:
    """Write each drawing into an existing folder: as PNG of 200 dots per inch, as SVG with text as text, and
    its numbers as CSV where it has any."""
    written = []
    for done, drawing in enumerate(drawings):
        for form, content in (("png", drawing.png), ("svg", drawing.svg), ("csv", drawing.numbers)):
            if not content:
                continue
            path = Path(folder) / f"{drawing.name}.{form}"
            path.write_bytes(content)
            written.append(path)
        progress(done + 1, len(drawings), "figures")
    return written


def new_axes(width: float, height: float) -> tuple[MatplotlibFigure, Axes]:
    """Return a figure of this size in inches, and its axes."""
    from matplotlib.figure import Figure as MatplotlibFigure

    figure = MatplotlibFigure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()
