"""Many images in one table and on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.damage.table_file import TableFile, read_table_file
from electrodej.files import described
from electrodej.files.tables import write_table
from electrodej.run import Run
from electrodej.verbs.run.comparison import write_comparison

if TYPE_CHECKING:
    from electrodej.verbs.run.batch import Done

SUMMARY, COMPARISON = "summary.csv", "comparison.html"
_MEASURED = ("EqDiameter", "Damage", "Elongation", "Sphericity", "Circularity", "Contact", "PDensity")
_NOT_MEASURED = ("Image", "Of")


def sum_up(
    done: Sequence[Done], folder: Path, run: Run, *, by: str, damage: Mapping[str, Any] | None
) -> dict[str, Path]:
    """Write the table over all images and the page that compares them; return both by what they are.

    See `electrodej.verbs.run.comparison.write_comparison`.
    """
    tables = {
        number: read_table_file(path)
        for number, each in enumerate(done)
        if (path := each.found.files.get("table")) is not None
    }
    _write_table(folder / SUMMARY, done, tables)
    files = {"summary": folder / SUMMARY}
    filled = {number: table for number, table in tables.items() if len(table.columns.get("Label", ()))}
    if filled:
        write_comparison(folder / COMPARISON, done, filled, run, by=by, damage=damage)
        files["comparison"] = folder / COMPARISON
    return files


def _write_table(path: Path, done: Sequence[Done], tables: Mapping[int, TableFile]) -> None:
    rows = [_row(each, tables.get(number)) for number, each in enumerate(done)]
    heads = list(dict.fromkeys(name for row in rows for name in row))
    columns: dict[str, NDArray[Any]] = {}
    for head in heads:
        values = [row.get(head) for row in rows]
        text = any(isinstance(value, str) for value in values)
        blank = "" if text else np.nan
        columns[head] = np.array(
            [blank if value is None else value for value in values], dtype=object if text else float
        )
    write_table(
        path,
        columns,
        description=described(columns={head: ("", _meaning(head)) for head in heads}),
        force=True,
    )


def _row(done: Done, table: TableFile | None) -> dict[str, Any]:
    from electrodej.features.sizes import size_at
    from electrodej.report.electrode_sections import sized

    row: dict[str, Any] = {
        "Image": done.job.image.name,
        "Folder": done.job.folder.name,
        **done.job.about,
        "State": "failed" if done.failure else "done",
        "Failure": done.failure,
    }
    if table is not None:
        row["Particles"] = len(table.columns.get("Label", ()))
        for name, size in zip(("D10", "D50", "D90"), size_at(*sized(table.columns)), strict=True):
            row[name] = size
        for name in _MEASURED:
            values = np.asarray(table.columns.get(name, ()), np.float64)
            if np.isfinite(values).any():
                row[f"{name}_mean"] = float(np.nanmean(values))
                row[f"{name}_median"] = float(np.nanmedian(values))
    if (path := done.found.files.get("morphology")) is not None:
        measures = read_table_file(path).columns
        for name, values in measures.items():
            if name not in _NOT_MEASURED and len(values) and np.asarray(values).dtype.kind in "biuf":
                row[name] = float(values[0])
    return row


def _meaning(head: str) -> str:
    name, _, what = head.rpartition("_")
    if name in _MEASURED:
        return f"{what.capitalize()} of the column {name} over the particles of the image."
    known = {
        "Image": "The grey image.",
        "Folder": "The folder with its results.",
        "State": "Whether every stage was done.",
        "Failure": "Why not.",
        "Particles": "How many were measured.",
        "D10": "Equivalent diameter in um below which 10 % of the particles' volume (2D: area) lies.",
        "D50": "The same for 50 %.",
        "D90": "The same for 90 %.",
    }
    return known.get(head, "As in the table of groups, or as in the image's table of phases.")
