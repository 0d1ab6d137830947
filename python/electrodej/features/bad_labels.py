"""Voxels that hold no label: the first of them is named, so that the user can go and look."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from electrodej.errors import InputError
from electrodej.features.scan import BLOCK
from electrodej.features.sources import LARGEST_LABEL, Source
from electrodej.features.typing import Array, Ints


def refuse_bad_labels(numbers: Ints, labels: Source) -> None:
    """Raise if what the scan read from ``labels`` is not all whole numbers from 1 to 2^31.

    Parameters
    ----------
    numbers
        The labels as the kernels saw them: negative ones of few bits as large ones, what is no whole
        number as -1.
    labels
        Where they come from.

    Raises
    ------
    InputError
        Names the first bad voxel, in the order z, y, x of the uncropped volume.
    """
    dtype = np.dtype(labels.data.dtype)
    limit = min(np.iinfo(dtype).max, LARGEST_LABEL) if dtype.kind == "i" else LARGEST_LABEL
    if numbers.size and (numbers.min() < 0 or numbers.max() > limit):
        _name_the_first(labels)


def _name_the_first(labels: Source) -> NoReturn:
    nz, ny, nx = labels.shape
    c = labels.crop
    for z0 in range(c, nz + c, BLOCK):
        planes = np.asarray(labels.data[z0 : min(z0 + BLOCK, nz + c), c : ny + c, c : nx + c])
        bad = _bad(planes)
        if bad.any():
            place = np.unravel_index(int(np.argmax(bad)), planes.shape)
            z, y, x = (int(n) + offset for n, offset in zip(place, (z0, c, c), strict=True))
            wrong, remedy = _what_is_wrong(planes[place])
            raise InputError(
                f"{labels.role}: the label {planes[place]} at z={z}, y={y}, x={x} {wrong}; {remedy}"
            )
    raise InputError(f"{labels.role}: the labels changed while they were read; run it again")


def _bad(values: Array) -> Array:
    bad = ~((values >= 0) & (values <= LARGEST_LABEL))
    if values.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            bad |= values != np.trunc(values)
    return np.asarray(bad)


def _what_is_wrong(value: Any) -> tuple[str, str]:
    """What is wrong with the value of a voxel, and what to do about it."""
    if not np.isfinite(value):
        return "is not a number", "set such voxels to 0, the background"
    if value != np.trunc(value):
        return (
            "is not a whole number",
            "give the label image itself, not one that was scaled, smoothed or interpolated",
        )
    if value < 0:
        return "is negative", "labels start at 1, and 0 is background"
    return f"is above {LARGEST_LABEL}, the largest that is measured", "renumber the labels from 1 on"
