"""Outputs that are whole or not there at all.

An output is written beside its target under a name of its own, flushed to the disk, and renamed when
it is complete. A run that fails, is interrupted or is killed therefore leaves the target as it was.
What a killed run left beside it is swept away the next time the same target is written.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from electrodej.errors import OutputError

_SUFFIX = ".partial"
_unfinished: set[Path] = set()

# By name, because not every system has every number.
_REASONS = {
    "ENOSPC": "the disk is full; free some room or choose another place with --out",
    "EDQUOT": "the disk quota is used up; free some room or choose another place with --out",
    "EACCES": "writing there is not allowed; choose another place with --out",
    "EPERM": "writing there is not allowed; choose another place with --out",
    "EROFS": "the disk is read-only; choose another place with --out",
    "EFBIG": "the file is too large for that disk's format; choose another place with --out",
    "ENAMETOOLONG": "the name is too long; choose a shorter one",
}


def check_target(target: str | os.PathLike[str], *, force: bool = False) -> Path:
    """Return ``target`` as a path if something may be written there.

    Called before the work starts, so that nobody waits an hour to be told that the output exists.

    Raises
    ------
    OutputError
        The target exists and ``force`` is not given, or its folder is missing or not writable.
    """
    path = Path(target)
    if path.exists() and not force:
        raise OutputError(f"{path} exists already; give --force to replace it")
    if path.is_symlink() and not path.exists():
        raise OutputError(
            f"{path} is a link to something that is not there; remove it or choose another name"
        )
    folder = path.absolute().parent
    if not folder.is_dir():
        raise OutputError(f"{path}: the folder {folder} does not exist; create it first")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{path}: the folder {folder} is not writable; choose another with --out")
    return path


@contextlib.contextmanager
def whole_file(target: str | os.PathLike[str], *, force: bool = False) -> Iterator[Path]:
    """Yield a path to write to; it becomes ``target`` when the block ends without an error."""
    path = check_target(target, force=force)
    if path.is_dir():
        raise OutputError(f"{path} is a folder, and a file is to be written; choose another name")
    with _beside(path) as part:
        yield part
        _flush_to_disk(part)
        _move(part, path, force=force)


@contextlib.contextmanager
def whole_directory(
    target: str | os.PathLike[str], *, ours: Callable[[Path], bool], force: bool = False
) -> Iterator[Path]:
    """Yield an empty folder to fill; it becomes ``target`` when the block ends without an error.

    ``force`` replaces an existing folder only where ``ours`` says that it is of the kind written here,
    so that a slip of the hand never deletes somebody's folder. An empty folder is as good as none.
    """
    empty = _is_empty_folder(Path(target))
    path = check_target(target, force=force or empty)
    if path.exists() and not (empty or (path.is_dir() and ours(path))):
        raise OutputError(f"{path} is something else than what is to be written; choose another name")
    with _beside(path) as part:
        part.mkdir()
        yield part
        if path.exists():
            former = _part_name(path)
            _unfinished.add(former)
            _move(path, former, force=True)
            try:
                _move(part, path, force=True)
            except BaseException:
                _move(former, path, force=True)
                raise
            _remove(former)
            _unfinished.discard(former)
        else:
            _move(part, path, force=force)


def discard_unfinished() -> None:
    """Remove what open `whole_file` and `whole_directory` blocks have written so far.

    For a program that is about to end without unwinding them.
    """
    for part in list(_unfinished):
        _remove(part)
        _unfinished.discard(part)


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    _sweep(path)
    part = _part_name(path)
    _unfinished.add(part)
    try:
        yield part
    except OSError as error:
        raise _as_output_error(error, path) from error
    finally:
        _remove(part)
        _unfinished.discard(part)


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _part_name(path: Path) -> Path:
    # Ends like the target, because writers choose the format by the suffix.
    mark = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    return path.with_name(f".{path.stem}.{mark}{_SUFFIX}{path.suffix}")


def _sweep(path: Path) -> None:
    """Remove what earlier runs on this machine left of ``path`` and no longer work on."""
    import psutil

    start = f".{path.stem}.{socket.gethostname()}-"
    end = f"{_SUFFIX}{path.suffix}"
    for entry in path.absolute().parent.iterdir():
        if not (entry.name.startswith(start) and entry.name.endswith(end)):
            continue
        process = entry.name.removeprefix(start).split("-", 1)[0]
        if process.isdigit() and not psutil.pid_exists(int(process)):
            _remove(entry)


def _flush_to_disk(path: Path) -> None:
    with path.open("rb+") as handle:
        os.fsync(handle.fileno())


def _move(source: Path, target: Path, *, force: bool) -> None:
    if not force and target.exists():
        raise OutputError(f"{target} was written by something else meanwhile; it is left as it is")
    try:
        source.replace(target)
    except PermissionError as error:
        raise OutputError(
            f"{target} cannot be replaced; close the program that has it open, or choose another name"
        ) from error


def _remove(path: Path) -> None:
    # A file that is still open cannot be removed on Windows; the next run sweeps it.
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _as_output_error(error: OSError, target: Path) -> OutputError:
    name = errno.errorcode.get(error.errno or 0, "")
    reason = _REASONS.get(name, f"writing failed ({error})")
    return OutputError(f"{target}: {reason}")
