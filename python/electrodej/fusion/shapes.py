"""Labels drawn as grey values, for a second network that knows shapes instead of greys.

What three views give has its own faults: ragged borders, a particle in two pieces, two in one. A StarDist
model trained on drawn labels on one side and true outlines on the other redraws them, again view by view.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.vocabulary import Spacing
from electrodej.volume import Volume

# From this depth on, in multiples of a pixel's shorter edge, a particle is drawn equally bright.
REACH = 8.0


def render(labels: NDArray[Any], *, spacing: tuple[float, float] = (1.0, 1.0)) -> NDArray[np.uint8]:
    """Draw the labels of a section as grey values, the same for training and prediction.

    Parameters
    ----------
    labels
        Whole numbers (Y, X); 0 is background. Which number a particle has makes no difference.
    spacing
        Edges (y, x) of a pixel; only their ratio counts.

    Returns
    -------
    grey
        uint8 (Y, X): *255 min(d, 8) / 8*, rounded, with *d* the distance from a pixel's centre to the
        nearest centre of a pixel that is not of its particle, in multiples of the pixel's shorter edge; 0
        in the background. Particles that touch have a dark line of two pixels between them (32 on either
        side). The image's own edge is no border.

    Examples
    --------
    >>> render(np.array([[0, 3, 3, 3, 7, 7]] * 2))[0].tolist()
    [0, 32, 64, 32, 32, 64]
    """
    if labels.ndim != 2 or labels.dtype.kind not in "iu":
        raise InputError(f"drawn are whole numbers of a section, Y X, not {labels.ndim}D {labels.dtype}")
    from scipy import ndimage

    shortest = min(spacing)
    pixel = [length / shortest for length in spacing]
    out = np.zeros(labels.shape, np.uint8)
    numbers, compact = np.unique(labels, return_inverse=True)
    boxes = ndimage.find_objects(compact.reshape(labels.shape) + 1)
    for number, box in zip(numbers, boxes, strict=True):
        if number == 0:
            continue
        around = tuple(slice(max(part.start - 1, 0), part.stop + 1) for part in box)
        inside = labels[around] == number
        if inside.all():
            out[around] = 255
            continue
        depth = ndimage.distance_transform_edt(inside, sampling=pixel)
        drawn = np.rint(255 / REACH * np.minimum(depth, REACH)).astype(np.uint8)
        out[around][inside] = drawn[inside]
    return out


class DrawnLabels(Volume):
    """A label volume whose sections across one axis are drawn by `render` as they are read.

    Parameters
    ----------
    labels
        The labels, axes ZYX.
    axis
        0: xy sections, 1: xz, 2: yz.
    spacing
        Voxel size (z, y, x) in micrometres.

    Examples
    --------
    >>> from electrodej.volume import ArrayVolume
    >>> labels = ArrayVolume(np.ones((3, 4, 5), np.uint16), spacing=(0.1,) * 3)
    >>> DrawnLabels(labels, 0, spacing=(0.1,) * 3)[1].min()
    np.uint8(255)
    """

    def __init__(self, labels: Volume, axis: int, *, spacing: Spacing) -> None:
        super().__init__(labels.path, labels.shape, np.dtype(np.uint8), labels.voxel_size)
        self._labels, self._axis, self._size = labels, axis, spacing
        rest = [length for number, length in enumerate(spacing) if number != axis]
        self._pixel = (rest[0], rest[1])

    @property
    def changes(self) -> tuple[Callable[[Volume], Volume], ...]:
        """Those of the labels, and that they are drawn."""
        return *self._labels.changes, functools.partial(DrawnLabels, axis=self._axis, spacing=self._size)

    def _read(self, box: tuple[slice, slice, slice]) -> NDArray[Any]:
        # A border outside the box is a border all the same, so sections are drawn whole.
        whole = tuple(part if number == self._axis else slice(None) for number, part in enumerate(box))
        sections = np.moveaxis(self._labels[whole], self._axis, 0)
        drawn = np.stack([render(section, spacing=self._pixel) for section in sections])
        cut = tuple(slice(None) if number == self._axis else part for number, part in enumerate(box))
        return np.ascontiguousarray(np.moveaxis(drawn, 0, self._axis)[cut])
