"""Sections through `electrodej segment` against StarDist's own predict_instances, in the same run.

Prints the ratio of the times (above 1: ours is faster), and whether both find the same particles.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.models.grey import normalise
from electrodej.networks.stardist.model import load_stardist
from electrodej.networks.stardist.views import predict_view
from electrodej.phantom import make_phantom
from electrodej.run import Run
from electrodej.score import score_instances
from electrodej.volume import ArrayVolume, open_volume

SPACING = (0.14, 0.14, 0.14)
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/nmc-particles"))
    parser.add_argument("--edge", type=int, default=512)
    parser.add_argument("--slices", type=int, default=12)
    options = parser.parse_args()
    shape = (options.slices, options.edge, options.edge)
    grey = make_phantom(shape, spacing=SPACING, seed=1).grey
    model = load_stardist(options.model)
    theirs = _stardist(options.model)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "labels.tif"
        ratios = []
        for _ in range(ROUNDS + 1):
            start = time.perf_counter()
            predict_view(
                ArrayVolume(grey, spacing=SPACING),
                model,
                spacing=SPACING,
                labels=target,
                run=Run(jobs=2, force=True),
            )
            ours = time.perf_counter() - start
            start = time.perf_counter()
            expected = [
                theirs.predict_instances(normalise(section, model.info.percentiles))[0] for section in grey
            ]
            ratios.append((time.perf_counter() - start) / ours)
        with open_volume(target) as volume:
            found = volume.read()
    # The first round warms both up.
    ratio = float(np.median(ratios[1:]))
    print(f"segment: {ratio:.1f} times as fast as predict_instances on {shape} (at least 1.5)")
    scores = [
        score_instances(mine, other.astype(np.uint32)).at(0.9).f1
        for mine, other in zip(found, expected, strict=True)
    ]
    print(f"segment: F1 at IoU 0.9 against predict_instances {min(scores):.4f} in the worst section (1.0)")


def _stardist(folder: Path) -> Any:
    from stardist.models import StarDist2D

    return StarDist2D(None, name=folder.name, basedir=str(folder.parent))


if __name__ == "__main__":
    main()
