"""Fusion of three views on phantoms: F1 of every method, and the speed of connected components and the flow.

    python benchmarks/fusion.py [--diameters 10,25,50,80] [--densities 0.15,0.35,0.55] [--size 160]

A phantom's outlines are cut into sections in three views. Each view gets what StarDist is trained to say:
the distance to the section's border over its largest value, on every second pixel. Then each view on its own
loses 8 % of its slices and 8 % of its sections, the outlines waver, and noise and blur are added. All views
and methods go by one set of parameters. "one view linked" is the best of the three views with sections
drawn by a watershed of that view alone and linked over the slices.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

THRESHOLDS = (0.5, 0.75, 0.9)
DIAMETER_UM = 7.4  # of the phantom's median particle, on average
GRID = 2
LOST = MISSED = 0.08
WAVER, NOISE, BLUR = 0.5, 0.04, 0.5  # pixels, share of full probability, network pixels


def see(labels: NDArray[Any], axis: int, seed: int) -> NDArray[np.uint8]:
    """One view's probability of ``labels``, with its faults."""
    random = np.random.default_rng((seed, axis))
    out = np.zeros(labels.shape, np.uint8)
    for section, target in zip(np.moveaxis(labels, axis, 0), np.moveaxis(out, axis, 0), strict=True):
        target[:] = see_section(np.ascontiguousarray(section), random)
    return out


def see_section(section: NDArray[Any], random: np.random.Generator) -> NDArray[np.uint8]:
    """The probability of one section."""
    import edt
    from scipy import ndimage

    rows, columns = np.indices(section.shape)
    shown = np.zeros_like(section)
    if random.random() >= LOST:
        shift = [ndimage.gaussian_filter(random.standard_normal(section.shape), 6) for _ in range(2)]
        at = [grid + WAVER * part / part.std() for grid, part in zip((rows, columns), shift, strict=True)]
        shown = ndimage.map_coordinates(section, at, order=0, mode="nearest")
        numbers = np.unique(shown[shown > 0])
        shown[np.isin(shown, numbers[random.random(len(numbers)) < MISSED])] = 0
    depth = edt.edt(shown)
    most = np.zeros(int(shown.max()) + 1)
    np.maximum.at(most, shown.ravel(), depth.ravel())
    coarse = (depth / np.maximum(most, 1e-6)[shown])[::GRID, ::GRID] * (shown[::GRID, ::GRID] > 0)
    coarse = ndimage.gaussian_filter(coarse, BLUR)
    # Networks are surest of the background.
    doubt = 0.15 + (ndimage.maximum_filter(coarse, 3) > 0.02)
    noise = ndimage.gaussian_filter(random.standard_normal(coarse.shape), 0.7) * 2.5 * NOISE
    coarse = np.clip(coarse + noise * doubt, 0, 1)
    fine = ndimage.map_coordinates(coarse, [rows / GRID, columns / GRID], order=1, mode="nearest")
    return np.rint(255 * fine).astype(np.uint8)


def link_one_view(view: NDArray[np.uint8], axis: int, spacing: tuple[float, float, float]) -> NDArray[Any]:
    """Particles of one view alone: sections by a watershed in the plane, linked."""
    from scipy import ndimage
    from skimage.feature import peak_local_max
    from skimage.segmentation import watershed

    from electrodej.fusion import LinkSettings, link_slices

    sections = np.zeros(view.shape, np.int32)
    for section, target in zip(np.moveaxis(view, axis, 0), np.moveaxis(sections, axis, 0), strict=True):
        smooth = ndimage.gaussian_filter(section.astype(np.float32), 0.7)
        peaks = peak_local_max(smooth, min_distance=3, threshold_abs=127)
        seeds = np.zeros(section.shape, np.int32)
        seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
        target[:] = watershed(-smooth, seeds, mask=smooth > 0.12 * 255)
    name: Any = ("xy", "xz", "yz")[axis]
    return np.asarray(link_slices(sections, view=name, spacing=spacing, settings=LinkSettings(fill=True)))


def methods(views: list[NDArray[np.uint8]], spacing: tuple[float, float, float]) -> dict[str, Any]:
    """Every method's labels, by name, made when asked for."""
    from electrodej.fusion import fuse_views

    def fused(method: Any) -> Any:
        return lambda: [fuse_views(*views, spacing=spacing, method=method, jobs=1).labels]

    def linked() -> Any:
        return [link_one_view(view, axis, spacing) for axis, view in enumerate(views)]

    return {name: fused(name) for name in ("flow", "watershed", "kmeans")} | {"one view linked": linked}


def score(diameter: int, density: float, size: int, seed: int) -> dict[str, list[float]]:
    """F1 of every method at each threshold."""
    from electrodej.phantom import make_phantom
    from electrodej.score import score_instances

    spacing = (DIAMETER_UM / diameter,) * 3
    edge = max(size if diameter < 40 else size + 40, 4 * diameter if diameter < 40 else 0)
    phantom = make_phantom((edge,) * 3, spacing=spacing, seed=seed, solid_fraction=density, jobs=1)
    views = [see(phantom.outlines, axis, seed) for axis in range(3)]
    # Slivers that the volume's faces cut off are not scored: 3 % of the median particle.
    smallest = 0.03 * np.pi / 6 * DIAMETER_UM**3
    found = {}
    for name, make in methods(views, spacing).items():
        rows = []
        for labels in make():
            scores = score_instances(
                labels, phantom.outlines, thresholds=THRESHOLDS, min_volume=smallest, spacing=spacing, jobs=1
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

    cell = 48
    grid = (np.arange(size) % cell) - (cell - 1) / 2
    distance = np.sqrt(grid[:, None, None] ** 2 + grid[:, None] ** 2 + grid**2, dtype=np.float32)
    view = (255 * np.clip(1 - distance / (cell / 2), 0, 1)).astype(np.uint8)
    view[:: 12 * cell // 5] = 0
    del distance
    small = view[:64, :64, :64].copy()
    fuse_views(small, small, small, spacing=(0.1,) * 3, jobs=jobs)
    began, busy = time.perf_counter(), time.process_time()
    fused = fuse_views(view, view, view, spacing=(0.1,) * 3, jobs=jobs)
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


def main() -> int:
    """Print the table, the means and the speed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--diameters", default="10,25,50,80", help="of the particles, voxels")
    parser.add_argument("--densities", default="0.15,0.35,0.55", help="solid shares")
    parser.add_argument("--size", type=int, default=160, help="edge of the phantoms, voxels")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--speed", type=int, default=384, help="edge of the volume for the speed; 0 leaves it out"
    )
    parser.add_argument("--jobs", type=int, default=2, help="threads for the speed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for diameter in map(int, filter(None, options.diameters.split(","))):
        for density in map(float, options.densities.split(",")):
            found = score(diameter, density, options.size, options.seed)
            rows.append({"diameter": diameter, "density": density, "f1": found})
            if not options.json:
                cells = "   ".join(
                    f"{name} " + "/".join(f"{f:.3f}" for f in f1) for name, f1 in found.items()
                )
                print(f"{diameter:3d} voxels {density:4.0%} solid   {cells}", flush=True)
    means = {
        name: np.mean([row["f1"][name] for row in rows], axis=0).round(4).tolist()
        for name in (rows[0]["f1"] if rows else ())
    }
    speed = measure_speed(options.speed, options.jobs) if options.speed else {}
    if options.json:
        print(json.dumps({"rows": rows, "mean_f1": means, "thresholds": THRESHOLDS} | speed))
        return 0
    for name, f1 in means.items():
        print(f"mean F1 at IoU {'/'.join(map(str, THRESHOLDS))}: {name} " + "/".join(f"{f:.3f}" for f in f1))
    for name, value in speed.items():
        print(f"{name}: {value:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
