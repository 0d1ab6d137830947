"""The sections of one slice: numbered, measured, and compared with those of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int32]
Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]

# Labels below this are looked up in a table; above, the slice is sorted.
_LARGEST_TABLE = 2**24
_RUNS = 2**18


@dataclass(frozen=True)
class Sections:
    """The sections of one slice, numbered from 1 in the order of their first pixels.

    Row 0 of every array is the background's and has no meaning.

    Attributes
    ----------
    numbered
        The slice with these numbers, (Y, X).
    labels
        The label that each section has in the image.
    area
        Pixels of each.
    centre
        Mean row and column of each, (n + 1, 2), in pixels.
    box
        First and past-the-last row and column of each, (n + 1, 4).
    """

    numbered: Numbers
    labels: Whole
    area: Whole
    centre: NDArray[np.float64]
    box: Whole

    @property
    def count(self) -> int:
        """How many sections there are."""
        return self.area.size - 1

    def crop(self, number: int) -> Crop:
        """Return one section's pixels."""
        top, bottom, left, right = (int(n) for n in self.box[number])
        return Crop(top, left, self.numbered[top:bottom, left:right] == number)


@dataclass(frozen=True)
class Crop:
    """The pixels of a section inside its box, whose first pixel is at row ``top`` and column ``left``."""

    top: int
    left: int
    mask: Mask

    @property
    def window(self) -> tuple[slice, slice]:
        """Where the box lies in the slice."""
        height, width = self.mask.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


class SectionFinder:
    """Finds the sections of slices; keeps the lookup table between them."""

    def __init__(self) -> None:
        self._number_of = np.zeros(2**16, np.int32)
        self._room = 1024

    def find(self, image: NDArray[Any]) -> Sections:
        """Number and measure the labels of ``image`` (Y, X), unsigned integers with 0 as background."""
        from electrodej.linking.kernels import sections as kernels

        numbered, table = self._list(image)
        area = table[:, kernels.AREA]
        sums = np.stack([table[:, kernels.SUM_Y], table[:, kernels.SUM_X] / 2], axis=1)
        centre = sums / np.maximum(area, 1)[:, None]
        return Sections(numbered, table[:, kernels.LABEL], area, centre, table[:, kernels.TOP :])

    def _list(self, image: NDArray[Any]) -> tuple[Numbers, Whole]:
        """Return the slice with its sections numbered, and the table of the sections."""
        from electrodej.linking.kernels import sections as kernels

        largest = int(image.max())
        if largest >= _LARGEST_TABLE:
            numbered, count = _number_by_sorting(image)
            table = np.zeros((count + 1, kernels.COLUMNS), np.int64)
            kernels.measure_sections(image, numbered, table)
            return numbered, table
        if largest >= self._number_of.size:
            self._number_of = np.zeros(largest + 1, np.int32)
        numbered = np.empty(image.shape, np.int32)
        while True:
            table = np.zeros((self._room, kernels.COLUMNS), np.int64)
            count = int(kernels.list_sections(image, self._number_of, numbered, table))
            if count < self._room:
                self._number_of[table[: count + 1, kernels.LABEL]] = 0
                return numbered, table[: count + 1]
            self._number_of[:] = 0
            self._room *= 2


def _number_by_sorting(image: NDArray[Any]) -> tuple[Numbers, int]:
    values, first, inverse = np.unique(image, return_index=True, return_inverse=True)
    number = np.empty(values.size, np.int32)
    number[np.argsort(np.where(values == 0, -1, first))] = np.arange(values.size)
    if values[0] != 0:
        number += 1
    return number[inverse.reshape(image.shape)], values.size - int(values[0] == 0)


def overlaps(first: Sections, second: Sections) -> tuple[Whole, Whole, Whole]:
    """Return the pairs of sections of two slices that share pixels, and how many pixels they share."""
    from electrodej.linking.kernels import sections as kernels

    capacity = max(_RUNS, first.numbered.shape[1])
    keys, lengths = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    every_key, every_length = [], []
    row = 0
    while row < first.numbered.shape[0]:
        row, found = kernels.list_overlaps(first.numbered, second.numbered, row, keys, lengths)
        unique, inverse = np.unique(keys[:found], return_inverse=True)
        every_key.append(unique)
        every_length.append(np.bincount(inverse, weights=lengths[:found], minlength=unique.size))
    unique, inverse = np.unique(np.concatenate(every_key), return_inverse=True)
    pixels = np.bincount(inverse, weights=np.concatenate(every_length), minlength=unique.size)
    return unique >> 32, unique & 0xFFFFFFFF, pixels.astype(np.int64)


def overlaps_with(crop: Crop, sections: Sections) -> tuple[Whole, Whole]:
    """Return the sections that a crop from another slice shares pixels with, and how many."""
    below = sections.numbered[crop.window][crop.mask]
    pixels = np.bincount(below)
    pixels[:1] = 0
    found = np.flatnonzero(pixels)
    return found, pixels[found]
