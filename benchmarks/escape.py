"""How long a command goes on in Fiji after Escape, whenever it is pressed.

    python benchmarks/escape.py
    python benchmarks/escape.py "The first click ever" "Measure Particles"  # these alone

The menu's scripts run in ImageJ 1.54p with SciJava and a worker of their own, as in Fiji. Escape is pressed
once, at several moments of each command: while Python starts, reads, works, writes, and for one while nothing
is compiled yet, as at the first click ever. What is told is the longest time from the key to the end of the
command, over the limit of a second, and how many keys were never heard: the command went on to its own end.
"""

from __future__ import annotations

import math
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.errors import ElectrodeJError
from electrodej.fiji.jvm import start_light
from electrodej.fiji.scripting import context, run_script
from electrodej.phantom import make_phantom
from electrodej.volume import write_volume

EDGE = 160
SPACING = (0.14, 0.14, 0.14)
LIMIT = 1.0
# Seconds after the click.
MOMENTS = (0.05, 0.5, 1.0, 2.0, 4.0, 8.0)
FIRST = "The first click ever"


def pressed(imagej: Any, command: str, inputs: dict[str, Any], moment: float) -> float | None:
    """Run a command, press Escape once, and return how long it went on.

    Infinite if the key was never heard, None if the command was done before.
    """
    import scyjava

    key = scyjava.jimport("java.awt.event.KeyEvent").VK_ESCAPE
    ended: list[float] = []
    cancelled: list[bool] = []
    failed: list[ElectrodeJError] = []

    def click() -> None:
        try:
            run_script(command, inputs)
        except ElectrodeJError as error:
            if str(error) != "cancelled":
                failed.append(error)
            cancelled.append(True)
        ended.append(time.perf_counter())

    thread = threading.Thread(target=click)
    thread.start()
    thread.join(moment)
    began = time.perf_counter()
    if thread.is_alive():
        imagej.setKeyDown(key)
    thread.join()
    imagej.setKeyUp(key)
    imagej.resetEscape()
    if failed:
        sys.exit(f"{command} was not cancelled, it failed: {failed[0]}")
    if ended[0] <= began:
        return None
    waited = ended[0] - began
    # What ends by itself within the limit is soon enough, whether it heard the key or not.
    return waited if cancelled or waited <= LIMIT else math.inf


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        phantom = make_phantom((EDGE,) * 3, spacing=SPACING, seed=1)
        grey, labels, phases = (folder / f"{name}.tif" for name in ("grey", "labels", "phases"))
        write_volume(grey, phantom.grey, spacing=SPACING)
        write_volume(labels, phantom.labels, spacing=SPACING, labels=True)
        write_volume(phases, (phantom.labels > 0).astype(np.uint8), spacing=SPACING)
        imagej = start_light(memory="2g", scripting=True)
        run_script("Help")  # Groovy itself is there from here on
        commands: dict[str, dict[str, Any]] = {
            "Measure Particles": {
                "greyFile": grey,
                "labelFile": labels,
                "table": folder / "t.csv",
                "replace": True,
            },
            "Segment Particles": {"greyFile": grey},
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
        wanted = sys.argv[1:] or [FIRST, *commands]
        if FIRST in wanted:
            at_first = []
            for moment in MOMENTS:
                forget_compiled(folder / f"home-{moment}")
                at_first.append(
                    (moment, pressed(imagej, "Measure Particles", commands["Measure Particles"], moment))
                )
            tell(FIRST, at_first)
        for command, inputs in commands.items():
            if command not in wanted:
                continue
            tell(command, [(at, pressed(imagej, command, inputs, at)) for at in MOMENTS])


def forget_compiled(home: Path) -> None:
    """Let nothing be compiled yet, as for a new user."""
    import scyjava

    scyjava.jimport("java.lang.System").setProperty("user.home", str(home))
    objects = context().service("org.scijava.object.ObjectService")
    for compiled in list(objects.getObjects(scyjava.jimport("java.util.concurrent.FutureTask").class_)):
        objects.removeObject(compiled)


def tell(what: str, found: list[tuple[float, float | None]]) -> None:
    """Print the longest time that something went on, and at which moment, and which keys were never heard."""
    keys = [(seconds, at) for at, seconds in found if seconds is not None]
    heard = [(seconds, at) for seconds, at in keys if math.isfinite(seconds)]
    unheard = [f"{at:g}" for seconds, at in keys if not math.isfinite(seconds)]
    if not keys:
        print(f"{what}: done before the first key", flush=True)
        return
    if heard:
        worst, at = max(heard)
        print(
            f"{what}: {worst:.2f} s at most, at {at:g} s ({len(heard)} of {len(keys)} keys); "
            f"{worst / LIMIT:.2f} of the limit of {LIMIT:g} s",
            flush=True,
        )
    if unheard:
        print(f"{what}: never heard at {', '.join(unheard)} s; press again", flush=True)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
