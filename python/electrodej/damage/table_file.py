"""Tables of particles as they lie on disk: ours, with or without the description, and the reference's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError, MissingExtraError, one_line
from electrodej.files import read_json
from electrodej.files.text_tables import read_text_table
from electrodej.vocabulary import PathLike

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
    if source.is_dir():
        raise InputError(f"{source} is a folder; give a table in it")
    if not source.is_file():
        raise InputError(f"{source}: there is no such file")
    columns = _read_parquet(source) if suffix == ".parquet" else read_text_table(source)
    described = _description(source)
    return TableFile(
        source,
        columns,
        units={name: str(entry["unit"]) for name, entry in described.items() if "unit" in entry},
        definitions={
            name: str(entry["definition"]) for name, entry in described.items() if "definition" in entry
        },
    )


def _read_parquet(source: Path) -> dict[str, NDArray[Any]]:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("reading Parquet", "parquet", "pyarrow") from error
    try:
        table = parquet.read_table(source)
        # An index without a name is pandas' own.
        names = [name for name in table.column_names if not name.startswith("__index_level_")]
        return {name: _from_arrow(table[name]) for name in names}
    except Exception as error:
        raise InputError(f"{source}: the table cannot be read as Parquet ({one_line(error)})") from error


def _from_arrow(values: Any) -> NDArray[Any]:
    """Return a column as numbers, NaN where empty, or as texts."""
    import pyarrow

    kind = values.type
    if pyarrow.types.is_boolean(kind) or pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind):
        return np.array(
            [np.nan if value is None else value for value in values.to_pylist()], dtype=np.float64
        )
    return np.array(["" if value is None else value for value in values.to_pylist()], dtype=object)


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
