"""Particles in 3D on the page, in a real browser with WebGL in software."""

from __future__ import annotations

import math

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains

pytestmark = pytest.mark.browser

# How many pixels of the 3D view are of a colour, and the box around them.
LOOK = """
const view = document.getElementById("solid-view");
const copy = document.createElement("canvas");
[copy.width, copy.height] = [view.width, view.height];
const context = copy.getContext("2d");
context.drawImage(view, 0, 0);
const {data} = context.getImageData(0, 0, copy.width, copy.height);
const wanted = (r, g, b) => COLOUR;
let count = 0, left = 1e9, right = -1, top = 1e9, bottom = -1;
for (let i = 0; i < data.length; i += 4) {
  if (!wanted(data[i], data[i + 1], data[i + 2])) continue;
  const [x, y] = [(i / 4) % copy.width, Math.floor(i / 4 / copy.width)];
  count++;
  [left, right] = [Math.min(left, x), Math.max(right, x)];
  [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
}
return {count, left, right, top, bottom};
"""
PLAIN = "r > b + 25"
CHOSEN = "b > r + 60"


@pytest.fixture
def balls():
    """Two balls on one line along x, of radius 8 and 4 voxels; voxels are 0.4 um high."""
    z, y, x = np.ogrid[:20, :40, :60]
    labels = np.zeros((20, 40, 60), np.uint16)
    for label, centre, radius in ((1, 18, 8), (2, 45, 4)):
        labels[(2 * (z - 10)) ** 2 + (y - 20) ** 2 + (x - centre) ** 2 <= radius**2] = label
    volume = [4 / 3 * math.pi * (0.2 * radius) ** 3 for radius in (8, 4)]
    table = {"Label": np.array([1, 2]), "Volume": np.array(volume)}
    return {"grey": np.where(labels > 0, 180, 60).astype(np.uint8), "labels": labels, "table": table}


@pytest.fixture
def solids(open_page, content, balls):
    page = open_page(content, **balls)
    page.run(
        "document.documentElement.style.scrollBehavior = 'auto';"
        "document.getElementById('solids').scrollIntoView({block: 'start'})"
    )
    page.wait("document.getElementById('solids').dataset.ready === 'true'")
    page.frame()
    return page


def look(page, colour):
    page.frame()
    return page.run(LOOK.replace("COLOUR", colour))


def press(page, key):
    page.run(
        "document.getElementById('solid-view').dispatchEvent("
        "new KeyboardEvent('keydown', {key: arguments[0]}))",
        key,
    )


def test_balls_are_round_and_as_large_as_they_are(solids):
    solids.search("1", answer="1 of 2")
    large = look(solids, PLAIN)
    solids.search("Volume > 0", answer="2 particles")
    solids.wait("document.getElementById('count').textContent === '2 particles'")
    solids.search("2", answer="1 of 2")
    small = look(solids, PLAIN)
    for ball in (large, small):
        wide, high = ball["right"] - ball["left"] + 1, ball["bottom"] - ball["top"] + 1
        assert wide / high == pytest.approx(1, abs=0.08)
        assert ball["count"] == pytest.approx(math.pi / 4 * wide * high, rel=0.06)
    # Half the radius is a quarter of the disc; voxels make the small one a little larger or smaller.
    assert large["count"] / small["count"] == pytest.approx(4, rel=0.2)


def test_light_comes_from_outside(solids):
    # Of a face that is seen from within, only the dark shade is drawn: lit ones reach far above it.
    assert look(solids, "r > 105 && r > b + 25")["count"] > 0.5 * look(solids, PLAIN)["count"]


def test_dragging_turns_and_zero_goes_back(solids):
    before = look(solids, PLAIN)
    view = solids.find("#solid-view")
    ActionChains(solids.driver).move_to_element(view).click_and_hold().move_by_offset(
        90, 30
    ).release().perform()
    turned = look(solids, PLAIN)
    assert turned != before
    # A drag chooses nothing.
    assert solids.run("return document.body.dataset.selected || ''") == ""
    press(solids, "0")
    assert look(solids, PLAIN) == before


@pytest.mark.slow
def test_click_on_a_ball_chooses_its_row_and_its_slices(solids):
    ball = look(solids, PLAIN)
    solids.search("2", answer="1 of 2")
    small = look(solids, PLAIN)
    solids.search("Volume > 0", answer="2 particles")
    solids.wait("document.getElementById('count').textContent === '2 particles'")
    assert look(solids, PLAIN) == ball
    view = solids.find("#solid-view")
    # The place in a view counts from the middle of what is in sight.
    solids.run("document.getElementById('solids').scrollIntoView({block: 'start'})")
    across = (small["left"] + small["right"]) / 2 - view.size["width"] / 2
    down = (small["top"] + small["bottom"]) / 2 - view.size["height"] / 2
    ActionChains(solids.driver).move_to_element_with_offset(view, int(across), int(down)).click().perform()
    solids.frame()
    assert solids.find("#grid tbody tr[aria-selected='true']").text.split()[0] == "2"
    # The ball's middle is voxel 10, 20, 45; slices count from 1.
    assert solids.slices() == {"xy": 11, "xz": 21, "yz": 46}
    chosen = look(solids, CHOSEN)
    assert chosen["count"] == pytest.approx(small["count"], rel=0.1)
    # Beside the balls there is nothing to choose.
    ActionChains(solids.driver).move_to_element_with_offset(
        view, 5 - view.size["width"] // 2, 0
    ).click().perform()
    solids.frame()
    assert look(solids, CHOSEN)["count"] == 0


def test_row_chosen_in_the_table_is_blue_in_3d(solids):
    assert look(solids, CHOSEN)["count"] == 0
    solids.click_row(1)
    assert look(solids, CHOSEN)["count"] > 1000


def test_cut_at_a_slice_follows_the_slice_and_shows_it(solids):
    whole = look(solids, PLAIN)["count"]
    solids.run(
        "const c = document.getElementById('solid-cut'); c.value = 'xy'; c.dispatchEvent(new Event('change'))"
    )
    # The picture of the slice hides what lies below, but for what the edge of the picture leaves in sight.
    grey = "Math.max(r, g, b) - Math.min(r, g, b) < 12 && r > 120"
    shown = look(solids, grey)["count"]
    assert shown > 1000
    slide = (
        "const s = document.getElementById('slide-xy'); s.value = arguments[0];"
        "s.dispatchEvent(new Event('input'))"
    )
    solids.run(slide, 0)
    # Under the lowest slice lies nothing.
    assert look(solids, PLAIN)["count"] == 0
    solids.run(slide, 19)
    assert 0 < look(solids, PLAIN)["count"] <= whole


def test_search_hides_particles(solids):
    solids.search("Volume > 1000", answer="0 of 2")
    assert look(solids, PLAIN)["count"] == 0


def test_single_image_has_no_part_in_3d(open_page, content):
    page = open_page(content, grey=content.grey[6], labels=content.labels[6])
    assert page.run("return document.getElementById('solids')") is None


def test_browser_without_webgl_says_so(chromium, open_page, content, balls):
    gone = """const own = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
          return kind === "webgl2" ? null : own.call(this, kind, ...more);
        };"""
    script = chromium.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": gone})
    try:
        page = open_page(content, **balls)
        page.run("document.getElementById('solids').scrollIntoView({behavior: 'instant'})")
        page.wait("document.getElementById('solids').dataset.ready === 'failed'")
        assert "no WebGL 2" in page.find("#solid-hint").text
        page.click_row(1)
        assert page.errors() == []
    finally:
        chromium.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
