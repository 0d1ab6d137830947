"""How many of the cracks `nmc-cracks` finds on scans as noisy as others': recall, precision and Dice by SNR.

    python benchmarks/crack_noise.py [--snr 16,8,4,2] [--like IMAGE ...] [--model nmc-cracks] [--seeds 900001]

Electrodes that nothing was trained on are scanned with more and more noise, until `electrodej check` itself
measures the signal-to-noise ratio that is asked for: how far its bright and dark parts lie apart, in standard
deviations of the noise. ``--like`` takes the ratio of an image, as check tells it; without it and ``--snr``
the strange scan of `benchmarks/page.py` and a few round figures are taken. Cracks are looked for by
`segment phases` as anybody would. Recall is beside its aim; about a minute for each figure on two cores.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.inspection import inspect
from electrodej.phantom import make_phantom
from electrodej.verbs import do
from electrodej.volume import ArrayVolume, open_volume, write_volume

SHAPE, CRACK, AIM = (16, 320, 320), 3, 0.75
VOXELS = (0.07, 0.14)
ROUND = (16.0, 8.0, 4.0, 2.0)
# Noise is searched for between these, in grey values, until the ratio is so near to what is asked for.
QUIET, LOUD, NEAR = 0.5, 80.0, 0.02


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--snr", default="", help="signal-to-noise ratios, separated by commas")
    parser.add_argument("--like", nargs="*", default=[], metavar="IMAGE", help="take their ratios")
    parser.add_argument("--model", default="nmc-cracks")
    parser.add_argument("--seeds", default="900001")
    options = parser.parse_args()
    wanted = {f"SNR {word}": float(word) for word in options.snr.split(",") if word}
    for path in options.like:
        with open_volume(path) as image:
            wanted[Path(path).name] = inspect(image).snr
    if not wanted:
        wanted = {"the strange scan of page.py": strange()}
        wanted |= {f"SNR {ratio:g}": ratio for ratio in ROUND}
    seeds = [int(seed) for seed in options.seeds.split(",")]
    for name, ratio in wanted.items():
        for voxel in VOXELS:
            counts, reached = np.zeros(3), []
            for seed in seeds:
                phantom, snr = scanned(seed, voxel, ratio)
                counts += counted(phantom, options.model)
                reached.append(snr)
            hits, found, there = counts
            recall = hits / there
            print(
                f"{name} (asked for {ratio:.1f}, measured {np.mean(reached):.1f}), {voxel} um: "
                f"recall {recall:.2f} ({recall / AIM:.2f} of {AIM}), precision {hits / max(found, 1):.2f}, "
                f"Dice {2 * hits / (found + there):.2f}",
                flush=True,
            )


def strange() -> float:
    """Return the ratio of the scan that `page.py` takes from the file to the page."""
    phantom = make_phantom((24, 256, 256), spacing=(0.1,) * 3, seed=11, look="phase-contrast")
    return measured(phantom)


def measured(phantom: Any) -> float:
    """Return the ratio that `electrodej check` tells of a phantom."""
    return inspect(ArrayVolume(phantom.grey, spacing=phantom.spacing, name="scan")).snr


def scanned(seed: int, voxel: float, ratio: float) -> tuple[Any, float]:
    """Return an electrode scanned with the noise that gives a ratio, and the ratio that it has.

    A scan that has less than is asked for without any noise comes as near as it can.
    """
    low, high = QUIET, LOUD
    while True:
        noise = float(np.sqrt(low * high))
        phantom = make_phantom(SHAPE, seed=seed, spacing=(voxel,) * 3, noise=noise)
        snr = measured(phantom)
        if abs(snr / ratio - 1) < NEAR or high / low < 1 + NEAR:
            return phantom, snr
        low, high = (noise, high) if snr > ratio else (low, noise)


def counted(phantom: Any, model: str) -> Any:
    """Return how many crack voxels are found rightly, are found, and are there."""
    there = phantom.phases == CRACK
    with tempfile.TemporaryDirectory() as place:
        grey, out = Path(place) / "grey.tif", Path(place) / "cracks.tif"
        write_volume(grey, phantom.grey, spacing=phantom.spacing)
        do("segment phases", grey, model=model, out=out, force=True, jobs=2)
        with open_volume(out) as volume:
            found = volume.read() == 1
    return np.array([(found & there).sum(), found.sum(), there.sum()])


if __name__ == "__main__":
    main()
