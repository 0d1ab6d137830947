"""What a scan lets `nmc-phases` and `nmc-cracks` see: one electrode, scanned with less noise and less blur.

An electrode that nothing was trained on is scanned four times at two voxel sizes. Prints the mean IoU of
the phases and the Dice coefficient of the cracks of each scan, and their ratios to the aims. With
``--view all`` the mean over three views is taken.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from electrodej.networks.semantic import PredictSettings, find_phases
from electrodej.phantom import make_phantom
from electrodej.vocabulary import VIEWS

SHAPE, SEED = (48, 320, 320), 900_001
VOXELS = (0.07, 0.14)
AIMS = {"nmc-phases": 0.85, "nmc-cracks": 0.78}
CRACK = 3
STILL: dict[str, Any] = {"noise": 0.0, "streaks": 0.0, "rings": 0.0}
SCANS: dict[str, dict[str, Any]] = {
    "as the phantom is scanned": {},
    "half the noise": {"noise": 5.0},
    "no noise": STILL,
    "no noise, a third of the blur": {**STILL, "blur": (0.055, 0.03, 0.03)},
}
# By phase contrast, where binder shows beside pores.
SHOWS = {"pore_grey": 25.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--view", choices=("xy", "all"), default="xy")
    options = parser.parse_args()
    views = VIEWS if options.view == "all" else ("xy",)
    print(f"view {options.view}; aims {AIMS}")
    for voxel in VOXELS:
        for words, changes in SCANS.items():
            phantom = make_phantom(SHAPE, seed=SEED, spacing=(voxel,) * 3, **SHOWS, **changes)
            phases = _found(phantom, "nmc-phases", views)
            cracks = _found(phantom, "nmc-cracks", views) == 1
            iou, dice = _iou(phases, phantom.phases), _dice(cracks, phantom.phases == CRACK)
            print(
                f"{voxel} um, {words}: phases {iou:.3f} ({iou / AIMS['nmc-phases']:.2f} of the aim), "
                f"cracks {dice:.3f} ({dice / AIMS['nmc-cracks']:.2f})",
                flush=True,
            )


def _found(phantom: Any, model: str, views: Any) -> Any:
    settings = PredictSettings(views=views)
    return find_phases(phantom.grey, model, spacing=phantom.config.spacing, settings=settings).values


def _iou(found: Any, right: Any) -> float:
    """Return the mean IoU of the three phases, where there is no crack."""
    there = right != CRACK
    shares = [
        (there & (found == number) & (right == number)).sum()
        / (there & ((found == number) | (right == number))).sum()
        for number in range(CRACK)
    ]
    return float(np.mean(shares))


def _dice(found: Any, right: Any) -> float:
    return float(2 * (found & right).sum() / (found.sum() + right.sum()))


if __name__ == "__main__":
    main()
