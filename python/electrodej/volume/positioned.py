"""Reading a file at given places, from several threads at once."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from electrodej.errors import InputError

# One call of the system reads at most 2 GiB; smaller bites let other threads and Ctrl-C in between.
_BITE = 64 * 2**20


class PositionedFile:
    """A file that is read at given offsets, without a shared position.

    Where the system reads at an offset in one call, threads do not wait for each other; elsewhere
    (Windows) they take turns.

    Attributes
    ----------
    bytes_read
        How much has been read so far.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bytes_read = 0
        self._handle = path.open("rb", buffering=0)
        self._lock = threading.Lock()

    def read_into(self, buffer: memoryview, offset: int) -> None:
        """Fill ``buffer`` (bytes) with what the file holds from ``offset`` on."""
        done = 0
        while done < len(buffer):
            count = self._read_some(buffer[done : done + _BITE], offset + done)
            if count == 0:
                raise InputError(f"{self.path} ends early; it was cut off, so copy or save it again")
            done += count
        with self._lock:
            self.bytes_read += done

    def read(self, offset: int, count: int) -> bytes:
        """Return ``count`` bytes from ``offset`` on."""
        data = bytearray(count)
        self.read_into(memoryview(data), offset)
        return bytes(data)

    def close(self) -> None:
        """Give the file back."""
        self._handle.close()

    def _read_some(self, buffer: memoryview, offset: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._handle.fileno(), [buffer], offset)
        with self._lock:
            self._handle.seek(offset)
            return self._handle.readinto(buffer) or 0
