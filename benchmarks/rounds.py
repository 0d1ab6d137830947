"""What `electrodej fuse --rounds` gains on scans that the model does not know, beside none and StarDist 3D.

The scans are phantoms far from those of the training: one is blurred and noisy at little contrast, in the
other the particles are hardly brighter than what is around them. Prints F1 against the truth before and
after. Takes about four minutes for each scan and round on two cores.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from fusion_parts.network import SCANS, SPACING

from electrodej.phantom import make_phantom
from electrodej.score import InstanceScores, InstanceSettings, score_instances
from electrodej.verbs import do
from electrodej.vocabulary import counted
from electrodej.volume import open_volume, write_volume

# Fragments below this count on neither side, um^3.
LEAST = 4.2
IOU = (0.5, 0.75, 0.9)
SOLID = "nmc-particles-3d"


def main() -> None:
    """Fuse each scan with 0 to N rounds and print the scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="nmc-particles")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--edge", type=int, default=144)
    parser.add_argument("--seeds", default="7", help="of the scans, separated by commas")
    options = parser.parse_args()
    seeds = [int(seed) for seed in options.seeds.split(",")]
    for name in ("blurred, noisy", "dark particles"):
        by_way: dict[str, list[InstanceScores]] = defaultdict(list)
        for seed in seeds:
            for way, scores in scored(name, seed, options).items():
                print(f"{name}, seed {seed}, {way}: {told(scores)}", flush=True)
                by_way[way].append(scores)
        for way, each in by_way.items():
            means = " / ".join(f"{np.mean([scores.at(iou).f1 for scores in each]):.2f}" for iou in IOU)
            print(f"{name}, {way}, mean of {counted(len(seeds), 'scan')}: F1 {means}", flush=True)


def scored(name: str, seed: int, options: argparse.Namespace) -> dict[str, InstanceScores]:
    """Find the particles of a scan in each way; return the scores by way."""
    phantom = make_phantom((options.edge,) * 3, spacing=SPACING, seed=seed, jobs=2, **SCANS[name])
    ways: dict[str, dict[str, Any]] = {
        counted(rounds, "round"): {
            "verb": "fuse",
            "model": options.model,
            "rounds": rounds,
            "min_volume": LEAST,
        }
        for rounds in range(options.rounds + 1)
    }
    ways[SOLID] = {"verb": "segment particles", "model": SOLID}
    settings = InstanceSettings(thresholds=IOU, min_volume=LEAST)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        grey, labels = Path(folder) / "grey.tif", Path(folder) / "labels.tif"
        write_volume(grey, phantom.grey, spacing=SPACING)
        for way, words in ways.items():
            verb = words.pop("verb")
            do(verb, grey, out=labels, jobs=2, force=True, **words)
            with open_volume(labels) as volume:
                found[way] = score_instances(volume, phantom.outlines, settings=settings, spacing=SPACING)
    return found


def told(scores: InstanceScores) -> str:
    """Return scores as they are printed."""
    figures = " / ".join(f"{scores.at(iou).f1:.2f}" for iou in IOU)
    return f"F1 at IoU 0.5 / 0.75 / 0.9 {figures}; {scores.n_pred} found, {scores.n_true} are there"


if __name__ == "__main__":
    main()
