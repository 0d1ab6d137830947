"""Sections of a volume with the particles that were found in it, for a network to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from electrodej.annotation import Pair
from electrodej.networks.stardist.augment import nearest
from electrodej.networks.stardist.model import StarDistModel
from electrodej.networks.stardist.views import (
    AXIS,
    VIEWS,
    View,
    brought_to,
    scaled_shape,
    section_scale,
    without,
)
from electrodej.volume import Volume


class FoundSections(Sequence[Pair]):
    """Evenly spaced sections of all three views, as large as the network sees them.

    Parameters
    ----------
    grey, labels
        The volume and its particles.
    trusted
        Of each label, from 0, whether it is one to learn from; the others count as background.
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
        trusted: NDArray[np.bool_],
        *,
        spacing: tuple[float, float, float],
        model: StarDistModel,
        scale: float | None,
        count: int,
    ) -> None:
        self._grey, self._labels, self._trusted = grey, labels, trusted
        self._spacing, self._model, self._scale = spacing, model, scale
        self._places: list[tuple[View, int]] = []
        for view in VIEWS:
            length = grey.shape[AXIS[view]]
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
        axis = AXIS[view]
        box = tuple(slice(number, number + 1) if along == axis else slice(None) for along in range(3))
        grey, labels = (np.squeeze(volume[box], axis) for volume in (self._grey, self._labels))
        pixel = without(self._spacing, axis)
        scale = section_scale(pixel, self._model, self._scale)
        shape = scaled_shape(grey.shape, scale)
        return Pair(
            f"{view}-{number}",
            brought_to(grey.astype(np.float32), shape),
            nearest(np.where(self._trusted[labels], labels, 0), shape),
            (pixel[0] / scale[0], pixel[1] / scale[1]),
        )
