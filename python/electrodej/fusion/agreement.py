"""How far the three views agree on every particle."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.fusion.views import Views
from electrodej.vocabulary import VIEWS

# A view sees a voxel where its probability is at least this, of 255.
SEEN = 5

COLUMNS = {
    "Image": "the label volume",
    "Label": "number in the label volume",
    "Voxels": "number of voxels",
    "Volume": "voxels x voxel volume, um^3",
    "Z": "centroid, mean index x voxel size, um",
    "Y": "centroid, um",
    "X": "centroid, um",
    "SeenXY": f"share of the voxels to which the xy view gives a probability of at least {SEEN}/255",
    "SeenXZ": "the same for the xz view",
    "SeenYZ": "the same for the yz view",
    "Agreement": "mean of the three",
    "LeastAgreement": "least of the three",
}


class Agreement:
    """Adds up what the views say of each particle, slab by slab.

    Parameters
    ----------
    views
        The probabilities.
    count
        Number of particles.
    """

    def __init__(self, views: Views, count: int) -> None:
        self._views = views
        self._sums = np.zeros((count + 1, 7), np.int64)

    def add(self, z0: int, labels: NDArray[Any]) -> None:
        """Take in the labels of a slab that begins with slice ``z0``."""
        self.take(*self.count(z0, labels))

    def count(self, z0: int, labels: NDArray[Any]) -> tuple[int, NDArray[np.int64]]:
        """Count what the views say of a slab, for `take`; several threads may count at once."""
        from electrodej.fusion.kernels.graph import tally_particles

        low, high = _range(labels)
        sums = np.zeros((high - low + 2, 7), np.int64)
        tally_particles(labels, *self._views.read(z0, z0 + len(labels)), z0, SEEN, low - 1, sums)
        return low, sums[1:]

    def take(self, low: int, sums: NDArray[np.int64]) -> None:
        """Add the counts of a slab, whose least label is ``low``."""
        self._sums[low : low + len(sums)] += sums

    def columns(self, image: str) -> dict[str, NDArray[Any]]:
        """The table: a row for each particle, columns as `COLUMNS` describes them."""
        sums = self._sums[1:]
        voxels = sums[:, 0]
        spacing = self._views.spacing
        with np.errstate(invalid="ignore", divide="ignore"):
            means = sums[:, 1:] / voxels[:, None]
        table: dict[str, NDArray[Any]] = {
            "Image": np.full(len(sums), image, object),
            "Label": np.arange(1, len(sums) + 1),
            "Voxels": voxels,
            "Volume": voxels * math.prod(spacing),
        }
        table |= {axis: means[:, n] * spacing[n] for n, axis in enumerate("ZYX")}
        table |= {f"Seen{view.upper()}": means[:, 3 + n] for n, view in enumerate(VIEWS)}
        table["Agreement"] = means[:, 3:].mean(axis=1)
        table["LeastAgreement"] = means[:, 3:].min(axis=1)
        return table


def _range(labels: NDArray[Any]) -> tuple[int, int]:
    """The least label but 0 and the highest one; 1 and 0 where there is none."""
    high = int(labels.max(initial=0))
    # Background, 0, becomes the largest number there is.
    less_one = labels - labels.dtype.type(1)
    return (int(less_one.min()) + 1, high) if high else (1, 0)
