"""Fusion of three views on phantoms: F1 of every way, and the speed of connected components and the flow.

    python benchmarks/fusion.py [--diameters 10,25,50,80] [--densities 0.15,0.35,0.55] [--seeds 22,23]
    python benchmarks/fusion.py --faults missing
    python benchmarks/fusion.py --model nmc-particles [--size 128]
    python benchmarks/fusion.py --full [--shape 1324,1985,492] [--folder DIR]

A phantom's outlines are cut into sections in three views. Each view gets what StarDist is trained to say:
the distance to the section's border over its largest value, on every second pixel. Each view on its own has a
network's faults: 8 % of its slices and 8 % of its sections are missing, 3 % of the sections come out in two
pieces, 2 % of the neighbours as one, the outlines waver, and noise and blur are added. All views and methods
go by one set of parameters, which was chosen on phantoms of seed 1 (for --refine: 21), so these seeds are not
run unless asked for. Ways that start from sections (one view linked, StarDist's own grouping, the majority of
three linked views) get the very sections of which the probabilities are, faults and all, but for noise and
blur; of several tries, such as the three views, the best counts. ``--faults missing`` leaves it at the
missing slices and sections, and gives the probability of every pixel.

With ``--model``, the views are what that network says of three scans: one like those of its training, and
two that it does not know; once as they are, and once with missing slices and sections besides.

With ``--full``, three views of the reference's size are written to DIR and fused from file to file in a
process of its own: its peak memory and its rate beside their limits. Takes 20 GiB of disk for some minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

THRESHOLDS = (0.5, 0.75, 0.9)
LIMITS = (0.97, 0.95, 0.80)
DIAMETER_UM = 7.4  # of the phantom's median particle, on average


def score(diameter: int, density: float, size: int, seed: int, faults: str) -> dict[str, list[float]]:
    """F1 of every way at each threshold, for simulated views."""
    from fusion_parts.simulate import FAULTS, see

    from electrodej.phantom import make_phantom

    spacing = (DIAMETER_UM / diameter,) * 3
    edge = max(size if diameter < 40 else size + 40, 4 * diameter if diameter < 40 else 0)
    phantom = make_phantom((edge,) * 3, spacing=spacing, seed=seed, solid_fraction=density, jobs=1)
    views = [see(phantom.outlines, axis, seed, FAULTS[faults]) for axis in range(3)]
    return _compare(views, phantom, spacing)


def score_network(
    model: str, scan: str, size: int, seed: int
) -> Iterator[tuple[str, dict[str, list[float]]]]:
    """F1 of every way for what a network sees: as it is, and with slices and sections missing."""
    from fusion_parts.network import SCANS, SPACING, look
    from fusion_parts.simulate import FAULTS, lose

    from electrodej.phantom import make_phantom

    phantom = make_phantom((size,) * 3, spacing=SPACING, seed=seed, jobs=2, **SCANS[scan])
    views = look(phantom.grey, model)
    yield scan, _compare(views, phantom, SPACING)
    for axis, view in enumerate(views):
        lose(view, axis, seed, FAULTS["missing"])
    yield f"{scan}, slices and sections missing", _compare(views, phantom, SPACING)


def _compare(views: list[Any], phantom: Any, spacing: tuple[float, float, float]) -> dict[str, list[float]]:
    from fusion_parts.peers import ways

    from electrodej.run import Run
    from electrodej.score import InstanceSettings, score_instances

    # Slivers that the volume's faces cut off are not scored: 3 % of the median particle.
    smallest = 0.03 * np.pi / 6 * DIAMETER_UM**3
    found = {}
    for name, make in ways(views, phantom.grey, spacing).items():
        rows = []
        for labels in make():
            scores = score_instances(
                labels,
                phantom.outlines,
                settings=InstanceSettings(thresholds=THRESHOLDS, min_volume=smallest),
                spacing=spacing,
                run=Run(jobs=1),
            )
            rows.append([scores.at(threshold).f1 for threshold in THRESHOLDS])
        found[name] = max(rows)
    return found


def measure_speed(size: int, jobs: int) -> dict[str, float]:
    """Mvoxel/s of the flow and, beside cc3d in the same run, of connected components.

    Time of the processor, which a busy machine does not lengthen; both programs label on one core.
    """
    import cc3d

    from electrodej.fusion import connected_components, fuse_views
    from electrodej.run import Run

    cell = 48
    grid = (np.arange(size) % cell) - (cell - 1) / 2
    distance = np.sqrt(grid[:, None, None] ** 2 + grid[:, None] ** 2 + grid**2, dtype=np.float32)
    view = (255 * np.clip(1 - distance / (cell / 2), 0, 1)).astype(np.uint8)
    view[:: 12 * cell // 5] = 0
    del distance
    small = view[:64, :64, :64].copy()
    fuse_views(small, small, small, spacing=(0.1,) * 3, run=Run(jobs=jobs))
    began, busy = time.perf_counter(), time.process_time()
    fused = fuse_views(view, view, view, spacing=(0.1,) * 3, run=Run(jobs=jobs))
    flow = view.size / 1e6 / (time.perf_counter() - began)
    flow_busy = view.size / 1e6 / (time.process_time() - busy)
    mask = view > 40
    connected_components(mask[:8])
    times = {}
    for name, label in (("ours", connected_components), ("cc3d", cc3d.connected_components)):
        best = np.inf
        for _ in range(3):
            began = time.process_time()
            label(mask, connectivity=26)
            best = min(best, time.process_time() - began)
        times[name] = best
    return {
        "flow_mvoxel_per_s": flow,
        "flow_mvoxel_per_core_s": flow_busy,
        "particles": fused.count,
        "components_speed_ratio": times["cc3d"] / times["ours"],
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--diameters", default="10,25,50,80", help="of the particles, voxels")
    parser.add_argument("--densities", default="0.15,0.35,0.55", help="solid shares")
    parser.add_argument("--size", type=int, default=160, help="edge of the phantoms, voxels")
    parser.add_argument("--seeds", default="22,23", help="one phantom for each; 1 and 21 were tuned on")
    parser.add_argument(
        "--speed", type=int, default=384, help="edge of the volume for the speed; 0 leaves it out"
    )
    parser.add_argument("--jobs", type=int, default=2, help="threads for the speed")
    parser.add_argument("--faults", choices=("all", "missing"), default="all", help="of the simulated views")
    parser.add_argument("--model", metavar="NAME", help="score what this network sees instead")
    parser.add_argument("--full", action="store_true", help="only the memory and rate at the full size")
    parser.add_argument("--shape", default="1324,1985,492", help="of the full size, Z,Y,X")
    parser.add_argument("--folder", type=Path, help="where its files may lie for a while")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def _full(options: argparse.Namespace) -> int:
    from fusion_parts.full import LEAST_RATE, MOST_GIB, measure_full, tell

    z, y, x = (int(n) for n in options.shape.split(","))
    found = measure_full((z, y, x), folder=options.folder, jobs=options.jobs, seed=7, options=[])
    limits = {"most_gib": MOST_GIB, "least_mvoxel_per_s": LEAST_RATE}
    print(json.dumps(found | limits) if options.json else tell(found))
    return 0


def _simulated_rows(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for diameter in map(int, filter(None, options.diameters.split(","))):
        for density in map(float, options.densities.split(",")):
            for seed in map(int, options.seeds.split(",")):
                found = score(diameter, density, options.size, seed, options.faults)
                what = f"{diameter:3d} voxels {density:4.0%} solid seed {seed}"
                yield {"what": what, "diameter": diameter, "density": density, "seed": seed, "f1": found}


def _network_rows(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    from fusion_parts.network import SCANS

    for scan in SCANS:
        for seed in map(int, options.seeds.split(",")):
            for what, found in score_network(options.model, scan, options.size, seed):
                yield {"what": f"{what}, seed {seed}", "seed": seed, "f1": found}


def main() -> int:
    """Print the table, the means and the speed."""
    options = _options()
    if options.full:
        return _full(options)
    rows = []
    for row in _network_rows(options) if options.model else _simulated_rows(options):
        rows.append(row)
        if not options.json:
            print(row["what"])
            for name, f1 in row["f1"].items():
                print(f"    {name:<26}{_figures(f1)}", flush=True)
    speed = measure_speed(options.speed, options.jobs) if options.speed else {}
    means = {name: _mean(rows, name) for name in (rows[0]["f1"] if rows else ())}
    if options.json:
        print(
            json.dumps({"rows": rows, "mean_f1": means, "thresholds": THRESHOLDS, "limits": LIMITS} | speed)
        )
        return 0
    print(f"mean F1 at IoU {' / '.join(map(str, THRESHOLDS))}; limits {_figures(list(LIMITS))}")
    for name, f1 in means.items():
        print(f"    {name:<26}{_figures(f1)}")
    for diameter in sorted({row["diameter"] for row in rows if "diameter" in row}):
        f1 = _mean([row for row in rows if row.get("diameter") == diameter], "flow")
        print(f"flow at {diameter} voxels: {_figures(f1)}")
    for name, value in speed.items():
        print(f"{name}: {value:.2f}")
    return 0


def _mean(rows: list[dict[str, Any]], name: str) -> list[float]:
    return [round(float(f1), 4) for f1 in np.mean([row["f1"][name] for row in rows], axis=0)]


def _figures(f1: list[float]) -> str:
    return " / ".join(f"{value:.3f}" for value in f1)


if __name__ == "__main__":
    sys.exit(main())
