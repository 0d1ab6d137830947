"""TIFF stacks that Fiji opens with the right voxel size, written slab by slab."""

from __future__ import annotations

from fractions import Fraction
from io import RawIOBase
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tifffile
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.vocabulary import Spacing
from electrodej.volume.lut import label_colours
from electrodej.volume.quiet import quiet_tifffile

Compression = Literal["none", "deflate", "lzw", "zstd"]

# What remains of the 4 GiB that a classic TIFF can address when its page descriptions are in it.
CLASSIC_BYTES = 2**32 - 2**26

_OME_TYPES = {
    **{name: name for name in ("uint8", "uint16", "uint32", "int8", "int16", "int32")},
    "float32": "float",
    "float64": "double",
}
_LARGEST_RATIONAL = 2**32 - 1
_COLOUR_MAP = 320
_BITE = 64 * 2**20
_IMAGEJ_TYPES = frozenset({"uint8", "uint16", "int16", "uint32", "int32", "float32"})


class TiffSink:
    """Receives the slices of a stack in order.

    An uncompressed stack is laid out first and then filled, all slices one after the other; a compressed
    one is written page by page.

    Parameters
    ----------
    path
        The file to write.
    shape, dtype, spacing
        Of the stack; ``(z, y, x)``, micrometres.
    ome
        OME metadata instead of ImageJ's.
    compression
        How strips are packed.
    labels
        Whether to give ImageJ label colours and the display range 0..max.
    """

    def __init__(
        self,
        path: Path,
        shape: tuple[int, int, int],
        dtype: np.dtype[Any],
        spacing: Spacing,
        *,
        ome: bool,
        compression: Compression,
        labels: bool,
    ) -> None:
        check_tiff_dtype(dtype)
        self._path = path
        self._shape = shape
        self._stored = dtype.newbyteorder("<")
        self._spacing = spacing
        self._ome = ome
        self._compression = compression
        self._labels = labels and not ome
        self._highest = 0
        self._handle: RawIOBase | None = None
        big = shape[0] * shape[1] * shape[2] * dtype.itemsize >= CLASSIC_BYTES
        with quiet_tifffile():
            self._writer: tifffile.TiffWriter | None = tifffile.TiffWriter(path, bigtiff=big, byteorder="<")
        self._first_page = True
        if compression == "none":
            self._lay_out()

    def append(self, slab: NDArray[Any]) -> None:
        """Write the next slices."""
        if self._labels and slab.size:
            self._highest = max(self._highest, int(slab.max()))
        if self._handle is not None:
            data = np.ascontiguousarray(slab, dtype=self._stored)
            _write_all(self._handle, data.reshape(-1).view(np.uint8).data)
            return
        assert self._writer is not None
        for plane in slab:
            with quiet_tifffile():
                self._writer.write(plane.astype(self._stored, copy=False), **self._page_options())
            self._first_page = False

    def finish(self) -> None:
        """Complete the file."""
        self.close()
        if self._labels:
            with quiet_tifffile(), tifffile.TiffFile(self._path, mode="r+") as tif:
                tif.pages.first.tags["ImageDescription"].overwrite(self._description())

    def close(self) -> None:
        """Give the file back, complete or not."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with quiet_tifffile():
                writer.close()

    def _lay_out(self) -> None:
        assert self._writer is not None
        with quiet_tifffile():
            place = self._writer.write(
                shape=self._shape, dtype=self._stored, returnoffset=True, **self._page_options()
            )
            self._writer.close()
        self._writer = None
        assert place is not None
        self._handle = self._path.open("r+b", buffering=0)
        self._handle.seek(place[0])

    def _page_options(self) -> dict[str, Any]:
        first = self._first_page
        packing = {"none": None, "deflate": "adobe_deflate", "lzw": "lzw", "zstd": "zstd"}[self._compression]
        # ImageJ undoes the differences between neighbours for LZW only.
        differences = self._compression == "lzw" and self._stored.kind in "ui" and self._stored.itemsize < 4
        _, y, x = self._spacing
        per_unit = 1e4 if self._ome else 1.0
        # ImageJ looks for a colour map of 256 entries at any bit depth.
        colours = label_colours().reshape(-1).astype(np.uint16) * 256
        # At 8 bit it takes slices with and without one for images of different kinds.
        once = self._stored.itemsize > 1
        extra = (
            [(_COLOUR_MAP, "H", colours.size, colours, once)] if self._labels and (first or not once) else ()
        )
        return {
            "photometric": "minisblack",
            "compression": packing,
            "predictor": 2 if differences else None,
            "metadata": None,
            "description": self._description() if first else None,
            "resolution": (_rational(per_unit / x), _rational(per_unit / y)),
            "resolutionunit": "CENTIMETER" if self._ome else "NONE",
            "software": False,
            "extratags": extra,
        }

    def _description(self) -> str:
        return (
            ome_description(self._shape, self._stored, self._spacing)
            if self._ome
            else imagej_description(self._shape[0], self._spacing, self._highest if self._labels else None)
        )


def needs_ome(shape: tuple[int, int, int], dtype: np.dtype[Any]) -> bool:
    """Tell whether ImageJ itself could not read such a TIFF: from 4 GiB on, and int8 and float64."""
    size = shape[0] * shape[1] * shape[2] * dtype.itemsize
    return size >= CLASSIC_BYTES or dtype.name not in _IMAGEJ_TYPES


def _write_all(handle: RawIOBase, data: memoryview) -> None:
    # The system may write less than it is given: 2 GiB at most, and what is left of a nearly full disk.
    done = 0
    while done < len(data):
        done += handle.write(data[done : done + _BITE]) or 0


def check_tiff_dtype(dtype: np.dtype[Any]) -> None:
    """Raise `InputError` where a TIFF that others read cannot hold ``dtype``."""
    if dtype.name not in _OME_TYPES:
        raise InputError(
            f"values of type {dtype} cannot be kept in a TIFF that other programs read; "
            "convert labels to uint32 or grey values to float32, or write .zarr"
        )


def imagej_description(slices: int, spacing: Spacing, highest: int | None) -> str:
    """Return what ImageJ writes into a stack's first page; of one length, whatever ``highest`` is.

    The depth of a single slice is kept too, which ImageJ itself leaves out.
    """
    lines = ["ImageJ=1.54p"]
    if slices > 1:
        lines += [f"images={slices}", f"slices={slices}"]
    lines += ["unit=micron", f"spacing={spacing[0]!r}", "loop=false"]
    text = "\n".join(lines) + "\n"
    if highest is None:
        return text
    # An image of background only still needs a range that is not empty.
    limits = f"min=0.0\nmax={float(max(1, highest))}\n"
    return text + limits.ljust(40, "\n")


def ome_description(shape: tuple[int, int, int], dtype: np.dtype[Any], spacing: Spacing) -> str:
    """Return OME-XML (schema 2016-06) for one 3D image."""
    z, y, x = shape
    sizes = " ".join(
        f'PhysicalSize{axis}="{size!r}" PhysicalSize{axis}Unit="&#181;m"'
        for axis, size in zip("XYZ", reversed(spacing), strict=True)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="http://www.openmicroscopy.org/Schemas/OME/2016-06 '
        'http://www.openmicroscopy.org/Schemas/OME/2016-06/ome.xsd" Creator="ElectrodeJ">'
        '<Image ID="Image:0" Name="image">'
        f'<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="{_OME_TYPES[dtype.name]}" BigEndian="false" '
        f'SizeX="{x}" SizeY="{y}" SizeZ="{z}" SizeC="1" SizeT="1" {sizes}>'
        '<Channel ID="Channel:0:0" SamplesPerPixel="1"/>'
        f'<TiffData IFD="0" PlaneCount="{z}"/>'
        "</Pixels></Image></OME>"
    )


def _rational(value: float) -> tuple[int, int]:
    """Return the fraction of two 32-bit numbers that is nearest to ``value``."""
    if value >= 1:
        # The numerator must fit as well, so the reciprocal is what is limited.
        inverse = Fraction(1 / value).limit_denominator(_LARGEST_RATIONAL)
        if inverse == 0:
            return _LARGEST_RATIONAL, 1
        if inverse.denominator <= _LARGEST_RATIONAL and inverse.numerator <= _LARGEST_RATIONAL:
            return inverse.denominator, inverse.numerator
    near = Fraction(value).limit_denominator(_LARGEST_RATIONAL)
    return max(1, near.numerator), near.denominator


def slice_name(number: int, count: int, suffix: str = ".tif") -> str:
    """Return the file name of slice ``number`` of ``count``, ordered alike by names and by numbers."""
    width = max(4, len(str(count - 1)))
    return f"slice_{number:0{width}d}{suffix}"


class SliceSink:
    """Receives slices in order and writes each as a TIFF of its own into a folder."""

    def __init__(
        self,
        folder: Path,
        shape: tuple[int, int, int],
        dtype: np.dtype[Any],
        spacing: Spacing,
        *,
        compression: Compression,
        labels: bool,
    ) -> None:
        check_tiff_dtype(dtype)
        self._folder = folder
        self._shape = shape
        self._dtype = dtype
        self._spacing = spacing
        self._compression: Compression = compression
        self._labels = labels
        self._next = 0

    def append(self, slab: NDArray[Any]) -> None:
        """Write the next slices."""
        for plane in slab:
            sink = TiffSink(
                self._folder / slice_name(self._next, self._shape[0]),
                (1, *self._shape[1:]),
                self._dtype,
                self._spacing,
                ome=False,
                compression=self._compression,
                labels=self._labels,
            )
            try:
                sink.append(plane[np.newaxis])
                sink.finish()
            finally:
                sink.close()
            self._next += 1

    def finish(self) -> None:
        """Nothing is left to be done."""

    def close(self) -> None:
        """Nothing is held open."""


def is_slice_folder(path: Path) -> bool:
    """Tell whether a folder holds slices that `SliceSink` wrote, and nothing else."""
    names = [entry.name for entry in path.iterdir()]
    return bool(names) and all(name.startswith("slice_") and name.endswith(".tif") for name in names)
