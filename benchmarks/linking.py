"""Linking slice labels, beside StarDist's ``group_matching_labels`` on the same slices in the same run.

    python benchmarks/linking.py [--shape 128,192,192] [--spacing 0.21] [--solid 0.5] [--seeds 10,11] [--json]

A phantom's particles are cut into slices that are spoilt as a 2D network spoils them: slices and sections
are missing, sections come out too thin, too thick or in two pieces, neighbours run together, the tips of
particles are not seen, and every slice is numbered anew. Both programs link the same slices, each in a
process of its own, and are scored against the phantom. StarDist's function has no gap closing, so it is
also given the slices without the lost ones, the best a user could do with it. "known sections" is the limit:
what filling makes of the slices where each section's particle is known.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[Any]
Generator = np.random.Generator
THRESHOLDS = (0.5, 0.75, 0.9)
TIMED_SLICES = 48
TILES = 4


@dataclass(frozen=True)
class Faults:
    """Shares of what goes wrong in the slices."""

    lost_slices: float = 0.08
    lost_sections: float = 0.08
    thinner: float = 0.15
    thicker: float = 0.15
    split: float = 0.03
    merged: float = 0.02
    smallest: int = 12
    """Sections of fewer pixels are not seen."""


def spoil(truth: Labels, faults: Faults, seed: int) -> Labels:
    """Return the slices of ``truth`` as a 2D network might label them, numbered anew in each slice."""
    generator = np.random.default_rng(seed)
    slices = np.zeros(truth.shape, np.uint16)
    for at, image in enumerate(truth):
        if generator.random() >= faults.lost_slices:
            slices[at] = _spoil_slice(image.astype(np.int64), faults, generator)
    return slices


def _spoil_slice(image: Labels, faults: Faults, generator: Generator) -> Labels:
    from scipy import ndimage

    out = np.zeros(image.shape, np.int64)
    present = [int(label) for label in np.unique(image) if label]
    number = 1
    for label in present:
        mask = image == label
        if mask.sum() < faults.smallest or generator.random() < faults.lost_sections:
            continue
        kind = generator.random()
        if kind < faults.thinner:
            mask = ndimage.binary_erosion(mask)
        elif kind < faults.thinner + faults.thicker:
            mask = ndimage.binary_dilation(mask) & (mask | (image == 0))
        if not mask.any():
            continue
        pieces = _halves(mask, generator) if generator.random() < faults.split else [mask]
        for piece in pieces:
            out[piece & (out == 0)] = number
            number += 1
    _merge_neighbours(out, faults.merged, generator)
    return _renumber(out, generator)


def _halves(mask: Labels, generator: Generator) -> list[Labels]:
    """Cut a section by a line two pixels wide through a point near its middle."""
    at = np.argwhere(mask)
    middle = at.mean(axis=0) + generator.normal(0, 0.15, 2) * np.sqrt(len(at))
    angle = generator.uniform(0, np.pi)
    rows, columns = np.indices(mask.shape)
    side = (rows - middle[0]) * np.cos(angle) + (columns - middle[1]) * np.sin(angle)
    return [mask & (side > 1), mask & (side < -1)]


def _merge_neighbours(image: Labels, share: float, generator: Generator) -> None:
    for one, other in ((image[1:], image[:-1]), (image[:, 1:], image[:, :-1])):
        touching = (one != other) & (one > 0) & (other > 0)
        for first, second in np.unique(np.stack([one[touching], other[touching]], axis=1), axis=0):
            if generator.random() < share:
                image[image == first] = second


def _renumber(image: Labels, generator: Generator) -> Labels:
    present = np.unique(image)
    table = np.zeros(int(image.max()) + 1, np.uint16)
    table[present[present > 0]] = 1 + generator.permutation(np.count_nonzero(present))
    return table[image]


def with_electrodej(**options: Any) -> Callable[[Labels, float], Labels]:
    """Return a function that links with ElectrodeJ."""
    from electrodej.linking import LinkSettings, link

    def linked(slices: Labels, spacing: float) -> Labels:
        return link(slices, spacing=(spacing,) * 3, settings=LinkSettings(**options))

    return linked


def with_stardist(*, without_lost: bool) -> Callable[[Labels, float], Labels]:
    """Return a function that links with StarDist."""
    from stardist.matching import group_matching_labels

    def link(slices: Labels, spacing: float) -> Labels:  # noqa: ARG001 - knows no voxel size
        if not without_lost:
            return np.asarray(group_matching_labels(slices))
        out = np.zeros(slices.shape, np.int32)
        kept = np.flatnonzero(slices.any(axis=(1, 2)))
        out[kept] = group_matching_labels(slices[kept])
        return out

    return link


PROGRAMS: dict[str, Callable[[], Callable[[Labels, float], Labels]]] = {
    "electrodej": with_electrodej,
    "electrodej --fill": lambda: with_electrodej(fill=True),
    "electrodej --by distance --fill": lambda: with_electrodej(by="distance", fill=True),
    "stardist": lambda: with_stardist(without_lost=False),
    "stardist without lost slices": lambda: with_stardist(without_lost=True),
}


def tiled(slices: Labels, times: int) -> Labels:
    """Return the stack side by side with itself, so that slices are as wide as real ones."""
    room = int(slices.max()) + 1
    rows = [
        np.concatenate(
            [slices + (slices > 0) * (row * times + column) * room for column in range(times)], axis=2
        )
        for row in range(times)
    ]
    return np.concatenate(rows, axis=1).astype(np.uint16)


def measure(name: str, folder: str, seeds: list[int], spacing: float) -> dict[str, Any]:
    """Return the mean F1 scores, and time and peak memory over the start on a wide stack."""
    import psutil

    from electrodej.run import Run
    from electrodej.score import score_instances

    warnings.simplefilter("ignore")
    link = PROGRAMS[name]()
    stacks = [np.load(Path(folder, f"slices{seed}.npy")) for seed in seeds]
    # Also compiles whatever is compiled, before the clock starts.
    found = [link(stack, spacing) for stack in stacks]
    wide = tiled(stacks[0][:TIMED_SLICES], TILES)
    process = psutil.Process()
    peak, done = [0], threading.Event()
    start = _own_memory(process)

    def watch() -> None:
        while not done.wait(0.005):
            peak[0] = max(peak[0], _own_memory(process) - start)

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.process_time()
    link(wide, spacing)
    seconds = time.process_time() - began
    done.set()
    watcher.join()
    scores = []
    for seed, labels in zip(seeds, found, strict=True):
        score = score_instances(labels, np.load(Path(folder, f"truth{seed}.npy")), run=Run(jobs=1))
        scores.append([score.at(threshold).f1 for threshold in THRESHOLDS])
    return {"f1": np.mean(scores, axis=0).tolist(), "seconds": seconds, "peak": peak[0]}


def _own_memory(process: Any) -> int:
    """Memory of the process without the pages of the files it maps, which the system can drop."""
    usage = process.memory_info()
    return int(usage.rss - getattr(usage, "shared", 0))


def known_sections(truth: Labels, slices: Labels) -> Labels:
    """Return the truth in the sections that are there, and filled between them."""
    from electrodej.linking.fill import signed_depth
    from electrodej.linking.sections import Crop

    out = np.zeros(truth.shape, truth.dtype)
    for image, known, target in zip(slices, truth, out, strict=True):
        for label in np.unique(image[image > 0]):
            target[image == label] = np.bincount(known[image == label]).argmax()
    for particle in np.unique(out[out > 0]):
        seen = np.flatnonzero((out == particle).any(axis=(1, 2)))
        for before, behind in itertools.pairwise(seen):
            if not 1 < behind - before <= 5:
                continue
            ends = [
                signed_depth(Crop(0, 0, out[at] == particle), 0, 0, out[at].shape, pixel=(1, 1))
                for at in (before, behind)
            ]
            for at in range(before + 1, behind):
                share = (at - before) / (behind - before)
                out[at][((1 - share) * ends[0] + share * ends[1] > 0) & (out[at] == 0)] = particle
    return out


def make_stacks(folder: Path, shape: tuple[int, ...], spacing: float, solid: float, seeds: list[int]) -> Any:
    """Write the slices and the truth of every seed; return how many particles there are and the limit."""
    from electrodej.phantom import make_phantom
    from electrodej.run import Run
    from electrodej.score import score_instances

    particles, limits = 0, []
    for seed in seeds:
        phantom = make_phantom(
            (shape[0], shape[1], shape[2]), spacing=(spacing,) * 3, seed=seed, solid_fraction=solid
        )
        slices = spoil(phantom.outlines, Faults(), seed)
        np.save(folder / f"truth{seed}.npy", phantom.outlines)
        np.save(folder / f"slices{seed}.npy", slices)
        limit = score_instances(known_sections(phantom.outlines, slices), phantom.outlines, run=Run(jobs=1))
        limits.append([limit.at(threshold).f1 for threshold in THRESHOLDS])
        particles += len(np.unique(phantom.outlines)) - 1
    return particles, np.mean(limits, axis=0).tolist()


def main() -> int:
    """Measure all and print the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", default="128,192,192", help="voxels of a phantom, Z,Y,X")
    parser.add_argument("--spacing", type=float, default=0.21, help="voxel size in micrometres")
    parser.add_argument("--solid", type=float, default=0.5, help="share of the volume inside particles")
    parser.add_argument("--seeds", default="10,11", help="one phantom for each")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    shape = tuple(int(n) for n in options.shape.split(","))
    seeds = [int(n) for n in options.seeds.split(",")]
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        particles, limit = make_stacks(Path(folder), shape, options.spacing, options.solid, seeds)
        for name in PROGRAMS:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                found[name] = pool.apply(measure, (name, folder, seeds, options.spacing))
    ours, theirs = found["electrodej"], found["stardist"]
    speed = theirs["seconds"] / ours["seconds"]
    if options.json:
        print(json.dumps({"link_speed_ratio": speed, "particles": particles, "limit": limit, "runs": found}))
        return 0
    print(
        f"{particles} particles in {len(seeds)} phantoms of {options.shape} voxels, {options.solid:.0%} solid"
    )
    print(
        f"{'':<32} F1 at IoU {'  '.join(f'{threshold:<5}' for threshold in THRESHOLDS)}   seconds       MiB"
    )
    for name, run in found.items():
        f1 = "  ".join(f"{value:.3f}" for value in run["f1"])
        print(f"{name:<42} {f1} {run['seconds']:9.2f} {run['peak'] / 2**20:9.1f}")
    print(f"{'limit: known sections, filled':<42} {'  '.join(f'{value:.3f}' for value in limit)}")
    print(f"link: {speed:.1f} x as fast as StarDist's grouping")
    return 0


if __name__ == "__main__":
    sys.exit(main())
