"""The process that does the work of a command; see `electrodej.cli.guard`, which starts it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

_ENDED_WITH_GUARD = 137


def main() -> int:
    """Obey the words that come after the place of the book, and return the exit code."""
    _leave_signals_to_guard()
    from electrodej.unfinished import write_down

    book, sys.argv[1:] = Path(sys.argv[1]), sys.argv[2:]
    write_down(book)
    threading.Thread(
        target=_end_with_guard, args=(_guards_line(), book.parent), name="guard", daemon=True
    ).start()
    from electrodej.cli.program import obey

    return obey(sys.argv[1:])


def end_children() -> None:
    """Kill every process that this one has started, and what they have started."""
    import psutil

    for child in psutil.Process().children(recursive=True):
        try:
            child.kill()
        except psutil.Error:
            continue


def _leave_signals_to_guard() -> None:
    # A function, because what is ignored would be so in processes that are started from here, too.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda number, frame: None)  # noqa: ARG005 - the signal module's
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _guards_line() -> int:
    """Return the end of the pipe that the guard holds the other end of, and leave stdin empty."""
    line = os.dup(0)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return line


def _end_with_guard(line: int, folder: Path) -> None:
    """Wait for the guard's end; then remove what was begun and what is in its folder, and end at once."""
    while os.read(line, 1):
        pass
    import shutil

    from electrodej.unfinished import discard, unfinished

    end_children()
    discard(unfinished())
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(_ENDED_WITH_GUARD)


if __name__ == "__main__":
    sys.exit(main())
