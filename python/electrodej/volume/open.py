"""Opening whatever holds an image."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.vocabulary import PathLike
from electrodej.volume.model import ArrayVolume, BorrowedVolume, Volume
from electrodej.volume.units import VoxelSize, check_spacing

_KINDS = (
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"BM", "BMP"),
    (b"\x89HDF", "HDF5"),
    (b"PK\x03\x04", "ZIP"),
    (b"\x1f\x8b", "gzip"),
    (b"%PDF", "PDF"),
    (b"GIF8", "GIF"),
    (b"NRRD", "NRRD"),
    (b"\x93NUMPY", "NumPy"),
)
_TIFF_STARTS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_PICTURES = ("PNG", "JPEG", "BMP")
_READABLE = "TIFF, a folder of TIFF or PNG slices, or OME-Zarr"


def open_volume(
    source: PathLike | Volume | NDArray[Any],
    *,
    spacing: Sequence[float] | None = None,
    level: int = 0,
    memory: int | None = None,
) -> Volume:
    """Open an image without reading its voxels.

    Parameters
    ----------
    source
        A path: a TIFF (ImageJ's, OME's, BigTIFF or plain), a folder of slices, an OME-Zarr, or a PNG. Or an
        array, YX or ZYX. Or a volume, which comes back as it is, or with ``spacing`` in place of its own; it
        stays open when what is returned is closed.
    spacing
        Voxel size ``(z, y, x)`` in micrometres; overrides what the file says.
    level
        Which resolution of an OME-Zarr; 0 is the full one.
    memory
        Bytes that may be used, 4 GiB or half of what is free by default. A file whose strips, tiles or chunks
        unpack to more than a quarter of it is refused.

    Returns
    -------
    Volume
        To be closed, best by a ``with`` block.

    Raises
    ------
    electrodej.errors.InputError
        There is nothing, or nothing that is read here, or it is damaged, in colour, or has channels.
    electrodej.errors.VoxelSizeError
        ``spacing`` is not three positive numbers.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from electrodej.volume import write_volume
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/grey.tif"
    ...     _ = write_volume(path, np.zeros((4, 5, 6), np.uint8), spacing=(0.1, 0.07, 0.07))
    ...     with open_volume(path) as volume:
    ...         volume.spacing, volume[1:3, :2, :2].shape
    ((0.1, 0.07, 0.07), (2, 2, 2))
    """
    override = None if spacing is None else VoxelSize(*check_spacing(spacing))
    if isinstance(source, Volume):
        return BorrowedVolume(source, override)
    if not isinstance(source, str | os.PathLike):
        return ArrayVolume(source, spacing=spacing)
    place = Path(source)
    try:
        volume = _open(place, level, memory)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{place} cannot be read ({reason}); check the name and the permissions") from error
    if override is not None:
        volume.voxel_size = override
    return volume


def _open(path: Path, level: int, memory: int | None) -> Volume:
    if not path.exists():
        raise InputError(f"{path} does not exist; check the name")
    if path.is_dir():
        from electrodej.volume.omezarr import ZarrVolume, is_zarr

        if is_zarr(path):
            return ZarrVolume(path, level=level, memory=memory)
        if path.suffix.lower() == ".zarr":
            raise InputError(
                f"{path} is named like a Zarr folder and is none; it may be incomplete, copy it again"
            )
        from electrodej.volume.slices import SliceFolder

        return SliceFolder(path, memory=memory)
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty; copy or save it again")
    kind = _kind(path)
    if path.suffix.lower() in (".tif", ".tiff") and kind != "TIFF":
        known = f"a {kind} file" if kind else "something else"
        raise InputError(
            f"{path} is named like a TIFF and is {known}; save it as TIFF, in Fiji with File > Save As"
        )
    if kind == "TIFF":
        from electrodej.volume.tiff import TiffVolume

        return TiffVolume(path, memory=memory)
    if kind in _PICTURES:
        from electrodej.volume.slices import PictureVolume

        return PictureVolume(path)
    known = f"a {kind} file" if kind else "of a kind unknown here"
    raise InputError(f"{path} is {known}; an image is read from {_READABLE}")


def _kind(path: Path) -> str:
    with path.open("rb") as handle:
        start = handle.read(16)
    if start.startswith(_TIFF_STARTS):
        return "TIFF"
    return next((name for mark, name in _KINDS if start.startswith(mark)), "")
