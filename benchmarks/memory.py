"""Whether a process keeps to --memory, the network's engine included.

    python benchmarks/memory.py [--memory 1GiB] [--shape 128,512,512]

Limit: the most that the process ever holds, as a ratio to what it was given.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from electrodej.options import Memory
from electrodej.phantom import make_phantom
from electrodej.volume import write_volume

SPACING = (0.14, 0.14, 0.14)
COMMANDS = {
    "segment particles": ["segment", "particles", "grey.tif", "--model", "nmc-particles"],
    "segment phases": ["segment", "phases", "grey.tif", "--model", "nmc-phases"],
    "fuse": ["fuse", "grey.tif", "--model", "nmc-particles"],
    "measure": ["measure", "grey.tif", "labels.tif"],
}


def peak(command: list[str], folder: Path) -> int:
    """Return the most bytes that a command and its children held."""
    running = subprocess.Popen([sys.executable, "-m", "electrodej", *command, "--quiet"], cwd=folder)
    process, most = psutil.Process(running.pid), 0
    while running.poll() is None:
        try:
            every = (process, *process.children(recursive=True))
            most = max(most, sum(each.memory_info().rss for each in every))
        except psutil.NoSuchProcess:
            pass
        time.sleep(0.01)
    if running.returncode:
        sys.exit(f"{' '.join(command)} ended with {running.returncode}")
    return most


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--memory", default="1GiB")
    parser.add_argument("--shape", default="128,512,512", help="Z,Y,X")
    options = parser.parse_args()
    given = Memory().read(options.memory)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        phantom = make_phantom(tuple(map(int, options.shape.split(","))), spacing=SPACING, seed=1)
        write_volume(folder / "grey.tif", phantom.grey, spacing=SPACING)
        write_volume(folder / "labels.tif", phantom.labels, spacing=SPACING, labels=True)
        del phantom
        over = False
        for name, command in COMMANDS.items():
            out = "out.csv" if name == "measure" else f"{name.split()[-1]}.tif"
            most = peak([*command, "--out", out, "--memory", options.memory], folder)
            over |= most > given
            print(
                f"{name:<20} {most / 2**20:6.0f} MiB  {most / given:.2f} x what it was given (limit 1)",
                flush=True,
            )
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
