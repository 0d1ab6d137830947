"""Every way to find particles, on phantoms of every kind that nothing was trained on: F1, time and memory.

    python benchmarks/particles.py [--kinds usual,calendered] [--ways watershed,solid]
        [--solid MODEL] [--edge 160] [--keep DIR]

The ways are commands, each run in a process of its own: the watershed; `nmc-particles` on xy sections,
linked; the same network in three views, fused by flow and by k-means; Mask R-CNN (`nmc-regions`) on xy
sections, linked; StarDist 3D (`nmc-particles-3d`, or ``--solid MODEL``). F1 is at
IoU 0.5, 0.75 and 0.9 against the true outlines, slivers that the volume's faces cut off left out. Time is
that of the processor in seconds, which a busy machine does not lengthen; memory is the most that a process of
the way held. Borders are refined in the grey volume by the ways that can.

With ``--keep`` results stay in a folder, and what is there is not run again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SPACING = (0.14, 0.14, 0.14)
THRESHOLDS = (0.5, 0.75, 0.9)
SEED = 905
KINDS = (
    "usual",
    "blurred",
    "noisy",
    "inverted",
    "overlapping-greys",
    "calendered",
    "fractured",
    "single-crystal",
    "missing-wedge",
    "wide-1",
    "wide-2",
    "wide-3",
)
WAYS = ("watershed", "linked", "flow", "kmeans", "regions", "solid")
STRANGE = tuple(kind for kind in KINDS if kind != "usual")
# F1 that is aimed at on the usual scan; what the strange ones are to gain on the flow at 0.75.
LIMITS, GAIN = (0.98, 0.92, 0.75), 0.1
# Of the volume of a median particle, what is left of one at the volume's face counts from here on.
_SLIVER = 0.03


@dataclass
class Cost:
    """Seconds of the processor, and bytes."""

    seconds: float = 0.0
    memory: int = 0

    def run(self, folder: Path, *words: str) -> None:
        """Run a command in a folder, and add what it costs."""
        done = subprocess.Popen(
            [sys.executable, "-m", "electrodej", *words, "--quiet", "--force"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(done.pid, 0)
        if status:
            sys.exit(f"{' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}")
        self.seconds += usage.ru_utime + usage.ru_stime
        self.memory = max(self.memory, usage.ru_maxrss * 1024)


def phantom_of(kind: str, edge: int) -> Any:
    """Make the phantom of a kind."""
    from electrodej.phantom import draw_config, make_phantom

    if kind.startswith("wide-"):
        drawn = draw_config(SEED + int(kind[5:]), across=(26.0, 90.0), shape=(edge,) * 3, inverted=False)
        return make_phantom(drawn)
    return make_phantom((edge,) * 3, spacing=SPACING, seed=SEED, look=kind)


def ways_of(folder: Path, wanted: list[str], solid: str) -> dict[str, tuple[Path, Cost]]:
    """Run the ways in a folder with ``grey.tif``; return where the labels of each are, and what it cost."""
    found: dict[str, tuple[Path, Cost]] = {}
    if "watershed" in wanted:
        cost = Cost()
        cost.run(folder, "segment", "particles", "grey.tif", "--model", "watershed", "--out", "watershed.tif")
        found["watershed"] = folder / "watershed.tif", cost
    views = {}
    for view in ("xy", "xz", "yz") if {"flow", "kmeans"} & set(wanted) else ("xy",):
        if not {"linked", "flow", "kmeans"} & set(wanted):
            break
        views[view] = Cost()
        names = "--out", f"s-{view}.tif", "--probability", f"p-{view}.tif"
        views[view].run(folder, "segment", "particles", "grey.tif", "--view", view, *names)
    if "linked" in wanted:
        cost = Cost(views["xy"].seconds, views["xy"].memory)
        cost.run(folder, "link", "s-xy.tif", "--out", "linked.tif")
        found["linked"] = folder / "linked.tif", cost
    if "regions" in wanted:
        cost = Cost()
        names = "--model", "nmc-regions", "--view", "xy", "--out", "s-regions.tif"
        cost.run(folder, "segment", "particles", "grey.tif", *names)
        cost.run(folder, "link", "s-regions.tif", "--out", "regions.tif")
        found["regions"] = folder / "regions.tif", cost
    for way in ("flow", "kmeans"):
        if way in wanted:
            cost = Cost(sum(each.seconds for each in views.values()), max(c.memory for c in views.values()))
            given = [word for view in views for word in (f"--{view}", f"p-{view}.tif")]
            how = "--grey", "bright.tif", "--method", way, "--out", f"{way}.tif"
            cost.run(folder, "fuse", *given, *how)
            found[way] = folder / f"{way}.tif", cost
    if "solid" in wanted:
        cost = Cost()
        cost.run(folder, "segment", "particles", "grey.tif", "--model", solid, "--out", "solid.tif")
        found["solid"] = folder / "solid.tif", cost
    return found


def judge(kind: str, edge: int, wanted: list[str], solid: str) -> dict[str, dict[str, Any]]:
    """Return what each way finds on a kind."""
    from electrodej.run import Run
    from electrodej.score import InstanceSettings, score_instances
    from electrodej.volume import open_volume, write_volume

    phantom = phantom_of(kind, edge)
    config, spacing = phantom.config, phantom.spacing
    smallest = _SLIVER * 4 / 3 * math.pi * config.radius_median**3
    rows = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_volume(folder / "grey.tif", phantom.grey, spacing=spacing)
        bright = 255 - phantom.grey if config.inverted else phantom.grey
        write_volume(folder / "bright.tif", bright, spacing=spacing)
        for way, (path, cost) in ways_of(folder, wanted, solid).items():
            with open_volume(path) as labels:
                scores = score_instances(
                    labels.read(),
                    phantom.outlines,
                    settings=InstanceSettings(thresholds=THRESHOLDS, min_volume=smallest),
                    spacing=spacing,
                    run=Run(jobs=1),
                )
            rows[way] = {
                **({"model": solid} if way == "solid" else {}),
                "f1": [round(float(scores.at(threshold).f1), 3) for threshold in THRESHOLDS],
                "seconds": round(cost.seconds, 1),
                "gigabytes": round(cost.memory / 2**30, 2),
            }
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument(
        "--solid", default="nmc-particles-3d", metavar="MODEL", help="the model of StarDist in volumes"
    )
    parser.add_argument("--edge", type=int, default=160, help="of the phantoms in voxels of 0.14 um")
    parser.add_argument("--keep", type=Path, help="keep results here")
    options = parser.parse_args()
    results: dict[str, dict[str, dict[str, Any]]] = {}
    for kind in options.kinds.split(","):
        kept = None if options.keep is None else options.keep / f"{kind}-{options.edge}.json"
        known = json.loads(kept.read_text()) if kept is not None and kept.is_file() else {}
        if known.get("solid", {}).get("model") != options.solid:
            known.pop("solid", None)
        wanted = options.ways.split(",")
        missing = [way for way in wanted if way not in known]
        if missing:
            known |= judge(kind, options.edge, missing, options.solid)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(known, indent=1))
        results[kind] = known
        for way in WAYS:
            if way in known:
                row = known[way]
                print(
                    f"{kind:18} {way:10} F1 {' '.join(f'{f1:.2f}' for f1 in row['f1'])}  "
                    f"{row['seconds']:7.1f} s  {row['gigabytes']:.2f} GiB",
                    flush=True,
                )
    _sum_up(results)
    return 0


def _sum_up(results: dict[str, dict[str, dict[str, Any]]]) -> None:
    """Print the means over the strange kinds, and the figures beside their aims."""
    strange = [kind for kind in STRANGE if kind in results]
    means: dict[str, Any] = {}
    for way in WAYS:
        rows = [results[kind][way] for kind in strange if way in results[kind]]
        if rows and len(rows) == len(strange):
            means[way] = np.mean([row["f1"] for row in rows], axis=0)
            print(f"{'strange, mean':18} {way:10} F1 {' '.join(f'{f1:.2f}' for f1 in means[way])}")
    if "solid" in results.get("usual", {}):
        for threshold, f1, limit in zip(THRESHOLDS, results["usual"]["solid"]["f1"], LIMITS, strict=True):
            print(f"usual, StarDist 3D, F1 at {threshold}: {f1:.3f}, {f1 / limit:.2f} of {limit}")
    if {"solid", "flow"} <= set(means):
        gain = means["solid"][1] - means["flow"][1]
        print(f"strange, StarDist 3D above flow at 0.75: {gain:+.3f}, aimed at {GAIN:+.1f}")


if __name__ == "__main__":
    sys.exit(main())
