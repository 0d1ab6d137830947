"""What a click in Fiji costs: the first, which starts Python, and the second, against the same in Python.

    python benchmarks/clicks.py [EDGE]

The menu's scripts run in ImageJ 1.54p with SciJava and a worker of their own, as in Fiji; the images are
open. A first click is the first after Fiji was started, on a computer where ElectrodeJ was used before: what
both doors compile once and keep (numba's kernels, the scripts' classes) was compiled by a click in another
process, whose time is told too. It is compared with a new Python that does the same verb on files, a second
one with the verb called in this process, warm, on arrays. Limits: a first click costs no more than twice a
new Python, a second one at most 0.5 s more than the call.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from electrodej.fiji.jvm import start_light
from electrodej.fiji.scripting import context, run_script
from electrodej.phantom import make_phantom
from electrodej.verbs import do
from electrodej.volume import write_volume

EDGE = 96
SPACING = (0.14, 0.14, 0.14)
MOST_TIMES, MOST_SECONDS = 2.0, 0.5
TURNS = 3


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def told(name: str, clicks: list[float], fresh: float, warm: float) -> None:
    """Print one command's times and ratios."""
    first, second = clicks[0], min(clicks[1:])
    print(f"{name}: first click {first:.2f} s, second {second:.2f} s")
    print(f"  first over a new Python ({fresh:.2f} s): {first / fresh:.2f} (limit {MOST_TIMES:g})")
    print(
        f"  second over the call, warm ({warm:.2f} s): {second - warm:.2f} s more (limit {MOST_SECONDS:g})",
        flush=True,
    )


_BEFORE = """
import os, sys, time
from pathlib import Path
from electrodej.fiji.scripting import context, run_script
context()
began = time.perf_counter()
folder = Path(sys.argv[1])
files = {"greyFile": folder / "grey.tif", "labelFile": folder / "labels.tif"}
run_script("Measure Particles", {**files, "table": folder / "before.csv"})
print(time.perf_counter() - began)
sys.stdout.flush()
os._exit(0)
"""


def clicked_before(folder: Path) -> float:
    """Click once in a process of its own, and return what it took."""
    words = [sys.executable, "-c", _BEFORE, str(folder)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def main() -> None:
    edge = int(sys.argv[1]) if len(sys.argv) > 1 else EDGE
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        phantom = make_phantom((edge,) * 3, spacing=SPACING, seed=1)
        write_volume(folder / "grey.tif", phantom.grey, spacing=SPACING)
        write_volume(folder / "labels.tif", phantom.labels, spacing=SPACING, labels=True)
        grey, labels = folder / "grey.tif", folder / "labels.tif"
        print(f"a click in another process, before: {clicked_before(folder):.2f} s", flush=True)
        imagej = start_light(memory="2g", scripting=True)
        context()  # a Fiji has it before anybody clicks
        open_grey, open_labels = (imagej.openImage(str(path)) for path in (grey, labels))
        target = iter(folder / f"{number}.out" for number in range(99))

        def out(suffix: str) -> Path:
            return next(target).with_suffix(suffix)

        works = {
            "Measure Particles": (
                lambda: run_script(
                    "Measure Particles", {"grey": open_grey, "labels": open_labels, "table": out(".csv")}
                ),
                ["measure", str(grey), str(labels), "--out"],
                lambda: do("measure", grey, labels, out=out(".csv")),
                ".csv",
            ),
            "Segment Particles": (
                lambda: run_script("Segment Particles", {"grey": open_grey, "out": out(".tif")}),
                ["segment", "particles", str(grey), "--model", "nmc-particles", "--out"],
                lambda: do("segment particles", grey, model="nmc-particles", out=out(".tif")),
                ".tif",
            ),
        }
        for name, (click, words, call, suffix) in works.items():
            clicks = [seconds(click) for _ in range(1 + TURNS)]
            command = [sys.executable, "-m", "electrodej", *words, str(out(suffix)), "--quiet"]
            fresh = seconds(lambda command=command: subprocess.run(command, check=True, capture_output=True))
            call()
            told(name, clicks, fresh, min(seconds(call) for _ in range(TURNS)))


if __name__ == "__main__":
    main()
