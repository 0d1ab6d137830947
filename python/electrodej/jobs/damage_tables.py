"""Tables of particles as they lie on disk: ours, with or without the description, and the reference's."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError, MissingExtraError

PathLike = str | os.PathLike[str]

_TEXT_TABLES = (".csv", ".tsv", ".txt")


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
    if not source.is_file():
        raise InputError(f"{source}: there is no such file; give a table of particles")
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

    separator = _separator(source)
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
                skiprows=0,
                dtype=str,
                keep_default_na=False,
                nrows=1,
            )
            names = [str(name).strip() for name in frame.iloc[0].tolist()]
            body = pandas.read_csv(
                source,
                **form,
                names=list(range(len(names))),
                skiprows=1,
            )
    except pandas.errors.EmptyDataError:
        raise InputError(f"{source}: the file is empty; give a table of particles") from None
    except (pandas.errors.ParserError, UnicodeError, ValueError) as error:
        raise InputError(f"{source}: the table cannot be read ({error}); save it as CSV in UTF-8") from error
    except OSError as error:
        raise InputError(f"{source} cannot be read ({error.strerror or error})") from error
    if any(issubclass(warning.category, pandas.errors.ParserWarning) for warning in caught):
        raise InputError(f"{source}: rows have more cells than the {len(names)} names in the first line")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise InputError(f"{source}: the column {twice[0]} is there twice; leave one of them")
    return {name: body[place].to_numpy() for place, name in enumerate(names)}


def _separator(source: Path) -> str:
    """What parts the cells: a comma, a tab, or the semicolon of programs that write decimal commas."""
    try:
        with source.open(encoding="utf-8-sig", errors="replace") as handle:
            line = handle.readline()
    except OSError as error:
        raise InputError(f"{source} cannot be read ({error.strerror or error})") from error
    return max((",", "\t", ";"), key=line.count)


def _read_parquet(source: Path) -> dict[str, NDArray[Any]]:
    import pandas

    try:
        frame = pandas.read_parquet(source)
    except ImportError as error:
        raise MissingExtraError("reading Parquet", "parquet", "pyarrow") from error
    except Exception as error:
        raise InputError(f"{source}: the table cannot be read as Parquet ({error})") from error
    return {
        str(name): values.to_numpy(dtype=float, na_value=np.nan)
        if pandas.api.types.is_numeric_dtype(values.dtype)
        else values.to_numpy(dtype=object, na_value="")
        for name, values in frame.items()
    }


def _description(source: Path) -> dict[str, Mapping[str, Any]]:
    """What the ``.json`` beside a table says of its columns; nothing where there is none of ours."""
    try:
        found = json.loads(source.with_suffix(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    columns = found.get("columns") if isinstance(found, dict) else None
    if not isinstance(columns, dict):
        return {}
    return {str(name): entry for name, entry in columns.items() if isinstance(entry, dict)}
