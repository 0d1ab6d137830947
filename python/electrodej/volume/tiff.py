"""TIFF stacks: ImageJ's, OME's, BigTIFF and plain ones, compressed or not, read piece by piece."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.volume.model import Array, Box, Volume
from electrodej.volume.positioned import PositionedFile
from electrodej.volume.quiet import quiet_tifffile
from electrodej.volume.tiff_metadata import Description, describe
from electrodej.volume.tiff_pages import Page, cut_off, walk_pages

_GREY = {0: "min-is-white", 1: "min-is-black", 3: "palette"}
_THREADS = min(8, os.cpu_count() or 1)


@dataclass(frozen=True)
class _Coder:
    """How the strips or tiles of a page become voxels."""

    decode: Callable[..., tuple[NDArray[Any] | None, tuple[int, ...], tuple[int, ...]]]
    jpegtables: bytes | None
    length: int
    width: int
    across: int


@dataclass(frozen=True)
class _Layout:
    shape: tuple[int, int, int]
    stored: np.dtype[Any]
    description: Description
    starts: NDArray[np.int64] | None  # first byte of each slice, where slices are plain rows
    pages: list[Page]
    coders: list[_Coder]


class TiffVolume(Volume):
    """A TIFF stack. Uncompressed slices are read row by row, others strip by strip or tile by tile."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        place = Path(path)
        layout = _read_layout(place)
        dtype = np.dtype(np.int16) if layout.description.signed else layout.stored
        super().__init__(place, layout.shape, dtype, layout.description.voxel_size)
        self._layout = layout
        self.file = PositionedFile(place)

    def _release(self) -> None:
        self.file.close()

    def _read(self, box: Box) -> Array:
        data = self._read_rows(box) if self._layout.starts is not None else self._read_segments(box)
        if self._layout.description.signed:
            # ImageJ keeps signed 16-bit values 32,768 higher.
            data = np.bitwise_xor(data, np.uint16(0x8000), out=data).view(np.int16)
        return data

    def _read_rows(self, box: Box) -> Array:
        starts, stored = self._layout.starts, self._layout.stored
        assert starts is not None
        zs, ys, xs = box
        _, height, width = self.shape
        row = width * stored.itemsize
        rows, columns = ys.stop - ys.start, xs.stop - xs.start
        out = np.empty((zs.stop - zs.start, rows, columns), stored)
        if columns == width:
            target = _bytes_of(out)
            size = rows * row
            for z0, z1 in _runs(starts[zs], height * row if rows == height else None):
                offset = int(starts[zs.start + z0]) + ys.start * row
                self.file.read_into(target[z0 * size : z1 * size], offset)
        else:
            scratch = np.empty((rows, width), stored)
            for z, start in enumerate(starts[zs]):
                self.file.read_into(_bytes_of(scratch), int(start) + ys.start * row)
                out[z] = scratch[:, xs]
        return out if stored.isnative else out.byteswap(inplace=True).view(stored.newbyteorder("="))

    def _read_segments(self, box: Box) -> Array:
        zs, ys, xs = box
        stored = self._layout.stored.newbyteorder("=")
        out = np.zeros((zs.stop - zs.start, ys.stop - ys.start, xs.stop - xs.start), stored)
        jobs = []
        for z in range(zs.start, zs.stop):
            coder = self._layout.coders[z]
            for down in range(ys.start // coder.length, (ys.stop - 1) // coder.length + 1):
                for right in range(xs.start // coder.width, (xs.stop - 1) // coder.width + 1):
                    jobs.append((z, down * coder.across + right))

        def paste(job: tuple[int, int]) -> None:
            self._paste(out, box, *job)

        if len(jobs) < 4 or _THREADS == 1:
            for job in jobs:
                paste(job)
        else:
            with ThreadPoolExecutor(_THREADS) as pool:
                for _ in pool.map(paste, jobs, chunksize=1):
                    pass
        return out

    def _paste(self, out: Array, box: Box, z: int, index: int) -> None:
        """Decode strip or tile ``index`` of slice ``z`` and copy what the box needs of it."""
        page, coder = self._layout.pages[z], self._layout.coders[z]
        count = page.counts[index]
        if count == 0:
            return  # a sparse file leaves out what is zero
        encoded = self.file.read(page.offsets[index], count)
        try:
            with quiet_tifffile():
                segment, place, _ = coder.decode(encoded, index, jpegtables=coder.jpegtables)
        except Exception as error:
            raise InputError(
                f"{self.path}: slice {z} cannot be decoded ({_first_line(error)}); save the file again"
            ) from error
        if segment is None:
            return
        voxels = segment[0, :, :, 0]
        y, x = place[2], place[3]
        ys, xs = box[1], box[2]
        y0, y1 = max(y, ys.start), min(y + voxels.shape[0], ys.stop)
        x0, x1 = max(x, xs.start), min(x + voxels.shape[1], xs.stop)
        out[z - box[0].start, y0 - ys.start : y1 - ys.start, x0 - xs.start : x1 - xs.start] = voxels[
            y0 - y : y1 - y, x0 - x : x1 - x
        ]


def _bytes_of(array: Array) -> memoryview:
    return memoryview(array.reshape(-1).view(np.uint8).data)


def _runs(starts: NDArray[np.int64], step: int | None) -> list[tuple[int, int]]:
    """Return ranges of slices that lie one after the other in the file."""
    count = len(starts)
    if step is None:
        return [(z, z + 1) for z in range(count)]
    breaks = np.flatnonzero(np.diff(starts) != step) + 1
    edges = [0, *breaks.tolist(), count]
    return list(itertools.pairwise(edges))


def _read_layout(path: Path) -> _Layout:
    try:
        with quiet_tifffile():
            pages = walk_pages(path)
            with tifffile.TiffFile(path, _multifile=False) as tif:
                return _layout(tif, pages, path)
    except (InputError, OSError):
        raise
    except Exception as error:
        # Whatever a damaged file makes the reader stumble over.
        raise InputError(f"{path} is a damaged TIFF ({_first_line(error)}); save or copy it again") from error


def _layout(tif: tifffile.TiffFile, pages: list[Page], path: Path) -> _Layout:
    first = tif.pages.first
    _check_kind(tif, first, path)
    for number, page in enumerate(pages):
        if page.image != pages[0].image:
            raise InputError(
                f"{path} has pages of different sizes or types (page 1 is {_page_text(pages[0])}, page "
                f"{number + 1} is {_page_text(page)}); keep those of one kind, in Fiji with Image > Stacks"
            )
    description = describe(tif, path, len(pages))
    if description.order:
        pages = [pages[n] for n in description.order]
    stored = np.dtype(first.dtype).newbyteorder(tif.byteorder)
    starts = _row_starts(first, pages, stored)
    slices = description.slices or len(pages)
    if starts is not None and len(pages) == 1 and slices > 1:
        # ImageJ above 4 GB, and tifffile on request: one page, and the slices follow each other.
        starts = starts[0] + np.arange(slices, dtype=np.int64) * first.nbytes
        pages = pages * len(starts)
    if slices > len(pages):
        raise cut_off(path, f"{slices} slices were saved, and {len(pages)} are there")
    shape = (len(pages), int(first.imagelength), int(first.imagewidth))
    if starts is not None:
        _check_end(path, int(starts.max()) + first.nbytes)
        return _Layout(shape, stored, description, starts, pages, [])
    for page in pages:
        if len(page.offsets) != len(page.counts) or not page.offsets:
            raise InputError(f"{path} is a damaged TIFF (a page does not say where it lies); save it again")
        _check_end(path, max(o + n for o, n in zip(page.offsets, page.counts, strict=True)))
    return _Layout(shape, stored, description, None, pages, _coders(tif, pages, path))


def _check_kind(tif: tifffile.TiffFile, page: tifffile.TiffPage, path: Path) -> None:
    if page.samplesperpixel > 1 or page.photometric not in _GREY:
        kind = "colours" if page.samplesperpixel >= 3 or page.photometric not in _GREY else "several values"
        raise InputError(
            f"{path} has {kind} in each pixel, and grey values or labels are wanted; "
            "convert it, in Fiji with Image > Type > 8-bit, and save it"
        )
    if page.dtype is None or page.dtype.kind not in "buif":
        raise InputError(f"{path} has values of a type that is not read here; save it as 8, 16 or 32 bit")
    if page.imagedepth > 1 or tif.is_stk or tif.is_lsm:
        raise InputError(
            f"{path} is a TIFF of a special kind (LSM, STK or with depth); save it as TIFF in Fiji"
        )


def _row_starts(
    first: tifffile.TiffPage, pages: list[Page], stored: np.dtype[Any]
) -> NDArray[np.int64] | None:
    """Return where each slice begins, if all slices are plain rows of whole values; else None."""
    plain = (
        first.compression == 1
        and first.predictor == 1
        and first.fillorder == 1
        and not first.is_tiled
        and stored.kind in "uif"
        and first.bitspersample == 8 * stored.itemsize
    )
    if not plain or any(page.coding[:-1] != pages[0].coding[:-1] for page in pages):
        return None
    row = first.imagewidth * stored.itemsize
    for page in pages:
        rows = min(page.coding[-1][0] if page.coding[-1] else first.imagelength, first.imagelength)
        start = page.offsets[0] if page.offsets else 0
        wanted = range(start, start + first.imagelength * row, rows * row) if rows and row else ()
        if start == 0 or page.offsets != tuple(wanted):
            return None
    return np.array([page.offsets[0] for page in pages], np.int64)


def _coders(tif: tifffile.TiffFile, pages: list[Page], path: Path) -> list[_Coder]:
    known: dict[tuple[tuple[int, ...], ...], _Coder] = {}
    for page in pages:
        if page.coding not in known:
            tif.filehandle.seek(page.ifd)
            known[page.coding] = _coder(tifffile.TiffPage(tif, index=0), path)
    return [known[page.coding] for page in pages]


def _coder(page: tifffile.TiffPage, path: Path) -> _Coder:
    try:
        decode = page.decode
    except Exception as error:
        raise InputError(
            f"{path} is packed in a way not read here ({_first_line(error)}); save it again"
        ) from error
    if page.is_tiled:
        across = -(-page.imagewidth // page.tilewidth)
        return _Coder(decode, page.jpegtables, page.tilelength, page.tilewidth, across)
    rows = max(1, min(page.rowsperstrip or page.imagelength, page.imagelength))
    return _Coder(decode, page.jpegtables, rows, page.imagewidth, 1)


def _check_end(path: Path, needed: int) -> None:
    size = path.stat().st_size
    if needed > size:
        raise cut_off(path, f"its pixels need {needed:,} bytes, and the file has {size:,}")


def _page_text(page: Page) -> str:
    width, length, bits, *_ = page.image
    return (
        f"{width[0]} x {length[0]} pixels of {bits[0]} bit"
        if width and length and bits
        else "without an image"
    )


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
