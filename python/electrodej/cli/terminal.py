"""Progress on stderr: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

from electrodej.progress import Progress, silent

if TYPE_CHECKING:
    from tqdm import tqdm

_SECONDS_BETWEEN_LINES = 5.0


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


def make_progress(*, quiet: bool, stream: TextIO | None = None) -> Progress:
    """Return the progress that suits ``stream`` (stderr by default)."""
    stream = stream if stream is not None else sys.stderr
    if quiet:
        return silent
    return BarProgress(stream) if stream.isatty() else LineProgress(stream)


class BarProgress:
    """One bar for each stage, redrawn in place."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stage: str | None = None
        self._bar: tqdm[Any] | None = None

    def __call__(self, done: float, total: float, stage: str) -> None:
        from tqdm import tqdm

        if stage != self._stage or self._bar is None:
            self.close()
            self._stage = stage
            self._bar = tqdm(
                total=100,
                desc=stage,
                file=self._stream,
                dynamic_ncols=True,
                bar_format="{desc:<24} {percentage:3.0f} % |{bar}| {elapsed}, {remaining} left",
            )
        self._bar.n = _percent(done, total)
        self._bar.refresh() if done >= total else self._bar.update(0)
        if done >= total:
            self.close()

    def close(self) -> None:
        """Leave the bar as it stands and go to the next line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
            self._stage = None


class LineProgress:
    """A line at the start and the end of each stage, and one every few seconds between them."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stage: str | None = None
        self._start = 0.0
        self._last = 0.0

    def __call__(self, done: float, total: float, stage: str) -> None:
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._start, self._last = stage, now, now
            if done < total:
                self._write(f"{stage} ...")
                return
        if done >= total:
            self._write(f"{stage}: done in {now - self._start:.1f} s")
            self._stage = None
        elif now - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = now
            elapsed = now - self._start
            left = f", about {elapsed * (total - done) / done:.0f} s left" if done > 0 else ""
            self._write(f"{stage}: {_percent(done, total):.0f} % after {elapsed:.0f} s{left}")

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


def _percent(done: float, total: float) -> float:
    return 100.0 * min(done / total, 1.0) if total > 0 else 100.0
