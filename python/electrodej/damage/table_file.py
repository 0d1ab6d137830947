"""Tables of particles as they lie on disk: ours, with or without the description, and the reference's."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError, MissingExtraError, one_line
from electrodej.files import read_json
from electrodej.vocabulary import PathLike

_TEXT_TABLES = (".csv", ".tsv", ".txt")
_DECIMAL_COMMA, _DECIMAL_POINT = (
    re.compile(rf"[+-]?(\d+{mark}\d*|{mark}\d+)([eE][+-]?\d+)?") for mark in (",", r"\.")
)


@dataclass(frozen=True)
class TableFile:
    """A table that was read.

    Attributes
    ----------
    path
        Where it lies.
    columns
        Name to values: numbers, or text where a column has some.
    units, definitions
        From the description beside it, where there is one.
    """

    path: Path
    columns: Mapping[str, NDArray[Any]]
    units: Mapping[str, str] = field(default_factory=dict)
    definitions: Mapping[str, str] = field(default_factory=dict)


def read_table_file(path: PathLike) -> TableFile:
    """Read a table, CSV or Parquet, and the description beside it if there is one."""
    source = Path(path)
    suffix = source.suffix.lower()
    if suffix not in (*_TEXT_TABLES, ".parquet"):
        raise InputError(f"{source}: a table is .csv or .parquet; give the one that electrodej measure wrote")
    if source.is_dir():
        raise InputError(f"{source} is a folder; give a table in it")
    if not source.is_file():
        raise InputError(f"{source}: there is no such file")
    columns = _read_parquet(source) if suffix == ".parquet" else _read_text(source)
    described = _description(source)
    return TableFile(
        source,
        columns,
        units={name: str(entry["unit"]) for name, entry in described.items() if "unit" in entry},
        definitions={
            name: str(entry["definition"]) for name, entry in described.items() if "definition" in entry
        },
    )


def _read_text(source: Path) -> dict[str, NDArray[Any]]:
    import pandas

    blank, separator = _head(source)
    form: dict[str, Any] = {
        "sep": separator,
        "decimal": "," if separator == ";" else ".",
        "encoding": "utf-8-sig",
        "skipinitialspace": True,
        "index_col": False,
        "low_memory": False,
        "header": None,
    }
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            frame = pandas.read_csv(
                source,
                **form,
                skiprows=blank,
                dtype=str,
                keep_default_na=False,
                nrows=1,
            )
            names = [str(name).strip() for name in frame.iloc[0].tolist()]
            body = pandas.read_csv(
                source,
                **form,
                names=list(range(len(names))),
                skiprows=blank + 1,
            )
    except pandas.errors.EmptyDataError:
        raise InputError(f"{source}: the file is empty; give a table of particles") from None
    except pandas.errors.ParserError as error:
        raise InputError(f"{source}: {_what_is_wrong(error)}") from error
    except (UnicodeError, ValueError) as error:
        raise InputError(
            f"{source}: the table cannot be read ({one_line(error)}); save it as CSV in UTF-8"
        ) from error
    except OSError as error:
        raise InputError(f"{source} cannot be read ({error.strerror or error})") from error
    if any(issubclass(warning.category, pandas.errors.ParserWarning) for warning in caught):
        raise InputError(f"{source}: rows have more cells than the {len(names)} names in the first line")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise InputError(f"{source}: the column {twice[0]} is there twice; leave one of them")
    columns = {name: body[place].to_numpy() for place, name in enumerate(names)}
    if separator == ",":
        return columns
    return {name: _with_points(values, f"{source}: {name}") for name, values in columns.items()}


def _what_is_wrong(error: Exception) -> str:
    """Put the parser's finding in words for people who make tables."""
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
    if found is None:
        return f"the table cannot be read ({one_line(error)}); save it as CSV in UTF-8"
    wanted, line, seen = found.groups()
    return f"line {line} has {seen} cells and the first one {wanted}; every line needs one for each column"


def _with_points(values: NDArray[Any], what: str) -> NDArray[Any]:
    """Return a column in which some cells are text, as decimal commas may be, with decimal points."""
    if values.dtype != object:
        return values
    commas = [isinstance(value, str) and bool(_DECIMAL_COMMA.fullmatch(value.strip())) for value in values]
    points = [isinstance(value, str) and bool(_DECIMAL_POINT.fullmatch(value.strip())) for value in values]
    if any(commas) and any(points):
        row = points.index(True)
        raise InputError(
            f"{what} has decimal commas and, in row {row + 1}, {values[row]!r}; write all numbers one way"
        )
    return np.array(
        [
            value.replace(",", ".") if comma else value
            for value, comma in zip(values.tolist(), commas, strict=True)
        ],
        dtype=object,
    )


def _head(source: Path) -> tuple[int, str]:
    """Return how many empty lines there are at first, and what parts the cells of the one after them.

    That is a comma, a tab, or the semicolon of programs that write decimal commas.
    """
    try:
        with source.open(encoding="utf-8-sig", errors="replace") as handle:
            for blank, line in enumerate(handle):
                if line.strip():
                    return blank, max((",", "\t", ";"), key=line.count)
    except OSError as error:
        raise InputError(f"{source} cannot be read ({error.strerror or error})") from error
    return 0, ","


def _read_parquet(source: Path) -> dict[str, NDArray[Any]]:
    import pandas

    try:
        frame = pandas.read_parquet(source)
    except ImportError as error:
        raise MissingExtraError("reading Parquet", "parquet", "pyarrow") from error
    except Exception as error:
        raise InputError(f"{source}: the table cannot be read as Parquet ({one_line(error)})") from error
    return {
        str(name): values.to_numpy(dtype=float, na_value=np.nan)
        if pandas.api.types.is_numeric_dtype(values.dtype)
        else values.to_numpy(dtype=object, na_value="")
        for name, values in frame.items()
    }


def _description(source: Path) -> dict[str, Mapping[str, Any]]:
    """What the ``.json`` beside a table says of its columns; nothing where there is none of ours."""
    try:
        found = read_json(source.with_suffix(".json"))
    except (OSError, InputError):
        return {}
    columns = found.get("columns") if isinstance(found, dict) else None
    if not isinstance(columns, dict):
        return {}
    return {str(name): entry for name, entry in columns.items() if isinstance(entry, dict)}
