"""Sections of a page kept as plain values, so that a page can be made later from files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.files.plain import plain
from electrodej.report.content import Figure, Section
from electrodej.report.drawings import Drawing


def plain_sections(
    sections: Sequence[Section], drawings: Sequence[Drawing], *, folder: str
) -> list[dict[str, Any]]:
    """Return sections as JSON has them.

    Parameters
    ----------
    sections
        Whose pictures are among ``drawings``.
    drawings
        As `electrodej.report.drawings.write_drawings` writes them.
    folder
        Where that is, beside the JSON.
    """
    names = {drawing.svg: drawing.name for drawing in drawings}
    return [
        {
            "title": section.title,
            "body": section.body,
            "figures": [
                {
                    "title": figure.title,
                    "file": f"{folder}/{names[figure.data]}.svg",
                    "caption": figure.caption,
                    "wide": figure.wide,
                    "numbers": f"{folder}/{names[figure.data]}.csv" if figure.numbers else "",
                }
                for figure in section.figures
            ],
            "table": plain(section.table),
        }
        for section in sections
    ]


def read_sections(entries: Any, folder: Path) -> list[Section]:
    """Return the sections that `plain_sections` gave, with the pictures read from below ``folder``.

    Raises
    ------
    electrodej.errors.InputError
        They are no sections, or a picture is missing or lies elsewhere.
    """
    try:
        return [_section(entry, folder) for entry in entries]
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{folder} holds no sections of a page; make it again") from error


def _section(entry: Mapping[str, Any], folder: Path) -> Section:
    table = entry["table"]
    return Section(
        str(entry["title"]),
        str(entry["body"]),
        figures=[_figure(each, folder) for each in entry["figures"]],
        table=None if table is None else {name: _numbers(values) for name, values in table.items()},
    )


def _figure(entry: Mapping[str, Any], folder: Path) -> Figure:
    numbers = entry.get("numbers")
    return Figure(
        str(entry["title"]),
        _read(folder, str(entry["file"])),
        "image/svg+xml",
        str(entry["caption"]),
        wide=bool(entry["wide"]),
        numbers=_read(folder, str(numbers)) if numbers else b"",
    )


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"{path} does not lie in {folder}; make the folder again")
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror or error}); make the folder again"
        ) from error


def _numbers(values: Sequence[Any]) -> list[Any]:
    """Return a column in which what is undefined is NaN again, where the others are numbers."""
    known = [value for value in values if value is not None]
    if all(isinstance(value, int | float) for value in known):
        return [float("nan") if value is None else value for value in values]
    return ["" if value is None else value for value in values]
