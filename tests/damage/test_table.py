"""Whatever is wrong with a table is said, with the column, the row and what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from electrodej.damage import ATTRIBUTES, TARGET, make_table
from electrodej.errors import InputError
from electrodej.features import listing


def test_the_attributes_are_those_that_measure_writes_in_the_order_of_the_contract() -> None:
    names = "Z Roll Pitch Yaw Edensity Homogeneity SurfInner SurfOuter Volume Elongation Sphericity Vsratio"
    names += " RoughInner RoughOuter Contact PDensity DisNearest locVolume locOri locElongation locSphericity"
    assert " ".join(ATTRIBUTES) == names
    written = {attribute["name"] for attribute in listing()}
    assert {*ATTRIBUTES, TARGET, "TouchesBorder", "X", "Y"} <= written


def test_missing_columns_are_named(columns_of: Any) -> None:
    columns = columns_of(20)
    del columns["Contact"], columns["PDensity"]
    with pytest.raises(
        InputError, match=r"t\.csv: the columns Contact and PDensity are missing.*--leave-out"
    ):
        make_table(columns, name="t.csv")
    table = make_table(columns, leave_out=["Contact", "PDensity"])
    assert len(table.attributes) == 19
    assert table.values.shape == (20, 19)


def test_a_table_without_damage_is_refused(columns_of: Any) -> None:
    columns = columns_of(20)
    del columns["Damage"]
    with pytest.raises(InputError, match="the column Damage is missing"):
        make_table(columns)


def test_the_references_columns_alone_are_enough(columns_of: Any) -> None:
    columns = columns_of(20)
    del columns["Label"]
    table = make_table(columns)
    assert table.labels.tolist() == list(range(1, 21))
    assert set(table.images) == {""}
    assert np.isnan(table.positions[:, 1:]).all()
    assert table.notes == ()


def test_text_in_a_column_of_numbers_is_shown_with_its_row(columns_of: Any) -> None:
    columns = columns_of(20)
    columns["Contact"] = np.array(["0.5"] * 6 + ["<b>broken</b>"] + ["0.5"] * 13, dtype=object)
    with pytest.raises(InputError, match=r"row 7 of Contact holds '<b>broken</b>'"):
        make_table(columns)


def test_numbers_as_text_and_words_for_nothing_are_read(columns_of: Any) -> None:
    columns = columns_of(6)
    columns["Contact"] = np.array([" 0.25 ", "1e-1", "NaN", "", None, "n/a"], dtype=object)
    table = make_table(columns)
    # 0.25 and 0.1 have the median 0.175.
    contact = table.values[:, ATTRIBUTES.index("Contact")]
    assert contact.tolist() == pytest.approx([0.25, 0.1, 0.175, 0.175, 0.175, 0.175])
    assert dict(table.filled) == {"Contact": 4}
    assert "Contact 4 of 6" in table.notes[0]


def test_an_empty_cell_has_the_median_for_the_model_and_stays_empty_as_measured(columns_of: Any) -> None:
    columns = columns_of(20)
    columns["RoughInner"] = np.arange(20.0)
    columns["RoughInner"][4] = np.nan
    table = make_table(columns)
    place = table.attributes.index("RoughInner")
    assert table.values[4, place] == np.median(np.delete(np.arange(20.0), 4))
    np.testing.assert_array_equal(table.measured("RoughInner"), columns["RoughInner"])


def test_rows_without_damage_are_left_out_and_counted(columns_of: Any) -> None:
    columns = columns_of(20)
    columns["Damage"][[3, 7]] = np.nan, np.inf
    table = make_table(columns)
    assert len(table) == 18
    assert 4 not in table.labels
    assert table.left_out == {"no damage": 2}
    assert "2 of 20 rows were left out: no damage." in table.notes


def test_values_beyond_single_precision_count_as_empty(columns_of: Any) -> None:
    columns = columns_of(20)
    columns["Volume"][0] = 1e300
    columns["Volume"][1] = -np.inf
    assert make_table(columns).filled == {"Volume": 2}


def test_particles_at_the_border_are_left_out_on_request(columns_of: Any) -> None:
    columns = columns_of(20)
    with pytest.raises(InputError, match=r"TouchesBorder is missing.*--exclude-border"):
        make_table(columns, exclude_border=True)
    columns["TouchesBorder"] = np.arange(20) < 5
    assert len(make_table(columns)) == 20
    table = make_table(columns, exclude_border=True)
    assert table.labels.tolist() == list(range(6, 21))
    assert table.left_out == {"touching the border of the volume": 5}


def test_the_same_row_twice_counts_once(columns_of: Any) -> None:
    columns = {name: np.concatenate([values, values[:3]]) for name, values in columns_of(20).items()}
    table = make_table(columns)
    assert len(table) == 20
    assert table.left_out == {"the same row once more": 3}


def test_the_same_row_twice_counts_once_without_labels_too(columns_of: Any) -> None:
    columns = {name: np.concatenate([values, values[:3]]) for name, values in columns_of(20).items()}
    del columns["Label"]
    table = make_table(columns)
    assert table.left_out == {"the same row once more": 3}
    assert table.labels.tolist() == list(range(1, 21))


@pytest.mark.parametrize("text", ["1_000", "\uff11\uff12", "0x10"])
def test_what_only_python_reads_as_a_number_is_none(columns_of: Any, text: str) -> None:
    columns = columns_of(5)
    columns["Volume"] = columns["Volume"].astype(object)
    columns["Volume"][3] = text
    with pytest.raises(InputError, match="row 4 of Volume"):
        make_table(columns)


def test_one_label_for_two_particles_is_noted_and_both_stay(columns_of: Any) -> None:
    columns = columns_of(20)
    columns["Label"][1] = 1
    table = make_table(columns)
    assert len(table) == 20
    assert "1 rows have a label that another row has" in table.notes[0]
    columns["Image"] = np.array(["a.tif", "b.tif"] * 10, dtype=object)
    assert make_table(columns).notes == ()


def test_a_damage_that_is_no_share_is_noted(columns_of: Any) -> None:
    columns = columns_of(20)
    columns["Damage"][:2] = -0.1, 3
    assert any("2 particles have a damage below 0 or above 1" in note for note in make_table(columns).notes)


def test_an_attribute_to_leave_out_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="no attribute 'Colour'"):
        make_table({}, leave_out=["Colour"])
    with pytest.raises(InputError, match="all attributes are left out"):
        make_table({}, leave_out=ATTRIBUTES)
