"""The process that a person starts and stops. The work is done by another one, its child.

Python hears a signal between two of its own steps, and a library may take seconds for one of them: reading
a damaged header, loading TensorFlow, compiling. So this process does nothing but wait. When it is stopped, it
ends the work at once wherever that is, removes what the work had begun, and says so. The same is done where
the system ended the work, for want of memory for one. Should this process be killed, the work ends, too
(`electrodej.cli.work`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from electrodej.unfinished import Unfinished

# Windows' waiting is not interrupted.
_PATIENCE = 0.1 if os.name == "nt" else None
# Ctrl-C, a request to end, a terminal that is closed. Not every system has each of them.
_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
]
_SECONDS_BEFORE_READY = 0.5
_QUICK = {"-h", "--help", "help", "-V", "--version"}
_BOOK = "unfinished"


class _Stopped(BaseException):
    """This process was told to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def guard() -> int:
    """Have the words of the shell obeyed and return the exit code."""
    words = sys.argv[1:]
    folder = None if not words or _QUICK.intersection((words[0], words[-1])) else _new_folder()
    if folder is None:
        from electrodej.cli.program import obey

        return obey(words)
    try:
        return _guarded(words, folder)
    finally:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)


def _new_folder() -> Path | None:
    """Make a folder for what the work needs for a time, so that nothing of it stays."""
    import tempfile

    try:
        return Path(tempfile.mkdtemp(prefix="electrodej-"))
    except OSError:
        return None


def _guarded(words: Sequence[str], folder: Path) -> int:
    book = folder / _BOOK
    process, ready = None, threading.Event()
    try:
        with _held():
            process = _start(words, book)
            _listen()
        ready = _get_ready()
        code = _wait(process)
    except _Stopped as stop:
        if process is not None:
            _end(process, ready)
        return _tell(128 + stop.number, book, words)
    if code < 0:
        return _tell(128 - code, book, words)
    return code


def _start(words: Sequence[str], book: Path) -> subprocess.Popen[bytes]:
    # A folder in which a person works may hold modules by chance, or by somebody's will: they are not taken.
    way = "-I" if sys.flags.isolated else "-P"
    return subprocess.Popen(
        [sys.executable, way, "-m", "electrodej.cli.work", str(book), *words],
        # It ends when this pipe does.
        stdin=subprocess.PIPE,
        env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(book.parent))},
        # There Ctrl-C goes to all processes of a group.
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


@contextlib.contextmanager
def _held() -> Iterator[None]:
    """Let signals wait, for this process and what it starts meanwhile, where the system can do that."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    former = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _listen() -> None:
    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is the signal module's
        # `timeout`, for one, sends two.
        for each in heard:
            signal.signal(each, signal.SIG_IGN)
        raise _Stopped(number)

    # What a person had ignored, as `nohup` does, stays so.
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heard:
        signal.signal(number, stop)


def _wait(process: subprocess.Popen[bytes]) -> int:
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(_PATIENCE)


def _end(process: subprocess.Popen[bytes], ready: threading.Event) -> None:
    if ready.is_set():
        from electrodej.cli.work import end_children

        end_children()
    process.kill()
    process.wait()


def _get_ready() -> threading.Event:
    """Load what ending needs while the work goes on; return what tells that it is there.

    Work that has just begun has started no other processes yet, and loading takes longer than ending it.
    """
    ready = threading.Event()

    def load() -> None:
        import json

        import psutil

        import electrodej.cli.work
        import electrodej.unfinished

        assert all((json, psutil, electrodej.cli.work, electrodej.unfinished))
        ready.set()

    timer = threading.Timer(_SECONDS_BEFORE_READY, load)
    timer.daemon = True
    timer.start()
    return ready


def _tell(code: int, book: Path, words: Sequence[str]) -> int:
    """Tidy up, say how it ended, and return the exit code."""
    import json

    from electrodej.unfinished import read_book

    left = read_book(book)
    message = f"{_reason(code)}; {_tidy(left)}"
    # Either stream may be closed or full.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        line = "\n" if sys.stderr.isatty() else ""
        sys.stderr.write(f"{line}electrodej: {message}\n")
        sys.stderr.flush()
    if "--json" in words and not left.answered:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stdout.write(json.dumps({"error": message}) + "\n")
            sys.stdout.flush()
    return code


def _reason(code: int) -> str:
    number = code - 128
    if number in _SIGNALS:
        return "stopped"
    if number == getattr(signal, "SIGKILL", None):
        return "ended by the system, most often for want of memory (give less of it with --memory)"
    with contextlib.suppress(ValueError):
        return f"internal error, a library was ended by {signal.Signals(number).name}; please report it"
    return f"internal error, a library was ended by signal {number}; please report it"


def _tidy(left: Unfinished) -> str:
    """Remove what was begun; return what was done."""
    from electrodej.unfinished import discard, kept

    if not left.folders:
        return "nothing was written yet"
    discard(left)
    for folder in left.folders:
        if any(folder.glob(".electrodej-*.set")):  # it was ended while outputs were being renamed
            from electrodej.files import undo_stopped

            undo_stopped(folder)
    done = "unfinished outputs were removed"
    if found := kept(left):
        places = " and ".join(map(str, found))
        done += f"; the same command with --resume goes on from what is finished in {places}"
    return done
