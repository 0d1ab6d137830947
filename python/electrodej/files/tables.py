"""Tables and the description that lies beside each.

A table is CSV, or Parquet where its name ends in .parquet. Undefined values are empty cells (null in
Parquet), numbers are written with the fewest digits that give back the same number, so the same table
is the same bytes. The description is JSON beside it under the same name: units, definitions,
parameters, versions.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError, MissingExtraError, OutputError
from electrodej.files.atomic import whole_file
from electrodej.files.checksums import checksum
from electrodej.files.json_files import read_json
from electrodej.files.provenance import NO_TEXT, write_description
from electrodej.files.sets import whole_set
from electrodej.files.targets import check_target
from electrodej.vocabulary import PathLike

__all__ = [
    "Columns",
    "check_table_target",
    "checksum",
    "is_description",
    "plain_cell",
    "table_beside",
    "table_bytes",
    "write_table",
]

Columns = Mapping[str, NDArray[Any]]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def check_table_target(
    path: PathLike,
    *,
    beside: Iterable[str] = (),
    force: bool = False,
    inputs: Iterable[Any] = (),
) -> dict[str, Path]:
    """The files that `write_table` writes, once it is sure that each may be.

    Returns the paths of the ``table``, its ``description`` and of every table ``beside`` it.
    """
    target = Path(path)
    if target.suffix.lower() not in (".csv", ".parquet"):
        raise OutputError(f"{target}: a table's name ends in .csv or .parquet; choose another")
    if target.suffix.lower() == ".parquet":
        _parquet()
    paths = {"table": target, "description": target.with_suffix(".json")}
    paths |= {name: table_beside(target, name) for name in beside}
    if force and paths["description"].exists() and not is_description(paths["description"]):
        raise OutputError(
            f"{paths['description']} would be replaced, and it does not describe a table; "
            f"choose another name than {target.name}"
        )
    read = list(inputs)
    return {name: check_target(each, force=force, inputs=read, file=True) for name, each in paths.items()}


def table_beside(path: PathLike, name: str) -> Path:
    """Return the path of a table beside a table.

    >>> table_beside("T.csv", "cracks").name
    'T_cracks.csv'
    """
    table = Path(path)
    return table.with_name(f"{table.stem}_{name}{table.suffix}")


def is_description(path: PathLike) -> bool:
    """Whether a file is what `write_table` writes beside a table."""
    try:
        content = read_json(path)
    except (OSError, InputError):
        return False
    return isinstance(content, dict) and isinstance(content.get("columns"), dict)


def write_table(
    path: PathLike,
    columns: Columns,
    *,
    description: Mapping[str, Any],
    beside: Mapping[str, Columns] | None = None,
    force: bool = False,
) -> dict[str, Path]:
    """Write ``columns`` to ``path``, further tables and the description beside it.

    ``T.csv`` comes with ``T.json`` and, for a table ``contacts`` beside it, ``T_contacts.csv``. All come
    together, see `electrodej.files.whole_set`: where the table is, everything is.

    Parameters
    ----------
    path
        Ends in .csv or .parquet.
    columns
        Name to array, all of one length. NaN becomes an empty cell.
    description
        Whatever JSON can hold, as `electrodej.files.described` returns it; ``columns`` says what each column
        means.
    beside
        Further tables, by the name that is added to the file's.
    force
        Replace what exists.

    Returns
    -------
    dict
        The paths written, as `check_table_target` gives them.
    """
    more = beside or {}
    paths = check_table_target(path, beside=more, force=force)
    with whole_set(paths["table"], *paths.values(), force=force):
        for name, table in more.items():
            _write_one(paths[name], table, force=force)
        full = {"columns": {name: {} for name in columns}, **description}
        write_description(paths["description"], full, force=force)
        _write_one(paths["table"], columns, force=force)
    return paths


def _write_one(path: Path, columns: Columns, *, force: bool) -> None:
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        raise ValueError(f"the columns of a table have one length, not {sorted(lengths)}")
    with whole_file(path, force=force) as part:
        if path.suffix.lower() == ".parquet":
            pyarrow, parquet = _parquet()
            table = pyarrow.table({name: _nullable(values) for name, values in columns.items()})
            with part.open("wb") as file:
                parquet.write_table(table, file)
        else:
            with part.open("w", encoding="utf-8", errors=NO_TEXT, newline="") as text:
                _write_lines(text, columns)


def table_bytes(columns: Columns) -> bytes:
    """Return a table as the bytes of a CSV file, as `write_table` writes it."""
    text = io.StringIO(newline="")
    _write_lines(text, columns)
    return text.getvalue().encode("utf-8", NO_TEXT)


def _write_lines(text: TextIO, columns: Columns) -> None:
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([plain_cell(name) for name in columns])
    writer.writerows(zip(*(_cells(values) for values in columns.values()), strict=True))


def _cells(values: NDArray[Any]) -> list[str]:
    """Cells of a column: the shortest text that reads back as the same number, nothing for NaN."""
    if values.dtype.kind == "f":
        return ["" if number != number else repr(number) for number in values.astype(float).tolist()]
    if values.dtype.kind == "b":
        return [str(int(value)) for value in values.tolist()]
    if values.dtype.kind in "iu":
        return [str(value) for value in values.tolist()]
    return [plain_cell(str(value)) for value in values.tolist()]


def plain_cell(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula: where it might, a ``'`` comes first.

    A spreadsheet runs what begins with ``= + - @``, a tab or a line's end. Numbers stay as they are.

    Examples
    --------
    >>> plain_cell("-1.5"), plain_cell("grey.tif"), plain_cell("=HYPERLINK(A1)"), plain_cell("-inf")
    ('-1.5', 'grey.tif', "'=HYPERLINK(A1)", '-inf')
    """
    if not text.startswith(_FORMULA_STARTS):
        return text
    try:
        float(text)
    except ValueError:
        return "'" + text
    return text if text[0] in "+-" else "'" + text


def _nullable(values: NDArray[Any]) -> Any:
    pyarrow, _ = _parquet()
    if values.dtype.kind == "f":
        return pyarrow.array(values, mask=np.isnan(values))
    if values.dtype.kind == "O":
        texts = [str(value).encode("utf-8", NO_TEXT).decode() for value in values.tolist()]
        return pyarrow.array(texts, type=pyarrow.string())
    return pyarrow.array(values)


def _parquet() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("writing Parquet", "parquet", "pyarrow") from error
    return pyarrow, pyarrow.parquet
