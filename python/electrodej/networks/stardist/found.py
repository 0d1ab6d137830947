"""Sections of a volume with the particles that were found in it, for a network to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from electrodej.annotation import Pair
from electrodej.networks.stardist.augment import nearest
from electrodej.networks.stardist.model import StarDistModel
from electrodej.networks.stardist.patches import UNKNOWN
from electrodej.networks.stardist.views import (
    brought_to,
    scaled_shape,
    section_scale,
    without,
)
from electrodej.vocabulary import AXIS_OF, VIEWS, View
from electrodej.volume import Volume

# Of 255. What a view sees reaches to the lower one and comes to the upper one somewhere: the rim that is left
# around a particle does not.
_RIM, _SEEN = 26, 77
# Of the convex hull of a section, what it fills at least.
_SOLID = 0.85


class FoundSections(Sequence[Pair]):
    """Evenly spaced sections of all three views, as large as the network sees them.

    Parameters
    ----------
    grey, labels
        The volume and its particles.
    least_area
        Of each label, from 0, how large its section is at least where the network learns from it, um^2;
        infinite for labels that are not to be learnt from at all.
    views
        The probability that each view gives, 0 to 255. Where one of them sees something and there is no
        such section, nobody knows what is there, and nothing is learnt; so too of sections that are far
        from convex, which may be two particles.
    spacing
        Voxel size (z, y, x) in micrometres.
    model, scale
        The network that looks at the sections, and `ViewSettings.scale` for it.
    count
        At most so many sections of each view.
    """

    def __init__(
        self,
        grey: Volume,
        labels: Volume,
        least_area: NDArray[np.float64],
        views: Sequence[Volume],
        *,
        spacing: tuple[float, float, float],
        model: StarDistModel,
        scale: float | None,
        count: int,
    ) -> None:
        self._grey, self._labels, self._least_area, self._views = grey, labels, least_area, views
        self._spacing, self._model, self._scale = spacing, model, scale
        self._places: list[tuple[View, int]] = []
        for view in VIEWS:
            length = grey.shape[AXIS_OF[view]]
            taken = min(count, length)
            # In the middle of equal parts, so that none is at the volume's own surface.
            self._places += [(view, (2 * part + 1) * length // (2 * taken)) for part in range(taken)]

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Pair]: ...
    def __getitem__(self, index: int | slice) -> Pair | Sequence[Pair]:
        """Return a section with its particles, read now."""
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        view, number = self._places[index]
        axis = AXIS_OF[view]
        box = tuple(slice(number, number + 1) if along == axis else slice(None) for along in range(3))
        grey, labels = (np.squeeze(volume[box], axis) for volume in (self._grey, self._labels))
        pixel, scale, shape = self._as_seen(view)
        areas = np.bincount(labels.ravel(), minlength=len(self._least_area)) * pixel[0] * pixel[1]
        drawn = np.where((areas >= self._least_area)[labels], labels.astype(np.int32), 0)
        drawn[np.isin(drawn, _bent(drawn))] = 0
        seen = np.max([np.squeeze(volume[box], axis) for volume in self._views], axis=0)
        drawn[_doubtful(np.where(labels > 0, 255, seen), drawn)] = UNKNOWN
        return Pair(
            f"{view}-{number}",
            brought_to(grey.astype(np.float32), shape),
            nearest(drawn, shape),
            (pixel[0] / scale[0], pixel[1] / scale[1]),
        )

    @property
    def smallest_edge(self) -> int:
        """How many pixels the network sees along the shortest edge of any section."""
        return min(edge for view in VIEWS for edge in self._as_seen(view)[2])

    def _as_seen(self, view: View) -> tuple[tuple[float, float], tuple[float, float], tuple[int, int]]:
        """Return the size of a view's pixels, what the network has them enlarged by, and then its shape."""
        pixel = without(self._spacing, AXIS_OF[view])
        scale = section_scale(pixel, self._model, self._scale)
        return pixel, scale, scaled_shape(without(self._grey.shape, AXIS_OF[view]), scale)


def _bent(drawn: NDArray[np.int32]) -> list[int]:
    """Return the sections that may be two neighbours in one."""
    from skimage.measure import regionprops

    return [section.label for section in regionprops(drawn) if section.solidity < _SOLID]


def _doubtful(seen: NDArray[Any], drawn: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where something was seen beside what is drawn."""
    from scipy import ndimage

    pieces, count = ndimage.label((seen >= _RIM) & (drawn == 0))
    highest = ndimage.maximum(seen, pieces, np.arange(count + 1))
    doubtful: NDArray[np.bool_] = (np.asarray(highest) >= _SEEN)[pieces] & (pieces > 0)
    return doubtful
