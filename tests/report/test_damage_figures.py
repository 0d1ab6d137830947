"""The damage part of a report: every picture can be read, and says what was found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from electrodej.damage import (
    ATTRIBUTES,
    WELL_FORMED,
    DamageConfig,
    analyse_network,
    compare_damage,
    evolve,
    explain_damage,
    make_contacts,
    make_table,
)
from electrodej.report import ReportContent, write_report
from electrodej.report.damage.comparison import _legend_names, comparison_drawing
from electrodej.report.damage.figures import _ranks, _swarm, damage_drawings
from electrodej.report.damage.network import (
    LabelPlane,
    evolution_drawing,
    map_drawing,
    map_figure,
    network_drawings,
    shown_particles,
)
from electrodej.report.damage.sections import damage_section, damage_sections
from electrodej.report.drawings import Drawing, as_figure, new_axes, render, write_drawings
from electrodej.report.plain_words import PLAIN_WORDS

CONFIG = DamageConfig(trees=6, seeds=2, draws=2, draw_size=40, folds=2, repeats=1, interaction_rows=5)


def make_columns(count: int) -> dict[str, Any]:
    generator = np.random.default_rng(0)
    columns = {name: generator.random(count) for name in (*ATTRIBUTES, "X", "Y")}
    return columns | {"Damage": 0.3 * columns["Contact"], "Label": np.arange(1, count + 1)}


@pytest.fixture(scope="module")
def result() -> Any:
    return explain_damage(make_table(make_columns(60), name="t.csv"), CONFIG)


@pytest.fixture(scope="module")
def chain(result: Any) -> Any:
    """Contacts of particles in a row."""
    first = np.arange(1, 60)
    return make_contacts({"Label1": first, "Label2": first + 1}, result.table)


def words_of(svg: bytes) -> str:
    return " ".join(ElementTree.fromstring(svg).itertext())


def test_the_bars_name_every_attribute_and_the_same_input_gives_the_same_file(result: Any) -> None:
    drawing = damage_drawings(result)[0]
    svg = render(drawing, "svg")
    assert all(name in words_of(svg) for name in ATTRIBUTES)
    assert render(drawing, "svg") == svg
    assert render(drawing, "png").startswith(b"\x89PNG\r\n")


def test_a_table_gets_its_own_file_names(result: Any) -> None:
    names = [drawing.name for drawing in damage_drawings(result, suffix="-2")]
    assert names[:2] == ["contribution-2", "beeswarm-2"]
    assert len(names) == len(set(names)) == 6


def test_a_drawing_is_drawn_once_for_both_files_and_the_page(tmp_path: Path) -> None:
    drawn = []

    def draw() -> Any:
        drawn.append(1)
        return new_axes(3, 2)[0]

    drawing = Drawing("a", "b", "c", draw)
    files = write_drawings(tmp_path, [drawing])
    assert [file.name for file in files] == ["a.png", "a.svg"]
    assert as_figure(drawing).data == files[1].read_bytes()
    assert len(drawn) == 1


def test_dollars_and_foreign_letters_in_a_name_are_drawn_as_they_are() -> None:
    def draw() -> Any:
        figure, axes = new_axes(3, 2)
        axes.set_title("$10_{cycles}$ 電極 <b>")
        return figure

    assert "$10_{cycles}$ 電極 <b>" in words_of(render(Drawing("a", "b", "c", draw), "svg"))


@pytest.mark.slow
def test_a_section_has_the_verdict_the_pictures_and_the_ranking(result: Any) -> None:
    section = damage_section(result)
    assert result.model.evaluation.verdict in section.body
    assert section.table is not None
    assert list(section.table["Attribute"]) == result.ranking
    assert section.table["Contribution, mean of seeds"][0] == max(
        each.mean for each in result.model.seeds.values()
    )
    assert len(section.figures) == 6


def test_without_a_model_a_section_says_so_and_has_the_correlations() -> None:
    section = damage_section(explain_damage(make_table(make_columns(10))))
    assert "10 particles are too few" in section.body
    assert section.figures == ()
    assert section.table is not None
    assert section.table["Rank correlation with damage"][ATTRIBUTES.index("Contact")] == pytest.approx(1)


@pytest.mark.slow
def test_network_and_evolution_join_the_report(result: Any, chain: Any, tmp_path: Any) -> None:
    network = analyse_network(result.table, chain)
    found = evolve(chain.pairs, np.ones(60), WELL_FORMED)
    sections = damage_sections([result], contacts=chain, network=network, evolutions={"A & B": found})
    assert [section.title for section in sections] == [
        "What explains the damage",
        "The contact network",
        "Evolution of the network (model)",
    ]
    assert "60 particles with 59 contacts" in sections[1].body
    assert f"A & B: synchronous from cycle {found.synchronous_from} on" in sections[2].body
    content = ReportContent("Damage", None, None, None, table=make_columns(60), sections=sections)
    page = write_report(tmp_path / "report.html", content).read_text(encoding="utf-8")
    assert "A &amp; B: synchronous" in page
    assert page.count("data:image/svg+xml") == 9


def test_a_network_without_places_is_laid_out(chain: Any) -> None:
    columns = make_columns(60)
    del columns["X"]
    table = make_table(columns)
    svg = render(network_drawings(table, chain, analyse_network(table, chain))[0], "svg")
    assert "Damage" in words_of(svg)
    assert "µm" not in words_of(svg)


def places_of(drawing: Drawing) -> tuple[Any, list[Any]]:
    """The figure's box, and those of its axes with all their words."""
    drawing.svg  # noqa: B018 - saving may move what is drawn
    return drawing.figure.bbox, [axes.get_tightbbox() for axes in drawing.figure.axes]


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 1), (1, 3)])
def test_the_words_of_the_network_lie_within_the_picture(chain: Any, width: float, height: float) -> None:
    columns = make_columns(60)
    columns |= {"X": 40 * width * columns["X"], "Y": 40 * height * columns["Y"], "Z": columns["X"]}
    table = make_table(columns)
    whole, axes = places_of(network_drawings(table, chain, analyse_network(table, chain))[0])
    assert len(axes) == 2
    for box in axes:
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= whole.x1
        assert box.y1 <= whole.y1


def test_the_evolution_has_the_width_of_the_page(chain: Any) -> None:
    assert evolution_drawing({"a": evolve(chain.pairs, np.ones(60), WELL_FORMED)}).wide


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.csv", "W" * 300])
def test_the_names_of_a_comparison_lie_above_the_data(result: Any, name: str) -> None:
    other = replace(result, table=replace(result.table, name=name))
    [comparison], _ = compare_damage([result, other])
    drawing = comparison_drawing(comparison)
    whole, axes = places_of(drawing)
    [legend] = drawing.figure.legends
    box = legend.get_window_extent()
    assert box.y0 >= max(each.y1 for each in axes)
    assert box.x0 >= 0
    assert max(box.x1, *(each.x1 for each in axes)) <= whole.x1
    assert max(each.height for each in axes) > 0.8 * whole.height


def test_long_names_of_tables_are_cut_in_the_middle_and_stay_apart() -> None:
    start, end = "a" * 50, "z" * 50
    assert _legend_names("a.csv", f"{start}10{end}") == ("a.csv", f"{'a' * 29}…{'z' * 29}")
    assert _legend_names(f"{start}10{end}", f"{start}50{end}") == (
        f"…10{'z' * 50}",
        f"…50{'z' * 50}",
    )


@pytest.mark.slow
def test_the_pairs_that_interact_are_named_with_their_strength(result: Any) -> None:
    first, second, strength = result.top_pairs(1)[0]
    assert (
        f"Pairs that interact most, in damage: {first} with {second} ({strength:.2g})"
        in damage_section(result).body
    )


def test_the_map_shows_a_slice_in_the_colours_of_the_damage(chain: Any) -> None:
    labels = np.array([[0, 7, 7, 3], [0, 9, 9, 3]])
    evolutions = {
        name: replace(evolve(chain.pairs, np.ones(60), replace(WELL_FORMED, cycles=2)), damage=damage)
        for name, damage in (("a", np.array([0.2, 0.5])), ("b", np.array([0.1, 0.0])))
    }
    plane = LabelPlane(labels, np.array([3, 7]), (0.5, 0.25), height=1.4)
    panels = map_figure(evolutions, plane).axes[:2]
    for axes, (seven, three) in zip(panels, ((0.5, 0.2), (0.0, 0.1)), strict=True):
        picture = axes.images[0]
        shown = picture.get_array()
        # Background and a particle that is not in the table have no colour.
        assert shown.mask.tolist() == [[True, False, False, False], [True, True, True, False]]
        assert shown.compressed().tolist() == pytest.approx([seven, seven, three, three])
        assert picture.get_clim() == (0, 0.5)
        assert picture.get_extent() == [0, 1, 1, 0]
    words = words_of(render(map_drawing(evolutions, plane), "svg"))
    assert "a, cycle 2" in words
    assert "1.4 µm" in map_drawing(evolutions, plane).caption


def test_every_attribute_has_its_meaning_in_plain_words() -> None:
    assert tuple(PLAIN_WORDS) == ATTRIBUTES


def test_of_many_particles_a_layer_around_the_middle_height_is_drawn() -> None:
    columns = make_columns(4000)
    columns["Z"] = np.random.default_rng(1).permutation(4000) / 10
    table = make_table(columns)
    rows = shown_particles(table)
    assert np.sort(columns["Z"][rows]).tolist() == pytest.approx(np.arange(500, 3500) / 10)
    assert shown_particles(make_table(make_columns(60))).tolist() == list(range(60))


def test_points_of_a_swarm_stay_in_their_row_and_apart() -> None:
    values = np.repeat([0.0, 1.0], [50, 3])
    heights = _swarm(values, 1.0)
    assert np.abs(heights).max() <= 0.4
    assert len(np.unique(heights[:50])) == 50
    assert sorted(heights[50:].round(3).tolist()) == pytest.approx([-0.016, 0, 0.016], abs=1e-9)


def test_equal_values_have_one_rank_and_one_colour() -> None:
    assert _ranks(np.array([5.0, 1.0, 5.0])).tolist() == [0.75, 0.0, 0.75]
    assert _ranks(np.ones(3)).tolist() == [0.5, 0.5, 0.5]
