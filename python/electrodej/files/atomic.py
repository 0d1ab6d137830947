"""Outputs that are whole or not there at all.

An output is written beside its target under a name of its own, flushed to the disk, and renamed when
it is complete. A run that fails, is interrupted or is killed therefore leaves the target as it was.
What a killed run left beside it is swept away the next time the same target is written.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from electrodej.files.parts import beside, flush_to_disk, move, moved_aside, sweep
from electrodej.files.sets import set_of
from electrodej.files.stopped import undo_stopped
from electrodej.files.targets import allowed, check_ours, is_empty_folder
from electrodej.vocabulary import PathLike


@contextlib.contextmanager
def whole_file(target: PathLike, *, force: bool = False) -> Iterator[Path]:
    """Yield a path to write to; it becomes ``target`` when the block ends without an error."""
    path = _prepare(target, force=force, file=True)
    with beside(path) as part:
        yield part
        flush_to_disk(part)
        one = set_of(Path(target))
        if one is not None:
            one.stage(Path(target), part, path, force=force)
        else:
            move(part, path, force=force)


@contextlib.contextmanager
def whole_directory(target: PathLike, *, ours: Callable[[Path], bool], force: bool = False) -> Iterator[Path]:
    """Yield an empty folder to fill; it becomes ``target`` when the block ends without an error.

    ``force`` replaces an existing folder only where ``ours`` says that it is of the kind written here,
    so that a slip of the hand never deletes somebody's folder. An empty folder is as good as none.
    """
    empty = is_empty_folder(Path(target))
    path = _prepare(target, force=force or empty)
    check_ours(path, ours)
    with beside(path) as part:
        part.mkdir()
        yield part
        one = set_of(Path(target))
        if one is not None:
            one.stage(Path(target), part, path, force=force or empty)
        elif path.exists():
            with moved_aside(path):
                move(part, path, force=True)
        else:
            move(part, path, force=force)


@contextlib.contextmanager
def scratch_folder(target: PathLike) -> Iterator[Path]:
    """Yield an empty folder beside ``target`` for what the work on it needs meanwhile; it is removed after.

    What a killed run leaves of it is swept when the same target is written again.
    """
    with beside(Path(target)) as part:
        part.mkdir()
        yield part


def _prepare(target: PathLike, *, force: bool, file: bool = False) -> Path:
    """Return where to write, swept of what earlier runs left there."""
    path = allowed(target, force=force, file=file)
    if path.is_symlink():
        # What the link leads to is replaced, and the link stays one.
        path = allowed(os.path.realpath(path), force=force, file=file)
    # A folder that may be written and not listed is not swept.
    with contextlib.suppress(OSError):
        undo_stopped(path.absolute().parent)
        sweep(path)
    # Sweeping may have put back what a killed run had moved aside.
    return allowed(path, force=force, file=file)
