"""A recipe for a StarDist model of volumes, `nmc-particles-3d`: from trained weights to a folder with scores.

No such model is bundled yet.

`solid_train.py` trains on phantoms and leaves ``weights.npz``; this makes the model of them, chooses its
thresholds on phantoms that it was not trained on, and scores it on others:

    .venv/bin/python tools/models/solid.py trained/weights.npz --work /some/folder
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from by_the_clock import read_weights
from making import parse, places, write_scores
from scores import count, ratios
from solid_train import SETTINGS
from volumes import VOXEL, read_volumes, write_volumes

from electrodej.files import whole_directory
from electrodej.models.grey import normalise
from electrodej.models.info import ModelInfo
from electrodej.networks.stardist3d.model import (
    KIND,
    ONNX,
    WEIGHTS,
    SolidModel,
    load_solid,
    write_info,
    write_solid,
)
from electrodej.networks.stardist3d.network import build_network
from electrodej.networks.stardist3d.patches import without_small
from electrodej.networks.stardist3d.predict import predict_bodies
from electrodej.networks.stardist3d.settings import Plan, plan_halvings
from electrodej.networks.stardist3d.shapes import Drawn, choose
from electrodej.networks.stardist3d.thresholds import choose_thresholds

NAME = "nmc-particles-3d"
DESCRIPTION = (
    "Finds NMC particles in X-ray nano-tomograms as 3D labels. Trained on synthetic electrodes only; best "
    "where particles are 10 to 50 of its voxels across."
)
EDGE = 128
# Seeds of the volumes on which thresholds are chosen, and on which the model is scored.
CALIBRATION, CALIBRATION_SEED = 6, 73
HELD_OUT, HELD_OUT_SEED = 9, 74


def main() -> None:
    """Make the model's folder of weights."""
    parser = places(__doc__)
    parser.add_argument("weights", type=Path, help="weights.npz of solid_train.py")
    options = parse(parser)
    trained = options.weights.parent
    for name in ("about.json", "history.csv", "look.json"):
        if not (trained / name).is_file():
            sys.exit(f"{trained / name} is missing; solid_train.py writes it")
    volumes = options.work / "solid-volumes"
    write_volumes(volumes / "calibration", count=CALIBRATION, edge=EDGE, seed=CALIBRATION_SEED)
    write_volumes(volumes / "held-out", count=HELD_OUT, edge=EDGE, seed=HELD_OUT_SEED)
    with whole_directory(
        options.models / NAME, ours=lambda path: (path / "electrodej.json").is_file(), force=True
    ) as folder:
        facts = json.loads((trained / "about.json").read_text(encoding="utf-8"))
        _write(folder, options.weights, facts["settings"])
        model = _calibrated(folder, volumes / "calibration")
        write_scores(folder, facts | _scores(model, folder, volumes / "held-out"))
        for name in ("history.csv", "look.json"):
            shutil.copy(trained / name, folder / name)
        # Its ONNX file holds the weights, for training too.
        (folder / WEIGHTS).unlink()


def _write(folder: Path, weights: Path, trained: dict[str, Any]) -> None:
    spacing = (VOXEL,) * 3
    halvings = plan_halvings(spacing, grid=trained["grid"], depth=trained["depth"])
    plan = Plan(halvings, trained["rays"], trained["filters"])
    network = build_network(plan.halvings, rays=plan.rays, filters=plan.filters)
    network.set_weights(read_weights(weights))
    info = ModelInfo(
        kind=KIND,
        name=NAME,
        description=DESCRIPTION,
        channels_out=1 + plan.rays,
        grid=plan.halvings.grid[1:],
        rays=plan.rays,
        probability_threshold=0.5,
        overlap_threshold=0.4,
        percentiles=SETTINGS.percentiles,
        size_divisor=max(plan.halvings.divisor),
        context=max(plan.halvings.reach),
        spacing=spacing,
    )
    write_solid(folder, network, info, plan)


def _calibrated(folder: Path, volumes: Path) -> SolidModel:
    model = load_solid(folder)
    pairs = [
        (normalise(grey, SETTINGS.percentiles), without_small(outlines, SETTINGS.least_diameter))
        for _, grey, outlines in read_volumes(volumes)
    ]
    chosen = choose_thresholds(model, pairs)
    print(chosen, flush=True)
    info = dataclasses.replace(
        model.info, probability_threshold=chosen.probability, overlap_threshold=chosen.overlap
    )
    write_info(folder, info)
    return dataclasses.replace(model, info=info)


def _scores(model: SolidModel, folder: Path, volumes: Path) -> dict[str, Any]:
    """Score at the network's own size, before borders are refined."""
    totals: dict[str, Any] = {"looks": 0, "wide": 0}
    for name, grey, outlines in read_volumes(volumes):
        offered, _ = predict_bodies(grey.astype(np.float32), model)
        labels = Drawn(choose(offered, overlap=model.overlap_threshold), grey.shape).slab(0, len(grey))
        truth = without_small(outlines, SETTINGS.least_diameter).astype(np.uint16)
        kind = "looks" if int(name[-4:]) % 3 == 0 else "wide"
        totals[kind] = totals[kind] + count([(labels, truth)])
    return {
        "thresholds": {
            "probability": model.probability_threshold,
            "overlap": model.overlap_threshold,
            "chosen_on": "phantoms",
        },
        "held_out_looks": ratios(totals["looks"]),
        "held_out_wide": ratios(totals["wide"]),
        "bytes": (folder / ONNX).stat().st_size,
    }


if __name__ == "__main__":
    main()
