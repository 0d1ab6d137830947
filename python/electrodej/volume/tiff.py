"""TIFF stacks: ImageJ's, OME's, BigTIFF and plain ones, compressed or not, read piece by piece."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from electrodej.errors import InputError, one_line
from electrodej.vocabulary import PathLike
from electrodej.volume.bounds import check_packed, check_piece, pieces_at_once
from electrodej.volume.model import Array, Box, Volume
from electrodej.volume.positioned import PositionedFile
from electrodej.volume.quiet import quiet_tifffile
from electrodej.volume.tiff_metadata import Description, describe
from electrodej.volume.tiff_pages import Page, cut_off, walk_pages

_GREY = {0: "min-is-white", 1: "min-is-black", 3: "palette"}
_THREADS = 8
_PACKINGS = {5: "lzw", 8: "deflate", 32946: "deflate", 32773: "packbits"}


@dataclass(frozen=True, eq=False)
class _Coder:
    """How the strips or tiles of a page become voxels."""

    decode: Callable[..., tuple[NDArray[Any] | None, tuple[int, ...], tuple[int, ...]]]
    jpegtables: bytes | None
    length: int
    width: int
    across: int
    packing: str


@dataclass(frozen=True)
class _Layout:
    shape: tuple[int, int, int]
    stored: np.dtype[Any]
    description: Description
    starts: Sequence[int] | None  # first byte of each slice, where slices are plain rows
    pages: list[Page]
    coders: list[_Coder]


def as_signed(values: Array) -> Array:
    """Return ImageJ's signed 16-bit values, which it keeps 32,768 higher, in the memory of those.

    >>> as_signed(np.array([0, 32768, 65535], np.uint16)).tolist()
    [-32768, 0, 32767]
    """
    return np.bitwise_xor(values, np.uint16(0x8000), out=values).view(np.int16)


class TiffVolume(Volume):
    """A TIFF stack. Uncompressed slices are read row by row, others strip by strip or tile by tile."""

    def __init__(self, path: PathLike, *, memory: int | None = None) -> None:
        place = Path(path)
        layout = _read_layout(place)
        for coder in set(layout.coders):
            size = coder.length * coder.width * layout.stored.itemsize
            check_piece(place, size, "strip" if coder.across == 1 else "tile", memory=memory)
        dtype = np.dtype(np.int16) if layout.description.signed else layout.stored
        super().__init__(place, layout.shape, dtype, layout.description.voxel_size)
        self._layout = layout
        self.file = PositionedFile(place)

    def _release(self) -> None:
        self.file.close()

    def _read(self, box: Box) -> Array:
        data = self._read_rows(box) if self._layout.starts is not None else self._read_segments(box)
        if self._layout.description.signed:
            data = as_signed(data)
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

        largest = max(coder.length * coder.width for coder in self._layout.coders[zs]) * stored.itemsize
        threads = pieces_at_once(largest, _THREADS)
        if len(jobs) < 4 or threads == 1:
            for job in jobs:
                paste(job)
        else:
            with ThreadPoolExecutor(threads) as pool:
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
            if segment is None:
                return
            voxels = segment[0, :, :, 0]
            y, x = place[2], place[3]
        except Exception as error:
            raise InputError(
                f"{self.path}: slice {z} cannot be decoded ({one_line(error)}); save the file again"
            ) from error
        ys, xs = box[1], box[2]
        y0, y1 = max(y, ys.start), min(y + voxels.shape[0], ys.stop)
        x0, x1 = max(x, xs.start), min(x + voxels.shape[1], xs.stop)
        out[z - box[0].start, y0 - ys.start : y1 - ys.start, x0 - xs.start : x1 - xs.start] = voxels[
            y0 - y : y1 - y, x0 - x : x1 - x
        ]


def _bytes_of(array: Array) -> memoryview:
    return memoryview(array.reshape(-1).view(np.uint8).data)


def _runs(starts: Sequence[int], step: int | None) -> list[tuple[int, int]]:
    """Return ranges of slices that lie one after the other in the file."""
    count = len(starts)
    if step is None:
        return [(z, z + 1) for z in range(count)]
    if isinstance(starts, range):
        return [(0, count)]
    breaks = np.flatnonzero(np.diff(np.asarray(starts, np.int64)) != step) + 1
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
        raise InputError(f"{path} is a damaged TIFF ({one_line(error)}); save or copy it again") from error


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
    if not (isinstance(first.imagelength, int) and isinstance(first.imagewidth, int)):
        raise InputError(
            f"{path} is a damaged TIFF (an image of {first.imagelength} x {first.imagewidth}); save it again"
        )
    stored = np.dtype(first.dtype).newbyteorder(tif.byteorder)
    starts = _row_starts(first, pages, stored)
    slices = description.slices or len(pages)
    lengths = (int(first.imagelength), int(first.imagewidth))
    if starts is not None:
        bytes_of_slice = lengths[0] * lengths[1] * stored.itemsize
        if len(pages) == 1 and slices > 1:
            # ImageJ above 4 GB, and tifffile on request: one page, and the slices follow each other.
            starts = range(starts[0], starts[0] + slices * bytes_of_slice, bytes_of_slice)
        if slices > len(starts):
            raise _too_few(path, slices, len(starts))
        # Slices that lie on top of each other would make much of a small file.
        last = starts[-1] if isinstance(starts, range) else max(starts)
        _check_end(path, max(last + bytes_of_slice, len(starts) * bytes_of_slice))
        return _Layout((len(starts), *lengths), stored, description, starts, [], [])
    if slices > len(pages):
        raise _too_few(path, slices, len(pages))
    packed = 0
    for page in pages:
        if len(page.offsets) != len(page.counts) or not page.offsets:
            raise InputError(f"{path} is a damaged TIFF (a page does not say where it lies); save it again")
        _check_end(path, max(o + n for o, n in zip(page.offsets, page.counts, strict=True)))
        packed += sum(page.counts)
    _check_end(path, packed)
    coders = _coders(tif, pages, path)
    for page, coder in zip(pages, coders, strict=True):
        _check_segments(page, coder, lengths, stored.itemsize, path)
    return _Layout((len(pages), *lengths), stored, description, None, pages, coders)


def _too_few(path: Path, slices: int, found: int) -> InputError:
    return cut_off(path, f"{slices} slices were saved, and {found} are there")


def _check_segments(page: Page, coder: _Coder, lengths: tuple[int, int], itemsize: int, path: Path) -> None:
    """Hold the strips or tiles that a page needs against those it has and what they can hold."""
    needed = -(-lengths[0] // coder.length) * coder.across
    if len(page.offsets) < needed:
        raise InputError(
            f"{path} is a damaged TIFF ({needed} strips or tiles make up a page, and {len(page.offsets)} are "
            "there); save it again"
        )
    size = coder.length * coder.width * itemsize
    # The last strip of a page may be shorter.
    check_packed(path, coder.packing, min(page.counts[: max(1, needed - coder.across)]), size)


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


def _row_starts(first: tifffile.TiffPage, pages: list[Page], stored: np.dtype[Any]) -> Sequence[int] | None:
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
        # Counted first: a wrong height would ask for a list of thousands of millions.
        if start == 0 or len(page.offsets) != len(wanted) or page.offsets != tuple(wanted):
            return None
    return [page.offsets[0] for page in pages]


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
            f"{path} is packed in a way not read here ({one_line(error)}); save it again"
        ) from error
    packing = _PACKINGS.get(int(page.compression), "")
    if page.is_tiled:
        length, width = page.tilelength, page.tilewidth
        if not (isinstance(length, int) and isinstance(width, int) and min(length, width) > 0):
            raise InputError(f"{path} is a damaged TIFF (a tile of {length} x {width}); save it again")
        return _Coder(decode, page.jpegtables, length, width, -(-page.imagewidth // width), packing)
    rows = max(1, min(int(page.rowsperstrip or page.imagelength), page.imagelength))
    return _Coder(decode, page.jpegtables, rows, page.imagewidth, 1, packing)


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
