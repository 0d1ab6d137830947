"""The page in a real browser."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree

import numpy as np
import pytest
from markupsafe import Markup
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from electrodej.report import Figure, Section, write_report
from electrodej.report.numbers import column_texts

pytestmark = pytest.mark.browser


@pytest.fixture
def requests() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine and the requests that reach it."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    thread.join()
    server.server_close()


def test_page_opens_from_disk_without_an_error_and_loads_nothing(open_page, content):
    page = open_page(content)
    assert page.run("return location.protocol") == "file:"
    assert page.errors() == []
    loaded = page.run("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert [name for name in loaded if not name.startswith(("data:", "blob:"))] == []


def test_policy_keeps_pictures_scripts_and_requests_from_elsewhere_out(open_page, content, requests):
    address, seen = requests
    body = Markup(
        f'<img src="{address}/picture"><script src="{address}/script"></script>'
        "<script>window.ran = true</script><img src=x onerror='window.ran = true'>"
        f'<link rel="stylesheet" href="{address}/style">'
    )
    page = open_page(content, sections=[Section("From elsewhere", body)])
    refused = page.driver.execute_async_script(
        "const done = arguments[1]; fetch(arguments[0]).then(() => done('came'), () => done('refused'))",
        f"{address}/fetch",
    )
    assert refused == "refused"
    assert page.run("return window.ran === undefined")
    assert seen == []


def test_names_with_html_are_shown_as_text(open_page, content):
    evil = "</script><img src=x onerror=window.ran=1><!-- \u2028 <b>x</b>"
    table = {**content.table, evil: np.array([1.0, 2.0, 3.0]), "Image": np.array([evil] * 3, dtype=object)}
    page = open_page(
        content, title=evil, table=table, units={evil: evil}, definitions={evil: evil}, notes=[evil]
    )
    assert page.run("return document.querySelector('h1').textContent") == evil
    assert page.column("Image") == [evil] * 3
    assert page.run("return document.querySelectorAll('img:not(.still), b[onerror]').length") == 0
    assert page.run("return window.ran === undefined")
    assert page.errors() == []


def test_sorting_puts_the_largest_first_then_the_smallest_and_undefined_last(open_page, content):
    page = open_page(content)
    assert page.column("Label") == ["5", "7", "70000"]
    page.sort("Damage")
    assert page.column("Damage") == ["0.25", "0.05", ""]
    assert page.find("#grid th[aria-sort]").get_attribute("aria-sort") == "descending"
    page.sort("Damage")
    assert page.column("Damage") == ["0.05", "0.25", ""]
    page.sort("Label")
    assert page.column("Label") == ["5", "7", "70000"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("70000", ["70000"]),
        ("Damage > 0.1", ["5"]),
        ("contact >= 0.3 & volume < 7", ["70000"]),
        ("Contact = 0.6", ["70000"]),
        ("Contact <= 0.3", ["5", "7"]),
        ("Damage > 0,1", ["5"]),
        ("Damage < 2,5e-1, Volume > 6,1", ["70000"]),
        ("Damage > ,05, 5", ["5"]),
        ("Damage != 0.25", ["70000"]),
        ("8", []),
    ],
)
def test_search_leaves_the_rows_that_fit(open_page, content, text, labels):
    # Volumes: 2.592, 9.68 and 6.16 cubic micrometres.
    page = open_page(content)
    page.search(text, answer=f"{len(labels)} of 3")
    assert page.column("Label") == labels


def test_table_has_as_many_decimals_in_a_column_as_numbers_py(open_page, content):
    chance = np.random.default_rng(0)
    columns = {
        "Small": chance.lognormal(-4, 1, 40),
        "Large": chance.lognormal(9, 2, 40),
        "Wide": np.append(chance.normal(0, 5, 38), [0.0, 1e-9]),
        "Whole": np.arange(40.0),
    }
    page = open_page(content, grey=None, labels=None, spacing=None, table=columns)
    for name, values in columns.items():
        assert (
            page.column(name)
            == column_texts(values.astype(np.float32).astype(float))[: len(page.column(name))]
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Damag > 0.1", 'There is no column "Damag".'),
        ("Damage > 0,1,2", 'Give a number after Damage >, not "0,1,2".'),
        ("Damage > 1,000.5", 'Give a number after Damage >, not "1,000.5".'),
        ("damage > much", 'Give a number after damage >, not "much".'),
        ("Damage > 0x1", 'Give a number after Damage >, not "0x1".'),
        ("Damage > 0.1 Volume < 7", 'Give a number after Damage >, not "0.1 Volume < 7".'),
        ("Damage >", "Give a number after Damage >"),
    ],
)
def test_search_that_makes_no_sense_says_so_and_keeps_the_rows(open_page, content, text, answer):
    page = open_page(content)
    page.search(text, answer=answer)
    assert page.find("#search").get_attribute("class") == "wrong"
    assert page.column("Label") == ["5", "7", "70000"]


def test_head_of_the_sorted_column_has_an_arrow_and_keeps_its_width(open_page, content):
    page = open_page(content)
    look = """const head = [...document.querySelectorAll("#grid thead th")].find(
                (each) => each.querySelector("button").firstChild.textContent === "Damage");
              const arrow = getComputedStyle(head.querySelector("button"), "::before");
              return [head.offsetWidth, arrow.content === "none" ? "" : arrow.clipPath];"""
    width, arrow = page.run(look)
    assert arrow == ""
    page.sort("Damage")
    falling = page.run(look)
    page.sort("Damage")
    rising = page.run(look)
    assert falling[0] == rising[0] == width
    # The tip is below where values fall, and above where they rise.
    assert falling[1].endswith("50% 100%)")
    assert rising[1].startswith("polygon(50% 0")
    page.sort("Volume")
    assert page.run(look) == [width, ""]


def test_views_tell_of_slices_that_are_still_loading(chromium, tmp_path, content):
    path = write_report(tmp_path / "report.html", content)
    # Decoding stops before the fourth picture, until the page is let go.
    gate = """const decode = createImageBitmap, opened = new Promise((open) => { window.letGo = open; });
              let asked = 0;
              window.createImageBitmap = async (...given) => {
                if (asked++ >= 3) await opened;
                return decode(...given);
              };"""
    script = chromium.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": gate})
    try:
        chromium.get(path.as_uri())
        hints = (
            "return [...document.querySelectorAll('.loading')]"
            ".map((hint) => [hint.textContent, !hint.hidden])"
        )
        WebDriverWait(chromium, 60).until(
            lambda driver: ["loading slices, 25 %", True] in driver.execute_script(hints)
        )
        # The middle xy slice is among the first three of twelve.
        assert [told for _, told in chromium.execute_script(hints)] == [False, True, True]
        chromium.execute_script("window.letGo()")
        WebDriverWait(chromium, 60).until(
            lambda driver: driver.execute_script("return document.body.dataset.ready === 'true'")
        )
        chromium.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        assert [told for _, told in chromium.execute_script(hints)] == [False, False, False]
        assert not chromium.find_element("css selector", ".loading").is_displayed()
    finally:
        chromium.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


def test_row_click_shows_the_particle_in_three_views(open_page, content):
    page = open_page(content)
    page.click_row(5)
    # The box lies at z 1..3, y 2..7, x 3..11: its middle voxels are z 2, y 4 or 5, x 7; slices count from 1.
    slices = page.slices()
    assert slices["xy"] == 3
    assert slices["xz"] in (5, 6)
    assert slices["yz"] == 8
    assert page.run("return document.querySelector('#card h3').textContent") == "Particle 5"
    # The chosen particle is tinted blue, the others stay grey.
    red, _, blue = page.pixel("xy", 5.5 / 40, 3.5 / 30)
    assert blue > red + 10
    red, _, blue = page.pixel("xy", 35.5 / 40, 26.5 / 30)
    assert red == blue


def test_row_click_brings_the_views_into_sight(open_page, content):
    page = open_page(content, table={name: np.tile(values, 20) for name, values in content.table.items()})
    page.run("document.documentElement.style.scrollBehavior = 'auto'")
    page.run("document.getElementById('provenance').scrollIntoView({behavior: 'instant'})")
    page.click_row(5)
    top, bottom, window = page.run(
        "const {top, bottom} = document.querySelector('#view-xy canvas').getBoundingClientRect();"
        "return [top, bottom, window.innerHeight]"
    )
    assert 0 <= top < bottom <= window


def test_click_on_a_particle_in_a_view_selects_its_row(open_page, content):
    page = open_page(content)
    page.click_row(7)
    canvas = page.find("#view-xy canvas")
    # The middle of box 70000 in the slice z = 7, where box 7 is shown.
    size = canvas.size
    across, down = (19.5 / 40 - 0.5) * size["width"], (24.5 / 30 - 0.5) * size["height"]
    ActionChains(page.driver).move_to_element_with_offset(canvas, int(across), int(down)).click().perform()
    page.frame()
    chosen = page.find("#grid tbody tr[aria-selected='true']")
    assert chosen.text.split()[0] == "70000"
    # A particle that the table does not list has no row to select.
    page.run("document.getElementById('slide-xy').value = 0")
    page.run("document.getElementById('slide-xy').dispatchEvent(new Event('input'))")
    across, down = (34.5 / 40 - 0.5) * size["width"], (25.5 / 30 - 0.5) * size["height"]
    ActionChains(page.driver).move_to_element_with_offset(canvas, int(across), int(down)).click().perform()
    assert page.run("return document.querySelectorAll('#grid tr[aria-selected=\"true\"]').length") == 0


@pytest.mark.slow
def test_slider_wheel_and_keys_scroll_one_view(open_page, content):
    page = open_page(content)
    before = page.slices()
    page.run("document.getElementById('slide-xy').value = 2")
    page.run("document.getElementById('slide-xy').dispatchEvent(new Event('input'))")
    page.frame()
    assert page.slices() == {**before, "xy": 3}
    canvas = page.find("#view-xz canvas")
    page.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", canvas)
    page.frame()
    ActionChains(page.driver).move_to_element(canvas).move_by_offset(3, 3).perform()
    ActionChains(page.driver).scroll_from_origin(ScrollOrigin.from_element(canvas), 0, 60).perform()
    page.frame()
    assert page.slices() == {**before, "xy": 3, "xz": before["xz"] + 2}
    page.run("document.querySelector('#view-yz canvas').focus()")
    for key, shown in ((Keys.END, 40), (Keys.ARROW_DOWN, 39), (Keys.HOME, 1), (Keys.PAGE_UP, 11)):
        page.find("#view-yz canvas").send_keys(key)
        page.frame()
        assert page.slices()["yz"] == shown


def test_views_keep_the_aspect_of_anisotropic_voxels(open_page, content):
    page = open_page(content)
    # The volume measures z 12 x 0.4 = 4.8, y 30 x 0.2 = 6, x 40 x 0.2 = 8 micrometres.
    for view, aspect in (("xy", 8 / 6), ("xz", 8 / 4.8), ("yz", 4.8 / 6)):
        size = page.find(f"#view-{view} canvas").size
        assert size["width"] / size["height"] == pytest.approx(aspect, rel=0.01)


def test_outlines_can_be_switched_off(open_page, content):
    page = open_page(content)
    canvas = "document.querySelector('#view-xy canvas')"
    count = f"""const {{width, height}} = {canvas};
        const data = {canvas}.getContext('2d').getImageData(0, 0, width, height).data;
        let count = 0;
        for (let i = 0; i < data.length; i += 4) if (data[i] > data[i + 2] + 60) count++;
        return count;"""
    assert page.run(count) > 100
    page.find("#show-outlines").click()
    page.frame()
    assert page.run(count) == 0


def test_colouring_by_an_attribute_shows_its_range(open_page, content):
    page = open_page(content)
    page.run(
        "const c = document.getElementById('tint-column'); c.value = 'Contact';"
        "c.dispatchEvent(new Event('change'))"
    )
    page.click_row(7)
    assert page.run("return document.getElementById('tint-legend').hidden") is False
    # Box 70000 has the most contact, so it is yellow: more red and green than blue.
    red, green, blue = page.pixel("xy", 17.5 / 40, 26.5 / 30)
    assert min(red, green) > blue + 60


def test_grey_values_reach_the_screen(open_page, content):
    page = open_page(content)
    page.find("#show-cross").click()
    page.frame()
    # Grey runs from 60 to 190 within the window; far from outlines matrix is dark and a box is bright.
    matrix = page.pixel("xy", 37.5 / 40, 2.5 / 30)
    box = page.pixel("xy", 22.5 / 40, 13.5 / 30)
    assert max(matrix) < 20
    assert min(box) > 200


def test_histogram_counts_the_defined_values_of_the_shown_rows(open_page, content):
    page = open_page(content)
    caption = "return document.querySelectorAll('.histogram figcaption')[1].textContent"
    assert page.run(caption).startswith("n = 2, median 0.15 (dashed), mean 0.15")
    assert "1 undefined" in page.run(caption)
    page.search("Damage < 0.1", answer="1 of 3")
    assert page.run(caption).startswith("n = 1, median 0.05")


def test_scatter_gives_the_rank_correlation(open_page, content):
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    ranks = np.array([2.0, 1.0, 4.0, 3.0, 5.0])
    # Spearman by hand: 1 - 6 (4 x 1) / (5 x 24) = 0.8
    page = open_page(content, table={"Label": np.arange(1, 6), "Volume": values, "Damage": np.exp(ranks)})
    assert "0.8" in page.run("return document.querySelector('.scatter figcaption').textContent")
    path = page.find(".scatter .dots").get_attribute("d")
    point = path.removeprefix("M").split("h")[0].split(" ")
    svg = page.find(".scatter svg")
    box = page.run("const b = arguments[0].getBoundingClientRect(); return [b.width, b.height]", svg)
    x, y = (float(value) - length / 2 for value, length in zip(point, box, strict=True))
    ActionChains(page.driver).move_to_element_with_offset(svg, round(x), round(y)).click().perform()
    assert page.run("return document.body.dataset.selected") == "0"


@pytest.mark.slow
def test_hundred_thousand_rows_keep_few_in_the_document_and_stay_searchable(open_page, content):
    rows = 100_000
    order = np.random.default_rng(0).permutation(rows)
    table = {"Label": np.arange(1, rows + 1), **{f"A{i}": (order + i).astype(float) for i in range(9)}}
    page = open_page(content, grey=None, labels=None, spacing=None, table=table)
    assert page.run("return document.querySelectorAll('#grid tbody tr').length") < 100
    page.sort("A0")
    assert page.column("A0")[:3] == ["99999", "99998", "99997"]
    page.run("document.getElementById('grid-frame').scrollTop = 1e9")
    page.frame()
    assert page.column("A0")[-1] == "0"
    page.search("A0 < 5", answer="5 of 100000")
    assert sorted(page.column("A0")) == ["0", "1", "2", "3", "4"]
    assert page.errors() == []


def test_paper_shows_the_first_rows_and_no_controls(open_page, content):
    page = open_page(content)
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert page.find("#first-rows").is_displayed()
        assert not page.find("#particles").is_displayed()
        assert not page.find("#view-controls").is_displayed()
        assert page.find("#view-xy canvas").is_displayed()
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_paper_is_light_where_the_screen_is_dark(open_page, content):
    page = open_page(content)
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    colour = """const style = getComputedStyle(document.querySelector(arguments[0]));
                const rgb = style[arguments[1]].match(/[\\d.]+/g);
                return rgb.slice(0, 3).reduce((sum, value) => sum + Number(value), 0) / 3;"""
    places = ("body", "section", ".numbers li")
    try:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen", "features": dark})
        assert all(page.run(colour, place, "backgroundColor") < 60 for place in places)
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": dark})
        assert all(page.run(colour, place, "backgroundColor") == 255 for place in places)
        assert all(page.run(colour, place, "color") < 80 for place in (*places, ".chart text"))
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def test_single_image_shows_one_view(open_page, content):
    page = open_page(content, grey=content.grey[6], labels=content.labels[6])
    assert page.find("#view-xy canvas").is_displayed()
    assert not page.find("#view-xz").is_displayed()
    page.click_row(7)
    assert page.errors() == []


def test_page_without_particles_opens(open_page, content):
    page = open_page(content, table={"Label": np.zeros(0, int), "Volume": np.zeros(0)})
    assert "No particle was measured" in page.find("#particles").text
    assert page.errors() == []


def test_narrow_window_stacks_the_views_and_lets_wide_pictures_scroll(open_page, content):
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='1200' height='400'/>"
    picture = Figure("A picture", svg, "image/svg+xml", wide=True)
    page = open_page(content, sections=[Section("More", figures=[picture])])
    page.driver.set_window_size(500, 900)
    try:
        page.wait("document.getElementById('views').classList.contains('stacked')")
        assert page.run("return document.documentElement.scrollWidth <= window.innerWidth")
        assert page.find(".picture.wide img").size["width"] > 700
    finally:
        page.driver.set_window_size(1280, 1000)


# Instead of a download the file's text is kept for the test.
CAUGHT = """window.saved = null;
  URL.createObjectURL = (blob) => { window.saved = blob; return "blob:kept"; };
  HTMLAnchorElement.prototype.click = function () { window.savedName = this.download; };"""


def caught(page, selector):
    """The name and the text of what a button saves."""
    page.run(CAUGHT)
    page.run("document.querySelector(arguments[0]).click()", selector)
    page.wait("window.saved !== null")
    text = page.driver.execute_async_script("window.saved.text().then(arguments[0])")
    return page.run("return window.savedName"), text


def test_chart_is_saved_as_drawing_and_as_numbers(open_page, content):
    page = open_page(content)
    page.run(
        "const s = document.querySelector('.histogram select'); s.value = 'Contact';"
        "s.dispatchEvent(new Event('change'))"
    )
    name, text = caught(page, ".histogram .save + .save")
    assert name == "contact.csv"
    head, *lines = text.splitlines()
    assert head == "Contact from,to,Particles"
    rows = [[float(cell) for cell in line.split(",")] for line in lines]
    # Three particles with a contact of 0, 0.3 and 0.6.
    assert [rows[0][0], rows[-1][1]] == pytest.approx([0, 0.6])
    assert sum(row[2] for row in rows) == 3
    assert [row[2] for row in rows if row[2]] == [1, 1, 1]
    for value, (low, high, _) in zip((0, 0.3, 0.6), (row for row in rows if row[2]), strict=True):
        assert low - 1e-6 <= value <= high + 1e-6
    name, text = caught(page, ".scatter .save + .save")
    assert text.splitlines() == ["Label,Volume,Damage", "5,2.592,0.25", "70000,6.16,0.05"]
    name, text = caught(page, ".scatter .save")
    assert name == "volume-damage.svg"
    drawing = ElementTree.fromstring(text)
    (dots,) = (each for each in drawing.iter() if each.get("class") == "dots")
    # The colour stands in the file, which has no style sheet.
    assert dots.get("stroke").startswith("rgb(")


def test_picture_of_a_section_is_saved_with_its_numbers(open_page, content):
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='12' height='4'/>"
    picture = Figure("A picture", svg, "image/svg+xml", numbers=b"X,Y\n1,2\n")
    page = open_page(content, sections=[Section("None"), Section("More", figures=[picture])])
    assert caught(page, ".picture .save") == ("a-picture.svg", svg.decode())
    assert caught(page, ".picture .save + .save") == ("a-picture.csv", "X,Y\n1,2\n")


def test_saved_cell_is_no_formula(open_page, content):
    table = {**content.table, "Image": np.array(["=1+1", '"a"', "-3"], dtype=object)}
    page = open_page(content, table=table)
    _, text = caught(page, "#save-table")
    assert [line.split(",")[-1] for line in text.splitlines()] == ["Image", "'=1+1", '"""a"""', "-3"]


def test_phases_and_cracks_lie_over_the_slices_on_request(open_page, content):
    phases = np.where(content.labels > 0, 2, 0).astype(np.uint8)
    phases[:, :10, 20:] = 1
    cracks = np.zeros(phases.shape, np.uint8)
    cracks[:, 13:16, 17:21] = 255
    page = open_page(
        content, phase_image=phases, crack_image=cracks, phase_names={0: "pore", 1: "binder", 2: "particle"}
    )
    page.run("document.getElementById('show-cross').click()")
    named = page.run("return [...document.querySelectorAll('.swatch')].map((each) => each.textContent)")
    assert named == ["pore", "binder", "particle", "crack"]
    places = {"pore": (5.5, 25.5), "binder": (35.5, 4.5), "particle": (22.5, 12.5), "crack": (19.0, 14.5)}

    def colours():
        page.frame()
        return {name: page.pixel("xy", x / 40, y / 30) for name, (x, y) in places.items()}

    assert all(max(colour) - min(colour) <= 3 for colour in colours().values())
    page.find("#show-phases").click()
    shown = colours()
    # Sky blue, grey and orange; the crack is the particle's.
    assert shown["pore"][2] > shown["pore"][0] + 30
    assert max(shown["binder"]) - min(shown["binder"]) <= 3
    assert shown["particle"][0] > shown["particle"][2] + 60
    assert shown["crack"][0] > shown["crack"][2] + 60
    page.find("#show-cracks").click()
    assert colours()["crack"] != shown["crack"]
    assert {**colours(), "crack": None} == {**shown, "crack": None}
    page.find("#show-phases").click()
    assert max(colours()["particle"]) - min(colours()["particle"]) <= 3
    assert colours()["crack"][0] > colours()["crack"][2] + 60


def test_page_printed_before_its_slices_are_read_has_them_as_still_pictures(chromium, tmp_path, content):
    path = write_report(tmp_path / "report.html", content)
    gate = "window.createImageBitmap = () => new Promise(() => {});"
    script = chromium.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": gate})
    try:
        chromium.get(path.as_uri())
        WebDriverWait(chromium, 60).until(
            lambda driver: driver.execute_script("return document.querySelector('.bar') !== null")
        )
        still = "return [...document.querySelectorAll('.still')].map((each) => each.offsetHeight > 0)"
        assert chromium.execute_script(still) == [False] * 3
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        assert chromium.execute_script(still) == [True] * 3
        sizes = chromium.execute_script(
            "return [...document.querySelectorAll('.still')].map("
            "(each) => each.naturalWidth / each.naturalHeight)"
        )
        # In voxels 40 x 30, 40 x 12 and 12 x 30.
        assert sizes == pytest.approx([40 / 30, 40 / 12, 12 / 30])
        # The charts are there, and nothing is asked of the reader.
        assert chromium.find_element("css selector", ".bar").is_displayed()
        assert not chromium.find_element("css selector", "#view-xy canvas").is_displayed()
        assert not chromium.find_element("css selector", ".save").is_displayed()
        printed = chromium.execute_cdp_cmd("Page.printToPDF", {})["data"]
        assert base64.b64decode(printed).startswith(b"%PDF")
    finally:
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        chromium.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
