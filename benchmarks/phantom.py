"""Speed and memory of making phantoms, beside NumPy noise and SciPy's Gaussian blur of the same volume.

    python benchmarks/phantom.py [--size 256] [--jobs 2] [--deep 96]

The peer does the least that any simulation of an image does: one field of normal noise and one blur, on one
thread. Each figure comes from a process of its own, so that its peak memory is its own; compiling is done
before the clock starts. The slab-wise runs have the planes of a 1024^3 volume and two depths: the peak does
not grow with depth, so it is also that of 1024^3.
"""

from __future__ import annotations

import argparse
import multiprocessing
import threading
import time
from collections.abc import Callable

import numpy as np
import psutil

MIB = 2**20
MEMORY = 384 * MIB


def phantom(size: int, jobs: int) -> Callable[[], None]:
    """The whole phantom in memory: grey, labels, outlines, phases and truth."""
    from electrodej.phantom import make_phantom

    make_phantom((2, 32, 32), jobs=jobs)
    return lambda: make_phantom((size, size, size), jobs=jobs) and None


def peer(size: int, _jobs: int) -> Callable[[], None]:
    """Noise and blur."""
    from scipy.ndimage import gaussian_filter

    def work() -> None:
        random = np.random.default_rng(0)
        volume = random.standard_normal((size, size, size), dtype=np.float32)
        # The phantom's own blur is as long along z and half as long in the plane.
        gaussian_filter(volume, (2.3, 1.2, 1.2), truncate=3.0, output=volume)

    return work


def slabs(depth: int, jobs: int) -> Callable[[], None]:
    """Slabs of 1024 x 1024 planes, looked at and dropped."""
    from electrodej.phantom import PhantomConfig, make_phantom, phantom_slabs
    from electrodej.run import Run

    make_phantom((2, 32, 32), jobs=jobs)

    def work() -> None:
        config = PhantomConfig(shape=(depth, 1024, 1024))
        for slab in phantom_slabs(config, run=Run(jobs=jobs, memory=MEMORY)):
            slab.grey.max()

    return work


def measured(make: Callable[[int, int], Callable[[], None]], size: int, jobs: int) -> tuple[float, float]:
    """Seconds and peak memory (MiB above the start) of a piece of work, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(sender, make, size, jobs))
    process.start()
    seconds, peak = receiver.recv()
    process.join()
    return float(seconds), float(peak)


def _child(sender: object, make: Callable[[int, int], Callable[[], None]], size: int, jobs: int) -> None:
    work = make(size, jobs)
    me = psutil.Process()
    start = peak = me.memory_info().rss
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.02):
            peak = max(peak, me.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    begin = time.perf_counter()
    work()
    seconds = time.perf_counter() - begin
    done.set()
    watcher.join()
    sender.send((seconds, (peak - start) / MIB))  # type: ignore[attr-defined]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--deep", type=int, default=48, help="slices of the deeper slab-wise run")
    options = parser.parse_args()

    voxels = options.size**3 / 1e6
    seconds, peak = measured(phantom, options.size, options.jobs)
    least, _ = measured(peer, options.size, options.jobs)
    print(f"phantom {options.size}^3, {options.jobs} threads: {seconds:.1f} s")
    print(f"  {voxels / seconds:.2f} Mvoxel/s, peak {peak:.0f} MiB ({voxels * 1e6 * 6 / MIB:.0f} the result)")
    print(f"  {seconds / least:.1f} times one field of normal noise and one Gaussian blur ({least:.1f} s)")
    for depth in (options.deep * 2 // 3, options.deep):
        seconds, peak = measured(slabs, depth, options.jobs)
        speed = depth * 1024 * 1024 / 1e6 / seconds
        print(f"slab by slab {depth} x 1024 x 1024: {speed:.2f} Mvoxel/s, peak {peak:.0f} MiB of 384")


if __name__ == "__main__":
    main()
