"""How long a strange scan takes from the file to the page.

    python benchmarks/page.py [EDGE]

A phantom of another look, 16 bit, with inverted contrast, turned, of an odd grey range and other voxel size,
is taken through ``electrodej run`` with nothing but its name. Limit: five minutes up to 256 voxels along each
axis, and in proportion to the voxels beyond.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from electrodej.phantom import make_phantom
from electrodej.volume import write_volume

SPACING = (0.1, 0.1, 0.1)
LIMIT, AT = 300.0, 256


def main(edge: int) -> int:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        phantom = make_phantom((edge,) * 3, spacing=SPACING, seed=11, look="phase-contrast")
        strange = np.rot90((41_000 - 97.0 * phantom.grey).astype(np.uint16), axes=(0, 2))
        write_volume(folder / "scan.tif", np.ascontiguousarray(strange), spacing=SPACING)
        particles = int(phantom.labels.max())
        del phantom, strange
        command = [sys.executable, "-m", "electrodej", "run", "scan.tif", "--out", "page", "--json"]
        began = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        taken = time.perf_counter() - began
        if done.returncode:
            sys.exit(done.stderr)
        answer = json.loads(done.stdout)
        page = (folder / "page" / "report.html").stat().st_size
    limit = LIMIT * max(1.0, (edge / AT) ** 3)
    print(f"{edge}^3 voxels: {taken:.0f} s, {taken / limit:.2f} x the limit of {limit:.0f} s")
    print(f"{answer['particles']} particles measured, {particles} made; a page of {page / 2**20:.1f} MiB")
    return int(taken > limit)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else AT))
