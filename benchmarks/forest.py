"""The forest against scikit-image's multiscale features with scikit-learn's forest, in the same run.

Both learn from as many labelled pixels, have as many trees, and are asked about the same picture, which is
a phantom or, with ``--data GREY PHASES``, a real slice (255 where nobody labelled). Half of the picture
teaches, the other half judges. Prints mean IoU of both, how many times faster ours is, and how long training
and asking took. Ratios are of processor times, because other programs take turns on a shared machine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.forest import ForestSettings, make_labelled, predict_array, train_forest
from electrodej.run import Run
from electrodej.volume import ArrayVolume, open_volume

LEAST_RATIO, LEAST_IOU, MOST_SECONDS = 3.0, 0.71, 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs=2, metavar=("GREY", "PHASES"))
    parser.add_argument("--volume", type=int, default=64, help="edge of the volume for the 3D ratio; 0: none")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    grey, phases = real(*options.data) if options.data else phantom((1, 1200, 800))
    for name, axis in (("top teaches, bottom judges", 1), ("left teaches, right judges", 2)):
        print(f"{name}:")
        teach = np.zeros(grey.shape, bool)
        cut = grey.shape[axis] // 2
        teach[(slice(None),) * axis + (slice(None, cut),)] = True
        compare(grey, phases, teach, ForestSettings(), options.jobs)
    if options.volume:
        print("a volume, measures in 3D:")
        grey, phases = phantom((options.volume,) * 3)
        teach = np.zeros(grey.shape, bool)
        teach[:, :, : options.volume // 2] = True
        settings = ForestSettings(dimensions=3, sigmas=(0.7, 1.4, 2.8, 5.6))
        compare(grey, phases, teach, settings, options.jobs)


def compare(grey: Any, phases: Any, teach: Any, settings: ForestSettings, jobs: int) -> None:
    labels = np.where(teach, phases, 255)
    run = Run(jobs=jobs)
    image = make_labelled(ArrayVolume(grey, spacing=None), labels)
    warm_up(grey, settings)
    forest, training = timed(lambda: train_forest([image], settings=settings, run=run))
    found, asking = timed(lambda: predict_array(grey, forest, run=run))
    ours = np.array(forest.ids)[found.probability.argmax(-1)]
    theirs, peer_training, peer_asking = peer(grey, labels, settings, jobs)
    judged = ~teach & (phases != 255)
    values = {
        who: [iou(result[judged] == k, phases[judged] == k) for k in forest.ids]
        for who, result in (("ours", ours), ("scikit", theirs))
    }
    for who, each in values.items():
        print(f"  {who:7} mean IoU {np.mean(each):.3f} ({', '.join(f'{value:.3f}' for value in each)})")
    total, seconds = training[1] + asking[1], (training[0] + asking[0]) / jobs
    print(
        f"  trained and asked in {total:.1f} s by the clock, {seconds:.1f} s on {jobs} free cores "
        f"(at most {MOST_SECONDS:g}); asking {peer_asking[0] / asking[0]:.1f} times as fast as scikit "
        f"(at least {LEAST_RATIO:g}), {asking[0]:.1f} s against {peer_asking[0]:.1f} s of processor; "
        f"training {peer_training[0] / training[0]:.1f} times",
        flush=True,
    )


def peer(grey: Any, labels: Any, settings: ForestSettings, jobs: int) -> Any:
    """What a person would write with scikit-image and scikit-learn."""
    from skimage.feature import multiscale_basic_features
    from sklearn.ensemble import RandomForestClassifier

    image = (grey if settings.dimensions == 3 else grey[0]).astype(np.float32) / 255
    at = np.flatnonzero(labels.ravel() != 255)
    chosen = np.random.default_rng(0).choice(at, min(at.size, settings.samples), replace=False)

    def measures() -> Any:
        found = multiscale_basic_features(image, sigma_min=0.5, sigma_max=max(settings.sigmas))
        return found.reshape(-1, found.shape[-1])

    forest = RandomForestClassifier(settings.trees, n_jobs=jobs, random_state=0)
    found, measuring = timed(measures)
    _, growing = timed(lambda: forest.fit(found[chosen], labels.ravel()[chosen]))
    result, asking = timed(lambda: forest.predict(found))
    return result.reshape(grey.shape), np.add(measuring, growing), np.add(measuring, asking)


def timed(work: Callable[[], Any]) -> tuple[Any, tuple[float, float]]:
    """Return a result, and the processor's and the clock's seconds it took."""
    processor, clock = time.process_time(), time.perf_counter()
    result = work()
    return result, (time.process_time() - processor, time.perf_counter() - clock)


def warm_up(grey: Any, settings: ForestSettings) -> None:
    """Have everything compiled."""
    small = np.ascontiguousarray(grey[:32, :64, :64])
    labels = (small > np.median(small)).astype(np.uint8)
    few = ForestSettings(trees=2, sigmas=settings.sigmas, dimensions=settings.dimensions)
    forest = train_forest([make_labelled(ArrayVolume(small, spacing=None), labels)], settings=few)
    predict_array(small, forest)


def iou(one: NDArray[np.bool_], two: NDArray[np.bool_]) -> float:
    return float((one & two).sum() / max(1, (one | two).sum()))


def real(grey: str, phases: str) -> tuple[Any, Any]:
    with open_volume(grey) as first, open_volume(phases) as second:
        return first.read(), second.read()


def phantom(shape: tuple[int, int, int]) -> tuple[Any, Any]:
    from electrodej.phantom import PORE_GREY, PhantomConfig, make_phantom

    made = make_phantom(
        PhantomConfig(shape=shape, spacing=(0.1, 0.1, 0.1), seed=4, pore_grey=PORE_GREY["phase"])
    )
    return made.grey, made.phases


if __name__ == "__main__":
    main()
