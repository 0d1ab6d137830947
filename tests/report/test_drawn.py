"""The numbers behind a drawing."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from matplotlib.figure import Figure as MatplotlibFigure

from electrodej.report import Section
from electrodej.report.drawings import Drawing, as_figure, write_drawings
from electrodej.report.drawn import drawn_numbers
from electrodej.report.stored import plain_sections, read_sections


def rows(draw):
    """What is read back of axes that `draw` draws into: series, x, y and value."""
    figure = MatplotlibFigure()
    axes = figure.subplots()
    draw(axes)
    table = drawn_numbers(figure)
    return list(zip(*(table[name] for name in ("Series", "X", "Y", "Value")), strict=True)) if table else []


def test_line_gives_its_points_and_lines_of_the_whole_panel_give_none():
    def draw(axes):
        axes.plot([1, 2], [0.5, 0.25], label="a")
        axes.axhline(3)
        axes.axvline(4)

    assert rows(draw) == [("a", "1.0", "0.5", ""), ("a", "2.0", "0.25", "")]


def test_bars_give_their_ends_with_the_names_that_stand_beside_them():
    def draw(axes):
        axes.barh([0, 1], [0.25, -2])
        axes.set_yticks([0, 1], ["Volume", "Contact"])

    assert rows(draw) == [("", "0.25", "Volume", ""), ("", "-2.0", "Contact", "")]


def test_points_give_what_colours_them_and_the_colour_bar_is_no_panel():
    figure = MatplotlibFigure()
    axes = figure.subplots()
    points = axes.scatter([1, 2], [3, 4], c=[0.5, 0.75])
    figure.colorbar(points, ax=axes)
    table = drawn_numbers(figure)
    assert table["X"].tolist() == ["1.0", "2.0"]
    assert table["Value"].tolist() == ["0.5", "0.75"]


def test_steps_of_a_histogram_give_their_edges():
    found = rows(lambda axes: axes.stairs([5, 7], [0, 1, 2]))
    assert [row[1:3] for row in found] == [("0.0", "5.0"), ("1.0", "7.0"), ("2.0", "7.0")]


def test_small_picture_gives_its_cells_and_a_photograph_none():
    assert [row[1:] for row in rows(lambda axes: axes.imshow([[1, 2], [3, 4]]))] == [
        ("0.0", "0.0", "1.0"),
        ("1.0", "0.0", "2.0"),
        ("0.0", "1.0", "3.0"),
        ("1.0", "1.0", "4.0"),
    ]
    assert rows(lambda axes: axes.imshow(np.zeros((100, 100)))) == []


def test_panels_are_told_apart_with_the_names_of_their_axes():
    figure = MatplotlibFigure()
    first, second = figure.subplots(1, 2)
    first.plot([0], [1])
    first.set_title("One")
    first.set_xlabel("Volume (µm³)")
    second.plot([0], [2])
    table = drawn_numbers(figure)
    assert table["Panel"].tolist() == ["One", "2"]
    assert table["XName"].tolist() == ["Volume (µm³)", ""]


@pytest.fixture
def drawing():
    def draw():
        figure = MatplotlibFigure()
        figure.subplots().plot([1, 2], [3, 4], label="=a")
        return figure

    return Drawing("line", "A line", "", draw)


def test_numbers_of_a_drawing_are_a_table_without_formulas(drawing):
    text = as_figure(drawing).numbers.decode()
    assert [row["Series"] for row in csv.DictReader(io.StringIO(text))] == ["'=a", "'=a"]
    assert [row["Y"] for row in csv.DictReader(io.StringIO(text))] == ["3.0", "4.0"]


def test_numbers_lie_beside_the_drawing_and_are_read_with_it(drawing, tmp_path):
    (tmp_path / "figures").mkdir()
    written = write_drawings(tmp_path / "figures", [drawing])
    assert [path.name for path in written] == ["line.png", "line.svg", "line.csv"]
    sections = [Section("A", figures=[as_figure(drawing)])]
    (read,) = read_sections(plain_sections(sections, [drawing], folder="figures"), tmp_path)
    assert read.figures[0].numbers == drawing.numbers
