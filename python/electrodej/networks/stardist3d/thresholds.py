"""The two thresholds, chosen by the score on volumes that were held out."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.models.grey import FloatArray
from electrodej.networks.stardist.thresholds import where_known
from electrodej.networks.stardist3d.model import SolidModel
from electrodej.networks.stardist3d.predict import predict_bodies
from electrodej.networks.stardist3d.shapes import Bodies, Drawn, choose
from electrodej.run import Run

IOU = (0.5, 0.75, 0.9)
# The score that is made large is the mean F1 at the first two of these.
_JUDGED = 2
_CHANCES = (0.3, 0.4, 0.5, 0.6, 0.7)
_OVERLAPS = (0.3, 0.45)


@dataclass(frozen=True)
class Thresholds:
    """The thresholds, and F1 at each of `IOU` with them."""

    probability: float
    overlap: float
    f1: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "probability": self.probability,
            "overlap": self.overlap,
            "f1": {str(iou): round(score, 4) for iou, score in zip(IOU, self.f1, strict=True)},
        }


def choose_thresholds(
    model: SolidModel, volumes: Iterable[tuple[FloatArray, NDArray[Any]]], run: Run | None = None
) -> Thresholds:
    """Choose the thresholds that give the best score on grey values as scaled, and their labels."""
    pairs = [(grey, np.asarray(labels, np.int32)) for grey, labels in volumes]
    offered = [
        predict_bodies(grey, model, run, probability=_CHANCES[0], levels=(0.0, 1.0))[0] for grey, _ in pairs
    ]
    tries = [(chance, overlap) for chance in _CHANCES for overlap in _OVERLAPS]
    with ThreadPoolExecutor((run or Run()).cores) as pool:
        counts = sum(pool.map(partial(_counts, tries), offered, (labels for _, labels in pairs)))
    best = Thresholds(0.5, _OVERLAPS[-1], (0.0,) * len(IOU))
    for (chance, overlap), rows in zip(tries, counts, strict=True):
        f1 = tuple(float(2 * tp / max(1, 2 * tp + fp + fn)) for tp, fp, fn in rows)
        if sum(f1[:_JUDGED]) > sum(best.f1[:_JUDGED]):
            best = Thresholds(chance, overlap, f1)
    return best


def _counts(tries: list[tuple[float, float]], offered: Bodies, truth: NDArray[np.int32]) -> Any:
    """Return how many particles of a volume are found, invented and missed, (tries, IoU, 3)."""
    return np.array(
        [
            count_found(offered.taken(offered.probability > chance), truth, overlap=overlap)
            for chance, overlap in tries
        ]
    )


def count_found(offered: Bodies, truth: NDArray[Any], *, overlap: float) -> NDArray[np.int64]:
    """Return how many particles are found, invented and missed at each of `IOU`, (IoU, 3)."""
    from electrodej.score import InstanceSettings, score_instances

    shape = truth.shape[0], truth.shape[1], truth.shape[2]
    labels = Drawn(choose(offered, overlap=overlap), shape).slab(0, shape[0])
    found = score_instances(
        where_known(labels, truth), np.maximum(truth, 0), InstanceSettings(thresholds=IOU)
    )
    return np.array([[getattr(found.at(iou), name) for name in ("tp", "fp", "fn")] for iou in IOU])
