"""How alike the damage of two particles is, over how far apart they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.damage.table import Floats

MOST_HOPS = 6
"""Contacts between two particles, at most."""

_MOST_STARTS = 1000
_CLASSES = 8


@dataclass(frozen=True)
class Correlogram:
    """Correlation of damage by distance class, with what chance gives.

    Attributes
    ----------
    distance
        (k,) number of contacts, or mean distance in um of the pairs of a class.
    correlation
        (k,) Moran's I: the mean of z_i z_j over the pairs of a class, z standardised damage.
    low, high
        (k,) 95 % band of the same with the damage shuffled.
    pairs
        (k,) number of pairs looked at.
    sampled
        True where pairs start from some particles only, because there are too many.
    """

    distance: Floats
    correlation: Floats
    low: Floats
    high: Floats
    pairs: NDArray[np.int64]
    sampled: bool

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "distance": self.distance.tolist(),
            "correlation": self.correlation.tolist(),
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "pairs": self.pairs.tolist(),
            "sampled": self.sampled,
        }


def hop_correlogram(pairs: NDArray[np.int64], orders: Floats, *, seed: int = 0) -> Correlogram:
    """Return the correlation over the number of contacts between two particles.

    Parameters
    ----------
    pairs
        (m, 2) particles that touch.
    orders
        (n, 1 + permutations) damage as measured and shuffled.
    seed
        Of the particles that pairs start from, where there are many.
    """
    from scipy.sparse import csr_array

    count = len(orders)
    starts = _starts(count, seed)
    rows, columns = np.concatenate([pairs, pairs[:, ::-1]]).T if len(pairs) else (pairs[:, 0], pairs[:, 1])
    # Counted are the ways to a particle, which may be many and must not come round to 0.
    touching = csr_array((np.ones(len(rows), np.int32), (rows, columns)), shape=(count, count))
    front = csr_array(
        (np.ones(len(starts), np.int32), (np.arange(len(starts)), starts)), (len(starts), count)
    )
    reached, classes, distances = front, [], []
    for hops in range(1, MOST_HOPS + 1):
        front = front @ touching
        front.data[:] = 1
        front = front - front.multiply(reached)
        front.eliminate_zeros()
        if not front.nnz:
            break
        reached = reached + front
        classes.append(front)
        distances.append(float(hops))
    return _correlogram(classes, distances, starts, orders)


def distance_correlogram(positions: Floats, orders: Floats, *, seed: int = 0) -> Correlogram:
    """Return the correlation over the distance of the centroids.

    Classes are as wide as the median distance to the nearest particle, up to eight of them.

    Parameters
    ----------
    positions
        (n, 3) z, y, x in um.
    orders
        (n, 1 + permutations) damage as measured and shuffled.
    seed
        Of the particles that pairs start from, where there are many.
    """
    from scipy.sparse import csr_array
    from scipy.spatial import KDTree

    count = len(orders)
    starts = _starts(count, seed)
    classes: list[Any] = []
    distances: list[float] = []
    tree = KDTree(positions)
    width = float(np.median(np.asarray(tree.query(positions, k=2)[0])[:, 1])) if count > 1 else 0.0
    if width > 0:
        near = KDTree(positions[starts]).sparse_distance_matrix(tree, _CLASSES * width, output_type="ndarray")
        near = near[starts[near["i"]] != near["j"]]
        which = np.minimum((near["v"] / width).astype(int), _CLASSES - 1)
        for each in range(_CLASSES):
            chosen = near[which == each]
            if chosen.size:
                shape = (len(starts), count)
                ones = np.ones(chosen.size, np.int32)
                classes.append(csr_array((ones, (chosen["i"], chosen["j"])), shape))
                distances.append(float(chosen["v"].mean()))
    return _correlogram(classes, distances, starts, orders)


def _starts(count: int, seed: int) -> NDArray[np.int64]:
    if count <= _MOST_STARTS:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, _MOST_STARTS, replace=False))


def _correlogram(
    classes: list[Any], distances: list[float], starts: NDArray[np.int64], orders: Floats
) -> Correlogram:
    spread = orders[:, 0].std()
    z = (orders - orders[:, 0].mean()) / spread if spread > 0 else np.full(orders.shape, np.nan)
    found = np.array([(z[starts] * (each @ z)).sum(axis=0) / each.nnz for each in classes])
    found = found.reshape(len(classes), orders.shape[1])
    low, high = np.quantile(found[:, 1:], (0.025, 0.975), axis=1)
    return Correlogram(
        distance=np.array(distances),
        correlation=found[:, 0],
        low=low,
        high=high,
        pairs=np.array([each.nnz for each in classes], dtype=np.int64),
        sampled=len(starts) < len(orders),
    )
