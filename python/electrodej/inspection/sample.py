"""Evenly spread slices that stand for an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.volume import Volume, check_grey

SLICES = 6
# Along an edge: of several slices, and of one or two, which then are seen better.
_MOST_EDGE, _MOST_OF_FEW = 1024, 2048


@dataclass(frozen=True)
class Sample:
    """Some slices of an image.

    Attributes
    ----------
    slices
        2D arrays of the image's own values, the middle 1024 x 1024 of each at most; 2048 x 2048 of few.
    rims
        The same slices whole but thinned out, for what lies at the edges.
    """

    slices: list[NDArray[Any]]
    rims: list[NDArray[Any]]

    def values(self) -> NDArray[Any]:
        """Return all values of the slices in one row."""
        return np.concatenate([each.ravel() for each in self.slices])


def take_sample(volume: Volume) -> Sample:
    """Read evenly spread slices of a volume."""
    depth = volume.shape[0]
    # The first and the last slices are often blank.
    places = sorted({min(depth - 1, int((k + 0.5) * depth / SLICES)) for k in range(SLICES)})
    most = _MOST_EDGE if len(places) > 2 else _MOST_OF_FEW
    slices, rims = [], []
    for z in places:
        whole = check_grey(volume[z : z + 1], volume.path, start=z)[0]
        box: Any = tuple(slice(max(0, (n - most) // 2), (n + most) // 2) for n in whole.shape)
        slices.append(whole[box])
        step = max(1, max(whole.shape) // _MOST_EDGE)
        rims.append(whole[::step, ::step])
    return Sample(slices, rims)
