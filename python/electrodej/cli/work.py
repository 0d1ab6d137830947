"""The process that does the work of a command; see `electrodej.cli.guard`, which starts it."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import threading
from pathlib import Path

# In its environment: what shows that a guard started it, and the pipe's end that it is to listen to.
GUARDED = "ELECTRODEJ_GUARD"
BOOK = "unfinished"
FOLDER = "electrodej-run-"
_ENDED_WITH_GUARD = 137


def main() -> int:
    """Obey the words that come after the place of the book, and return the exit code.

    Only a guard starts this: with the folder of the book goes what is in it.
    """
    token, _, line = os.environ.pop(GUARDED, "").partition(" ")
    book = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()
    if not _is_the_guards(book, token):
        print("electrodej: this is started by electrodej itself; use electrodej", file=sys.stderr)  # noqa: T201
        return 2
    _leave_signals_to_guard()
    from electrodej.cli.streams import fill_standard_streams
    from electrodej.unfinished import write_down

    fill_standard_streams()
    sys.argv[1:] = sys.argv[2:]
    write_down(book)
    threading.Thread(
        target=_end_with_guard, args=(_guards_line(line), book.parent), name="guard", daemon=True
    ).start()
    from electrodej.cli.program import obey

    return obey(sys.argv[1:])


def _is_the_guards(book: Path, token: str) -> bool:
    from electrodej.unfinished import REAL_TEMPORARY

    folder = book.parent
    return (
        bool(token)
        and book.name == BOOK
        and folder.name.startswith(FOLDER)
        and folder.parent == Path(os.environ.get(REAL_TEMPORARY, ""))
        and book.is_file()
        and book.read_text(encoding="ascii", errors="replace") == f"{token}\n"
    )


def _leave_signals_to_guard() -> None:
    # A function, because what is ignored would be so in processes that are started from here, too.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda number, frame: None)  # noqa: ARG005 - the signal module's
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _guards_line(given: str) -> int:
    """Return the end of the pipe that the guard holds the other end of.

    Where a process cannot be given further pipes, it is its stdin, which is left empty.
    """
    if given:
        os.set_inheritable(int(given), False)
        return int(given)
    line = os.dup(0)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return line


def _end_with_guard(line: int, folder: Path) -> None:
    """Wait for the guard's end; then remove what was begun and what is in its folder, and end at once."""
    try:
        while os.read(line, 1):
            pass
        import shutil

        from electrodej.cli.processes import end_all, started_by
        from electrodej.unfinished import close_book, discard, unfinished

        end_all(started_by(os.getpid()))
        discard(unfinished())
        close_book()
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os._exit(_ENDED_WITH_GUARD)


def _take_this_package() -> None:
    """Have `electrodej` mean the package of this file, here and in what is started from here.

    It may be another one than that which is installed, or none may be.
    """
    package = Path(__file__).absolute().parent.parent
    found = importlib.util.find_spec("electrodej")
    if found is None or found.origin != str(package / "__init__.py"):
        sys.path.insert(0, str(package.parent))
        further = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(package.parent), further)))


if __name__ == "__main__":
    _take_this_package()
    sys.exit(main())
