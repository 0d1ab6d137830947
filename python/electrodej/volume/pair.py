"""Two images of one volume, and messages that name their files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from electrodej.errors import InputError, VoxelSizeError
from electrodej.vocabulary import Spacing
from electrodej.volume.model import Volume
from electrodej.volume.units import same_spacing


def common_spacing(grey: Volume, labels: Volume) -> Spacing:
    """Return the voxel size of both, once it is sure that they are of one volume.

    One of the two may be silent about it.

    Raises
    ------
    InputError
        They have different shapes.
    VoxelSizeError
        Neither says its voxel size, or the two differ.
    """
    if grey.shape != labels.shape:
        raise InputError(
            f"{grey.path} has {_text(grey.shape)} voxels and {labels.path} has {_text(labels.shape)}; "
            "both must be of the same volume"
        )
    known = grey.spacing or labels.spacing
    if known is None:
        return grey.require_spacing()
    if labels.spacing is not None and not same_spacing(known, labels.spacing):
        raise VoxelSizeError(
            f"{grey.path} has voxels of {_text(known)} um and {labels.path} of {_text(labels.spacing)} um; "
            "say which is right with --spacing Z,Y,X"
        )
    return known


@contextlib.contextmanager
def named_by_file(**volumes: Any) -> Iterator[None]:
    """Say the file where a message about an array says its role."""
    try:
        yield
    except InputError as error:
        role, colon, rest = str(error).partition(": ")
        if colon and role in volumes:
            raise InputError(f"{volumes[role].path}: {rest}") from error
        raise


def _text(numbers: Iterable[float]) -> str:
    return " x ".join(f"{number:g}" for number in numbers)
