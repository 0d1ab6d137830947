"""Speed and memory of scoring particles, beside StarDist's ``matching`` on the same labels in the same run.

    python benchmarks/score.py [--size 256] [--block 24] [--jobs 2]

Each program runs in a process of its own, so that its peak memory is its own. Both read the labels from
memory maps. Compiling is done before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALL = 24
RUNS = 3


def make_labels(folder: Path, size: int, block: int) -> None:
    """Write a truth of balls that touch and a prediction of the same, 2 voxels further on."""
    cells = -(-size // block)
    z, y, x = (np.arange(size) for _ in range(3))
    numbers = (z[:, None, None] // block * cells + y[:, None] // block) * cells + x // block + 1
    distance = sum(((axis % block) - (block - 1) / 2) ** 2 for axis in np.ix_(z, y, x))
    truth = np.where(distance <= (block / 2) ** 2, numbers, 0).astype(np.uint32)
    np.save(folder / "truth.npy", truth)
    np.save(folder / "pred.npy", np.roll(truth, 2, axis=2))


def with_electrodej(jobs: int) -> Callable[[NDArray[Any], NDArray[Any]], tuple[int, float]]:
    """Return a function that scores with ElectrodeJ."""
    from electrodej.run import Run
    from electrodej.score import score_instances

    def score(pred: NDArray[Any], truth: NDArray[Any]) -> tuple[int, float]:
        scores = score_instances(pred, truth, run=Run(jobs=jobs))
        return scores.at(0.5).tp, scores.mean["panoptic_quality"]

    return score


def with_stardist(jobs: int) -> Callable[[NDArray[Any], NDArray[Any]], tuple[int, float]]:  # noqa: ARG001 - has no threads
    """Return a function that scores with StarDist."""
    from stardist.matching import matching

    from electrodej.score import THRESHOLDS

    def score(pred: NDArray[Any], truth: NDArray[Any]) -> tuple[int, float]:
        scores = matching(truth, pred, thresh=THRESHOLDS)
        return scores[0].tp, float(np.mean([entry.panoptic_quality for entry in scores]))

    return score


PROGRAMS = {"electrodej": with_electrodej, "stardist": with_stardist}


def measure(name: str, folder: str, jobs: int) -> dict[str, Any]:
    """Score the labels a few times; return the best time, the peak memory over the start and the scores."""
    import psutil

    warnings.simplefilter("ignore")
    score = PROGRAMS[name](jobs)
    pred, truth = (np.load(Path(folder, f"{side}.npy"), mmap_mode="r") for side in ("pred", "truth"))
    score(*(np.load(Path(folder, f"{side}.npy"), mmap_mode="r")[:SMALL] for side in ("pred", "truth")))
    process = psutil.Process()
    start, peak, done = own_memory(process), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            peak[0] = max(peak[0], own_memory(process))

    watcher = threading.Thread(target=watch)
    watcher.start()
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        result = score(pred, truth)
        seconds.append(time.perf_counter() - began)
    done.set()
    watcher.join()
    return {"seconds": min(seconds), "peak": max(0, peak[0] - start), "scores": result, "voxels": truth.size}


def own_memory(process: Any) -> int:
    """Memory of the process without the pages of the files it maps, which the system can drop."""
    usage = process.memory_info()
    return int(usage.rss - getattr(usage, "shared", 0))


def main() -> int:
    """Measure both and print the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=256, help="edge of the volume in voxels")
    parser.add_argument("--block", type=int, default=24, help="diameter of a particle in voxels")
    parser.add_argument("--jobs", type=int, default=2, help="threads of ElectrodeJ")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        make_labels(Path(folder), options.size, options.block)
        for name in PROGRAMS:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                found[name] = pool.apply(measure, (name, folder, options.jobs))
    ours, theirs = found["electrodej"], found["stardist"]
    if ours["scores"][0] != theirs["scores"][0] or abs(ours["scores"][1] - theirs["scores"][1]) > 1e-5:
        sys.stderr.write(f"the scores differ: {ours['scores']} and {theirs['scores']}\n")
        return 1
    speed = theirs["seconds"] / ours["seconds"]
    memory = theirs["peak"] / max(1, ours["peak"])
    if options.json:
        print(json.dumps({"score_speed_ratio": speed, "score_memory_ratio": memory, "runs": found}))
        return 0
    for name, run in found.items():
        rate = run["voxels"] / run["seconds"] / 1e6
        print(f"{name:<12} {rate:8.1f} Mvoxel/s   {run['peak'] / 2**20:8.1f} MiB at most")
    print(f"score: {speed:.1f} x as fast as StarDist's matching, with {memory:.1f} x less memory")
    return 0


if __name__ == "__main__":
    sys.exit(main())
