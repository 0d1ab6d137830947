"""What each step of the chain costs for a voxel, and what that makes of 10^8, 10^9 and 10^10.

    python benchmarks/cost.py [EDGE]

Each verb works in a process of its own on a phantom of EDGE^3 voxels (160 by default) at the voxel size of
the bundled networks. Told is processor time, which other work on the machine changes little, less what the
verb takes for a phantom of 1/8 of the voxels: what is spent on starting, loading and compiling is in both.
Linux and macOS only.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from electrodej.phantom import make_phantom
from electrodej.volume import write_volume

SPACING = (0.07, 0.07, 0.07)
STEPS = {
    "segment particles, in volumes": [
        "segment",
        "particles",
        "grey.tif",
        "--model",
        "nmc-particles-3d",
        "--out",
        "v.tif",
    ],
    "fuse, outlines in three views": ["fuse", "grey.tif", "--model", "nmc-particles", "--out", "f.tif"],
    "segment phases, one view": ["segment", "phases", "grey.tif", "--model", "nmc-phases", "--out", "p.tif"],
    "measure, all attributes": ["measure", "grey.tif", "labels.tif", "--out", "t.csv"],
    "morphology": ["morphology", "phases.tif", "--out", "m.csv"],
}


def cost(folder: Path, words: list[str]) -> tuple[float, int]:
    """Return seconds of a processor, and the largest memory in bytes."""
    command = [sys.executable, "-m", "electrodej", *words, "--force", "--quiet"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as work:
        _, state, used = os.wait4(work.pid, 0)
        work.returncode = os.waitstatus_to_exitcode(state)
    if work.returncode:
        sys.exit(f"{words} failed")
    unit = 1 if sys.platform == "darwin" else 1024
    return used.ru_utime + used.ru_stime, used.ru_maxrss * unit


def main(edge: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        folders = []
        for name, length in (("small", edge // 2), ("large", edge)):
            folder = Path(place) / name
            folder.mkdir()
            phantom = make_phantom((length,) * 3, spacing=SPACING, seed=5)
            write_volume(folder / "grey.tif", phantom.grey, spacing=SPACING)
            write_volume(folder / "labels.tif", phantom.labels, spacing=SPACING, labels=True)
            write_volume(folder / "phases.tif", phantom.phases, spacing=SPACING, labels=True)
            folders.append(folder)
        voxels = edge**3 - (edge // 2) ** 3
        print(f"{'core hours for':>58} 10^8    10^9   10^10")
        for name, words in STEPS.items():
            (base, _), (whole, memory) = (cost(folder, words) for folder in folders)
            each = max(whole - base, 1e-3) / voxels
            hours = "".join(f"{each * 10**power / 3600:8.2f}" for power in (8, 9, 10))
            rate = f"{1e-6 / each:.2f} Mvoxel/s of a core"
            print(f"{name:<30} {rate:<24} {hours}   {memory / 2**30:.1f} GiB", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 160)
