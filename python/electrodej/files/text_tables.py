"""Read tables that are text: cells between commas, tabs or semicolons, whoever wrote them."""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError, one_line
from electrodej.vocabulary import counted

_SEPARATORS = (",", "\t", ";")
# What programs write where there is no value, in small letters.
_EMPTY = {"", "nan", "-nan", "na", "n/a", "#n/a", "#n/a n/a", "#na", "<na>", "null", "none"}
_EMPTY |= {"1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan"}  # Windows' NaN
_BOOLEAN = {"true": 1, "false": 0}
_DECIMAL_COMMA, _DECIMAL_POINT = (
    re.compile(rf"[+-]?(\d+{mark}\d*|{mark}\d+)([eE][+-]?\d+)?") for mark in (",", r"\.")
)
_ROWS = 10_000  # that are text at once


def read_text_table(source: Path) -> dict[str, NDArray[Any]]:
    """Return the columns of a table by name: whole numbers, numbers (NaN where empty), or texts.

    Cells are parted by commas, tabs or semicolons, whichever the first line has most of. Beside tabs and
    semicolons numbers may have decimal commas. Empty lines are passed over, and rows that end early
    are filled with empty cells.
    """
    try:
        with source.open(encoding="utf-8-sig", newline="") as handle:
            columns = _columns(handle, source)
            if late := {name for name, column in columns.items() if column.is_mixed}:
                # What was taken for a number is a text like those behind it, as it was written.
                handle.seek(0)
                columns = _columns(handle, source, texts=late)
            return {name: column.values() for name, column in columns.items()}
    except (UnicodeError, csv.Error) as error:
        raise InputError(
            f"{source}: the table cannot be read ({one_line(error)}); save it as CSV in UTF-8"
        ) from error
    except OSError as error:
        raise InputError(f"{source} cannot be read ({error.strerror or error})") from error


def _columns(lines: Any, source: Path, texts: Collection[str] = ()) -> dict[str, _Column]:
    head = next((line for line in lines if line.strip()), None)
    if head is None:
        raise InputError(f"{source}: the file is empty; give a table of particles")
    lines.seek(0)
    separator = max(_SEPARATORS, key=head.count)
    rows = _Rows(csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True), source)
    columns = [
        _Column(f"{source}: {name}", commas=separator != ",", text=name in texts) for name in rows.names
    ]
    while block := list(islice(rows, _ROWS)):
        for column, cells in zip(columns, zip(*block, strict=True), strict=True):
            column.add(cells)
    return dict(zip(rows.names, columns, strict=True))


class _Rows:
    """The rows below the names, each with as many cells as there are names."""

    def __init__(self, reader: Any, source: Path) -> None:
        self._reader, self._source = reader, source
        head: list[str] = next((row for row in reader if not _is_blank(row)), [])
        self.names = [name.strip() for name in head]
        if not any(self.names):
            raise InputError(f"{source}: the file is empty; give a table of particles")
        twice = sorted({name for name in self.names if name and self.names.count(name) > 1})
        if twice:
            raise InputError(f"{source}: the column {twice[0]} is there twice; leave one of them")

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        count = len(self.names)
        row: list[str] = next(self._reader)
        while not row or (count > 1 and _is_blank(row)):
            row = next(self._reader)
        if any(row[count:]):
            raise InputError(
                f"{self._source}: line {self._reader.line_num} has {counted(len(row), 'cell')} and the "
                f"first one {count}; every line needs one for each column"
            )
        return row[:count] + [""] * (count - len(row))


def _is_blank(row: list[str]) -> bool:
    """Whether a line holds nothing, or spaces alone."""
    return len(row) < 2 and not "".join(row).strip()


class _Column:
    """The cells of one column: numbers as long as all of them are some, and texts otherwise."""

    def __init__(self, what: str, *, commas: bool, text: bool) -> None:
        self._what, self._commas, self._text = what, commas and not text, text
        self._blocks: list[NDArray[Any]] = []
        self._count = 0
        self._comma = False
        self._point: tuple[int, str] | None = None  # row and cell of the first decimal point

    def add(self, cells: Sequence[str]) -> None:
        """Take the next cells."""
        if self._commas:
            cells = self._with_points(cells)
        numbers = None if self._text else _numbers(cells)
        self._blocks.append(np.array(cells, dtype=object) if numbers is None else numbers)
        self._count += len(cells)

    @property
    def is_mixed(self) -> bool:
        """Whether some blocks are texts, or truths, and others are numbers."""
        kinds = {block.dtype.kind for block in self._blocks}
        return len(kinds) > 1 and not kinds <= {"i", "f"}

    def values(self) -> NDArray[Any]:
        """Return the column."""
        if self._comma and self._point is not None:
            row, cell = self._point
            raise InputError(
                f"{self._what} has decimal commas and, in row {row}, {cell!r}; write all numbers one way"
            )
        if not self._blocks:
            return np.empty(0, dtype=object)
        return np.concatenate(self._blocks)

    def _with_points(self, cells: Sequence[str]) -> Sequence[str]:
        """Return cells with decimal points in place of commas, and remember which of the two there were."""
        joined = "".join(cells)
        if "." in joined and self._point is None:
            found = (row for row, cell in enumerate(cells) if _DECIMAL_POINT.fullmatch(cell.strip()))
            if (row := next(found, None)) is not None:
                self._point = self._count + row + 1, cells[row]
        if "," not in joined:
            return cells
        commas = [bool(_DECIMAL_COMMA.fullmatch(cell.strip())) for cell in cells]
        self._comma = self._comma or any(commas)
        return [cell.replace(",", ".") if comma else cell for cell, comma in zip(cells, commas, strict=True)]


def _numbers(cells: Sequence[str]) -> NDArray[Any] | None:
    """Return cells as numbers, or None where one of them is none.

    >>> _numbers(["3", "-1"]), _numbers(["1e3", "NaN", ""]), _numbers(["1_000"])
    (array([ 3, -1]), array([1000.,   nan,   nan]), None)
    """
    joined = "".join(cells)
    if (
        not joined.isascii() or "_" in joined
    ):  # Python takes 1_000 and the digits of other scripts for numbers
        return None
    for kind in (int, float):
        with contextlib.suppress(ValueError, OverflowError):
            return np.array([kind(cell) for cell in cells], dtype=np.dtype(kind))
    words = [cell.strip().lower() for cell in cells]
    with contextlib.suppress(KeyError):
        return np.array([_BOOLEAN[word] for word in words], dtype=bool)
    with contextlib.suppress(ValueError):
        return np.array([float("nan" if word in _EMPTY else word) for word in words])
    return None
