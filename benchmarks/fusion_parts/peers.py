"""What else could be made of three views: other programs' ways and simpler ones, given what they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from fusion_parts.simulate import SeenView
from numpy.typing import NDArray

Labels = NDArray[Any]
Spacing = tuple[float, float, float]
VIEWS = ("xy", "xz", "yz")
# Shares of the three views' full sum at which components are taken; the best one counts.
CUTS = (0.1, 0.2, 0.3, 0.5)


def ways(views: list[SeenView], grey: Labels, spacing: Spacing) -> dict[str, Callable[[], Iterator[Labels]]]:
    """Every way by its name; each gives one or more label volumes, of which the best one counts."""
    from electrodej.fusion import fuse_views, refine_borders
    from electrodej.run import Run

    linked: list[Labels] = []

    def fused(method: Any) -> Callable[[], Iterator[Labels]]:
        def make() -> Iterator[Labels]:
            yield fuse_views(
                *(view.probability for view in views), spacing=spacing, method=method, run=Run(jobs=1)
            ).labels

        return make

    def refined() -> Iterator[Labels]:
        yield refine_borders(next(fused("flow")()), grey, spacing=spacing)

    def one_view() -> Iterator[Labels]:
        linked[:] = [link_view(view, axis, spacing) for axis, view in enumerate(views)]
        yield from linked

    return {
        **{name: fused(name) for name in ("flow", "watershed", "kmeans")},
        "flow, --refine 1": refined,
        "components": lambda: components(views),
        "one view linked": one_view,
        "StarDist's grouping": lambda: (group(view, axis) for axis, view in enumerate(views)),
        "majority of linked views": lambda: (majority(linked, base) for base in range(3)),
    }


def components(views: list[SeenView]) -> Iterator[Labels]:
    """What hangs together above a share of the plain sum."""
    from electrodej.fusion import connected_components

    total = np.sum([view.probability for view in views], axis=0, dtype=np.uint16)
    for cut in CUTS:
        yield connected_components(total >= cut * 3 * 255, connectivity=6)[0]


def link_view(view: SeenView, axis: int, spacing: Spacing) -> Labels:
    """The sections that one view shows, linked, and what it missed filled in."""
    from electrodej.linking import LinkSettings, link

    name: Any = VIEWS[axis]
    return np.asarray(link(view.sections, view=name, spacing=spacing, settings=LinkSettings(fill=True)))


def group(view: SeenView, axis: int) -> Labels:
    """The same sections, linked by StarDist, which is given the slices that are not lost."""
    from stardist.matching import group_matching_labels

    slices = np.ascontiguousarray(np.moveaxis(view.sections, axis, 0)).astype(np.int32)
    kept = np.flatnonzero(slices.any(axis=(1, 2)))
    out = np.zeros(slices.shape, np.int32)
    if len(kept):
        out[kept] = group_matching_labels(slices[kept])
    return np.moveaxis(out, 0, axis)


def majority(linked: list[Labels], base: int) -> Labels:
    """Average three label volumes: each voxel gets the particle on which two of them agree.

    Particles of the other two views are those of view ``base`` with which they have the largest
    intersection over union.
    """
    first = linked[base].astype(np.int64)
    others = [_renamed(labels, first) for n, labels in enumerate(linked) if n != base]
    agreed = np.where(others[0] == others[1], others[0], 0)
    return np.where((first == others[0]) | (first == others[1]), first, agreed).astype(np.int32)


def _renamed(labels: Labels, target: Labels) -> Labels:
    """Give each label the number of the target's particle that it fits best; 0 where there is none."""
    room = int(target.max()) + 1
    pairs, common = np.unique(labels.astype(np.int64) * room + target, return_counts=True)
    one, other = pairs // room, pairs % room
    union = np.bincount(labels.ravel())[one] + np.bincount(target.ravel())[other] - common
    names = np.zeros(int(labels.max()) + 1, np.int64)
    best = np.zeros(len(names))
    for a, b, fit in zip(one, other, common / union, strict=True):
        if a and b and fit > best[a]:
            names[a], best[a] = b, fit
    return np.asarray(names[labels])
