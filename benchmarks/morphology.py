"""Local thickness beside PoreSpy's in the same run: time, memory, and whether all voxels are equal.

    ELECTRODEJ_PEERS=peers/bin/python python benchmarks/morphology.py

See peers/timed.py for the peers' environment. Without it only our own figures are printed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from peers.timed import peers, timed
from scipy.ndimage import gaussian_filter

SIDE = 256

_LOAD = "pore = np.load({path!r})"
_OURS = """
from electrodej.morphology import local_thickness
local_thickness(pore[:8, :8, :8], spacing=(1, 1, 1))  # compiles, or loads what was compiled
"""
_PEER = """
import porespy
porespy.settings.tqdm["disable"] = True
porespy.filters.local_thickness(pore[:32, :32, :32])
"""


def structure(folder: Path) -> Path:
    """Blobs with a volume share of one half, saved as an array."""
    noise = np.random.default_rng(0).standard_normal((SIDE,) * 3, np.float32)
    path = folder / "pore.npy"
    np.save(path, gaussian_filter(noise, 4) > 0)
    return path


def line(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    print(
        f"{name:44s} {theirs['wall'] / ours['wall']:7.2f} x as fast, {theirs['cpu'] / ours['cpu']:7.2f} x by "
        f"CPU time, {ours['memory'] / max(1, theirs['memory']):5.2f} of the memory"
        f"   (ours {ours['wall']:.2f} s, {ours['memory'] / 2**20:.0f} MiB; "
        f"peer {theirs['wall']:.2f} s, {theirs['memory'] / 2**20:.0f} MiB)"
    )


def main() -> None:
    python = peers()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        load = _LOAD.format(path=str(structure(folder)))
        ours = timed(
            load + _OURS,
            "found = local_thickness(pore, spacing=(1, 1, 1))\n"
            f"result = np.save({str(folder / 'ours.npy')!r}, found)",
        )
        print(f"local thickness of {SIDE}^3: {ours['wall']:.2f} s, {ours['memory'] / 2**20:.0f} MiB")
        if python is None:
            print("ELECTRODEJ_PEERS names no environment with PoreSpy: no ratio", file=sys.stderr)
            return
        theirs = timed(
            load + _PEER,
            "found = porespy.filters.local_thickness(pore)\n"
            f"result = np.save({str(folder / 'peer.npy')!r}, found)",
            python,
        )
        line(f"local thickness {SIDE}^3 / PoreSpy", ours, theirs)
        one, other = np.load(folder / "ours.npy"), np.load(folder / "peer.npy")
        print(f"voxels that differ: {int(np.count_nonzero(one != other))} of {one.size}")


if __name__ == "__main__":
    main()
