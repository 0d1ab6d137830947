"""Images as Fiji hands them to the worker: the voxels in shared memory, or the path of a file.

A Fiji script sends a dictionary, ``{"file": path}``, with ``voxel`` and ``unit`` as below where an open image
stands behind it, or::

    {"array": NDArray, "title": "grey.tif", "voxel": [z, y, x], "unit": ["micron", "micron", "micron"]}

whose array has the axes ZYX and whose voxel size is ImageJ's calibration as it stands; one unit may stand for
the three. With ``"signed": True`` the values are ImageJ's signed 16-bit ones, which it keeps 32,768 higher.
Appose knows no truth values, and its Java half cannot share 2 GiB or more: masks come as uint8 and large
images by path.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from electrodej.errors import InputError, VoxelSizeError
from electrodej.vocabulary import Spacing
from electrodej.volume import ArrayVolume, Volume, open_volume
from electrodej.volume.model import Array, Box
from electrodej.volume.tiff import as_signed
from electrodej.volume.units import VoxelSize, from_values, is_print_resolution

Argument = Mapping[str, Any]

UNCALIBRATED = (
    "it does not say its voxel size; set it with Image > Properties, "
    "or give it in micrometres with --spacing Z,Y,X"
)


@contextlib.contextmanager
def opened(image: Argument, *, role: str, spacing: Spacing | None = None) -> Iterator[Volume]:
    """Open what a script sent as an image, and give the memory back afterwards.

    Parameters
    ----------
    image
        As in the module's description.
    role
        What the message calls an image that is missing.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the image's own.

    Raises
    ------
    InputError
        There is no image, or it is none.
    VoxelSizeError
        Its unit is none that is known.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> shared = SimpleNamespace(ndarray=lambda: np.ones((2, 3, 4), np.uint8), shm=None)
    >>> sent = {"array": shared, "title": "grey", "voxel": [200, 70, 70], "unit": "nm"}
    >>> with opened(sent, role="grey") as volume:
    ...     volume.shape, [round(size, 3) for size in volume.spacing]
    ((2, 3, 4), [0.2, 0.07, 0.07])
    """
    if image.get("file"):
        with open_volume(str(image["file"]), spacing=spacing or calibration(image)) as volume:
            yield volume
        return
    shared = image.get("array")
    if shared is None:
        raise InputError(f"there is no {role} image; open one, or give its file")
    title = str(image.get("title") or role)
    try:
        kind = _SignedVolume if image.get("signed") else _SharedVolume
        with kind(shared.ndarray(), spacing=spacing or calibration(image), name=title) as volume:
            if volume.spacing is None:
                volume.voxel_size = VoxelSize(problem=UNCALIBRATED)
            yield volume
    finally:
        release(shared)


class _SharedVolume(ArrayVolume):
    """An array in shared memory, which can be given back only when nothing looks at it any more."""

    def _release(self) -> None:
        self._data = np.empty((1, 1, 1), self.dtype)


class _SignedVolume(_SharedVolume):
    """Signed 16-bit values as ImageJ keeps them."""

    def __init__(self, array: Array, *, spacing: Spacing | None, name: str) -> None:
        super().__init__(array, spacing=spacing, name=name)
        self.dtype = np.dtype(np.int16)

    def _read(self, box: Box) -> Array:
        return as_signed(np.array(self._data[box]))


def calibration(image: Argument) -> Spacing | None:
    """Return ImageJ's calibration in micrometres, or None for an image that has none.

    ImageJ takes the print resolution of a plain TIFF for a calibration; here it is none.

    >>> calibration({"voxel": [1, 1, 1], "unit": "pixel"}) is None
    True
    """
    voxel, unit = image.get("voxel"), image.get("unit")
    if voxel is None:
        return None
    units = [unit] * 3 if unit is None or isinstance(unit, str) else list(unit)
    lengths = [float(length) for length in voxel]
    if is_print_resolution([1 / length if length else None for length in lengths[1:]], units[2]):
        return None
    size = from_values(lengths, units)
    if size.problem:
        raise VoxelSizeError(f"{image.get('title') or 'the image'}: {size.problem}")
    return size.spacing


def release(shared: Any) -> None:
    """Take this process's map of a shared array away; whoever made the array removes it."""
    block = getattr(shared, "shm", None)
    if block is None:
        return
    try:
        block.close()
    except BufferError:
        gc.collect()  # a traceback may hold the last view
        with contextlib.suppress(BufferError):
            block.close()
