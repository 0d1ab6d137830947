"""What the inspection says of a scan against how well `nmc-particles` does on it.

Phantoms of both polarities and of several voxel sizes, noises and blurs are inspected, prepared as the
inspection says, and segmented. One line a phantom: F1 at IoU 0.5 as it is and prepared, what was seen and
warned of. At the end: of those whose prepared F1 falls below 0.8 of the best, how many were warned of (at
least 9 of 10), and how many good ones were (at most 1 of 20). With ``--real FOLDER`` slices named
``*_grey.tif`` are inspected, too.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from electrodej.networks.bundled import find_model
from electrodej.networks.normalise import normalise
from electrodej.networks.stardist.sections import predict_sections
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from electrodej.inspection import Inspection, Plan, inspect, prepare
from electrodej.networks.stardist.instances import choose, draw
from electrodej.networks.stardist.model import StarDistModel, load_stardist
from electrodej.phantom import make_slice
from electrodej.score import score_instances
from electrodej.volume import ArrayVolume, open_volume

MODEL = "nmc-particles"
LEAST_SHARE, LEAST_WARNED, MOST_CRIES = 0.8, 0.9, 0.05
SIZES = (0.04, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4)
NOISES = (1.0, 3.0, 6.0, 10.0, 16.0)
BLURS = (0.3, 0.7, 1.2, 2.0)
WIDTH = 42.0  # micrometres


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--real", type=Path)
    options = parser.parse_args()
    if options.real:
        for path in sorted(options.real.glob("*_grey.tif")):
            with open_volume(path) as volume:
                print(f"{path.name:28} {text_of(inspect(volume, model=MODEL))}", flush=True)
    model = load_stardist(find_model(MODEL))
    rows = []
    for name, grey, labels in scans(options.seeds):
        seen = inspect(grey, model=MODEL)
        scores = [f1(model, each, labels) for each in (grey, prepared(grey, seen.plan))]
        rows.append((scores[1], seen.warned))
        print(f"{name:18} F1 {scores[0]:.2f}, prepared {scores[1]:.2f}; {text_of(seen)}", flush=True)
    best = max(score for score, _ in rows)
    bad = [warned for score, warned in rows if score < LEAST_SHARE * best]
    good = [warned for score, warned in rows if score >= LEAST_SHARE * best]
    print(
        f"warned of {sum(bad)} of {len(bad)} below {LEAST_SHARE:g} of the best, {best:.2f} "
        f"(at least {LEAST_WARNED:.0%}); "
        f"cried on {sum(good)} of {len(good)} good ones (at most {MOST_CRIES:.0%})"
    )


def scans(seeds: int) -> Any:
    """Yield name, grey values and labels of phantoms."""
    for seed in range(seeds):
        for size in SIZES:
            made = phantom(size, seed)
            yield f"{size:g} um", *made
            yield f"{size:g} um, inverted", 255 - made[0], made[1]
        for noise in NOISES:
            yield f"noise x {noise:g}", *phantom(0.14, seed, noise=11.5 * noise)
        for blur in BLURS:
            grey, labels = phantom(0.14, seed, noise=4.0)
            soft = gaussian_filter(grey.astype(np.float32), (0, blur / 0.14, blur / 0.14))
            yield f"blur {blur:g} um", np.rint(soft).astype(np.uint8), labels


def phantom(size: float, seed: int, **more: Any) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    edge = int(min(WIDTH / size, 900))
    made = make_slice((edge, edge), spacing=(size,) * 3, seed=100 + seed, **more)
    return made.grey, made.labels


def prepared(grey: NDArray[Any], plan: Plan) -> NDArray[np.float32]:
    return prepare(ArrayVolume(grey, spacing=None), plan)[:]


def f1(model: StarDistModel, grey: NDArray[Any], labels: NDArray[Any]) -> float:
    """Return F1 at IoU 0.5 of one section against labels of any size."""
    image = normalise(grey, model.info.percentiles)
    threshold = model.probability_threshold
    (found,) = predict_sections(model, image, threshold=threshold)
    drawn = draw(choose(found.candidates, overlap=model.overlap_threshold), grey.shape[1:], factor=(1.0, 1.0))
    factors = np.array(labels.shape[1:]) / np.array(drawn.shape)
    full = zoom(drawn, factors, order=0)
    result = score_instances(full, labels[0], thresholds=(0.5,), exclude_border=True)
    return float(result.at(0.5).f1)


def text_of(seen: Inspection) -> str:
    said = ", ".join(f"{each.severity} on {each.topic}" for each in seen.findings if each.severity != "note")
    return (
        f"{seen.polarity}, {seen.diameter:.0f} px, SNR {seen.snr:.1f}, blur {seen.blur:.1f} px, "
        f"scaled by {seen.plan.scale:.2f}: {said or 'nothing to say'}"
    )


if __name__ == "__main__":
    main()
