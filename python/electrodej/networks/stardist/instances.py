"""From a section's candidate outlines to its labels and its probability map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.networks.stardist.candidates import Candidates

MOST = np.iinfo(np.uint16).max


def choose(candidates: Candidates, *, overlap: float) -> Candidates:
    """Keep the most probable of outlines that overlap by more than ``overlap`` of the smaller one."""
    if not len(candidates.points):
        return candidates
    nms = require("stardist.nms", what="finding particles", extra="train")
    kept = nms.non_maximum_suppression_inds(
        candidates.distances,
        candidates.points,
        scores=candidates.probability,
        thresh=overlap,
        verbose=False,
    )
    return Candidates(candidates.points[kept], candidates.probability[kept], candidates.distances[kept])


def outlines(chosen: Candidates) -> NDArray[np.float64]:
    """Return the corners of each outline, (n, 2, rays) as rows and columns in pixels."""
    rays = chosen.distances.shape[1]
    angles = np.linspace(0, 2 * np.pi, rays, endpoint=False)
    away = chosen.distances[:, np.newaxis] * np.array([np.sin(angles), np.cos(angles)])
    corners: NDArray[np.float64] = chosen.points[..., np.newaxis] + away.astype(np.float32)
    return corners


def draw(chosen: Candidates, shape: tuple[int, int], *, factor: tuple[float, float]) -> NDArray[np.uint16]:
    """Draw the outlines as labels 1 to n, the most probable last, so that it lies on top.

    Parameters
    ----------
    chosen
        Outlines, the most probable first; in that order they are numbered.
    shape
        Rows and columns of the section.
    factor
        Rows and columns of the section for each pixel of the outlines.
    """
    from skimage.draw import polygon

    if len(chosen.points) > MOST:
        raise InputError(f"a section with more than {MOST} particles is more than its labels can tell apart")
    labels = np.zeros(shape, np.uint16)
    corners = outlines(chosen) * np.array(factor)[:, np.newaxis]
    for number in range(len(corners) - 1, -1, -1):
        rows, columns = polygon(corners[number, 0], corners[number, 1], shape)
        labels[rows, columns] = number + 1
    return labels
