"""The sections of a volume in one of its views: read in slabs, brought to the size that a network knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.models.grey import FloatArray
from electrodej.vocabulary import AXIS_OF, Spacing, View, across
from electrodej.volume import Volume, check_grey

# Pixels whose edges differ by less are taken as square.
_SQUARE = 0.05
# Voxels that differ from those of the training by less than this factor are taken as they are: by score on
# widely drawn phantoms, see docs/check.md.
NEAR = 1.5
# Sections are read in slabs of this many bytes, so that a compressed file is not read once for each.
SLAB_BYTES = 256 * 2**20


class Sections:
    """The sections of a view, and how they are shown to a network.

    Parameters
    ----------
    volume
        Grey values, axes ZYX.
    view
        Which sections.
    scale
        By what their rows and columns are enlarged for the network, see `section_scale`.

    Attributes
    ----------
    axis
        Along which they follow one another.
    count
        How many there are.
    shape, shown
        Rows and columns of a section, and of what the network sees of it.

    Examples
    --------
    >>> from electrodej.volume import ArrayVolume
    >>> sections = Sections(ArrayVolume(np.zeros((4, 5, 6), np.uint8), spacing=(0.1,) * 3), "xz")
    >>> sections.count, sections.shape, [slab.shape for _, slab in sections.slabs(3)]
    (5, (4, 6), [(3, 4, 6), (2, 4, 6)])
    """

    def __init__(self, volume: Volume, view: View, scale: tuple[float, float] = (1.0, 1.0)) -> None:
        self.volume, self.view, self.scale = volume, view, scale
        self.axis = AXIS_OF[view]
        self.count = volume.shape[self.axis]
        self.shape = across(volume.shape, self.axis)
        self.shown = scaled_shape(self.shape, scale)

    @property
    def step(self) -> tuple[float, float]:
        """Rows and columns of the section for each pixel that the network sees."""
        return _step(self.shape[0], self.shown[0]), _step(self.shape[1], self.shown[1])

    @property
    def depth(self) -> int:
        """How many sections are worth reading at once."""
        return max(1, SLAB_BYTES // (self.shape[0] * self.shape[1] * self.volume.dtype.itemsize))

    def place(self, number: int, end: int | None = None) -> tuple[slice | int, slice | int, slice | int]:
        """Return the index of a section in the volume, or of the sections up to ``end``."""
        box: list[slice | int] = [slice(None)] * 3
        box[self.axis] = number if end is None else slice(number, end)
        return box[0], box[1], box[2]

    def slabs(self, depth: int | None = None, *, start: int = 0) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the number of the first section of a slab, and its sections (n, rows, columns).

        Parameters
        ----------
        depth
            Sections in a slab; by default as many as are worth reading at once.
        start
            The first section.

        Raises
        ------
        electrodej.errors.InputError
            A grey value is no number.
        """
        depth = depth or self.depth
        for first in range(start, self.count, depth):
            slab = self.volume[self.place(first, min(first + depth, self.count))]
            check_grey(slab, self.volume.path, start=first, axis=self.axis)
            yield first, np.moveaxis(slab, self.axis, 0)

    def prepared(self, sections: NDArray[Any], grey: Callable[[NDArray[Any]], FloatArray]) -> FloatArray:
        """Return sections as the network sees them; ``grey`` scales the grey values of one."""
        return np.stack([resized(grey(section), self.shown) for section in sections])


def section_scale(
    pixel: tuple[float, float], trained: Spacing | None, wanted: float | None = None
) -> tuple[float, float]:
    """Return by what rows and columns of a section are enlarged for a network.

    Pixels become square, and as large as those of the training where the two differ by more than `NEAR`.

    Parameters
    ----------
    pixel
        Height and width of its pixels in micrometres.
    trained
        Voxel size (z, y, x) of the training, if it is known.
    wanted
        Enlarge them by this instead.

    Examples
    --------
    >>> section_scale((0.2, 0.1), None), section_scale((0.1, 0.1), (0.2, 0.2, 0.2))
    ((2.0, 1.0), (0.5, 0.5))
    """
    scale = _automatic(pixel, trained) if wanted is None else wanted
    smaller = min(pixel)
    if max(pixel) <= smaller * (1 + _SQUARE):
        return scale, scale
    return scale * pixel[0] / smaller, scale * pixel[1] / smaller


def scaled_shape(shape: tuple[int, int], scale: tuple[float, float]) -> tuple[int, int]:
    """Return the height and width that a section has at the network."""
    rows, columns = (
        max(1, round((length - 1) * factor) + 1) for length, factor in zip(shape, scale, strict=True)
    )
    return rows, columns


def resized(image: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Return a section with another height and width."""
    if image.shape == shape:
        return image
    from scipy import ndimage

    # Before it is made smaller an image is smoothed, or its noise would turn into patterns.
    steps = [_step(outer, inner) for outer, inner in zip(image.shape, shape, strict=True)]
    blur = [max(0.0, (step - 1) / 2) for step in steps]
    if any(blur):
        image = ndimage.gaussian_filter(image, blur)
    zoom = [inner / outer for inner, outer in zip(shape, image.shape, strict=True)]
    larger: FloatArray = ndimage.zoom(image, zoom, order=1)
    return larger


def _step(outer: int, inner: int) -> float:
    return (outer - 1) / (inner - 1) if inner > 1 else 1.0


def _automatic(pixel: tuple[float, float], trained: Spacing | None) -> float:
    """Return what brings a section to the voxel size of the training, or 1 where it is near enough."""
    if trained is None:
        return 1.0
    factor = min(pixel) / min(trained[1:])
    return 1.0 if 1 / NEAR <= factor <= NEAR else factor
