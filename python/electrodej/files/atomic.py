"""Outputs that are whole or not there at all.

An output is written beside its target under a name of its own, flushed to the disk, and renamed when
it is complete. A run that fails, is interrupted or is killed therefore leaves the target as it was.
What a killed run left beside it is swept away the next time the same target is written.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import socket
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from electrodej.errors import OutputError

_SUFFIX = ".partial"
_FORMER = ".former"  # a folder that is being replaced; put back if the replacement never came
_LONGEST_NAME = 255  # bytes, on nearly every disk
_ONLY_SUFFIX = re.compile(r"(\.ome)?\.[^.]+")
_unfinished: set[Path] = set()
_aside: set[Path] = set()
_resumable: set[Path] = set()

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


def paths_of(inputs: Iterable[Any]) -> list[Path]:
    """Return the paths of those inputs that lie in files: paths as they are, and open volumes'."""
    places = (each if isinstance(each, str | os.PathLike) else getattr(each, "path", None) for each in inputs)
    return [Path(place) for place in places if place is not None]


def check_target(
    target: str | os.PathLike[str],
    *,
    force: bool = False,
    inputs: Iterable[Any] = (),
    file: bool = False,
) -> Path:
    """Return ``target`` as a path if something may be written there.

    Called before the work starts, so that nobody waits an hour to be told that the output exists. What the
    work reads, ``inputs``, is never replaced, not with ``force`` either. A ``file`` never replaces a folder.

    Raises
    ------
    OutputError
        The target exists and ``force`` is not given, its name is nothing but a suffix, or its folder is
        missing or not writable.
    """
    path = _check(target, force=force, inputs=inputs, file=file)
    _try_writing(path)
    return path


def check_folder_target(
    target: str | os.PathLike[str],
    *,
    ours: Callable[[Path], bool],
    force: bool = False,
    inputs: Iterable[Any] = (),
) -> Path:
    """Return ``target`` as a path if `whole_directory` may put a folder there; see `check_target`."""
    empty = _is_empty_folder(Path(target))
    path = check_target(target, force=force or empty, inputs=inputs)
    _check_ours(path, ours)
    return path


def check_files_in(
    folder: str | os.PathLike[str],
    names: Iterable[str],
    *,
    force: bool = False,
    inputs: Iterable[Any] = (),
) -> Path:
    """Return ``folder`` as a path if files of these names may be written there, once it is made."""
    path, read = Path(folder), list(inputs)
    if path.is_dir():
        for name in names:
            check_target(path / name, force=force, inputs=read, file=True)
        return path
    if os.path.lexists(path):
        raise OutputError(f"{path} is no folder, and files are to go into it; choose another name")
    missing = [place for place in (path, *path.parents) if not place.exists()]
    try:
        path.mkdir(parents=True)
    except OSError as error:
        raise _as_output_error(error, path) from error
    finally:
        for place in missing:
            with contextlib.suppress(OSError):
                place.rmdir()
    return path


def _check(
    target: str | os.PathLike[str],
    *,
    force: bool,
    inputs: Iterable[Any] = (),
    file: bool = False,
) -> Path:
    path = Path(target)
    if _ONLY_SUFFIX.fullmatch(path.name):
        raise OutputError(f"{path} is only a suffix; put a name before the dot")
    try:
        exists = path.exists()
    except OSError as error:
        raise _as_output_error(error, path) from error
    if file and path.is_dir():
        raise OutputError(f"{path} is a folder, and a file is to be written; choose another name")
    if exists and not force:
        raise OutputError(f"{path} exists already; give --force to replace it")
    if any(_would_lose(path, place) for place in paths_of(inputs)):
        raise OutputError(f"{path} is what is read and would be lost; choose another name for the output")
    if path.is_symlink() and not path.exists():
        raise OutputError(
            f"{path} is a link to something that is not there; remove it or choose another name"
        )
    folder = path.absolute().parent
    if not folder.is_dir():
        raise OutputError(f"{path}: the folder {folder} does not exist; create it first")
    return path


def _try_writing(path: Path) -> None:
    """Make and remove what `whole_file` would begin with: permissions alone do not tell on every system."""
    with _beside(path) as part:
        part.touch(exist_ok=False)


def _check_ours(path: Path, ours: Callable[[Path], bool]) -> None:
    if path.exists() and not (_is_empty_folder(path) or (path.is_dir() and ours(path))):
        raise OutputError(f"{path} is something else than what is to be written; choose another name")


def _would_lose(target: Path, source: Path) -> bool:
    """Whether writing ``target`` replaces ``source``, or a folder that it lies in."""
    if not (target.exists() and source.exists()):
        return False
    return target.samefile(source) or target.resolve() in source.resolve().parents


@contextlib.contextmanager
def whole_file(target: str | os.PathLike[str], *, force: bool = False) -> Iterator[Path]:
    """Yield a path to write to; it becomes ``target`` when the block ends without an error."""
    path = _prepare(target, force=force, file=True)
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
    path = _prepare(target, force=force or empty)
    _check_ours(path, ours)
    with _beside(path) as part:
        part.mkdir()
        yield part
        if path.exists():
            former = _part_name(path, _FORMER)
            _aside.add(former)
            try:
                _move(path, former, force=True)
                try:
                    _move(part, path, force=True)
                except BaseException:
                    _move(former, path, force=True)
                    raise
            finally:
                _aside.discard(former)
            _remove(former)
        else:
            _move(part, path, force=force)


@contextlib.contextmanager
def scratch_folder(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield an empty folder beside ``target`` for what the work on it needs meanwhile; it is removed after.

    What a killed run leaves of it is swept when the same target is written again.
    """
    with _beside(Path(target)) as part:
        part.mkdir()
        yield part


def discard_unfinished() -> None:
    """Remove what open `whole_file` and `whole_directory` blocks have written so far.

    For a program that is about to end without unwinding them.
    """
    for part in list(_unfinished):
        _remove(part)
        _unfinished.discard(part)


def keep_for_resume(folder: Path) -> None:
    """Note that a stop leaves what is in this folder, and that the command can go on from there."""
    _resumable.add(folder.absolute())


def kept_for_resume() -> list[Path]:
    """Return the folders in which a stop now leaves something finished, but those within others."""
    full = {folder for folder in _resumable if has_something_finished(folder)}
    return sorted(folder for folder in full if not full.intersection(folder.parents))


def has_something_finished(folder: Path) -> bool:
    """Whether there is more than the note of what the folder is for."""
    files = folder.rglob("*") if folder.is_dir() else ()
    return any(file.is_file() and file.suffix != ".json" and file.name[0] != "." for file in files)


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    part = _part_name(path)
    _unfinished.add(part)
    try:
        yield part
    except OSError as error:
        if _is_about_another(error, part):
            raise
        raise _as_output_error(error, path) from error
    finally:
        _remove(part)
        _unfinished.discard(part)


def _is_empty_folder(path: Path) -> bool:
    try:
        return path.is_dir() and not any(path.iterdir())
    except OSError:
        return False


def _is_about_another(error: OSError, part: Path) -> bool:
    """Tell an input that cannot be read, meanwhile, from an output that cannot be written."""
    if not isinstance(error.filename, str | os.PathLike):
        return False
    named = Path(error.filename).absolute()
    return part.absolute() != named and part.absolute() not in named.parents


def _prepare(target: str | os.PathLike[str], *, force: bool, file: bool = False) -> Path:
    """Return where to write, swept of what earlier runs left there."""
    path = _check(target, force=force, file=file)
    if path.is_symlink():
        # What the link leads to is replaced, and the link stays one.
        path = _check(os.path.realpath(path), force=force, file=file)
    # A folder that may be written and not listed is not swept.
    with contextlib.suppress(OSError):
        _sweep(path)
    # Sweeping may have put back what a killed run had moved aside.
    return _check(path, force=force, file=file)


def _part_name(path: Path, kind: str = _SUFFIX) -> Path:
    # Ends like the target, because writers choose the format by the suffix.
    mark = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    return path.with_name(f"{_start_of(path)}.{mark}{kind}{path.suffix}")


def _start_of(path: Path) -> str:
    # The mark needs room, so a long name is cut; what is cut off is kept apart by the mark.
    mark = os.fsencode(f"..{socket.gethostname()}-4294967295-01234567{_SUFFIX}{path.suffix}")
    stem = os.fsencode(path.stem)
    room = max(1, _LONGEST_NAME - len(mark))
    # Whole characters are cut off; a name that fits is kept as it is, also where it is no text.
    return "." + (path.stem if len(stem) <= room else stem[:room].decode(errors="ignore"))


def _sweep(path: Path) -> None:
    """Remove what earlier runs on this machine left of ``path`` and no longer work on.

    A folder that a run had moved aside and could not replace any more is put back.
    """
    host = re.escape(socket.gethostname())
    pattern = re.compile(
        re.escape(_start_of(path))
        + rf"\.{host}-(\d+)-[0-9a-f]{{8}}({re.escape(_SUFFIX)}|{re.escape(_FORMER)})"
        + re.escape(path.suffix)
    )
    for entry in list(path.absolute().parent.iterdir()):
        match = pattern.fullmatch(entry.name)
        if match is None or _is_worked_on(entry, int(match[1])):
            continue
        if match[2] == _FORMER and not path.exists():
            entry.replace(path)
        else:
            _remove(entry)


def _is_worked_on(entry: Path, process: int) -> bool:
    import psutil

    if process == os.getpid():
        # In a container every run may have the same number.
        return entry.absolute() in {part.absolute() for part in _unfinished | _aside}
    return bool(psutil.pid_exists(process))


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
    # The system's words without the name of the part, which means nothing to a user.
    reason = _REASONS.get(name, f"writing failed ({error.strerror or error}); choose another place")
    return OutputError(f"{target}: {reason}")
