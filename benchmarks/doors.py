"""What the doors cost over the direct call, on the same data, warm, and what carrying an image costs.

    python benchmarks/doors.py [EDGE] [FOLDER]

The phantom is kept in FOLDER, where one is given, and read from there the next time: at 512 it takes minutes.

Limits: a door may take 5 % or 0.3 s more than `features` itself, whichever is larger; an image between numpy
and ImageJ one copy, which is compared with numpy's own copy of the same voxels.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import electrodej.fiji
from electrodej.features import features
from electrodej.phantom import make_phantom

SPACING = (0.07, 0.07, 0.07)
TURNS = 5


def best(call: Callable[[], Any], turns: int = TURNS) -> float:
    call()
    times = []
    for _ in range(turns):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def in_turn(calls: dict[str, Callable[[], Any]]) -> dict[str, list[float]]:
    """The times of each, all of them called in turn, so that a busy machine slows all alike."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(TURNS + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            # The first turn warms all up.
            if turn:
                times[name].append(time.perf_counter() - start)
    return times


def electrode(edge: int, folder: Path | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Grey values and labels."""
    kept = None if folder is None else folder / f"doors-{edge}.npz"
    if kept is not None and kept.is_file():
        with np.load(kept) as arrays:
            return arrays["grey"], arrays["labels"]
    phantom = make_phantom((edge,) * 3, spacing=SPACING, seed=1)
    if kept is not None:
        np.savez(kept, grey=phantom.grey, labels=phantom.labels)
    return phantom.grey, phantom.labels


def main(edge: int, kept: Path | None) -> int:
    grey_voxels, label_voxels = electrode(edge, kept)
    connection = electrodej.fiji.connect(light=True, memory="8g")
    grey = connection.to_imagej(grey_voxels, spacing=SPACING, title="grey")
    labels = connection.to_imagej(label_voxels, spacing=SPACING, title="labels", labels=True)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "t.csv"
        inputs = {"grey": grey, "labels": labels, "table": table, "replace": True}
        doors = {
            "features itself": lambda: features(grey_voxels, label_voxels, spacing=SPACING).write(
                table, force=True
            ),
            "light bridge": lambda: electrodej.fiji.measure(connection, grey, labels).write(
                table, force=True
            ),
            "Groovy script": lambda: connection.run_script("Measure Particles", inputs),
            "Jython script": lambda: connection.run_script("Measure Particles in Jython", inputs),
        }
        times = in_turn(doors)
    itself = times.pop("features itself")
    direct = statistics.median(itself)
    limit = max(0.05 * direct, 0.3)
    print(f"{edge}^3 voxels, {int(label_voxels.max())} particles; features itself {direct:.2f} s")
    over = []
    for name, seconds in times.items():
        # Turn by turn: the machine's own pace changes by more than a door costs.
        extra = statistics.median(np.subtract(seconds, itself))
        over.append(extra > limit)
        print(f"{name:16s} {extra / limit:6.2f} of what it may cost more ({extra:+.2f} s of {limit:.2f} s)")
    voxels = label_voxels
    copy = best(lambda: np.copy(voxels))
    there = best(lambda: connection.to_imagej(voxels, spacing=SPACING))
    back = best(lambda: connection.to_numpy(labels))
    print(f"numpy to ImageJ  {there / copy:6.2f} copies of numpy's ({there * 1e3:.0f} ms)")
    print(f"ImageJ to numpy  {back / copy:6.2f} copies of numpy's ({back * 1e3:.0f} ms)")
    return int(any(over))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(
        main(
            int(arguments[0]) if arguments else 512,
            Path(arguments[1]) if len(arguments) > 1 else None,
        )
    )
