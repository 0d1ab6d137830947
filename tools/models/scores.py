"""Scores of a StarDist model on sections that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.models.grey import normalise
from electrodej.networks.stardist.candidates import predict_sections
from electrodej.networks.stardist.instances import choose, draw
from electrodej.networks.stardist.model import StarDistModel
from electrodej.networks.stardist.patches import without_small
from electrodej.score import InstanceSettings, score_instances

IOU = (0.5, 0.75, 0.9)


def find(model: StarDistModel, grey: Any) -> Any:
    """Return the labels of one section, as `electrodej segment` finds them at scale 1."""
    image = normalise(grey, model.info.percentiles)
    offered = predict_sections(model, image[np.newaxis], threshold=model.probability_threshold)[0].candidates
    return draw(choose(offered, overlap=model.overlap_threshold), grey.shape, factor=(1.0, 1.0))


def f1(model: StarDistModel, pairs: Iterable[tuple[Any, Any]], *, least_diameter: float) -> dict[str, float]:
    """Return F1 at each of `IOU` over all pairs of grey values and true labels.

    Sections smaller than the least diameter count neither as missed nor, where they are found, as false.
    """

    def judged() -> Iterator[tuple[Any, Any]]:
        for grey, truth in pairs:
            large = without_small(truth, least_diameter)
            small = (truth > 0) & (large == 0)
            yield _without_those_on(find(model, grey), small), large.astype(np.uint16)

    return ratios(count(judged()))


def count(pairs: Iterable[tuple[Any, Any]]) -> NDArray[np.int64]:
    """Return the numbers of found, invented and missed particles (IoU, 3) over pairs of labels and truth."""
    counts = np.zeros((len(IOU), 3), np.int64)
    for labels, truth in pairs:
        scores = score_instances(labels, truth, settings=InstanceSettings(thresholds=IOU))
        for row, threshold in enumerate(IOU):
            at = scores.at(threshold)
            counts[row] += at.tp, at.fp, at.fn
    return counts


def ratios(counts: NDArray[np.int64]) -> dict[str, float]:
    """Return F1 at each of `IOU` from the numbers of found, invented and missed particles (IoU, 3)."""
    return {
        str(threshold): round(float(2 * tp / max(1, 2 * tp + fp + fn)), 4)
        for threshold, (tp, fp, fn) in zip(IOU, counts, strict=True)
    }


def _without_those_on(found: Any, small: Any) -> Any:
    """Drop finds that lie mostly on sections too small to count."""
    area = np.bincount(found.ravel())
    on_small = np.bincount(found.ravel(), weights=small.ravel(), minlength=len(area))
    drop = on_small > 0.5 * area
    drop[0] = False
    return np.where(drop[found], 0, found).astype(found.dtype)


def read_pair(grey: Path, labels: Path) -> tuple[Any, Any]:
    """Read one annotated section."""
    import tifffile

    return tifffile.imread(grey), tifffile.imread(labels).astype(np.uint16)
