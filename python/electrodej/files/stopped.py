"""The note that a set of outputs leaves while its parts are being renamed, and what it is good for.

Renaming several files takes a moment. A run that is killed in it leaves some outputs and not others. The note
``.electrodej-HOST-PROCESS-MARK.set`` in each folder lists what was to be renamed there; by it the next run
takes away what came of the set and puts back what was to be replaced.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from electrodej.files.parts import runs
from electrodej.unfinished import remove

_NAME = re.compile(r"\.electrodej-(?P<host>.+)-(?P<process>\d+)-[0-9a-f]{8}\.set")
_open: set[Path] = set()


@dataclass(frozen=True)
class Replacement:
    """One output of a set: its part, where it goes, and where what was there before is kept meanwhile."""

    part: Path
    target: Path
    former: Path


def note_set(replacements: Iterable[Replacement], main: Path) -> list[Path]:
    """Write the note of a set into every folder that its outputs go to, and return the notes."""
    every = list(replacements)
    mark = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    at_end = next((_print_of(each.part) for each in every if each.target == main), None)
    notes: list[Path] = []
    try:
        for folder in dict.fromkeys(each.target.parent for each in every):
            content = {
                "main": os.fspath(main),
                "print": at_end,
                "outputs": [
                    {
                        "part": each.part.name,
                        "target": each.target.name,
                        "former": each.former.name,
                        "print": _print_of(each.part),
                    }
                    for each in every
                    if each.target.parent == folder
                ],
            }
            note = folder / f".electrodej-{mark}.set"
            _open.add(note)
            notes.append(note)
            with note.open("w", encoding="utf-8", errors="surrogateescape") as handle:
                json.dump(content, handle)
                handle.flush()
                os.fsync(handle.fileno())
    except BaseException:
        forget(notes)
        raise
    return notes


def forget(notes: Iterable[Path]) -> None:
    """Remove the notes of a set that is complete, or was undone."""
    for note in notes:
        remove(note)
        _open.discard(note)


def undo_stopped(folder: Path) -> None:
    """Take away what killed runs on this machine left of sets of outputs in a folder.

    Only files are touched that are still as the run wrote them. A set whose main output is there is complete.
    """
    with contextlib.suppress(OSError):
        for entry in list(folder.iterdir()):
            found = _NAME.fullmatch(entry.name)
            if found and found["host"] == socket.gethostname() and not _is_open(entry, int(found["process"])):
                _undo(entry)


def _is_open(note: Path, process: int) -> bool:
    return (process == os.getpid() and note in _open) or runs(process)


def _undo(note: Path) -> None:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        content = json.loads(note.read_text(encoding="utf-8", errors="surrogateescape"))
        complete = content["print"] is not None and _print_of(Path(content["main"])) == content["print"]
        for output in content["outputs"]:
            part, target, former = (note.parent / _plain(output[key]) for key in ("part", "target", "former"))
            remove(part)
            if complete:
                remove(former)
                continue
            if _print_of(target) == output["print"]:
                remove(target)
            if former.exists() and not target.exists():
                former.replace(target)
    remove(note)


def _plain(name: Any) -> str:
    """Let no note name a file outside its folder."""
    if not isinstance(name, str) or name in ("", ".", "..") or Path(name).name != name:
        raise ValueError(name)
    return name


def _print_of(path: Path) -> list[int] | None:
    """Return what tells a file from another one that was written later: its size and time."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return [0 if path.is_dir() else stat.st_size, stat.st_mtime_ns]
