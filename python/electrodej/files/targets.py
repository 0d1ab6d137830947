"""Whether outputs may be written where they are asked for, told before the work starts."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from electrodej.errors import OutputError
from electrodej.files.parts import as_output_error, beside
from electrodej.files.stopped import undo_stopped
from electrodej.vocabulary import PathLike

_ONLY_SUFFIX = re.compile(r"(\.ome)?\.[^.]+")


def paths_of(inputs: Iterable[Any]) -> list[Path]:
    """Return the paths of those inputs that lie in files: paths as they are, and open volumes'."""
    places = (each if isinstance(each, str | os.PathLike) else getattr(each, "path", None) for each in inputs)
    return [Path(place) for place in places if place is not None]


def check_target(
    target: PathLike, *, force: bool = False, inputs: Iterable[Any] = (), file: bool = False
) -> Path:
    """Return ``target`` as a path if something may be written there.

    Called before the work starts, so that nobody waits an hour to be told that the output exists. What the
    work reads, ``inputs``, is never replaced, not with ``force`` either. A ``file`` never replaces a folder.
    What a killed run left of a set of outputs (`whole_set`) is taken away here.

    Raises
    ------
    OutputError
        The target exists and ``force`` is not given, its name is nothing but a suffix, or its folder is
        missing or not writable.
    """
    path = allowed(target, force=force, inputs=inputs, file=file)
    # Made and removed as `whole_file` would begin: permissions alone do not tell on every system.
    with beside(path) as part:
        part.touch(exist_ok=False)
    return path


def check_folder_target(
    target: PathLike,
    *,
    ours: Callable[[Path], bool],
    force: bool = False,
    inputs: Iterable[Any] = (),
) -> Path:
    """Return ``target`` as a path if `whole_directory` may put a folder there; see `check_target`."""
    empty = is_empty_folder(Path(target))
    path = check_target(target, force=force or empty, inputs=inputs)
    check_ours(path, ours)
    return path


def check_files_in(
    folder: PathLike,
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
        raise as_output_error(error, path) from error
    finally:
        for place in missing:
            with contextlib.suppress(OSError):
                place.rmdir()
    return path


def allowed(target: PathLike, *, force: bool, inputs: Iterable[Any] = (), file: bool = False) -> Path:
    """Return ``target`` as a path if its name and what is there allow it; nothing is tried."""
    path = Path(target)
    if _ONLY_SUFFIX.fullmatch(path.name):
        raise OutputError(f"{path} is only a suffix; put a name before the dot")
    try:
        exists = path.exists()
    except OSError as error:
        raise as_output_error(error, path) from error
    if exists:
        undo_stopped(path.absolute().parent)
        exists = path.exists()
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


def check_ours(path: Path, ours: Callable[[Path], bool]) -> None:
    """Refuse to replace something that is neither empty nor of the kind written here."""
    if path.exists() and not (is_empty_folder(path) or (path.is_dir() and ours(path))):
        raise OutputError(f"{path} is something else than what is to be written; choose another name")


def is_empty_folder(path: Path) -> bool:
    """Whether it is a folder with nothing in it."""
    try:
        return path.is_dir() and not any(path.iterdir())
    except OSError:
        return False


def _would_lose(target: Path, source: Path) -> bool:
    """Whether writing ``target`` replaces ``source``, or a folder that it lies in."""
    if not (target.exists() and source.exists()):
        return False
    return target.samefile(source) or target.resolve() in source.resolve().parents
