"""Label numbers that are never wrapped, cut or cast unseen.

A label image numbers its particles 1, 2, 3 ..., and 0 is background. Numbers fit uint16 while there are at
most 65,535 of them and uint32 after that. Whatever comes from outside passes `check_labels` first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.vocabulary import PathLike, Shape
from electrodej.volume.checks import position_text
from electrodej.volume.model import Volume

Labels = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.uint32]

_LARGEST = int(np.iinfo(np.uint32).max)
# Above this, 32-bit floats no longer tell neighbouring numbers apart.
_TOLD_APART = 2**24
_TABLE = 2**26  # labels below this are looked up in a table, above it by bisection


def compact_dtype(max_label: int) -> np.dtype[Any]:
    """Return uint16 while ``max_label`` fits it, else uint32.

    Raises
    ------
    InputError
        The number is negative or above 4,294,967,295.

    Examples
    --------
    >>> compact_dtype(65535), compact_dtype(65536)
    (dtype('uint16'), dtype('uint32'))
    """
    if max_label < 0:
        raise InputError(f"a label number cannot be negative, and {max_label} is; 0 is background")
    if max_label > _LARGEST:
        raise InputError(
            f"label {max_label} is above {_LARGEST}, the largest that can be stored; renumber the labels"
        )
    return np.dtype(np.uint16 if max_label <= np.iinfo(np.uint16).max else np.uint32)


def check_labels(
    array: NDArray[Any],
    path: PathLike = "the label image",
    *,
    start: int | Shape = 0,
    axis: int = 0,
    largest: int = _LARGEST,
) -> NDArray[Any]:
    """Return ``array`` as unsigned integers, without changing a single number.

    Unsigned integers up to 32 bit are returned as they are. Booleans become uint8; signed and 64-bit
    integers and whole-numbered floats (ImageJ keeps more than 65,535 labels as 32-bit float) become uint16
    or uint32, whichever fits.

    Parameters
    ----------
    array
        Labels, a whole image or a slab of it.
    path
        What the message calls the image.
    start, axis
        Where the slab begins, and along which axis that is, for the position in the message; or the
        corner (z, y, x) of a box.
    largest
        The highest number that the caller can use.

    Raises
    ------
    InputError
        A number is negative, has a fraction, is NaN or infinite, or is above ``largest``; in float32 also
        above 16,777,216, where floats skip numbers.

    Examples
    --------
    >>> check_labels(np.array([[0.0, 70000.0]], np.float32))
    array([[    0, 70000]], dtype=uint32)
    """
    kind = array.dtype.kind
    if kind == "b":
        return array.view(np.uint8)
    small = kind == "u" and array.dtype.itemsize <= 4
    if small and np.iinfo(array.dtype).max <= largest:
        return array
    if kind not in "uif":
        raise InputError(
            f"{path} has values of type {array.dtype}, which are no labels; labels are whole numbers"
        )
    if array.size == 0:
        return array if small else array.astype(np.uint16)
    if kind == "f":
        array = array.astype(np.float32) if array.dtype.itemsize < 4 else array
        largest = min(largest, _TOLD_APART) if array.dtype.itemsize == 4 else largest
    # What is wrong with numbers, in the order in which it is said, and what to do about it.
    faults: dict[str, tuple[Callable[[], NDArray[np.bool_]], str]] = {}
    if kind == "f":
        faults["is not a number"] = (lambda: ~np.isfinite(array), "set it to 0, the background")
        faults["is not a whole number"] = (
            lambda: array != np.trunc(array),
            "give the label image itself, not one that was scaled, smoothed or interpolated",
        )
    lowest, highest = array.min(), array.max()
    if lowest < 0:
        faults["is negative"] = (lambda: array < 0, "labels start at 1, and 0 is background")
    if highest > largest:
        faults[f"is above {largest}"] = (lambda: array > largest, "renumber the labels from 1 on")
    for fault, (where, remedy) in faults.items():
        bad = where()
        if bad.any():
            position = np.unravel_index(int(np.argmax(bad)), array.shape)
            count = int(np.count_nonzero(bad))
            more = f" ({count} such voxels)" if count > 1 else ""
            place = position_text(position, start, axis)
            raise InputError(f"{path}: the label {array[position]} at {place} {fault}{more}; {remedy}")
    return array if small else array.astype(compact_dtype(int(highest)))


def max_label(labels: NDArray[Any] | Volume) -> int:
    """Return the highest label of an array or, slab by slab, of a volume; 0 where there is none."""
    if isinstance(labels, Volume):
        return max(int(check_labels(slab, labels.path, start=z0).max()) for z0, _, slab in labels.slabs())
    checked = check_labels(labels)
    return int(checked.max()) if checked.size else 0


def cast_labels(labels: NDArray[Any], dtype: np.dtype[Any] | type[np.generic]) -> NDArray[Any]:
    """Return ``labels`` as ``dtype``, or raise where a number would change.

    Raises
    ------
    InputError
        A label does not fit ``dtype``; for float32 that is above 16,777,216, where floats skip numbers.

    Examples
    --------
    >>> cast_labels(np.array([0, 255]), np.uint8)
    array([  0, 255], dtype=uint8)
    """
    target = np.dtype(dtype)
    checked = check_labels(labels)
    highest = int(checked.max()) if checked.size else 0
    room = 2 ** (np.finfo(target).nmant + 1) if target.kind == "f" else int(np.iinfo(target).max)
    if highest > room:
        raise InputError(
            f"label {highest} does not fit {target}, which goes to {room}; use {compact_dtype(highest)} "
            "or renumber the labels"
        )
    return checked.astype(target, copy=False)


class Renumbering:
    """Old label numbers to 1, 2, 3 ..., found slab by slab.

    Numbers may be as large as int64 holds, so that a pair of labels ``a * n + b`` can be one number. New
    numbers follow the order of the old ones; 0 stays 0.

    Examples
    --------
    >>> numbers = Renumbering([np.array([0, 70_000_000_000]), np.array([5, 0])])
    >>> numbers.count, numbers(np.array([5, 0, 70_000_000_000]))
    (2, array([1, 0, 2], dtype=uint16))
    """

    def __init__(self, slabs: Iterable[NDArray[Any]]) -> None:
        old = np.empty(0, np.int64)
        for slab in slabs:
            found = _present(slab)
            if found.size and found[-1] > np.iinfo(np.int64).max:
                raise InputError(f"label {found[-1]} is above {np.iinfo(np.int64).max}; renumber the labels")
            old = np.union1d(old, found.astype(np.int64))
        if old.size and old[0] < 0:
            raise InputError(f"a label number cannot be negative, and {old[0]} is; 0 is background")
        self.old = old[old > 0]
        self.dtype = compact_dtype(self.old.size)
        self._table: NDArray[Any] | None = None
        if self.old.size == 0 or self.old[-1] < _TABLE:
            self._table = np.zeros(int(self.old[-1]) + 1 if self.old.size else 1, self.dtype)
            self._table[self.old] = np.arange(1, self.old.size + 1, dtype=self.dtype)

    @property
    def count(self) -> int:
        """How many labels there are; the highest new number."""
        return int(self.old.size)

    def __call__(self, slab: NDArray[Any]) -> NDArray[Any]:
        """Return the new numbers of ``slab``, as uint16 while all fit, else uint32."""
        new = self._by_table(slab) if self._table is not None else self._by_bisection(slab)
        strangers = (new == 0) & (slab != 0)
        if strangers.any():
            raise InputError(
                f"label {slab[strangers].flat[0]} is not among those that were counted; count all slabs first"
            )
        return new

    def _by_table(self, slab: NDArray[Any]) -> NDArray[Any]:
        assert self._table is not None
        known = (slab >= 0) & (slab < self._table.size)
        if known.all():
            new: NDArray[Any] = self._table[slab]
            return new
        return np.where(known, self._table[np.where(known, slab, 0)], np.zeros((), self.dtype))

    def _by_bisection(self, slab: NDArray[Any]) -> NDArray[Any]:
        values = slab.astype(np.int64, copy=False)
        found = np.minimum(np.searchsorted(self.old, values), self.count - 1)
        new = (found + 1).astype(self.dtype)
        new[self.old[found] != values] = 0
        return new


def relabel_sequential(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return labels numbered 1, 2, 3 ... and the old number of each.

    Parameters
    ----------
    labels
        Integers of any size up to int64, any shape; whole-numbered floats are accepted.

    Returns
    -------
    new : array of uint16 or uint32
        Same shape; the order of the old numbers is kept.
    old : array of int64
        ``old[new]`` gives the old numbers back; ``old[0]`` is 0.

    Examples
    --------
    >>> new, old = relabel_sequential(np.array([[0, 9], [4, 9]]))
    >>> new
    array([[0, 2],
           [1, 2]], dtype=uint16)
    >>> old
    array([0, 4, 9])
    """
    values = check_labels(labels) if labels.dtype.kind in "bf" else labels
    numbers = Renumbering([values])
    return numbers(values), np.concatenate([np.zeros(1, np.int64), numbers.old])


def _present(slab: NDArray[Any]) -> NDArray[Any]:
    """Return the numbers that occur, in order; by a table where they are small, since sorting is slow."""
    if slab.size == 0:
        return np.empty(0, np.int64)
    if slab.min() < 0 or slab.max() >= _TABLE:
        return np.unique(slab)
    seen = np.zeros(int(slab.max()) + 1, np.bool_)
    seen[slab.reshape(-1)] = True
    return np.flatnonzero(seen)
