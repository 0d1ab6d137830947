"""The bundled StarDist model on particles of many sizes, and on a real slice where one is given.

    python benchmarks/models.py [--real GREY LABELS]

ELECTRODEJ_REAL_SLICE="GREY:LABELS" (";" between them on Windows) does the same as --real, for ``make bench``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools" / "models"))

from scores import IOU, f1, ratios, read_pair
from sections import DIAMETER, outlined

from electrodej.networks.stardist.model import load_stardist
from electrodej.networks.stardist.patches import without_small
from electrodej.networks.stardist.views import predict_view
from electrodej.phantom import make_slice
from electrodej.score import InstanceSettings, score_instances
from electrodej.volume import ArrayVolume, open_volume

ACROSS = (20, 30, 50, 80, 120, 150)
SEED, SECTIONS = 7000, 3
SMALLEST = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=Path(__file__).parents[1] / "models" / "nmc-particles")
    parser.add_argument("--real", nargs=2, metavar=("GREY", "LABELS"), type=Path)
    options = parser.parse_args()
    model = load_stardist(options.model)
    real = options.real or _from_environment()
    if real:
        found = f1(model, [read_pair(*real)], least_diameter=0)
        print(f"models: real slice, stored thresholds: F1 {_text(found)}")
        print("        (limits 0.95 at 0.5 and 0.85 at 0.75)")
    else:
        print("models: no real slice given (--real GREY LABELS, or ELECTRODEJ_REAL_SLICE)")
    for across in ACROSS:
        print(f"models: particles of {across} pixels: F1 {_text(sized(model, across))}", flush=True)


def _from_environment() -> list[Path]:
    return [Path(part) for part in os.environ.get("ELECTRODEJ_REAL_SLICE", "").split(os.pathsep) if part]


def sized(model: Any, across: int) -> dict[str, float]:
    """Score `electrodej segment particles` on sections whose particles are so many pixels across."""
    voxel = DIAMETER / across
    edge = min(1024, max(256, 7 * across))
    counts = np.zeros((len(IOU), 3), np.int64)
    for number in range(SECTIONS):
        phantom = make_slice((edge, edge), spacing=(voxel,) * 3, seed=SEED + number)
        truth = without_small(outlined(phantom), SMALLEST * across)
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "labels.tif"
            predict_view(
                ArrayVolume(phantom.grey, spacing=(voxel,) * 3), model, spacing=(voxel,) * 3, labels=target
            )
            with open_volume(target) as volume:
                found = volume.read()[0]
        scores = score_instances(found, truth.astype(np.uint32), settings=InstanceSettings(thresholds=IOU))
        for row, threshold in enumerate(IOU):
            at = scores.at(threshold)
            counts[row] += at.tp, at.fp, at.fn
    return ratios(counts)


def _text(scores: dict[str, float]) -> str:
    return ", ".join(f"{value:.3f} at {threshold}" for threshold, value in scores.items())


if __name__ == "__main__":
    main()
