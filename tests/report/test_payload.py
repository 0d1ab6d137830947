"""Data inside the page."""

from __future__ import annotations

import base64
import json
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrodej.report.payload import Parts, pack_column, script_safe_json


@pytest.mark.slow
@given(
    st.recursive(st.text(), lambda inner: st.dictionaries(st.text(), inner) | st.lists(inner), max_leaves=5)
)
def test_any_text_survives_and_none_can_end_the_script(value):
    text = script_safe_json(value)
    assert json.loads(text) == value
    assert not set(text) & set("<>&\u2028\u2029")


def test_file_name_that_is_not_utf8_can_be_written():
    assert script_safe_json("scan\udcff.tif").encode("utf-8") == b'"scan?.tif"'


def unpack(column, parts, rows):
    start, length = column["part"]
    planes = zlib.decompress(base64.b64decode(parts.text()[start : start + length]))
    columns = np.frombuffer(planes, np.uint8).reshape(column["bytes"], rows)
    return np.ascontiguousarray(columns.T).view(f"<f{column['bytes']}").ravel()


def test_numbers_keep_seven_digits_and_undefined_ones_stay_so():
    parts = Parts()
    parts.add(b"before")
    values = np.array([1.2345678, np.nan, -3e-12, np.inf])
    back = unpack(pack_column(values, parts), parts, 4)
    np.testing.assert_allclose(back, [1.2345678, np.nan, -3e-12, np.nan], rtol=1e-7)


def test_large_labels_stay_whole():
    parts = Parts()
    labels = np.array([1, 2**24 + 1, 2**31 - 1])
    assert unpack(pack_column(labels, parts), parts, 3).tolist() == labels.tolist()


def test_text_columns_stay_text_with_missing_cells_empty():
    parts = Parts()
    column = pack_column(np.array(["b", None, "a", float("nan"), "b"], dtype=object), parts)
    assert column["words"] == ["b", "", "a"]
    assert [column["words"][int(place)] for place in unpack(column, parts, 5)] == ["b", "", "a", "", "b"]


def test_a_name_in_every_row_is_held_once():
    parts = Parts()
    column = pack_column(np.array(["a long name of an image"] * 100_000, dtype=object), parts)
    assert len(json.dumps(column)) + len(parts.text()) < 2000
