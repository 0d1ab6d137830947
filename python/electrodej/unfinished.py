"""What a piece of work has begun and not finished, so that it can be tidied up when it is stopped.

It is known in this process, and where another one does the tidying (`write_down`), in a file, too: the book.
Nothing but Python is needed here, so that a stop waits for no library.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

_BEGUN, _ENDED, _RESUMABLE, _ANSWERED = "begun", "ended", "resumable", "answered"
_ASIDE, _SETTLED = "aside", "settled"
REAL_TEMPORARY = "ELECTRODEJ_TEMPORARY"  # the variable that names the temporary folder of all programs


@dataclass
class Unfinished:
    """What is there at one moment.

    Attributes
    ----------
    parts
        Hidden files and folders that are written to, and are no outputs yet.
    folders
        Where parts were begun so far, finished or not.
    aside
        What is being replaced: where it is kept meanwhile, and where it belongs.
    resumable
        Folders in which a stop leaves what is finished, for the same command to go on from there.
    answered
        Whether the result was printed.
    """

    parts: set[Path] = field(default_factory=set)
    folders: set[Path] = field(default_factory=set)
    aside: dict[Path, Path] = field(default_factory=dict)
    resumable: set[Path] = field(default_factory=set)
    answered: bool = False

    def take(self, what: str, path: Path, target: Path | None = None) -> None:
        """Keep something that happened."""
        if what == _BEGUN:
            self.parts.add(path)
            self.folders.add(path.parent)
        elif what == _ENDED:
            self.parts.discard(path)
        elif what == _ASIDE and target is not None:
            self.aside[path] = target
            self.folders.add(path.parent)
        elif what == _SETTLED:
            self.aside.pop(path, None)
        elif what == _RESUMABLE:
            self.resumable.add(path)
        elif what == _ANSWERED:
            self.answered = True


_here = Unfinished()
_lock = threading.Lock()
_book: FileIO | None = None


def unfinished() -> Unfinished:
    """Return what is unfinished in this process."""
    return _here


def begin(part: Path) -> None:
    """Tell that something will be written to a part."""
    _take(_BEGUN, part.absolute())


def end(part: Path) -> None:
    """Tell that a part was moved to where it belongs, or removed."""
    _take(_ENDED, part.absolute())


def set_aside(former: Path, target: Path) -> None:
    """Tell that what is at ``target`` will be kept at ``former`` until its replacement is there."""
    _take(_ASIDE, former.absolute(), target.absolute())


def settle(former: Path) -> None:
    """Tell that what was set aside was put back, or removed."""
    _take(_SETTLED, former.absolute())


def keep_for_resume(folder: Path) -> None:
    """Tell that a stop leaves what is in this folder, and that the command can go on from there."""
    _take(_RESUMABLE, folder.absolute())


def answer() -> None:
    """Tell that the result is being printed."""
    _take(_ANSWERED, Path())


def discard(left: Unfinished) -> None:
    """Remove the parts that did not become outputs, and put back what was not replaced any more."""
    for part in list(left.parts):
        remove(part)
    for former, target in list(left.aside.items()):
        with contextlib.suppress(OSError):
            if not os.path.lexists(target):
                former.replace(target)


def discard_replaced(left: Unfinished) -> None:
    """Remove what was replaced. Nothing may work on it any more: its replacement could be taken back."""
    for former, target in list(left.aside.items()):
        if os.path.lexists(target):
            remove(former)


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there and can be; the next run sweeps what is still open."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def kept(left: Unfinished) -> list[Path]:
    """Return the folders in which a stop leaves something to go on from, but those within others."""
    full = {folder for folder in left.resumable if has_something_finished(folder)}
    return sorted(folder for folder in full if not full.intersection(folder.parents))


def has_something_finished(folder: Path) -> bool:
    """Whether there is more than the note of what the folder is for."""
    files = folder.rglob("*") if folder.is_dir() else ()
    return any(file.is_file() and file.suffix != ".json" and file.name[0] != "." for file in files)


def write_down(book: Path) -> None:
    """From now on, also write to a file what happens, for `read_book` in another process."""
    global _book
    _book = book.open("ab", buffering=0)


def close_book() -> None:
    """Write no more to it: Windows removes no file that is open."""
    global _book
    with _lock:
        if _book is not None:
            _book.close()
        _book = None


def read_book(book: Path) -> Unfinished:
    """Return what was unfinished when the process that wrote this file was ended."""
    found = Unfinished()
    try:
        lines = book.read_bytes().splitlines()
    except OSError:
        return found
    for line in lines:
        try:
            what, *paths = json.loads(line)
            found.take(what, *map(Path, paths))
        except (ValueError, TypeError):  # it was ended in the middle of a line
            continue
    return found


def _take(what: str, *paths: Path) -> None:
    with _lock:
        _here.take(what, *paths)
        if _book is not None:
            try:
                _book.write(json.dumps([what, *map(os.fspath, paths)]).encode() + b"\n")
            except OSError:  # a full disk costs the tidying after a stop, and not the work
                return
