"""What the inspection says of a scan against how well `nmc-particles` does on it.

Phantoms of both polarities and of several voxel sizes, noises and blurs, and of looks that the model was not
trained on, are inspected, shown to the model as the inspection says, and scored. One line a phantom: F1 at
IoU 0.5 as it is and as the verbs do it, what was seen and warned of. At the end: where the mean F1 over the
seeds falls below 0.8 of the best, how many were warned of (at least 9 of 10), and how many of the good ones
(at most 1 of 20); and the same by the F1 of each scan, which has few
particles. With ``--real FOLDER`` slices named ``*_grey.tif`` are inspected, too.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from electrodej.inspection import Inspection, find_look, inspect, look_first
from electrodej.models.bundled import find_model
from electrodej.networks.stardist.model import StarDistModel, load_stardist
from electrodej.networks.stardist.settings import ViewSettings
from electrodej.networks.stardist.views import predict_view
from electrodej.phantom import LOOKS, make_slice
from electrodej.run import Run
from electrodej.score import InstanceSettings, score_instances
from electrodej.volume import ArrayVolume, open_volume

MODEL = "nmc-particles"
LEAST_SHARE, LEAST_WARNED, MOST_CRIES = 0.8, 0.9, 0.05
SIZES = (0.04, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4)
NOISES = (1.0, 2.0, 3.0, 4.5, 6.0, 10.0, 16.0)
BLURS = (0.3, 0.7, 1.0, 1.4, 2.0)
WIDTH, MOST_PIXELS = 42.0, 600  # micrometres, pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--first", type=int, default=100, help="the first of them")
    parser.add_argument("--real", type=Path)
    options = parser.parse_args()
    if options.real:
        for path in sorted(options.real.glob("*_grey.tif")):
            with open_volume(path) as volume:
                print(f"{path.name:28} {text_of(inspect(volume, model=MODEL))}", flush=True)
    model = load_stardist(find_model(MODEL))
    rows: dict[str, list[tuple[float, bool]]] = {}
    for name, size, grey, labels in scans(range(options.first, options.first + options.seeds)):
        image = ArrayVolume(grey, spacing=(size,) * 3, name=name)
        seen = inspect(image, model=MODEL)
        scores = [f1(model, image, labels, as_is=as_is) for as_is in (True, False)]
        rows.setdefault(name, []).append((scores[1], seen.warned))
        print(f"{name:20} F1 {scores[0]:.2f}, looked at {scores[1]:.2f}; {text_of(seen)}", flush=True)
    means = {name: float(np.mean([score for score, _ in each])) for name, each in rows.items()}
    best = max(means.values())
    scans_of = [(name, score, warned) for name, each in rows.items() for score, warned in each]
    print_verdict("kinds", best, [(means[name], warned) for name, _, warned in scans_of])
    print_verdict("single scans", best, [(score, warned) for _, score, warned in scans_of])


def print_verdict(what: str, best: float, scored: list[tuple[float, bool]]) -> None:
    """Print how many of the bad were warned of, and how many of the good."""
    bad = [warned for score, warned in scored if score < LEAST_SHARE * best]
    good = [warned for score, warned in scored if score >= LEAST_SHARE * best]
    print(
        f"by the score of {what}: warned of {sum(bad)} of {len(bad)} below {LEAST_SHARE:g} of the best, "
        f"{best:.2f} (at least {LEAST_WARNED:.0%}); "
        f"cried on {sum(good)} of {len(good)} good ones (at most {MOST_CRIES:.0%})"
    )


def scans(seeds: Iterable[int]) -> Any:
    """Yield name, pixel size, grey values and labels of phantoms."""
    for seed in seeds:
        for size in SIZES:
            made = phantom(size, seed)
            yield f"{size:g} um", size, *made
            yield f"{size:g} um, inverted", size, 255 - made[0], made[1]
        for noise in NOISES:
            yield f"noise x {noise:g}", 0.14, *phantom(0.14, seed, noise=11.5 * noise)
        for blur in BLURS:
            grey, labels = phantom(0.14, seed, noise=4.0)
            soft = gaussian_filter(grey.astype(np.float32), (0, blur / 0.14, blur / 0.14))
            yield f"blur {blur:g} um", 0.14, np.rint(soft).astype(np.uint8), labels
        for look, options in LOOKS.items():
            yield look, 0.14, *phantom(0.14, seed, **options)


def phantom(size: float, seed: int, **more: Any) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Return grey values, and the particles with their cracks filled, as outlines have them."""
    edge = int(min(WIDTH / size, MOST_PIXELS))
    made = make_slice((edge, edge), spacing=(size,) * 3, seed=seed, **more)
    return made.grey, made.outlines


def f1(model: StarDistModel, image: ArrayVolume, labels: NDArray[Any], *, as_is: bool) -> float:
    """Return F1 at IoU 0.5 of one section, found as the verbs find it."""
    look = find_look(MODEL)
    assert look is not None
    ready = look_first(image, [look], as_is=as_is, run=Run())
    found = predict_view(
        ready.volume,
        model,
        spacing=image.require_spacing(),
        settings=ViewSettings(scale=ready.scales()["xy"]),
    )
    settings = InstanceSettings(thresholds=(0.5,), exclude_border=True)
    assert found.labels is not None
    return float(score_instances(found.labels[0], labels[0], settings=settings).at(0.5).f1)


def text_of(seen: Inspection) -> str:
    said = ", ".join(f"{each.severity} on {each.topic}" for each in seen.findings if each.severity != "note")
    return (
        f"{seen.polarity}, {seen.diameter:.0f} px, SNR {seen.snr:.1f}, blur {seen.blur:.1f} px, "
        f"scaled by {seen.plan.scale:.2f}: {said or 'nothing to say'}"
    )


if __name__ == "__main__":
    main()
