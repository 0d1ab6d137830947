"""Three views as large as the reference's volume, fused from file to file in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SPACING = 0.07
BLOCK = 192
MOST_GIB = 6.0
LEAST_RATE = 10.0
VIEWS = ("xy", "xz", "yz")


def measure_full(
    shape: tuple[int, int, int], *, folder: Path | None, jobs: int, seed: int, options: list[str]
) -> dict[str, Any]:
    """Write three views of ``shape``, fuse them with the command line, and say what that took.

    ``options`` are more options of ``electrodej fuse``. The files, some 12 bytes per voxel with the scratch,
    go at the end.
    """
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="fusion-", dir=folder))
    try:
        began = time.perf_counter()
        write_views(place, shape, seed)
        written = time.perf_counter() - began
        command = [sys.executable, "-m", "electrodej", "fuse", "--out", str(place / "particles.tif")]
        for view in VIEWS:
            command += [f"--{view}", str(place / f"{view}.tif")]
        return {"seconds_to_make": written} | _watched(
            [*command, "--jobs", str(jobs), "--json", *options], shape
        )
    finally:
        shutil.rmtree(place, ignore_errors=True)


def write_views(folder: Path, shape: tuple[int, int, int], seed: int) -> None:
    """Write the views of a block of a phantom that is mirrored again and again until it fills ``shape``."""
    from fusion_parts.simulate import see

    from electrodej.phantom import make_phantom
    from electrodej.volume import VolumeWriter

    phantom = make_phantom(
        tuple(min(BLOCK, n) for n in shape), spacing=(SPACING,) * 3, seed=seed, solid_fraction=0.5, jobs=1
    )
    places = [mirrored(n, min(BLOCK, n)) for n in shape]
    for axis, view in enumerate(VIEWS):
        block = see(phantom.outlines, axis, seed).probability
        with VolumeWriter(folder / f"{view}.tif", shape, np.uint8, spacing=(SPACING,) * 3) as writer:
            for z, at in enumerate(places[0]):
                writer.write(z, block[at][places[1]][:, places[2]])


def mirrored(length: int, block: int) -> NDArray[np.int64]:
    """Return 0, 1 ... block - 1, block - 1 ... 1, 0, 0, 1 ... of ``length`` entries."""
    at = np.arange(length) % (2 * block)
    return np.minimum(at, 2 * block - 1 - at)


def _watched(command: list[str], shape: tuple[int, int, int]) -> dict[str, Any]:
    """Run a command to its end; its peak memory, and its rate by the clock and by the processor's."""
    import psutil

    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        running = subprocess.Popen(command, stdout=output)
        watched = psutil.Process(running.pid)
        peak, busy = 0, 0.0
        while running.poll() is None:
            try:
                peak = max(peak, watched.memory_info().rss)
                times = watched.cpu_times()
                busy = times.user + times.system
            except psutil.Error:
                break
            time.sleep(0.05)
        code = running.wait()
        seconds = time.perf_counter() - began
        if code:
            raise SystemExit(f"electrodej fuse failed with exit status {code}")
        output.seek(0)
        result = json.load(output)
    million = float(np.prod(shape, dtype=np.int64)) / 1e6
    return {
        "shape": list(shape),
        "particles": result["particles"],
        "peak_gib": peak / 2**30,
        "seconds": seconds,
        "core_seconds": busy,
        "mvoxel_per_s": million / seconds,
        "mvoxel_per_core_s": million / busy,
    }


def tell(found: dict[str, Any]) -> str:
    """The figures beside their limits."""
    size = " x ".join(map(str, found["shape"]))
    return (
        f"{size} voxels from file to file, {found['particles']} particles\n"
        f"  peak memory {found['peak_gib']:.2f} GiB, limit {MOST_GIB:g}\n"
        f"  {found['mvoxel_per_s']:.1f} Mvoxel/s by the clock, limit {LEAST_RATE:g} on two free cores; "
        f"{found['mvoxel_per_core_s']:.1f} Mvoxel for each second of a core"
    )
