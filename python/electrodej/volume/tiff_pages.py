"""The chain of pages of a TIFF, walked quickly and with an eye on where the file ends.

tifffile reads the first page in full. The others of a stack of thousands are only looked at for where their
pixels lie and whether they are of the same kind, and the chain is followed here so that a file that was cut
off is told from one that is whole, without reading a pixel.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from electrodej.errors import InputError

_REDUCED_OR_MASK = 0b101  # bits of NewSubfileType
_TYPES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_SIZES = {1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 17: 8, 18: 8}  # bytes
_MOST_PAGES = 10_000_000
_SHARED = 2**20  # bytes

SUBFILE, WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, FILL = 254, 256, 257, 258, 259, 262, 266
OFFSETS, SAMPLES, ROWS, COUNTS, PLANAR, PREDICTOR = 273, 277, 278, 279, 284, 317
TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_COUNTS, FORMAT = 322, 323, 324, 325, 339

_IMAGE_TAGS = (WIDTH, LENGTH, BITS, SAMPLES, FORMAT)
_CODING_TAGS = (COMPRESSION, FILL, PLANAR, PREDICTOR, TILE_WIDTH, TILE_LENGTH, ROWS)
_WANTED = frozenset(
    (SUBFILE, PHOTOMETRIC, OFFSETS, COUNTS, TILE_OFFSETS, TILE_COUNTS, *_IMAGE_TAGS, *_CODING_TAGS)
)
_DEFAULTS = {
    BITS: (1,),
    SAMPLES: (1,),
    FORMAT: (1,),
    COMPRESSION: (1,),
    FILL: (1,),
    PLANAR: (1,),
    PREDICTOR: (1,),
}

Tags = dict[int, tuple[int, ...]]


@dataclass(frozen=True)
class Page:
    """One page: where it is described, where its pixels lie, and what kind of page it is."""

    ifd: int
    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    image: tuple[tuple[int, ...], ...]
    coding: tuple[tuple[int, ...], ...]


def walk_pages(path: Path) -> list[Page]:
    """Return the full-size pages of a TIFF or BigTIFF in order.

    Raises
    ------
    InputError
        The chain of pages leads beyond the end of the file, or in a circle.
    """
    with path.open("rb", buffering=0) as handle:
        size = handle.seek(0, 2)
        handle.seek(0)
        form = _form(handle.read(16), path)
        pages, seen, offset = [], set[int](), form.first
        described = 0  # bytes
        while offset:
            if offset in seen or len(seen) > _MOST_PAGES:
                raise InputError(f"{path} is damaged: its pages run in a circle; save it again")
            if offset >= size:
                raise cut_off(path, f"page {len(seen) + 1} lies beyond its end")
            seen.add(offset)
            tags, following, length = _read_directory(handle, offset, size, form, path)
            described += length
            # Honest pages lie side by side, but for tables of strips that a writer lets several share.
            if described > 4 * size + _SHARED:
                raise InputError(f"{path} is damaged: its pages lie on top of each other; save it again")
            if not tags.get(SUBFILE, (0,))[0] & _REDUCED_OR_MASK:
                pages.append(_page(offset, tags))
            offset = following
    if not pages:
        raise InputError(f"{path} is a TIFF without an image; give another file")
    return pages


def cut_off(path: Path, detail: str) -> InputError:
    """Return the error for a file that ends before its pixels do."""
    return InputError(f"{path} is cut off: {detail}; copy or save the file again")


@dataclass(frozen=True)
class _Form:
    """How a TIFF writes its numbers."""

    order: str
    count: str  # number of tags
    entry: str
    room: int  # bytes of a value that is kept in the tag itself
    pointer: str
    first: int


def _form(header: bytes, path: Path) -> _Form:
    order = {b"II": "<", b"MM": ">"}.get(header[:2])
    if order is None or len(header) < 8:
        raise cut_off(path, "it has no TIFF header")
    version = struct.unpack_from(order + "H", header, 2)[0]
    if version == 42:
        return _Form(order, "H", "HHI4s", 4, "I", struct.unpack_from(order + "I", header, 4)[0])
    if version != 43 or len(header) < 16:
        raise InputError(f"{path} is no TIFF of a known kind; save it again as TIFF")
    return _Form(order, "Q", "HHQ8s", 8, "Q", struct.unpack_from(order + "Q", header, 8)[0])


def _read_directory(
    handle: BinaryIO, offset: int, size: int, form: _Form, path: Path
) -> tuple[Tags, int, int]:
    """Return the tags of a page, where the next page is described, and how many bytes it all takes."""
    handle.seek(offset)
    block = handle.read(512)
    head = struct.calcsize(form.order + form.count)
    step = struct.calcsize(form.order + form.entry)
    if len(block) < head:
        raise cut_off(path, "the description of a page is missing")
    (number,) = struct.unpack_from(form.order + form.count, block)
    length = head + number * step + struct.calcsize(form.pointer)
    if offset + length > size or number > 4096:
        raise cut_off(path, "the description of a page is missing")
    if length > len(block):
        block += handle.read(length - len(block))
    tags: Tags = {}
    for at in range(head, head + number * step, step):
        code, kind, count, value = struct.unpack_from(form.order + form.entry, block, at)
        if code in _WANTED and kind in _TYPES:
            tags[code] = _values(handle, kind, count, value, size, form, path)
            length += _SIZES[kind] * count
    following = struct.unpack_from(form.order + form.pointer, block, head + number * step)[0]
    return tags, following, length


def _values(
    handle: BinaryIO, kind: int, count: int, value: bytes, size: int, form: _Form, path: Path
) -> tuple[int, ...]:
    dtype = np.dtype(form.order + {"B": "u1", "H": "u2", "I": "u4", "Q": "u8", "q": "i8"}[_TYPES[kind]])
    wanted = count * dtype.itemsize
    if wanted > form.room:
        (place,) = struct.unpack(form.order + form.pointer, value)
        if place + wanted > size:
            raise cut_off(path, "the description of a page is missing")
        handle.seek(place)
        value = handle.read(wanted)
    return tuple(np.frombuffer(value, dtype, count).tolist())


def _page(ifd: int, tags: Tags) -> Page:
    def kind(names: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        return tuple(tags.get(name, _DEFAULTS.get(name, ())) for name in names)

    tiled = TILE_OFFSETS in tags
    coding = _CODING_TAGS[:-1] if tiled else _CODING_TAGS
    return Page(
        ifd,
        tags.get(TILE_OFFSETS if tiled else OFFSETS, ()),
        tags.get(TILE_COUNTS if tiled else COUNTS, ()),
        kind(_IMAGE_TAGS),
        kind(coding),
    )
