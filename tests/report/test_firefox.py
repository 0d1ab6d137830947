"""The page in Firefox: what the tests in Chromium see, in short."""

from __future__ import annotations

import pytest

from electrodej.report import write_report

pytestmark = pytest.mark.browser

COLUMN = (
    """[...document.querySelectorAll("#grid tbody tr[data-row]")].map((row) => row.cells[%d].textContent)"""
)


@pytest.fixture
def page(firefox, content, tmp_path):
    firefox.open(write_report(tmp_path / "report.html", content))
    return firefox


def middle_of(page, selector: str) -> tuple[float, float]:
    page.run(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center', behavior: 'instant'}})")
    box = page.run(f"document.querySelector({selector!r}).getBoundingClientRect().toJSON()")
    return box["left"] + box["width"] / 2, box["top"] + box["height"] / 2


def test_page_opens_from_disk_without_a_word_on_the_console_and_loads_nothing(page):
    assert page.run("location.protocol") == "file:"
    assert page.texts("log.entryAdded") == []
    asked = page.texts("network.beforeRequestSent")
    asked += page.run("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert [address for address in asked if not address.startswith(("file:", "data:", "blob:"))] == []


def test_a_click_on_a_head_sorts_and_undefined_cells_come_last(page):
    # Label, Volume, Contact, Damage.
    for expected in (["0.25", "0.05", ""], ["0.05", "0.25", ""]):
        page.click(*middle_of(page, "#grid thead th:nth-child(4) button"))
        assert page.run(COLUMN % 3) == expected


def test_a_click_on_a_row_shows_the_particle_and_a_click_on_a_particle_its_row(page):
    page.click(*middle_of(page, "#grid tbody tr[data-row='0'] td"))
    # Box 5 lies at z 1..3, y 2..7, x 3..11: its middle voxels are z 2, y 4 or 5, x 7; slices count from 1.
    shown = {
        name: int(page.run(f"document.querySelector('#view-{name} canvas').dataset.slice"))
        for name in ("xy", "yz")
    }
    assert shown == {"xy": 3, "yz": 8}
    assert page.run("document.querySelector('#card h3').textContent") == "Particle 5"
    # Around the middle of box 5 lies box 5, in every view.
    page.run("document.querySelector('#grid tbody tr[data-row=\"1\"]').click()")
    page.click(*middle_of(page, "#view-xz canvas"))
    assert page.run("document.querySelector('#card h3').textContent") == "Particle 7"


def test_the_search_leaves_the_rows_that_fit(page):
    page.run("(() => { const box = document.getElementById('search'); box.value = 'Damage > 0.1'; "
             "box.dispatchEvent(new Event('input')); })()")  # fmt: skip
    page.run("new Promise((done) => setTimeout(done, 300))")
    assert page.run("document.getElementById('count').textContent") == "1 of 3 particles"
    assert page.run(COLUMN % 0) == ["5"]
