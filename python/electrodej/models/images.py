"""What a network may be run over: an array, an open volume, or a file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any, TypeAlias

from numpy.typing import NDArray

from electrodej.vocabulary import PathLike, Spacing
from electrodej.volume import ArrayVolume, Volume, open_volume

ImageLike: TypeAlias = NDArray[Any] | Volume | PathLike


@contextlib.contextmanager
def opened(image: ImageLike, spacing: Spacing | None = None) -> Iterator[tuple[Volume, Spacing]]:
    """Yield an image as a volume, and its voxel size (z, y, x) in micrometres; a file is closed after.

    Parameters
    ----------
    image
        An array (ZYX or YX), an open volume, or the path of a file.
    spacing
        Voxel size, instead of the one that the image knows.

    Raises
    ------
    electrodej.errors.VoxelSizeError
        Neither says the voxel size.
    """
    if isinstance(image, Volume):
        yield image, spacing or image.require_spacing()
    elif isinstance(image, str | os.PathLike):
        with open_volume(image, spacing=spacing) as volume:
            yield volume, volume.require_spacing()
    else:
        volume = ArrayVolume(image, spacing=spacing)
        yield volume, volume.require_spacing()
