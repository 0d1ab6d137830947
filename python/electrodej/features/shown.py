"""A table as people see it: in the terminal and in a notebook, with what fits there."""

from __future__ import annotations

import html
from collections.abc import Mapping

from electrodej.features.typing import Array

# Rows and columns that are shown where all of them would fill the screen.
_ROWS, _COLUMNS = 10, 10
_GAP = "..."


def shown_text(columns: Mapping[str, Array]) -> str:
    """Return the first and last rows and columns, each column as wide as its widest cell.

    >>> import numpy as np
    >>> print(shown_text({"Label": np.array([9, 10]), "Volume [um^3]": np.array([0.123456, np.nan])}))
    Label Volume [um^3]
        9        0.1235
       10
    """
    parts = [[name, *_cells(columns[name])] for name in columns]
    if len(parts) > _COLUMNS:
        half = _COLUMNS // 2
        parts = [*parts[:half], [_GAP] * len(parts[0]), *parts[-half:]]
    widths = [max(map(len, part)) for part in parts]
    lines = zip(*parts, strict=True)
    return "\n".join(
        " ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def shown_html(columns: Mapping[str, Array]) -> str:
    """Return all columns with their first and last rows, as a table of HTML."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in line) + "</tr>"
        for line in zip(*map(_cells, columns.values()), strict=True)
    )
    return (
        '<table class="dataframe"><thead><tr style="text-align: right;">'
        f"{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cells(values: Array) -> list[str]:
    """Return the cells that are shown of a column, with a gap where some are not."""
    if len(values) <= _ROWS:
        return [_cell(value) for value in values.tolist()]
    half = _ROWS // 2
    return [*_cells(values[:half]), _GAP, *_cells(values[-half:])]


def _cell(value: object) -> str:
    """Four digits, which is what fits a column; nothing where a value is undefined.

    >>> _cell(0.123456), _cell(12.0), _cell(float("nan"))
    ('0.1235', '12', '')
    """
    if not isinstance(value, float):
        return str(value)
    return "" if value != value else f"{value:.4g}"
