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
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from electrodej.cli import work

if TYPE_CHECKING:
    from electrodej.unfinished import Unfinished

# Windows' waiting is not interrupted.
_PATIENCE = 0.1 if os.name == "nt" else None
# The Python of a virtual environment is a small program there, and the work is the child of that one.
_BEHIND_A_LAUNCHER = os.name == "nt"
# Ctrl-C, a request to end, a terminal that is closed. Not every system has each of them.
_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
]
_SECONDS_BEFORE_READY = 0.5
_QUICK = {"-h", "--help", "help", "-V", "--version"}
# What Windows returns for a process that Ctrl-C or the closing of its window has ended.
_WINDOWS_STOPPED = 0xC000013A
_LARGEST_CODE = 255


class _Stopped(BaseException):
    """This process was told to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def guard() -> int:
    """Have the words of the shell obeyed and return the exit code."""
    words = sys.argv[1:]
    code, folder = None, _new_folder() if _needs_another_process(words) else None
    if folder is not None:
        try:
            code = _guarded(words, folder)
        finally:
            import shutil

            shutil.rmtree(folder, ignore_errors=True)
    if code is not None:
        return code
    from electrodej.cli.program import obey

    return obey(words)


def _needs_another_process(words: Sequence[str]) -> bool:
    if not words or words[0] in _QUICK or words[-1] in ("-h", "--help"):
        return False
    # A program that holds its own Python cannot be asked to run a file: it would start itself again.
    return bool(sys.executable) and not getattr(sys, "frozen", False) and work.GUARDED not in os.environ


def _new_folder() -> Path | None:
    """Make a folder for what the work needs for a time, so that nothing of it stays."""
    import tempfile

    try:
        return Path(tempfile.mkdtemp(prefix=f"{work.FOLDER}{socket.gethostname()}-{os.getpid()}-"))
    except OSError:
        return None


def _guarded(words: Sequence[str], folder: Path) -> int | None:
    """Have the words obeyed in another process; return None where none can be started."""
    process, ready = None, threading.Event()
    try:
        with _held():
            try:
                process = _start(words, folder)
            except OSError:
                return None
            _listen()
        ready = _get_ready(folder)
        code = _wait(process)
        _listen_no_more()
    except _Stopped as stop:
        if process is not None:
            _end(process, ready)
        return _tell(128 + stop.number, "stopped", folder, words)
    if 0 <= code <= _LARGEST_CODE:
        return code
    from electrodej.cli.processes import end_all, with_temporary

    end_all(with_temporary(folder))
    return _tell(*_how_it_ended(code, words), folder, words)


def _start(words: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    from electrodej.cli.streams import fill_standard_streams
    from electrodej.unfinished import REAL_TEMPORARY

    book, token = folder / work.BOOK, os.urandom(16).hex()
    book.write_text(f"{token}\n", encoding="ascii", newline="\n")
    command = [sys.executable, *_interpreter_flags(), str(Path(work.__file__).absolute()), str(book), *words]
    environment = {
        **os.environ,
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)),
        REAL_TEMPORARY: str(folder.parent),
        work.GUARDED: token,
    }
    # The work ends when the pipe does that this process holds an end of.
    if os.name == "nt":
        # There Ctrl-C goes to all processes of a group.
        group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, creationflags=group)
    fill_standard_streams()
    theirs, ours = os.pipe()
    os.set_inheritable(theirs, True)
    environment[work.GUARDED] = f"{token} {theirs}"
    try:
        # What a shell has opened for the command, as with <(...), goes on to the work.
        return subprocess.Popen(command, env=environment, close_fds=False)
    except OSError:
        os.close(ours)
        raise
    finally:
        os.close(theirs)


def _interpreter_flags() -> list[str]:
    """Return the options of Python that this process was started with, and none of its own folder."""
    flags: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined] # not in typeshed
    if getattr(sys.stdout, "write_through", False):
        flags.append("-u")
    # A folder in which a person works may hold modules by chance, or by somebody's will: they are not taken.
    return flags if sys.flags.isolated or sys.flags.safe_path else [*flags, "-P"]


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
        _listen_no_more()  # `timeout`, for one, sends two
        raise _Stopped(number)

    # What a person had ignored, as `nohup` does, stays so.
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heard:
        signal.signal(number, stop)


def _listen_no_more() -> None:
    """Let nothing disturb the tidying: what could be stopped has ended."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _wait(process: subprocess.Popen[bytes]) -> int:
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(_PATIENCE)


def _end(process: subprocess.Popen[bytes], ready: threading.Event) -> None:
    children = []
    if ready.is_set() or _BEHIND_A_LAUNCHER:
        from electrodej.cli.processes import end_all, started_by

        children = started_by(process.pid)
    process.kill()
    process.wait()
    if children:
        end_all(children)


def _get_ready(folder: Path) -> threading.Event:
    """Load what ending needs while the work goes on; return what tells that it is there.

    Work that has just begun has started no other processes yet, and loading takes longer than ending it.
    """
    ready = threading.Event()

    def load() -> None:
        import json

        import electrodej.cli.processes
        import electrodej.unfinished

        assert all((json, electrodej.cli.processes, electrodej.unfinished))
        ready.set()
        _sweep(folder)

    timer = threading.Timer(_SECONDS_BEFORE_READY, load)
    timer.daemon = True
    timer.start()
    return ready


def _sweep(own: Path) -> None:
    """Remove the folders of guards on this machine that were killed together with their work."""
    import shutil

    import psutil

    pattern = re.compile(re.escape(f"{work.FOLDER}{socket.gethostname()}-") + r"(\d+)-[^-]+")
    with contextlib.suppress(OSError, OverflowError):
        for folder in list(own.parent.iterdir()):
            found = pattern.fullmatch(folder.name)
            if found and not psutil.pid_exists(int(found[1])):
                shutil.rmtree(folder, ignore_errors=True)


def _tell(code: int, reason: str, folder: Path, words: Sequence[str]) -> int:
    """Tidy up, say how it ended, and return the exit code."""
    import json

    from electrodej.unfinished import read_book

    left = read_book(folder / work.BOOK)
    message = f"{reason}; {_tidy(left)}"
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


def _how_it_ended(code: int, words: Sequence[str]) -> tuple[int, str]:
    """Return the exit code and the reason for work that did not end by itself."""
    if code == _WINDOWS_STOPPED:
        return 128 + signal.SIGINT, "stopped"
    if code > 0:  # a number of Windows, larger than a shell's or `sys.exit` takes
        return 1, f"internal error, a library crashed ({code:#010x}); please report it"
    number = -code
    if number in _SIGNALS:
        return 128 + number, "stopped"
    if number == getattr(signal, "SIGKILL", None):
        advice = " (give less of it with --memory)" if _takes_memory(words) else ""
        return 128 + number, f"ended by the system, most often for want of memory{advice}"
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return 128 + number, f"internal error, a library was ended by {name}; please report it"


def _takes_memory(words: Sequence[str]) -> bool:
    from electrodej import verbs

    for name in (" ".join(words[:2]), words[0]):
        with contextlib.suppress(KeyError):
            return "memory" in verbs.find(name).takes
    return False


def _tidy(left: Unfinished) -> str:
    """Remove what was begun; return what was done."""
    from electrodej.unfinished import discard, discard_replaced, kept

    if not left.folders and not left.resumable:
        return "nothing was written yet"
    for folder in left.folders:
        if any(folder.glob(".electrodej-*.set")):  # it was ended while outputs were being renamed
            from electrodej.files import undo_stopped

            undo_stopped(folder)
    discard(left)
    discard_replaced(left)
    done = "unfinished outputs were removed"
    if found := kept(left):
        places = " and ".join(map(str, found))
        done += f"; the same command with --resume goes on from what is finished in {places}"
    return done
