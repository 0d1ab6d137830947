"""The page as a file, read with the standard library's parser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from markupsafe import Markup

from electrodej.errors import OutputError
from electrodej.report import Figure, Section, write_report

EVIL = "</script></title><img src=x onerror=alert(1)><!-- & \u2028 \"'>"


class Parsed(HTMLParser):
    """Tags with their attributes, and the text inside each kind of tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)
        self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            continue

    def handle_data(self, data):
        if self._open:
            self.texts[self._open[-1]][-1] += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


@pytest.fixture
def written(tmp_path):
    def write(content):
        return write_report(tmp_path / "report.html", content, force=True).read_text(encoding="utf-8")

    return write


def printed_cells(page: str) -> list[list[str]]:
    table = re.search(r'id="first-rows".*?<tbody>(.*?)</tbody>', page, re.S).group(1)
    return [re.findall(r"<td.*?>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", table)]


def key_numbers(page: str) -> dict[str, str]:
    found = re.findall(r'<span class="name">(.*?)</span><span class="value">(.*?)</span>(?:</span>)?', page)
    return {name: re.sub("<.*?>", "", value) for name, value in found}


def test_names_titles_notes_and_values_are_escaped_everywhere(content, written):
    plain = Parsed(written(content))
    evil = replace(
        content,
        title=EVIL,
        subtitle=EVIL,
        table={**content.table, EVIL: np.ones(3), "Image": np.array([EVIL] * 3, dtype=object)},
        units={EVIL: EVIL},
        definitions={EVIL: EVIL},
        scores={EVIL: {EVIL: EVIL}, "list": [{EVIL: EVIL}]},
        phases={EVIL: 0.5},
        stages=[(EVIL, 1.0, EVIL)],
        provenance={EVIL: [EVIL]},
        notes=[EVIL],
        sections=[Section(EVIL, EVIL, [Figure(EVIL, b"<svg/>", "image/svg+xml", EVIL)], {EVIL: [EVIL]})],
    )
    page = Parsed(written(evil))
    assert page.count("script") == plain.count("script") == 3
    assert page.texts["title"] == [EVIL]
    assert page.texts["h1"] == [EVIL]
    assert [each["alt"] for tag, each in page.tags if tag == "img" and each.get("class") != "still"] == [EVIL]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    manifest = json.loads(page.texts["script"][0])
    assert manifest["columns"][-1]["words"] == [EVIL]


def test_policy_allows_the_pages_own_script_and_style_and_nothing_else(content, written):
    page = Parsed(written(content))
    policy = next(a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data: blob:"

    def checksum(text):
        return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"

    assert rules["script-src"] == checksum(page.texts["script"][-1])
    assert rules["style-src"] == checksum(page.texts["style"][0])


def test_page_names_no_address_but_those_it_holds(content, written):
    picture = Figure("A picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")
    page = Parsed(written(replace(content, sections=[Section("More", figures=[picture])])))
    addresses = [
        a[name] for _, a in page.tags for name in ("src", "href", "srcset", "data", "action") if name in a
    ]
    elsewhere = [address for address in addresses if not address.startswith("#")]
    # The picture of the section and a still of each view.
    assert len(elsewhere) == 4
    assert all(address.startswith("data:") for address in elsewhere)
    # What the page points to in itself is there.
    places = [a["id"] for _, a in page.tags if "id" in a]
    assert {address[1:] for address in addresses if address.startswith("#")} <= set(places)
    assert "@import" not in page.texts["style"][0]
    assert "url(" not in page.texts["style"][0]


def test_undefined_value_is_an_empty_cell(content, written):
    cells = printed_cells(written(content))
    # Label, Volume, Contact, Damage, in this order; volumes of 162, 605 and 385 voxels of 0.016 cubic um.
    assert cells == [
        ["5", "2.59", "0", "0.25"],
        ["7", "9.68", "0.3", ""],
        ["70000", "6.16", "0.6", "0.05"],
    ]


def test_key_numbers_are_those_that_the_table_can_tell(content, written):
    numbers = key_numbers(written(content))
    assert numbers["Particles"] == "3"
    assert numbers["Measured volume"] == "8 × 6 × 4.8 µm"
    # (162 + 605 + 385 + 189) / (12 x 30 x 40) voxels are labelled.
    assert numbers["Particle share"] == "9.31 %"
    # The ball of 6.16 cubic um measures (6 x 6.16 / pi)^(1/3).
    assert numbers["Median diameter"] == "2.27 µm"
    assert numbers["Mean damage"] == "15 %"
    assert numbers["Mean contact"] == "30 %"
    without = key_numbers(written(replace(content, table={"Label": np.array([1])})))
    assert set(without) == {"Particles", "Measured volume", "Particle share"}


def test_column_that_is_undefined_throughout_gives_no_key_number(content, written):
    page = written(replace(content, table={"Label": np.array([1]), "Damage": np.array([np.nan])}))
    assert "Mean damage" not in key_numbers(page)


def test_score_against_the_truth_stands_at_the_head(content, written):
    scores = {"thresholds": [{"threshold": 0.5, "f1": 0.875}, {"threshold": 0.75, "f1": 0.5}], "notes": ()}
    page = written(replace(content, scores=scores))
    assert key_numbers(page)["F1 at IoU 0.5"] == "0.875"
    assert "<dt>notes</dt>" not in page
    cells = re.search(r'id="scores".*?<tbody>(.*?)</tbody>', page, re.S).group(1)
    assert re.findall(r"<td.*?>(.*?)</td>", cells) == ["0.50", "0.875", "0.75", "0.500"]


@pytest.mark.parametrize("table", [{}, {"Label": np.zeros(0, int), "Damage": np.zeros(0)}])
def test_empty_table_is_said_in_words(content, written, table):
    page = written(replace(content, table=table))
    assert "No particle was measured" in page
    assert key_numbers(page)["Particles"] == "0"


def test_one_particle_is_a_report(content, written):
    page = written(replace(content, table={name: values[:1] for name, values in content.table.items()}))
    assert printed_cells(page) == [["5", "2.59", "0", "0.25"]]


def test_table_without_labels_or_images_is_a_report(content, written):
    table = {"Volume": np.array([1.0, 2.0])}
    page = Parsed(written(replace(content, grey=None, labels=None, spacing=None, table=table)))
    manifest = json.loads(page.texts["script"][0])
    assert manifest["volume"] is None
    assert manifest["rows"] == 2
    assert page.count("canvas") == 0


def test_main_columns_come_first_and_none_is_lost(content, written):
    table = {"Image": np.array(["a"], dtype=object), "Label": np.ones(1, int)}
    table |= {name: np.ones(1) for name in ("X", "Own", "Damage", "Volume")}
    page = Parsed(written(replace(content, table=table)))
    names = [column["name"] for column in json.loads(page.texts["script"][0])["columns"]]
    assert names == ["Label", "Volume", "Damage", "X", "Own", "Image"]


def test_section_text_is_escaped_and_marked_html_is_kept(content, written):
    sections = [Section("Plain", "one <b>\n\ntwo"), Section("Marked", Markup("<em>seen</em>"))]
    page = Parsed(written(replace(content, sections=sections)))
    assert page.texts["em"] == ["seen"]
    assert [text for text in page.texts["div"] if text in ("one <b>", "two")] == ["one <b>", "two"]


def test_section_table_leaves_undefined_cells_empty(content, written):
    table = {"Attribute": ["Volume", "Contact"], "Contribution": np.array([0.5, np.nan])}
    page = written(replace(content, sections=[Section("Drivers", table=table)]))
    assert (
        '<tr><td>Volume</td><td class="num">0.5</td></tr><tr><td>Contact</td><td class="num"></td></tr>'
        in page
    )


@pytest.mark.slow
def test_two_thousand_particles_in_noise_with_many_pictures_stay_below_fifteen_megabytes(content, tmp_path):
    chance = np.random.default_rng(0)
    shape = (200, 256, 256)
    grey = chance.integers(0, 255, shape, dtype=np.uint8)
    labels = np.zeros(shape, np.uint16)
    labels[::2] = (np.arange(256)[:, None] // 6 * 43 + np.arange(256) // 6 + 1).astype(np.uint16)
    table = {"Label": np.arange(1, 2001), **{f"A{i}": chance.normal(size=2000) for i in range(45)}}
    pictures = [Figure("A picture", chance.bytes(500_000), "image/png") for _ in range(8)]
    phases = chance.integers(0, 3, shape, dtype=np.uint8)
    sections = [Section("All", figures=pictures)]
    big = replace(content, grey=grey, labels=labels, table=table, sections=sections, phase_image=phases)
    size = write_report(tmp_path / "big.html", big).stat().st_size
    # The pictures alone take 4 x 4/3 MB; the slices give way to them.
    assert 8_000_000 < size < 15_000_000


def test_commands_stand_one_below_the_other_and_names_in_a_line(content, written):
    provenance = {"commands": ["electrodej measure <a>", "electrodej score b"], "leave_out": ["X", "Y"]}
    page = Parsed(written(replace(content, provenance=provenance)))
    assert page.texts["li"][-2:] == ["electrodej measure <a>", "electrodej score b"]
    assert "X, Y" in [" ".join(text.split()) for text in page.texts["dd"]]


def test_existing_page_is_kept_unless_forced(content, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("mine")
    with pytest.raises(OutputError, match="--force"):
        write_report(path, content)
    assert path.read_text() == "mine"
    assert write_report(path, content, force=True).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_same_content_gives_the_same_page(content, written):
    assert written(content) == written(content)


def test_bundled_scripts_use_neither_eval_nor_inner_html(content, written):
    script = Parsed(written(content)).texts["script"][-1]
    assert not re.search(
        r"\beval\b|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write", script
    )
