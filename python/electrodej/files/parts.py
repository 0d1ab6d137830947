"""The hidden parts that outputs are written to first, beside their targets.

A part is named ``.NAME.HOST-PROCESS-MARK.partial.SUFFIX``: the next run that writes the same target can tell
what a killed one left.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

from electrodej.errors import OutputError
from electrodej.unfinished import begin, end, remove, set_aside, settle, unfinished

PARTIAL = ".partial"
FORMER = ".former"  # what is being replaced; put back if the replacement never came
_LONGEST_NAME = 255  # bytes, on nearly every disk
_staged: set[Path] = set()

# By name, because not every system has every number.
_REASONS = {
    "ENOSPC": "the disk is full; free some room or choose another place",
    "EDQUOT": "the disk quota is used up; free some room or choose another place",
    "EACCES": "writing there is not allowed; choose another place",
    "EPERM": "writing there is not allowed; choose another place",
    "EROFS": "the disk is read-only; choose another place",
    "EFBIG": "the file is too large for that disk's format; choose another place",
    "ENAMETOOLONG": "the name is too long; choose a shorter one",
}


@contextlib.contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Yield the name of a new part of ``path``; the part is removed after, unless it was moved."""
    part = part_name(path)
    begin(part)
    try:
        yield part
    except OSError as error:
        if _is_about_another(error, part):
            raise
        raise as_output_error(error, path, part) from error
    except OutputError as error:
        # An output inside a folder that is a part itself.
        if str(part) not in str(error):
            raise
        raise OutputError(_about_target(str(error), path, part), result=error.result) from error
    finally:
        if part not in _staged:
            drop(part)


def keep_staged(part: Path) -> None:
    """Leave a part where it is when the block that made it ends; `drop` ends that."""
    _staged.add(part)


def drop(part: Path) -> None:
    """Remove a part, if it was not moved, and forget it."""
    remove(part)
    end(part)
    _staged.discard(part)


@contextlib.contextmanager
def moved_aside(path: Path) -> Iterator[None]:
    """Move what is at ``path`` aside while the block replaces it; an error in the block brings it back."""
    former = part_name(path, FORMER)
    set_aside(former, path)
    try:
        move(path, former, force=True, named=path)
        try:
            yield
        except BaseException:
            _bring_back(former, path)
            raise
        remove(former)
    finally:
        settle(former)


def _bring_back(former: Path, path: Path) -> None:
    # What came instead is renamed before it is removed: a stop shall not find half of it there.
    failed = part_name(path)
    begin(failed)
    if os.path.lexists(path):
        move(path, failed, force=True, named=path)
    move(former, path, force=True)
    drop(failed)


def part_name(path: Path, kind: str = PARTIAL) -> Path:
    """Return a new hidden name beside ``path`` that ends like it: writers choose the format by the suffix."""
    mark = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    return path.with_name(f"{_start_of(path)}.{mark}{kind}{path.suffix}")


def is_part(path: Path) -> bool:
    """Whether a name is that of a part, of whatever target and run."""
    return bool(re.fullmatch(r"\..+-\d+-[0-9a-f]{8}" + re.escape(PARTIAL) + r"(\.[^.]*)?", path.name))


def sweep(path: Path) -> None:
    """Remove what earlier runs on this machine left of ``path`` and no longer work on.

    What a run had moved aside and could not replace any more is put back.
    """
    host = re.escape(socket.gethostname())
    pattern = re.compile(
        re.escape(_start_of(path))
        + rf"\.{host}-(\d+)-[0-9a-f]{{8}}({re.escape(PARTIAL)}|{re.escape(FORMER)})"
        + re.escape(path.suffix)
    )
    for entry in list(path.absolute().parent.iterdir()):
        match = pattern.fullmatch(entry.name)
        if match is None or _is_worked_on(entry, int(match[1])):
            continue
        if match[2] == FORMER and not path.exists():
            entry.replace(path)
        else:
            remove(entry)


def runs(process: int) -> bool:
    """Whether another process of this number is running; this one does not count."""
    import psutil

    try:
        return process != os.getpid() and bool(psutil.pid_exists(process))
    except OverflowError:  # a number that this system does not give
        return False


def flush_to_disk(path: Path) -> None:
    """Wait until a file is on the disk."""
    with path.open("rb+") as handle:
        os.fsync(handle.fileno())


def move(source: Path, target: Path, *, force: bool, named: Path | None = None) -> None:
    """Rename; where something was written meanwhile, only with ``force``. A message is about ``named``."""
    if not force and target.exists():
        raise OutputError(f"{target} was written by something else meanwhile; it is left as it is")
    try:
        source.replace(target)
    except PermissionError as error:
        name = named or target
        raise OutputError(
            f"{name} cannot be replaced; close the program that has it open, or choose another name"
        ) from error


def as_output_error(error: OSError, target: Path, part: Path | None = None) -> OutputError:
    """Return the error as a user should read it: of the target, whatever hidden name it was about."""
    name = errno.errorcode.get(error.errno or 0, "")
    text = str(error.strerror or error)
    if not name and "no space left" in text.lower():  # libraries keep the words and lose the number
        name = "ENOSPC"
    reason = _REASONS.get(name, f"writing failed ({text}); choose another place")
    return OutputError(_about_target(f"{target}: {reason}", target, part))


def _about_target(message: str, target: Path, part: Path | None) -> str:
    return message if part is None else message.replace(str(part), str(target))


def _start_of(path: Path) -> str:
    # The mark needs room, so a long name is cut; what is cut off is kept apart by the mark.
    mark = os.fsencode(f"..{socket.gethostname()}-4294967295-01234567{PARTIAL}{path.suffix}")
    stem = os.fsencode(path.stem)
    room = max(1, _LONGEST_NAME - len(mark))
    # Whole characters are cut off; a name that fits is kept as it is, also where it is no text.
    return "." + (path.stem if len(stem) <= room else stem[:room].decode(errors="ignore"))


def _is_about_another(error: OSError, part: Path) -> bool:
    """Tell an input that cannot be read, meanwhile, from an output that cannot be written."""
    if not isinstance(error.filename, str | os.PathLike):
        return False
    named = Path(error.filename).absolute()
    return part.absolute() != named and part.absolute() not in named.parents


def _is_worked_on(entry: Path, process: int) -> bool:
    if process == os.getpid():
        # In a container every run may have the same number.
        return entry.absolute() in unfinished().parts | unfinished().aside.keys()
    return runs(process)
