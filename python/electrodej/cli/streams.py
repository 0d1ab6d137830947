"""Streams that may be full or gone."""

from __future__ import annotations

import contextlib
from typing import Any, TextIO


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
