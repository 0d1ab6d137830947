"""Statistics over the particles nearest to each particle."""

from __future__ import annotations

import numpy as np

from electrodej.features.typing import Array, Floats, Ints

NEIGHBOURS = 6
# Distances that differ by less than this, relatively, are equal: then the smaller label is nearer.
_SAME = 1e-9


def nearest(centroids: Floats, count: int = NEIGHBOURS) -> tuple[Ints, Floats]:
    """The ``count`` nearest other centroids of each of ``centroids`` (n, 3), in um.

    Returns indices and distances (n, m), nearest first, m = min(count, n - 1). The rows of
    ``centroids`` are in the order of the labels, and among equal distances the smaller label is taken.
    """
    n = len(centroids)
    m = min(count, n - 1)
    if m < 1:
        return np.zeros((n, 0), dtype=np.int64), np.zeros((n, 0))
    from scipy.spatial import KDTree

    tree = KDTree(centroids)
    asked = min(n, m + 2)
    while True:
        result: tuple[Array, Array] = tree.query(centroids, k=asked)  # type: ignore[assignment]
        distances, found = result
        # Where the last one asked for is as near as the m-th, more of equal distance may follow.
        last, limit = distances[:, -1], distances[:, m]
        if asked == n or not np.any(last <= limit * (1 + 2 * _SAME)):
            break
        asked = min(n, 2 * asked)
    # The particle itself goes first (another may lie at the very same place), the others by distance,
    # and those of equal distance by label.
    distances = np.where(found == np.arange(n)[:, None], -1.0, distances)
    order = np.argsort(distances, axis=1, kind="stable")
    distances, found = np.take_along_axis(distances, order, 1), np.take_along_axis(found, order, 1)
    farther = np.diff(distances, axis=1) > _SAME * distances[:, 1:]
    rank = np.concatenate([np.zeros((n, 1), dtype=np.int64), np.cumsum(farther, axis=1)], axis=1)
    order = np.lexsort((found, rank), axis=1)[:, 1 : m + 1]
    return np.take_along_axis(found, order, 1), np.take_along_axis(distances, order, 1)


def spread_over(values: Floats, index: Ints) -> Floats:
    """Sample standard deviation (n - 1) of ``values`` over each particle's neighbours; NaN below two.

    Neighbours for which the value is undefined are left out.
    """
    if index.shape[1] < 2:
        return np.full(len(index), np.nan)
    near = values[index]
    known = ~np.isnan(near)
    n = known.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, near, 0.0).sum(axis=1) / n
        square = np.where(known, near - mean[:, None], 0.0) ** 2
        return np.where(n > 1, np.sqrt(square.sum(axis=1) / (n - 1)), np.nan)
