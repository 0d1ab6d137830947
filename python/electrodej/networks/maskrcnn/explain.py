"""Pictures of the steps from a section to its particles: anchors, proposals, boxes, masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.models.grey import FloatArray
from electrodej.networks.maskrcnn.anchors import anchors
from electrodej.networks.maskrcnn.finding import Finder
from electrodej.networks.maskrcnn.instances import draw
from electrodej.vocabulary import counted

NAMES = ("1-anchors.png", "2-proposals.png", "3-boxes.png", "4-masks.png")
# Boxes that a picture shows at most, the best ones.
_ANCHORS, _PROPOSALS = 80, 120


def explain(finder: Finder, image: FloatArray, folder: Path) -> list[Path]:
    """Draw what the network does with the first tile of a normalised section.

    Parameters
    ----------
    finder
        The network.
    image
        The section (Y, X).
    folder
        Where the pictures go; it exists.

    Returns
    -------
    list of Path
        The anchors of the highest scores, the proposals, the boxes with their scores, and the masks.
    """
    part = image[: finder.tile, : finder.tile]
    seen = finder.steps(image)
    every = anchors(finder.network.shape, finder.tile, finder.tile)
    best = np.argsort(-seen.scores)[:_ANCHORS]
    proposals, detections = seen.proposals, seen.detections
    found = finder.find(part)
    labels, kept = draw(found, (part.shape[0], part.shape[1]))
    edge = finder.tile - 1
    pictures: list[tuple[str, Any, list[str]]] = [
        (f"the {len(best)} best of {len(every)} anchors", every[best] * edge, []),
        (
            f"the {min(_PROPOSALS, len(proposals))} best of {len(proposals)} proposals",
            proposals[:_PROPOSALS] * edge,
            [],
        ),
        (
            f"{len(detections)} boxes of particles",
            detections[:, :4] * edge,
            [f"{score:.2f}" for score in detections[:, 5]],
        ),
        (counted(len(kept), "particle"), np.zeros((0, 4)), []),
    ]
    paths = [folder / name for name in NAMES]
    for path, (title, boxes, words) in zip(paths, pictures, strict=True):
        _picture(path, part, title, boxes, words, labels if path.name == NAMES[3] else None)
    return paths


def _picture(
    path: Path, part: FloatArray, title: str, boxes: Any, words: list[str], labels: NDArray[Any] | None
) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import PatchCollection
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle
    from skimage.segmentation import find_boundaries

    figure = Figure(figsize=(7, 7 * part.shape[0] / part.shape[1] + 0.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.imshow(part, cmap="gray", vmin=0, vmax=1.1)
    frames = [Rectangle((x, y), right - x, bottom - y) for y, x, bottom, right in np.asarray(boxes)]
    axes.add_collection(PatchCollection(frames, facecolor="none", edgecolor="#ff7f0e", linewidth=0.8))
    for word, (y, x, _, _) in zip(words, np.asarray(boxes), strict=False):
        axes.text(x, y - 1, word, color="#ffd27f", fontsize=6)
    if labels is not None:
        chance = np.random.default_rng(0).permutation(int(labels.max()) + 1) + 1
        hidden = np.ma.masked_equal(np.where(labels > 0, chance[labels], 0), 0)
        axes.imshow(hidden, cmap="turbo", alpha=0.4, interpolation="nearest")
        edges = np.ma.masked_equal(find_boundaries(labels).astype(np.uint8), 0)
        axes.imshow(edges, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xlim(-0.5, part.shape[1] - 0.5)
    axes.set_ylim(part.shape[0] - 0.5, -0.5)
    axes.set_axis_off()
    axes.set_title(title, fontsize=10)
    figure.savefig(path, dpi=130)
