"""Streams that may be full or gone."""

from __future__ import annotations

import contextlib
import os
from typing import Any, TextIO

_LAST_STANDARD = 2


def fill_standard_streams() -> None:
    """Open what a daemon may have closed, so that no file or pipe of ours takes its number."""
    while (spare := os.open(os.devnull, os.O_RDWR)) <= _LAST_STANDARD:
        pass
    os.close(spare)


class ForgivingStream:
    """A stream for what is said beside the result: where it is full or gone, the words are dropped.

    The work and its result are worth more than the progress of it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
