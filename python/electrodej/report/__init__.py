"""What people show: one self-contained HTML page about a measured electrode, and its figures.

`write_report` writes the page, `write_figures` the same figures as PNG and SVG; both take a
`ReportContent`. Other rooms add to the page with a `Section` each, which may hold `Figure` pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from electrodej.callable_room import make_callable
from electrodej.report.content import Figure, ReportContent, Section, SliceSource

if TYPE_CHECKING:
    from electrodej.report.figures import write_figures
    from electrodej.report.html import write_report

__all__ = ["Figure", "ReportContent", "Section", "SliceSource", "write_figures", "write_report"]


def __getattr__(name: str) -> Any:
    # Jinja2 and matplotlib are imported only where a page or a figure is written.
    if name == "write_report":
        from electrodej.report.html import write_report

        return write_report
    if name == "write_figures":
        from electrodej.report.figures import write_figures

        return write_figures
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


make_callable(__name__)
