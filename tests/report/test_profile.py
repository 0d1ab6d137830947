"""Grey by depth on the page."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from electrodej.report.profile import profile_section

NAMES = [f"GreyDepth{k}" for k in range(1, 6)]


def table(greys):
    """Three particles whose grey at each depth is that of ``greys``, one less and one more."""
    columns = {name: np.array([grey - 1, grey, grey + 1]) for name, grey in zip(NAMES, greys, strict=True)}
    return columns | {"GreyRim": columns[NAMES[0]], "GreyCore": columns[NAMES[-1]]}


def test_curves_of_samples_are_medians_with_quartiles():
    section = profile_section({"a": table([5, 6, 7, 8, 9]), "b": table([1, 1, 1, 1, np.nan])})
    assert section.table["Sample"] == ["a", "b"]
    assert section.table["GreyDepth3"].tolist() == [7, 1]
    rows = list(csv.DictReader(io.StringIO(section.figures[0].numbers.decode())))
    line = [(float(row["X"]), float(row["Y"])) for row in rows if row["Series"] == "a"]
    assert line == [pytest.approx(pair) for pair in zip((10, 30, 50, 70, 90), (5, 6, 7, 8, 9), strict=True)]
    band = [float(row["Y"]) for row in rows if not row["Series"]]
    assert (min(band), max(band)) == (0.5, 9.5)


def test_sample_without_grey_by_depth_is_left_out():
    section = profile_section({"a": table([5, 6, 7, 8, 9]), "old": {"Volume": np.ones(3)}})
    assert section.table["Sample"] == ["a"]
    assert profile_section({"old": {"Volume": np.ones(3)}}) is None
    assert profile_section({"dark": {name: np.full(2, np.nan) for name in NAMES}}) is None
