"""Tables as text, against how pandas reads the same file."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from electrodej.errors import InputError
from electrodej.files.text_tables import read_text_table

CELLS = {
    "whole": lambda draw: str(draw.randrange(-9, 10**9)),
    "number": lambda draw: repr(draw.uniform(-1, 1) * 10 ** draw.randrange(-20, 20)),
    "gaps": lambda draw: draw.choice(["", "NaN", "NA", "1.5", "-2e3", "inf"]),
    "text": lambda draw: draw.choice(["a.tif", 'with "quotes"', "with, comma", "two\nlines", "1_000", "µm"]),
    "mixed": lambda draw: draw.choice(["1", "x", "2.5"]),
    "truth": lambda draw: draw.choice(["True", "False"]),
}


@pytest.mark.parametrize("separator", [",", "\t", ";"])
@pytest.mark.parametrize("seed", range(4))
def test_columns_are_those_that_pandas_reads(tmp_path: Path, separator: str, seed: int) -> None:
    draw, path = random.Random(seed), tmp_path / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, delimiter=separator, lineterminator=draw.choice(["\n", "\r\n"]))
        writer.writerow(CELLS)
        writer.writerows([make(draw) for make in CELLS.values()] for _ in range(40))
    found = read_text_table(path)
    expected = pd.read_csv(path, sep=separator)
    assert list(found) == list(expected.columns)
    for name, values in found.items():
        kind = expected[name].to_numpy().dtype.kind
        assert values.dtype.kind == kind, name
        if kind == "O":
            assert values.tolist() == expected[name].tolist()
        else:
            np.testing.assert_allclose(values, expected[name].to_numpy(), rtol=1e-15)


def test_a_long_column_is_text_where_a_late_cell_is_none(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("A,B\n" + "".join(f"{row},{row / 4}\n" for row in range(10_001)) + "bad,\n")
    columns = read_text_table(path)
    assert columns["A"][[0, 9_999, 10_001]].tolist() == ["0", "9999", "bad"]
    assert columns["B"].dtype == np.float64
    assert columns["B"][10_000] == 2500.0
    assert np.isnan(columns["B"][10_001])


def test_decimal_commas_are_known_through_a_long_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("A;B\n" + "1,5;2,5\n" * 12_000)
    np.testing.assert_array_equal(read_text_table(path)["A"], np.full(12_000, 1.5))
    path.write_text("A;B\n" + "1,5;2,5\n" * 12_000 + "1.5;2,5\n")
    with pytest.raises(InputError, match=r"A has decimal commas and, in row 12001, '1\.5'"):
        read_text_table(path)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("\n \na,b\n\n1,2\n   \n3,4\n", [[1, 3], [2, 4]]),  # lines without anything
        ("a,b\n1\n3,4\n", [[1, 3], [np.nan, 4]]),  # a row that ends early
        ("a,b\n1,2,\n3,4,\n", [[1, 3], [2, 4]]),  # a separator at each line's end
        ("a,b\r1,2\r3,4\r", [[1, 3], [2, 4]]),  # lines of an old Macintosh
        (" a, b\n 1, 2\n", [[1], [2]]),
        ("a,b\n", [[], []]),
    ],
)
def test_what_other_programs_write_is_read(tmp_path: Path, content: str, rows: list[list[float]]) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content.encode())
    found = read_text_table(path)
    np.testing.assert_array_equal(list(found.values()), rows)
    assert list(found) == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n \n\n", "is empty"),
        ("a,b\n1,2,3\n", "line 2 has 3 cells and the first one 2"),
        ('a,b\n1,"2\n3,4\n', "cannot be read"),  # half of the file would be one cell
        ("a,b\n" + "1" * 200_000 + ",2\n", "cannot be read"),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        read_text_table(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ['""\n', '"  "\n', " \n"])
def test_a_file_without_a_name_is_said_to_be_empty(tmp_path: Path, text: str):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InputError, match="empty"):
        read_text_table(tmp_path / "t.csv")


def test_windows_words_for_no_number_are_none(tmp_path: Path):
    (tmp_path / "t.csv").write_text("a\n1.5\n-1.#IND\n#N/A N/A\n")
    found = read_text_table(tmp_path / "t.csv")["a"]
    assert found.dtype.kind == "f"
    assert np.isnan(found).tolist() == [False, True, True]


@pytest.mark.parametrize(("cell", "late"), [("007", "x"), ("1.50", "x"), ("True", "5")])
def test_a_text_far_below_leaves_the_cells_above_as_they_are_written(tmp_path: Path, cell: str, late: str):
    (tmp_path / "t.csv").write_text("\n".join(["a,b", *[f"{cell},1"] * 10_000, f"{late},2"]) + "\n")
    found = read_text_table(tmp_path / "t.csv")
    assert set(found["a"]) == {cell, late}
    assert found["b"].sum() == 10_002
