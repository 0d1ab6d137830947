"""Voxels that hold no label: the first of them is named, so that the user can go and look."""

from __future__ import annotations

from typing import NoReturn

import numpy as np

from electrodej.errors import InputError
from electrodej.features.scan import BLOCK
from electrodej.features.sources import LARGEST_LABEL, Source
from electrodej.features.typing import Ints
from electrodej.volume import check_labels


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
        check_labels(planes, labels.role, start=(z0, c, c), largest=LARGEST_LABEL)
    raise InputError(f"{labels.role}: the labels changed while they were read; run it again")
