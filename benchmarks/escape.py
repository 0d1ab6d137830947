"""How long a command goes on in Fiji after one press of Escape, whenever it comes.

    python benchmarks/escape.py
    python benchmarks/escape.py "The first click ever" "Measure Particles"  # these alone
    ELECTRODEJ_FIJI=~/Fiji xvfb-run -a python benchmarks/escape.py          # in a whole Fiji, with a real key

The menu's scripts run in ImageJ 1.54p with SciJava and a worker of their own, as in Fiji; or, where
ELECTRODEJ_FIJI names one and there is a screen, from that Fiji's menu, with OK in the dialog as soon as it is
there, which is then the click. Escape is pressed once and let go of at once, at several moments after the
click: while the script is compiled, while Python starts, reads, works, writes. "The first click ever" is in a
new Java each time, in which nothing is compiled yet and Groovy itself has to start. What is told is the
longest time from the key to the end of the command, over the limit of a second, and how many keys were never
heard: the command went on to its own end.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.errors import ElectrodeJError
from electrodej.phantom import make_phantom
from electrodej.volume import write_volume

EDGE = 160
SPACING = (0.14, 0.14, 0.14)
LIMIT = 1.0
# Seconds after the click.
MOMENTS = (0.05, 0.1, 0.2, 0.35, 0.5, 1.0, 2.0, 4.0, 8.0)
FIRST = "The first click ever"
MEASURE = "Measure Particles"
LOOK = 0.005
LONGEST = 60


class Light:
    """Plain ImageJ 1.54p with SciJava, without a screen: the key is what ImageJ's window would note."""

    # A script, and no dialog before it.
    commands = (
        MEASURE,
        "Segment Particles",
        "Segment Phases",
        "Fuse Views",
        "Filter Image",
        "Measure Phases",
        "Run Whole Chain",
    )

    def __init__(self, folder: Path, home: Path) -> None:
        import scyjava

        from electrodej.fiji.jvm import start_light
        from electrodej.fiji.scripting import context

        scyjava.config.add_option(f"-Duser.home={home}")
        self.folder = folder
        self.imagej = start_light(memory="2g", scripting=True)
        context()  # a Fiji has it before anybody clicks
        self.cancelled = False

    def click(self, command: str) -> threading.Thread:
        """Begin a command."""
        self.cancelled = False
        thread = threading.Thread(target=self._run, args=(command,), daemon=True)
        thread.start()
        return thread

    def _run(self, command: str) -> None:
        from electrodej.fiji.scripting import run_script

        try:
            run_script(command, _inputs(self.folder)[command])
        except ElectrodeJError as error:
            if str(error) != "cancelled":
                sys.exit(f"{command} was not cancelled, it failed: {error}")
            self.cancelled = True

    def press(self) -> None:
        import scyjava

        key = scyjava.jimport("java.awt.event.KeyEvent").VK_ESCAPE
        self.imagej.setKeyDown(key)
        self.imagej.setKeyUp(key)

    def said(self) -> bool:
        """Whether it is told on the screen that the command was cancelled."""
        return False

    def settle(self) -> None:
        """Make ready for the next click."""


class Whole:
    """A whole Fiji on a screen: the menu, OK in the dialog as soon as it is there, and a real key."""

    # What needs nothing but the images that the dialog proposes.
    commands = (MEASURE, "Segment Particles", "Fuse Views")

    def __init__(self, folder: Path, home: Path) -> None:
        import scyjava

        from electrodej.fiji import connect

        scyjava.config.add_options([f"-Duser.home={home}", f"-Djava.util.prefs.userRoot={home}"])
        self.connection = connect(interactive=True, memory="2g")
        self.java = scyjava.jimport
        self.connection.ij.ui().showUI()
        self.robot = self.java("java.awt.Robot")()
        self.java("java.lang.System").setProperty("electrodej.python", sys.executable)
        # The kind of window in which ImageJ shows an image or a table.
        self.frames = self.java("java.awt.Frame")
        for name in ("labels", "grey"):
            self.connection.IJ.openImage(str(folder / f"{name}.tif")).show()
        self.settle()
        self.before = len(self._shown(self.frames))
        self.cancelled = False

    def click(self, command: str) -> Any:
        """Begin a command with OK in its dialog, and return the thread in which ImageJ does it."""
        self.cancelled = False
        self.connection.IJ.doCommand(f"ElectrodeJ {command}")
        dialog = self._until(lambda: self._dialog(f"ElectrodeJ {command}"), f"the dialog of {command}")
        threads = self.java("java.lang.Thread").getAllStackTraces().keySet()
        thread = next(each for each in threads if str(each.getName()) == f"ElectrodeJ {command}")
        button = next(
            part for part in _parts(dialog) if hasattr(part, "doClick") and str(part.getText()) == "OK"
        )
        self._later(button.doClick)
        self._until(lambda: not dialog.isVisible(), "the end of the dialog")
        return _Java(thread)

    def press(self) -> None:
        key = self.java("java.awt.event.KeyEvent").VK_ESCAPE
        self.robot.keyPress(key)
        self.robot.keyRelease(key)

    def said(self) -> bool:
        """Whether it is told on the screen that the command was cancelled."""
        self.cancelled = self.cancelled or self._dialog("ElectrodeJ") is not None
        return self.cancelled

    def settle(self) -> None:
        """Make ready for the next click: no message is left, and ImageJ's window has the keys."""
        window = self.connection.IJ.getInstance()

        def ready() -> bool:
            message = self._dialog("ElectrodeJ")
            if message is not None:
                # Disposed of before it is quite shown, it would wait for ever.
                time.sleep(1)
                self._later(message.dispose)
            elif not window.isFocused():
                self._later(window.toFront)
                self._later(window.requestFocus)
            else:
                return True
            time.sleep(0.2)
            return False

        self._until(ready, "a window manager that gives ImageJ's window the keys")

    def finished(self) -> bool:
        """Whether the command has shown a result."""
        return len(self._shown(self.frames)) > self.before

    def tidy(self) -> None:
        """Close what commands have shown."""
        for frame in self._shown(self.frames)[self.before :]:
            self._later(frame.dispose)
        time.sleep(0.5)

    def _shown(self, kind: Any) -> list[Any]:
        return [w for w in self.java("java.awt.Window").getWindows() if w.isVisible() and isinstance(w, kind)]

    def _dialog(self, title: str) -> Any | None:
        return next(
            (w for w in self._shown(self.java("java.awt.Dialog")) if str(w.getTitle()) == title), None
        )

    def _later(self, work: Any) -> None:
        import jpype

        self.java("java.awt.EventQueue").invokeLater(jpype.JProxy("java.lang.Runnable", dict={"run": work}))

    def _until(self, found: Any, what: str) -> Any:
        end = time.monotonic() + LONGEST
        while time.monotonic() < end:
            there = found()
            if there:
                return there
            time.sleep(LOOK)
        print(f"{what} did not come within {LONGEST} s", file=sys.stderr, flush=True)
        os._exit(1)


class _Java:
    """A thread of Java's as one of Python's."""

    def __init__(self, thread: Any) -> None:
        self.thread = thread

    def is_alive(self) -> bool:
        return bool(self.thread.isAlive())

    def join(self, seconds: float | None = None) -> None:
        self.thread.join(int(1000 * (seconds or 0)))


def _parts(window: Any) -> Iterator[Any]:
    for part in window.getComponents():
        yield part
        if hasattr(part, "getComponents"):
            yield from _parts(part)


def pressed(place: Light | Whole, command: str, moment: float) -> float | None:
    """Run a command, press Escape once, and return how long it went on.

    Infinite if the key was never heard, None if the command was done before.
    """
    place.settle()
    work = place.click(command)
    work.join(moment)
    if not work.is_alive():
        return None
    began = time.perf_counter()
    place.press()
    while work.is_alive() and not place.said():
        time.sleep(LOOK)
    waited = time.perf_counter() - began
    while work.is_alive():
        place.settle()
        work.join(0.1)
    if isinstance(place, Whole):
        # What ends before its script began tells nothing, and shows nothing.
        place.cancelled = place.cancelled or not place.finished()
        place.tidy()
    # What ends by itself within the limit is soon enough, whether it heard the key or not.
    return waited if place.cancelled or waited <= LIMIT else math.inf


def _inputs(folder: Path) -> dict[str, dict[str, Any]]:
    grey, labels, phases = (folder / f"{name}.tif" for name in ("grey", "labels", "phases"))
    return {
        MEASURE: {"greyFile": grey, "labelFile": labels, "table": folder / "t.csv", "replace": True},
        "Segment Particles": {"greyFile": grey, "model": "nmc-particles"},
        "Segment Phases": {"greyFile": grey, "model": "nmc-phases"},
        "Fuse Views": {"greyFile": grey},
        "Filter Image": {"greyFile": grey, "steps": "nlm:strength=0.8n"},
        "Measure Phases": {
            "phasesFile": phases,
            "also": "transport",
            "names": "pore,particle",
            "table": folder / "p.csv",
            "replace": True,
        },
        "Run Whole Chain": {
            "imagesFile": grey,
            "out": folder / "chain",
            "model": "nmc-particles",
            "replace": True,
        },
    }


def write_images(folder: Path) -> None:
    phantom = make_phantom((EDGE,) * 3, spacing=SPACING, seed=1)
    write_volume(folder / "grey.tif", phantom.grey, spacing=SPACING)
    write_volume(folder / "labels.tif", phantom.labels, spacing=SPACING, labels=True)
    write_volume(folder / "phases.tif", (phantom.labels > 0).astype(np.uint8), spacing=SPACING)


def in_a_java(folder: Path, command: str, moments: list[float], *, first: bool) -> None:
    """Press at these moments in this process, and print what came of it; else something ran before."""
    with tempfile.TemporaryDirectory() as home:
        place = Whole(folder, Path(home)) if whole() else Light(folder, Path(home))
        if not first:
            place.click(MEASURE).join()
            if isinstance(place, Whole):
                place.tidy()
        print(json.dumps([(at, pressed(place, command, at)) for at in moments]), flush=True)
        os._exit(0)  # Java's windows would keep it


def whole() -> bool:
    return "ELECTRODEJ_FIJI" in os.environ and bool(os.environ.get("DISPLAY"))


def found(folder: Path, command: str, moments: list[float], *, first: bool) -> list[Any]:
    words = [sys.executable, __file__, "--in-a-java", str(folder), command, json.dumps(moments)]
    done = subprocess.run([*words, *["first"][: int(first)]], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:] + f"\n{command} ended with {done.returncode}")
    return list(json.loads(done.stdout.splitlines()[-1]))


@contextlib.contextmanager
def frames() -> Iterator[None]:
    """Have windows that get keys: by openbox, where there is one."""
    program = shutil.which("openbox") if whole() else None
    if program is None:
        yield
        return
    manager = subprocess.Popen([program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        manager.terminate()
        manager.wait()


def main() -> None:
    if sys.argv[1:2] == ["--in-a-java"]:
        where, command, moments, *first = sys.argv[2:]
        in_a_java(Path(where), command, json.loads(moments), first=bool(first))
    with tempfile.TemporaryDirectory() as temporary, frames():
        folder = Path(temporary)
        write_images(folder)
        wanted = sys.argv[1:] or [FIRST, *(Whole if whole() else Light).commands]
        print("in a whole Fiji, with a real key" if whole() else "in ImageJ with SciJava", flush=True)
        for what in wanted:
            if what == FIRST:
                tell(what, [each for at in MOMENTS for each in found(folder, MEASURE, [at], first=True)])
            else:
                tell(what, found(folder, what, list(MOMENTS), first=False))


def tell(what: str, keys: list[tuple[float, float | None]]) -> None:
    """Print the longest time that something went on, and at which moment, and which keys were never heard."""
    alive = [(seconds, at) for at, seconds in keys if seconds is not None]
    heard = [(seconds, at) for seconds, at in alive if math.isfinite(seconds)]
    unheard = [f"{at:g}" for seconds, at in alive if not math.isfinite(seconds)]
    if not alive:
        print(f"{what}: done before the first key", flush=True)
        return
    if heard:
        worst, at = max(heard)
        each = ", ".join(f"{seconds:.2f}" for seconds, _ in heard)
        print(
            f"{what}: {worst:.2f} s at most, at {at:g} s ({len(heard)} of {len(alive)} keys: {each}); "
            f"{worst / LIMIT:.2f} of the limit of {LIMIT:g} s",
            flush=True,
        )
    if unheard:
        print(f"{what}: never heard at {', '.join(unheard)} s", flush=True)


if __name__ == "__main__":
    main()
