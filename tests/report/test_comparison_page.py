"""The page that compares many images, made from files and opened in a real browser."""

from __future__ import annotations

import numpy as np
import pytest

from electrodej.verbs import do
from electrodej.volume import write_volume

pytestmark = pytest.mark.browser

SPACING = (0.5, 0.5, 0.5)


@pytest.mark.slow
def test_page_of_many_images_compares_their_groups_and_leads_to_each(open_file, tmp_path):
    lines = ["image,cycles,labels"]
    for number, cycles in enumerate((10, 10, 100, 100)):
        labels = np.zeros((9, 28, 38), np.uint16)
        for particle in range(12):
            y, x = 1 + 9 * (particle // 4), 1 + 9 * (particle % 4)
            labels[1:8, y : y + 7, x : x + 7] = particle + 1
            # Cracks of 1 to 3 voxels after 10 cycles, of 5 to 7 after 100.
            labels[4, y + 3, x : x + 1 + 4 * (cycles == 100) + (particle + number) % 3] = 0
        write_volume(tmp_path / f"s{number}.tif", (50 + 150 * (labels > 0)).astype(np.uint8), spacing=SPACING)
        write_volume(tmp_path / f"s{number}_labels.tif", labels, spacing=SPACING, labels=True)
        lines.append(f"s{number}.tif,{cycles},s{number}_labels.tif")
    (tmp_path / "bad.tif").write_bytes(b"no image")
    (tmp_path / "groups.csv").write_text("\n".join(lines) + "\n")
    images = [str(tmp_path / name) for name in ("s?.tif", "bad.tif")]
    do("run", *images, groups=tmp_path / "groups.csv", only=("table", "report"), out=tmp_path / "all")
    page = open_file(tmp_path / "all" / "comparison.html")
    assert page.errors() == []
    head = page.find(".numbers").text
    assert "5" in head
    assert "1 failed" in head
    assert "cycles 10\n24 particles" in head
    text = page.find("main").text
    assert "No particle was measured" not in text
    assert "What differs: 10 and 100" in text
    # Every crack of the one group is longer than every one of the other.
    delta = page.run(
        """const cells = [...document.querySelectorAll("td")];
           return cells.find((cell) => cell.textContent === "Damage").parentElement.cells[5].textContent;"""
    )
    assert float(delta) == 1
    # Every picture is there, and its numbers can be had.
    assert page.run("return [...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    assert page.run(
        "return [...document.querySelectorAll('.picture')].every((each) => each.querySelector('button'))"
    )
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not page.find(".contents").is_displayed()
    assert page.find("figure.picture img").is_displayed()
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    page.find("a[href='s2/report.html']").click()
    page.wait("document.body.dataset.ready === 'true' && document.title.startsWith('s2')")
    assert page.errors() == []
