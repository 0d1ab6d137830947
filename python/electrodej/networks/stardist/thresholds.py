"""The two thresholds of a StarDist model, chosen by score on images that it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from electrodej.networks.stardist.candidates import predict_sections
from electrodej.networks.stardist.instances import choose, draw
from electrodej.networks.stardist.model import StarDistModel
from electrodej.networks.stardist.patches import Example
from electrodej.progress import Progress, silent
from electrodej.score import InstanceSettings, score_instances

PROBABILITIES = tuple(round(0.3 + 0.05 * step, 2) for step in range(13))
OVERLAPS = (0.3, 0.4, 0.5)
IOU = (0.5, 0.75)
NEAR = 0.02


@dataclass(frozen=True)
class Thresholds:
    """What was chosen, and how good it is.

    Attributes
    ----------
    probability, overlap
        The thresholds.
    f1
        F1 over all validation images at each of `IOU`.
    table
        Mean F1 for each pair of thresholds that was tried.
    """

    probability: float
    overlap: float
    f1: tuple[float, ...]
    table: tuple[dict[str, float], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "probability": self.probability,
            "overlap": self.overlap,
            "f1": dict(zip(map(str, IOU), self.f1, strict=True)),
            "tried": list(self.table),
        }


def choose_thresholds(
    model: StarDistModel, examples: Sequence[Example], *, progress: Progress = silent
) -> Thresholds:
    """Try pairs of thresholds and take the one with the best mean F1 at the IoU thresholds `IOU`.

    Of pairs within `NEAR` of the best, the one with the highest probability is taken: a particle that is not
    there costs more than a section that is missed, which the sections beside it and the other views show.
    """
    hits: dict[tuple[float, float], list[list[int]]] = {}
    for number, example in enumerate(examples):
        progress(number, len(examples), "choosing thresholds")
        offered = predict_sections(model, example.image[np.newaxis], threshold=min(PROBABILITIES))[
            0
        ].candidates
        for overlap in OVERLAPS:
            # The most probable are chosen first and drawn on top: higher thresholds take the last ones away.
            chosen = choose(offered, overlap=overlap)
            drawn = draw(chosen, example.image.shape, factor=(1.0, 1.0))
            for probability in PROBABILITIES:
                above = np.count_nonzero(chosen.probability > probability)
                counted = counts_at_iou(np.where(drawn > above, 0, drawn), example)
                hits.setdefault((probability, overlap), []).extend(counted)
    progress(len(examples), len(examples), "choosing thresholds")
    return best_of(hits)


def best_of(hits: Mapping[tuple[float, float], Sequence[Sequence[int]]]) -> Thresholds:
    """Choose among pairs of thresholds, each with what `counts_at_iou` says of all images."""
    scores = {pair: _f1(np.array(counted)) for pair, counted in hits.items()}
    means = {pair: float(np.mean(score)) for pair, score in scores.items()}
    best = max(means.values())
    near = [pair for pair, mean in means.items() if mean >= best - NEAR]
    taken = max(near, key=lambda pair: (pair[0], means[pair]))
    table = tuple(
        {"probability": pair[0], "overlap": pair[1], "f1": round(mean, 4)} for pair, mean in means.items()
    )
    return Thresholds(*taken, scores[taken], table)


def counts_at_iou(found: Any, example: Example) -> list[list[int]]:
    """Return number of the IoU threshold, hits, false finds and misses of one image."""
    scores = score_instances(
        where_known(found, example.labels), np.maximum(example.labels, 0), InstanceSettings(thresholds=IOU)
    )
    return [
        [number, score.tp, score.fp, score.fn]
        for number, score in enumerate(scores.at(threshold) for threshold in IOU)
    ]


def where_known(found: Any, labels: Any) -> Any:
    """Leave out what was found for the most part where nobody knows what is there."""
    unknown = labels < 0
    if not unknown.any():
        return found
    whole = np.bincount(found.ravel())
    beyond = np.bincount(found[unknown], minlength=len(whole))
    return np.where(unknown | (2 * beyond > whole)[found], 0, found)


def _f1(counted: Any) -> tuple[float, ...]:
    totals = [counted[counted[:, 0] == number, 1:].sum(axis=0) for number in range(len(IOU))]
    return tuple(float(2 * tp / (2 * tp + fp + fn)) if tp + fp + fn else 1.0 for tp, fp, fn in totals)
