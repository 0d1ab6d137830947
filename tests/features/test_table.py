"""How a table of particles shows itself, printed and in a notebook."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from electrodej.features import FeatureTable, features


class Cells(HTMLParser):
    """The text of each head and cell of a page's table."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.heads: list[str] = []
        self.cells: list[str] = []
        self._into: list[str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self._into = {"th": self.heads, "td": self.cells}.get(tag)
        if self._into is not None:
            self._into.append("")

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into[-1] += data.strip()


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    """Twelve cubes in a row."""
    labels = np.zeros((6, 6, 60), np.uint8)
    for number in range(1, 13):
        labels[2:4, 2:4, 5 * number - 4 : 5 * number - 2] = number
    return replace(features(labels * 10, labels, spacing=(0.5, 0.5, 0.5)), image="cathode <3>.tif")


def test_a_table_prints_how_many_particles_it_has_and_the_first_and_last_of_them(table: FeatureTable) -> None:
    first, names, *rows = str(table).splitlines()
    assert "12 particles" in first
    assert "cathode <3>.tif" in first
    assert names.split()[:3] == ["Label", "X", "[um]"]
    assert [row.split()[0] for row in rows] == ["1", "2", "3", "4", "5", "...", "8", "9", "10", "11", "12"]
    assert repr(table) == str(table)


def test_printed_lines_stay_short_whatever_is_measured(table: FeatureTable) -> None:
    assert max(map(len, str(table).splitlines())) < 160


def test_a_notebook_shows_every_column_with_its_unit_and_what_is_undefined_as_empty(
    table: FeatureTable,
) -> None:
    shown = table._repr_html_()
    page = Cells(shown)
    assert [name.split(" [")[0] for name in page.heads] == list(table.columns)
    assert "Volume [um^3]" in page.heads
    width = len(page.heads)
    assert page.cells[:width][list(table.columns).index("RoughInner")] == ""
    assert page.cells[::width] == ["1", "2", "3", "4", "5", "...", "8", "9", "10", "11", "12"]
    assert not [cell for cell in page.cells if "nan" in cell.lower()]
    assert "cathode &lt;3&gt;.tif" in shown


def test_a_notebook_shows_the_notes(table: FeatureTable) -> None:
    assert all(note in table._repr_html_() for note in table.notes)
    assert table.notes


def test_a_table_without_particles_can_be_shown() -> None:
    empty = features(np.zeros((3, 3, 3)), np.zeros((3, 3, 3), np.uint8), spacing=(1, 1, 1))
    assert str(empty).startswith("0 particles")
    assert "<table" in empty._repr_html_()
