"""The template's own words: how values, units and pictures become text. Everything else is escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
from jinja2 import DictLoader, Environment, StrictUndefined, Template

from electrodej.report.content import Figure, is_numeric
from electrodej.report.numbers import column_texts, percent, readable, unit_text

_LONGEST_LINE = 200


def page_template() -> Template:
    """Return the page's template; what is put into it is escaped unless it says that it is HTML."""
    environment = Environment(
        loader=DictLoader({"page.html": page_file("page.html")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (readable, percent, words, one_line, paragraphs, data_uri, jpeg_uri, lines, sentence)
    environment.filters.update({each.__name__: each for each in filters}, unit=unit_text)
    environment.tests.update(
        nested=lambda value: isinstance(value, Mapping),
        listing=lambda value: isinstance(value, Sequence) and not isinstance(value, str),
        phrases=lambda value: any(isinstance(entry, str) and " " in entry for entry in value),
        hollow=lambda value: isinstance(value, Mapping | list | tuple) and not value,
    )
    return environment.get_template("page.html")


def page_file(name: str) -> str:
    """Return a file of the page, its lines ending in ``\\n`` whatever the system."""
    return resources.files("electrodej.report").joinpath("page", *name.split("/")).read_text(encoding="utf-8")


def words(name: object) -> str:
    """Return a key as words: ``voxel_size_um`` becomes ``voxel size (µm)``."""
    text = str(name)
    if text.endswith("_um"):
        text = text.removesuffix("_um") + " (µm)"
    return text.replace("_", " ")


def sentence(text: str) -> str:
    """Return a text with a capital at its start."""
    return text[:1].upper() + text[1:]


def one_line(entry: Mapping[str, Any]) -> str:
    """Return a short mapping of plain values as one line, a longer or nested one as no text.

    Examples
    --------
    >>> one_line({"z": 0.07, "y": 0.07})
    'z 0.07, y 0.07'
    """
    if any(isinstance(value, Mapping | list | tuple) for value in entry.values()):
        return ""
    line = ", ".join(f"{words(name)} {readable(value)}" for name, value in entry.items())
    return line if len(line) <= _LONGEST_LINE else ""


def paragraphs(body: str) -> list[str]:
    """Return text split at blank lines; HTML that calls itself safe stays whole."""
    if hasattr(body, "__html__"):
        return [body]
    return [text.strip() for text in body.split("\n\n") if text.strip()]


def data_uri(figure: Figure) -> str:
    """Return a picture as an address that holds it."""
    return _address(figure.data, figure.media_type)


def jpeg_uri(data: bytes) -> str:
    """Return a JPEG as an address that holds it."""
    return _address(data, "image/jpeg")


def _address(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


@dataclass(frozen=True)
class Cell:
    """What stands in a cell of a small table, and whether it is a number."""

    text: str
    number: bool


def lines(table: Mapping[str, Iterable[Any]]) -> list[tuple[Cell, ...]]:
    """Return the rows of a table given by columns; the numbers of a column have as many decimals each."""
    columns = []
    for values in table.values():
        array = np.asarray(values if isinstance(values, np.ndarray) else list(values))
        number = is_numeric(array) and array.dtype.kind != "b"
        texts = column_texts(array) if number else [readable(value) for value in array.tolist()]
        columns.append([Cell(text, number) for text in texts])
    return list(zip(*columns, strict=True))
