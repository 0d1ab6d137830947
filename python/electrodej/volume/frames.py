"""A stack that is saved as a movie: its slices are time points.

Fiji's StarDist plugin takes a stack only as a movie, and gives its labels back as one.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile

from electrodej.errors import InputError
from electrodej.volume import Volume, VoxelSize, check_spacing, open_volume
from electrodej.volume.model import Array, Box
from electrodej.volume.quiet import quiet_tifffile
from electrodej.volume.units import from_values

Triple = tuple[float, float, float]
PathLike = str | os.PathLike[str]


def open_slices(path: PathLike, *, spacing: Triple | None = None) -> Volume:
    """Open an image as `electrodej.volume.open_volume` does, and a movie of single slices as a stack."""
    place = Path(path)
    if not _is_movie(place):
        return open_volume(place, spacing=spacing)
    volume = FrameStack(place)
    if spacing is not None:
        volume.voxel_size = VoxelSize(*check_spacing(spacing))
    return volume


def _is_movie(path: Path) -> bool:
    """Tell whether a TIFF has time points, and neither slices nor channels nor colours."""
    if path.suffix.lower() not in (".tif", ".tiff") or not path.is_file():
        return False
    try:
        with quiet_tifffile(), tifffile.TiffFile(path) as tif:
            return len(tif.series) == 1 and _axes(tif.series[0]) == "TYX"
    except Exception:
        # What cannot be read is left to `open_volume`, which says why.
        return False


def _axes(series: tifffile.TiffPageSeries) -> str:
    return "".join(
        axis for axis, length in zip(series.axes, series.shape, strict=True) if length > 1 or axis in "YX"
    )


class FrameStack(Volume):
    """A TIFF of time points, read as a stack of slices.

    The depth of a voxel is known only where the program that wrote the movie kept it from the stack.
    """

    def __init__(self, path: PathLike) -> None:
        with quiet_tifffile():
            self._tif = tifffile.TiffFile(path)
            series = self._tif.series[0]
        self._lock = threading.Lock()
        shape = [length for axis, length in zip(series.axes, series.shape, strict=True) if axis in "TYX"]
        self._rows: np.memmap[Any, Any] | None = None
        if series.dataoffset is not None:
            stored = np.dtype(series.dtype).newbyteorder(self._tif.byteorder)
            self._rows = np.memmap(path, stored, "r", series.dataoffset, tuple(shape))
        super().__init__(path, shape, series.dtype, _voxel_size(self._tif), is_2d=False)

    def _release(self) -> None:
        self._rows = None
        self._tif.close()

    def _read(self, box: Box) -> Array:
        frames, rows, columns = box
        if self._rows is not None:
            return np.array(self._rows[box], dtype=self.dtype)
        out = np.empty([part.stop - part.start for part in box], self.dtype)
        for at in range(frames.start, frames.stop):
            out[at - frames.start] = self._frame(at)[rows, columns]
        return out

    def _frame(self, at: int) -> Array:
        try:
            with self._lock, quiet_tifffile():
                page = self._tif.series[0].pages[at]
                assert page is not None
                return np.asarray(page.asarray())
        except Exception as error:
            # Whatever a damaged file makes the decoder stumble over.
            raise InputError(
                f"{self.path}: time point {at} cannot be decoded ({error}); save it again"
            ) from error


def _voxel_size(tif: tifffile.TiffFile) -> VoxelSize:
    if tif.is_ome and tif.ome_metadata is not None:
        return _ome_voxel_size(tif.ome_metadata)
    items = tif.imagej_metadata or {}
    unit, depth = items.get("unit"), items.get("spacing")
    page = tif.pages.first
    height, width = (_pixel_size(page, name) for name in ("YResolution", "XResolution"))
    known = float(depth) if isinstance(depth, int | float) else None
    return from_values((known, height, width), (unit, items.get("yunit", unit), unit))


def _pixel_size(page: tifffile.TiffPage, name: str) -> float | None:
    tag = page.tags.get(name)
    if tag is None or not isinstance(tag.value, tuple) or 0 in tag.value:
        return None
    # ImageJ rounds pixels per unit to six decimals: 0.07 comes back as 0.0700000014.
    return float(f"{tag.value[1] / tag.value[0]:.6g}")


def _ome_voxel_size(text: str) -> VoxelSize:
    pixels = next(
        element for element in ElementTree.fromstring(text).iter() if element.tag.endswith("Pixels")
    )
    names = [f"PhysicalSize{axis}" for axis in "ZYX"]
    values = [float(pixels.get(name, "nan")) for name in names]
    units = [pixels.get(f"{name}Unit", "um") for name in names]
    return from_values([None if np.isnan(value) else value for value in values], units)
