"""Clusters of voxels that share faces, without a label image: runs along x and what belongs together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.vocabulary import Shape


@dataclass(frozen=True)
class Clusters:
    """The clusters of a mask.

    Attributes
    ----------
    shape
        Of the mask.
    sizes
        Voxels of each cluster.
    touches
        Bits for the faces z0, z1, y0, y1, x0, x1 of the volume that a cluster touches.
    starts, stops, first, cluster
        The runs along x: where they begin and end, the first of each row, and their cluster.
    """

    shape: Shape
    sizes: NDArray[np.int64]
    touches: NDArray[np.uint8]
    starts: NDArray[np.int32]
    stops: NDArray[np.int32]
    first: NDArray[np.int64]
    cluster: NDArray[np.int32]

    @property
    def count(self) -> int:
        """How many clusters there are."""
        return len(self.sizes)

    @property
    def voxels(self) -> int:
        """Voxels of all of them."""
        return int(self.sizes.sum())

    def through(self, axis: int) -> NDArray[np.bool_]:
        """Which clusters reach from the first to the last slice along an axis."""
        faces = 3 << (2 * axis)
        return np.asarray((self.touches & faces) == faces)

    def clear(self, mask: NDArray[Any], kept: NDArray[np.bool_]) -> None:
        """Set the voxels of ``mask`` in clusters that are not kept to 0, in place."""
        from electrodej.morphology.kernels.runs import clear_runs

        clear_runs(mask, self.starts, self.stops, self.first, self.cluster, kept)


def find_clusters(mask: NDArray[Any], *, wraps: tuple[bool, bool] = (False, False)) -> Clusters:
    """Find the clusters of the voxels that are not 0; voxels that share a face belong together.

    Parameters
    ----------
    mask
        Shape (Z, Y, X).
    wraps
        Whether the volume is periodic along y and x.

    Examples
    --------
    >>> found = find_clusters(np.array([[[1, 0, 1], [1, 0, 0]]], np.uint8))
    >>> found.sizes.tolist(), found.through(1).tolist()
    ([2, 1], [True, False])
    """
    from electrodej.morphology.kernels.runs import count_runs, fill_runs, join_runs, survey_runs

    shape: Shape = mask.shape
    first = np.empty(shape[0] * shape[1] + 1, np.int64)
    count_runs(mask, first)
    count = int(first[-1])
    starts, stops = np.empty(count, np.int32), np.empty(count, np.int32)
    fill_runs(mask, first, starts, stops)
    parents = np.arange(count, dtype=np.int32)
    join_runs(shape, np.array(wraps), starts, stops, first, parents)
    is_root = parents == np.arange(count, dtype=np.int32)
    number = np.cumsum(is_root, dtype=np.int32) - 1
    cluster = np.asarray(number[parents], np.int32)
    many = int(is_root.sum())
    sizes, touches = np.zeros(many, np.int64), np.zeros(many, np.uint8)
    survey_runs(shape, starts, stops, first, cluster, sizes, touches)
    return Clusters(shape, sizes, touches, starts, stops, first, cluster)


def outer_faces(shape: Sequence[int]) -> int:
    """Return the bits in `Clusters.touches` of a volume's faces; a single slice has only its edges.

    >>> outer_faces((9, 9, 9)), outer_faces((1, 9, 9))
    (63, 60)
    """
    return sum(3 << (2 * axis) for axis in range(3) if shape[axis] > 1)
