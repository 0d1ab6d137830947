"""Curves of the structure of phases on the page."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from electrodej.morphology import (
    PhaseImage,
    Profiles,
    measure_arrangement,
    measure_phases,
    measure_sizes,
    size_table,
)
from electrodej.report.structure import structure_drawings

NAMES = {0: "pore", 1: "particle"}


def tables() -> dict[str, dict[str, np.ndarray]]:
    phases = np.zeros((12, 12, 12), np.uint8)
    phases[3:9, 3:9, 3:9] = 1
    image = PhaseImage(phases, spacing=(0.5, 0.5, 0.5), names=NAMES)
    _, found = measure_arrangement(image)
    profiles = Profiles(image)
    profiles.measure(measure_phases)
    found["profiles"] = profiles.table()
    found["sizes"] = size_table(measure_sizes(image)[1])
    images = {name: np.full(len(next(iter(each.values()))), "a.tif", object) for name, each in found.items()}
    return {name: {"Image": images[name], **each} for name, each in found.items()}


@pytest.mark.slow
def test_each_table_is_drawn_with_a_line_for_each_phase():
    drawings = structure_drawings(tables())
    assert [each.name for each in drawings] == ["phase-sizes", "phase-profiles", "phase-correlations"]
    for each in drawings:
        rows = list(csv.DictReader(io.StringIO(each.numbers.decode("utf-8-sig"))))
        assert {row["Series"] for row in rows} >= {"pore", "particle"}
    shares = list(csv.DictReader(io.StringIO(drawings[1].numbers.decode("utf-8-sig"))))
    middle = [float(row["Y"]) for row in shares if row["Series"] == "particle"]
    assert max(middle) == 1 / 4


def test_only_what_is_there_is_drawn():
    found = tables()
    assert structure_drawings({}) == []
    assert [each.name for each in structure_drawings({"profiles": found["profiles"]})] == ["phase-profiles"]
