"""From which score on a Mask R-CNN's particles count, chosen on images that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from electrodej.networks.maskrcnn.finding import OWN, Finder
from electrodej.networks.maskrcnn.instances import draw
from electrodej.networks.stardist.patches import Example
from electrodej.networks.stardist.thresholds import Thresholds, best_of, counts_at_iou
from electrodej.progress import Progress, silent

SCORES = tuple(round(0.3 + 0.05 * step, 2) for step in range(14))


def choose_score(finder: Finder, examples: Sequence[Example], *, progress: Progress = silent) -> Thresholds:
    """Try scores and take the one with the best mean F1, as `best_of` has it.

    Parameters
    ----------
    finder
        The network, with a selection that lets all of `SCORES` through.
    examples
        Images with their particles.
    progress
        Told of each image.
    """
    hits: dict[tuple[float, float], list[list[int]]] = {(score, OWN.overlap): [] for score in SCORES}
    for number, example in enumerate(examples):
        progress(number, len(examples), "choosing the least score")
        found = finder.find(example.image)
        # The surest are drawn first: a higher least score takes the last labels away.
        labels, kept = draw(found, (example.image.shape[0], example.image.shape[1]))
        for pair, counted in hits.items():
            above = np.count_nonzero(found.scores[kept] >= pair[0])
            counted.extend(counts_at_iou(np.where(labels > above, 0, labels), example))
    progress(len(examples), len(examples), "choosing the least score")
    return best_of(hits)
