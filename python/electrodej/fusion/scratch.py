"""Slabs kept between two passes: in memory while they are small, else in a file that goes with the run."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

_MOST_IN_MEMORY = 512 * 2**20


class Scratch:
    """Arrays by number, put once and got once or more.

    Parameters
    ----------
    nbytes
        How much is going to be kept.
    folder
        Where a file may lie. None: everything stays in memory.
    memory
        Bytes that the whole work may use; a quarter of it, up to 512 MiB, may be kept in memory.
    """

    def __init__(self, nbytes: int, folder: Path | None = None, *, memory: int = 4 * _MOST_IN_MEMORY) -> None:
        self._arrays: dict[int, NDArray[Any]] = {}
        self._places: dict[int, tuple[int, tuple[int, ...], np.dtype[Any]]] = {}
        self._file: IO[bytes] | None = None
        if folder is not None and nbytes > min(_MOST_IN_MEMORY, memory // 4):
            # Gone when it is closed, also where the process is killed.
            self._file = tempfile.TemporaryFile(dir=folder, prefix="electrodej-")  # noqa: SIM115 - closed below

    def put(self, number: int, array: NDArray[Any]) -> None:
        """Keep an array."""
        if self._file is None:
            self._arrays[number] = array
            return
        self._file.seek(0, 2)
        self._places[number] = (self._file.tell(), array.shape, array.dtype)
        self._file.write(np.ascontiguousarray(array).data)

    def get(self, number: int) -> NDArray[Any]:
        """Return an array that was put."""
        if self._file is None:
            return self._arrays[number]
        place, shape, dtype = self._places[number]
        self._file.seek(place)
        return np.fromfile(self._file, dtype, count=math.prod(shape)).reshape(shape)

    def close(self) -> None:
        """Let go of everything."""
        self._arrays.clear()
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
