"""Reading a Zarr folder that may come from anywhere: nothing outside it, nothing larger than it may be."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zarr.storage import LocalStore

from electrodej.errors import InputError
from electrodej.machine import memory_text

_LARGEST_TEXT = 64 * 2**20
_TEXTS = (".zgroup", ".zattrs", ".zarray", ".zmetadata", "zarr.json")
# A packed piece of deflate that is smaller cannot become 4 GiB, where its own count of bytes begins anew.
_SURE_COUNT = 2**32 // 1100
_MEMBER = b"\x1f\x8b\x08"  # a gzip may have several, and says the size of the last one only
_ZSTD = 0xFD2FB528
_STREAMS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(wbits=47),
    "zlib": lambda: zlib.decompressobj(wbits=47),
    "bz2": bz2.BZ2Decompressor,
    "lzma": lzma.LZMADecompressor,
}


class BoundedStore(LocalStore):
    """The files of one folder, read only.

    Attributes
    ----------
    chunk_bytes
        What a chunk must unpack to, set when the array is known.
    packing
        Name of the codec that the chunks were packed with.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root, read_only=True)
        self._place = Path(root).resolve()
        self._inside: set[Path] = set()  # folders that are known to be no links that lead out
        self.chunk_bytes = 0
        self.packing = ""

    def with_read_only(self, read_only: bool = False) -> BoundedStore:  # noqa: ARG002
        """Return itself: it is always for reading."""
        return self

    async def get(self, key: str, prototype: Any = None, byte_range: Any = None) -> Any:
        """Return what a file of the folder holds, or None where there is none."""
        path = Path(self.root) / key
        if path.parent not in self._inside:
            self._check_inside(path.parent, key)
            self._inside.add(path.parent)
        if path.is_symlink():
            self._check_inside(path, key)
        text = Path(key).name in _TEXTS
        if text and path.is_file() and path.stat().st_size > _LARGEST_TEXT:
            raise InputError(f"{path} is larger than a description of an image ever is; copy the image again")
        found = await super().get(key, prototype, byte_range)
        if found is not None and not text and byte_range is None and self.chunk_bytes:
            self._check(path, found)
        return found

    def _check_inside(self, path: Path, key: str) -> None:
        found = path.resolve()
        if self._place != found and self._place not in found.parents:
            raise InputError(
                f"{self.root} has a link that leads out of the folder ({key}), which is not followed; "
                "copy the image with what its links lead to"
            )

    def _check(self, path: Path, found: Any) -> None:
        size = unpacked_size(memoryview(found.as_numpy_array()), self.packing, self.chunk_bytes)
        if size is not None and size > self.chunk_bytes:
            raise InputError(
                f"{path} unpacks to more than the {memory_text(self.chunk_bytes)} of a chunk; "
                "it is damaged, copy or save the image again"
            )


def unpacked_size(data: bytes | memoryview, packing: str, wanted: int) -> int | None:
    """Return how many bytes a packed chunk becomes, without unpacking more than ``wanted``; None if unknown.

    Parameters
    ----------
    data
        The chunk as it lies on disk.
    packing
        ``gzip``, ``zlib``, ``zstd``, ``blosc``, ``lz4``, ``bz2`` or ``lzma``; others are unknown.
    wanted
        What it should become.

    Examples
    --------
    >>> unpacked_size(zlib.compress(bytes(1000)), "zlib", 100), unpacked_size(b"", "gzip", 100)
    (101, None)
    """
    try:
        if packing == "gzip" and len(data) < _SURE_COUNT and _MEMBER not in bytes(data[1:]):
            return int(struct.unpack("<I", data[-4:])[0])
        if packing in _STREAMS:
            return _counted(bytes(data), _STREAMS[packing], wanted)
        if packing == "blosc":
            return int(struct.unpack_from("<I", data, 4)[0])
        if packing == "lz4":
            return int(struct.unpack_from("<I", data)[0])
        if packing == "zstd":
            return _zstd_size(data)
    except (struct.error, zlib.error, OSError, lzma.LZMAError, EOFError, ValueError):
        return None  # damaged, which the codec says better
    return None


def _counted(data: bytes, begin: Callable[[], Any], wanted: int) -> int:
    """Return how many bytes come out of one stream after the other, as soon as there are too many."""
    total = 0
    while data and total <= wanted:
        stream = begin()
        total += len(stream.decompress(data, wanted + 1))
        if not stream.eof:
            break
        data = stream.unused_data
    return total


def _zstd_size(data: bytes | memoryview) -> int | None:
    """Return what the first frame of zstd says of its content, RFC 8878, 3.1.1.1."""
    magic, descriptor = struct.unpack_from("<IB", data)
    if magic != _ZSTD:
        return None
    single, flag = descriptor >> 5 & 1, descriptor >> 6
    at = 5 + (0 if single else 1) + (0, 1, 2, 4)[descriptor & 3]
    if flag == 0:
        return int(data[at]) if single and at < len(data) else None
    size = int(struct.unpack_from({1: "<H", 2: "<I", 3: "<Q"}[flag], data, at)[0])
    return size + 256 if flag == 1 else size
