"""What a file promises, held against what it can hold and what there is room for, before anything is made.

A header of a few bytes can promise more than any memory holds. A damaged one does so by accident.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from electrodej.errors import InputError
from electrodej.machine import available_cores, free_memory, memory_text, usual_memory

# More voxels than any scan has, and slices: 2^42 voxels of 8 bit are 4 TiB.
_MOST_VOXELS = 2**42
_MOST_SLICES = 10_000_000
# Below these nothing is looked up: asking the system takes longer than the check is worth.
_SMALL_PIECE = 64 * 2**20
_SMALL_READ = 256 * 2**20
# How many bytes one packed byte can become at most, by the way of packing.
_GROWTH = {"deflate": 1040, "lzw": 4096, "packbits": 64}


def check_shape(path: Path, shape: Sequence[int]) -> None:
    """Refuse an image of more voxels than any scan has.

    >>> check_shape(Path("a.tif"), (1000, 2000, 2000))
    """
    voxels = 1
    for length in shape:
        voxels *= length
    if voxels > _MOST_VOXELS or shape[0] > _MOST_SLICES:
        text = " x ".join(str(length) for length in shape)
        raise InputError(f"{path} says that it has {text} voxels, more than any scan has; save it again")


def check_piece(path: Path, size: int, what: str, *, memory: int | None = None) -> None:
    """Refuse a strip, tile or chunk that unpacks to more than a quarter of the memory that may be used.

    Parameters
    ----------
    path
        The image.
    size
        Bytes of the piece when it is unpacked.
    what
        What the message calls it: "strip", "chunk".
    memory
        Bytes that may be used; 4 GiB, or half of what is free, by default.
    """
    if size <= _SMALL_PIECE:
        return
    room = (usual_memory() if memory is None else memory) // 4
    if size > room:
        raise InputError(
            f"{path} has a {what} that unpacks to {memory_text(size)}, more than {memory_text(room)}, a "
            f"quarter of the memory; save it in smaller {what}s, or give more memory (--memory)"
        )


def check_packed(path: Path, packing: str, packed: int, size: int) -> None:
    """Refuse a piece of ``size`` bytes that so few packed ones cannot become."""
    if packing in _GROWTH and packed and size > _GROWTH[packing] * packed + 4096:
        raise InputError(
            f"{path} is damaged: {packed:,} bytes cannot hold {memory_text(size)} of pixels; "
            "copy or save the file again"
        )


def check_read(path: Path, size: int) -> None:
    """Refuse to read at once what there is no memory for."""
    if size > _SMALL_READ and size > free_memory():
        raise InputError(
            f"{path}: reading {memory_text(size)} at once takes more memory than is free "
            f"({memory_text(free_memory())}); take a part of the image, or close other programs"
        )


def pieces_at_once(size: int, threads: int) -> int:
    """Return how many pieces of ``size`` bytes to unpack at once, so that all fit a quarter of the memory."""
    threads = min(threads, available_cores())
    if size * threads <= _SMALL_PIECE:
        return threads
    return max(1, min(threads, usual_memory() // 4 // max(1, size)))
