"""The crack part of a report: the words follow the numbers, the picture can be read."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from electrodej.morphology import relate
from electrodej.report.cracks.figures import crack_drawing, share_drawing, share_figure
from electrodej.report.cracks.sections import crack_section
from electrodej.report.drawings import render

COUNT = 60


def made(slope: float) -> tuple[dict[str, Any], dict[str, Any]]:
    packing = np.linspace(0.3, 0.6, COUNT)
    # Up and down in turn: without a slope the ranks go with those of the packing hardly at all.
    share = 0.4 + slope * packing + 0.02 * (-1.0) ** np.arange(COUNT)
    table = {
        "Label": np.arange(1, COUNT + 1),
        "Volume": np.full(COUNT, 2.0),
        "CrackVolume": 2 * share,
        "CrackShare": share,
        "CrackReachesSurface": np.repeat([1, 0], COUNT // 2),
        "PDensity": packing,
    }
    return table, {"CrackShare": relate(packing, share), "CrackWidth": relate(packing, np.ones(COUNT))}


def words_of(svg: bytes) -> str:
    return " ".join(ElementTree.fromstring(svg).itertext())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("slope", "said"), [(-0.3, "falls with"), (0.3, "rises with"), (0.0, "neither up nor down")]
)
def test_the_verdict_says_which_way_and_only_where_it_is_sure(slope: float, said: str):
    section = crack_section(*made(slope))
    assert said in section.body
    assert f"{COUNT} of {COUNT} particles have some" in section.body
    assert re.search(r"\b30\b.*reaches the surface", section.body)


def test_the_lead_tells_how_much_and_not_only_how_many():
    table, relations = made(0)
    # Shares of 0.2, 0.5, 3, 7 and 20 % in twelve particles each.
    share = np.repeat([0.002, 0.005, 0.03, 0.07, 0.2], COUNT // 5)
    table |= {"CrackShare": share, "CrackVolume": 2 * share}
    body = crack_section(table, relations).body
    assert "6.14 %" in body
    assert re.search(r"\b3 %.*median.*0\.5 to 7 %", body, re.DOTALL)
    assert re.search(r"\b36 .*1 %.*\b24 .*5 %.*\b12 .*10 %", body, re.DOTALL)
    assert "hollow cores" in body


def test_the_curve_of_shares_counts_the_particles_above_each():
    figure = share_figure(np.array([0.002, 0.03, 0.03, np.nan, 0.2]))
    steps, dots = figure.axes[0].lines[:2]
    np.testing.assert_allclose(steps.get_xdata(), [0, 0.2, 3, 3, 20])
    assert list(steps.get_ydata()) == [4, 3, 2, 1, 0]
    assert list(dots.get_ydata()) == [3, 1, 1]
    assert "Particles with more" in words_of(render(share_drawing(np.array([0.1])), "svg"))


def test_a_relation_that_is_undefined_is_empty_in_the_table():
    section = crack_section(*made(0.2))
    assert section.table is not None
    assert list(section.table["Measure"]) == ["CrackShare", "CrackWidth"]
    assert np.isnan(section.table["Rank correlation"][1])


def test_where_no_particle_has_cracks_nothing_is_claimed():
    table, _ = made(0)
    table = table | {name: np.zeros(COUNT) for name in ("CrackVolume", "CrackShare", "CrackReachesSurface")}
    section = crack_section(table, {"CrackShare": relate(table["PDensity"], table["CrackShare"])})
    assert "cannot be said" in section.body
    assert f"None of the {COUNT} particles has a crack" in section.body


def test_the_picture_names_its_axes_and_measures_and_is_the_same_each_time():
    table, relations = made(0.2)
    drawing = crack_drawing(table["PDensity"], table["CrackShare"], relations)
    svg = render(drawing, "svg")
    for word in ("Packing density", "Crack share", "CrackWidth", "mean, 95 % interval"):
        assert word in words_of(svg)
    assert render(drawing, "svg") == svg
    assert render(drawing, "png").startswith(b"\x89PNG\r\n")
