"""An electrode of three boxes whose every number is known by hand, and a headless browser."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.report import ReportContent, write_report

SPACING = (0.4, 0.2, 0.2)


def boxes() -> tuple[np.ndarray, np.ndarray]:
    """Grey and labels, 12 x 30 x 40 voxels: boxes 5, 7 and 70000 of the table, and box 9 that it lacks."""
    labels = np.zeros((12, 30, 40), np.uint32)
    labels[1:4, 2:8, 3:12] = 5
    labels[5:10, 10:21, 14:25] = 7
    labels[5:10, 21:28, 14:25] = 70_000
    labels[0:3, 22:29, 30:39] = 9
    grey = np.where(labels > 0, 180, 60).astype(np.uint8)
    grey[0] += 10
    return grey, labels


@pytest.fixture
def content() -> ReportContent:
    grey, labels = boxes()
    voxel = 0.4 * 0.2 * 0.2
    return ReportContent(
        title="Three boxes",
        grey=grey,
        labels=labels,
        spacing=SPACING,
        table={
            "Label": np.array([5, 7, 70_000]),
            "Volume": np.array([3 * 6 * 9, 5 * 11 * 11, 5 * 7 * 11]) * voxel,
            "Damage": np.array([0.25, np.nan, 0.05]),
            "Contact": np.array([0.0, 0.3, 0.6]),
        },
        units={"Volume": "um^3"},
        definitions={"Damage": "(fill - raw) / fill, by volume"},
        stages=[("measure", 1.25, "table.csv")],
        provenance={"versions": {"numpy": "2.0"}, "command": "electrodej measure grey.tif labels.tif"},
    )


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium that the tests share."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver_program = shutil.which("chromedriver")
    if browser is None or driver_program is None:
        pytest.fail("the report is tested in Chromium; run: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-unsafe-swiftshader",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,1000",
        "--force-device-scale-factor=1",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(driver_program))
    yield driver
    driver.quit()


class Page:
    """An open report."""

    def __init__(self, driver: Any, path: Path) -> None:
        self.driver = driver
        self.path = path
        driver.get_log("browser")
        driver.get(path.as_uri())
        self.wait("document.body.dataset.ready === 'true'")

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: str) -> None:
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, 60, poll_frequency=0.05).until(
            lambda driver: driver.execute_script(f"return {condition}"), f"not so: {condition}"
        )

    def find(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def errors(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def column(self, name: str) -> list[str]:
        """The cells of a column as the table shows them."""
        return self.run(
            """const place = [...document.querySelectorAll("#grid thead th")].findIndex(
                 (head) => head.querySelector("button").firstChild.textContent === arguments[0]);
               return [...document.querySelectorAll("#grid tbody tr[data-row]")].map(
                 (row) => row.cells[place].textContent);""",
            name,
        )

    def sort(self, name: str) -> None:
        self.run(
            """[...document.querySelectorAll("#grid thead button")].find(
                 (button) => button.firstChild.textContent === arguments[0]).click();""",
            name,
        )

    def search(self, text: str, *, answer: str) -> None:
        box = self.find("#search")
        self.run("arguments[0].value = ''", box)
        box.send_keys(text)
        self.wait(f"document.getElementById('count').textContent.includes({answer!r})")

    def click_row(self, label: int) -> None:
        self.run(
            """[...document.querySelectorAll("#grid tbody tr[data-row]")].find(
                 (row) => row.cells[0].textContent === arguments[0]).click();""",
            str(label),
        )
        self.frame()

    def frame(self) -> None:
        """Let the page draw."""
        self.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")

    def slices(self) -> dict[str, int]:
        """The slice that each view shows, counted from 1."""
        return {
            name: int(self.find(f"#view-{name} canvas").get_attribute("data-slice"))
            for name in ("xy", "xz", "yz")
        }

    def pixel(self, view: str, across: float, down: float) -> tuple[int, int, int]:
        """The colour at a place of a view, both from 0 to 1."""
        return tuple(
            self.run(
                """const canvas = document.querySelector(`#view-${arguments[0]} canvas`);
                   const at = [arguments[1] * canvas.width, arguments[2] * canvas.height].map(Math.floor);
                   return [...canvas.getContext("2d").getImageData(...at, 1, 1).data].slice(0, 3);""",
                view,
                across,
                down,
            )
        )


@pytest.fixture
def open_page(chromium: Any, tmp_path: Path) -> Callable[[ReportContent], Page]:
    def write_and_open(content: ReportContent, **changes: Any) -> Page:
        return Page(chromium, write_report(tmp_path / "report.html", replace(content, **changes)))

    return write_and_open


@pytest.fixture
def open_file(chromium: Any) -> Callable[[Path], Page]:
    return lambda path: Page(chromium, path)


# Nothing asks for updates or welcomes; pages that prefer dark are dark.
_PREFERENCES = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "",
    "toolkit.telemetry.enabled": False,
    "layout.css.prefers-color-scheme.content-override": 0,
}


class Firefox:
    """A headless Firefox, spoken to in WebDriver BiDi, which it understands without a driver program."""

    def __init__(self, program: str, profile: Path) -> None:
        self.socket: Any = None
        self.sent = 0
        self.events: list[dict[str, Any]] = []
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _PREFERENCES.items()
        ]
        (profile / "user.js").write_text("\n".join(lines))
        self.process = subprocess.Popen(
            [program, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0",
             "--window-size", "1280,1000"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            self._connect(profile / "WebDriverBiDiServer.json")
        except BaseException:
            self.close()
            raise

    def _connect(self, address: Path) -> None:
        from websocket import create_connection

        until = time.monotonic() + 120
        while not address.exists() or not address.read_text():
            assert time.monotonic() < until, "Firefox did not start"
            time.sleep(0.05)
        port = json.loads(address.read_text())["ws_port"]
        self.socket = create_connection(f"ws://127.0.0.1:{port}/session", suppress_origin=True, timeout=120)
        self.tell("session.new", capabilities={})
        self.context = self.tell("browsingContext.getTree")["contexts"][0]["context"]
        self.tell("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])

    def tell(self, method: str, **parameters: Any) -> Any:
        self.sent += 1
        self.socket.send(json.dumps({"id": self.sent, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.sent:
                assert answer["type"] == "success", answer
                return answer["result"]
            self.events.append(answer)

    def open(self, path: Path) -> None:
        self.events.clear()
        self.tell("browsingContext.navigate", context=self.context, url=path.as_uri(), wait="complete")
        self.run(
            "new Promise((done) => { const look = () => document.body.dataset.ready === 'true' ? done() "
            ": setTimeout(look, 20); look(); })"
        )

    def run(self, expression: str) -> Any:
        """What an expression gives, as JSON has it."""
        answer = self.tell(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": self.context},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])

    def click(self, x: float, y: float) -> None:
        """Click at a place of the window."""
        mouse = {"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "x": round(x), "y": round(y)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]}  # fmt: skip
        self.tell("input.performActions", context=self.context, actions=[mouse])
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))")

    def texts(self, event: str) -> list[str]:
        """What was logged or asked for since the page was opened."""
        key = {
            "log.entryAdded": lambda said: said["text"],
            "network.beforeRequestSent": lambda said: said["request"]["url"],
        }
        return [key[event](each["params"]) for each in self.events if each.get("method") == event]

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="session")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """A headless Firefox that the tests share."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.fail("the report is tested in Firefox too; run: apt-get install firefox-esr")
    browser = Firefox(program, tmp_path_factory.mktemp("firefox"))
    yield browser
    browser.close()
