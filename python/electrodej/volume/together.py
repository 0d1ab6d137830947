"""Images that belong together: of one shape and one voxel size."""

from __future__ import annotations

from collections.abc import Iterable

from electrodej.errors import InputError, VoxelSizeError
from electrodej.vocabulary import Spacing
from electrodej.volume.model import Volume
from electrodej.volume.units import same_spacing


def common_spacing(first: Volume, *others: Volume) -> Spacing:
    """Return the voxel size of images of one shape; all but one may be silent about it.

    Raises
    ------
    electrodej.errors.InputError
        Their shapes differ.
    electrodej.errors.VoxelSizeError
        None says its voxel size, or two say different ones.

    Examples
    --------
    >>> import numpy as np
    >>> from electrodej.volume import ArrayVolume
    >>> grey = ArrayVolume(np.zeros((4, 5, 6), np.uint8), spacing=(0.1, 0.07, 0.07))
    >>> common_spacing(ArrayVolume(np.zeros((4, 5, 6), np.uint16), spacing=None), grey)
    (0.1, 0.07, 0.07)
    """
    known: Volume | None = None
    for volume in (first, *others):
        if volume.shape != first.shape:
            raise InputError(
                f"{first.path} has {_text(first.shape)} voxels and {volume.path} has {_text(volume.shape)}; "
                "both must be of the same volume"
            )
        if volume.spacing is None:
            continue
        if known is None:
            known = volume
        elif not same_spacing(known.require_spacing(), volume.spacing):
            raise VoxelSizeError(
                f"{known.path} has voxels of {_text(known.require_spacing())} um and {volume.path} of "
                f"{_text(volume.spacing)} um; say which is right with --spacing Z,Y,X"
            )
    return (known or first).require_spacing()


def _text(numbers: Iterable[float]) -> str:
    return " x ".join(f"{number:g}" for number in numbers)
