"""Photograph a demo's page for docs/images/report-page.png: ``make_report_picture.py electrodej-demo``.

Needs Chromium and its driver. The particle shown is the one with the most damage.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "report-page.png"
WIDTH, HEIGHT = 1280, 1760


def main(folder: Path) -> None:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    with tempfile.TemporaryDirectory() as profile:
        for flag in ("--headless=new", "--no-sandbox", "--hide-scrollbars", f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            driver.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False},
            )
            driver.get((folder / "report.html").resolve().as_uri())
            WebDriverWait(driver, 60).until(
                lambda page: page.execute_script("return document.body.dataset.ready === 'true'")
            )
            driver.execute_script(
                """document.documentElement.style.scrollBehavior = "auto";
                   [...document.querySelectorAll("#grid thead button")].find(
                     (button) => button.firstChild.textContent === "Damage").click();
                   document.querySelector("#grid tbody tr[data-row]").click();
                   window.scrollTo(0, 0);"""
            )
            driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
            driver.save_screenshot(str(PICTURE))
        finally:
            driver.quit()
    with Image.open(PICTURE) as shot:
        # A palette keeps the file small; it is text and grey values for the most part.
        shot.convert("RGB").quantize(200).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
