"""Outputs that belong together land together: all are staged, then renamed, the main one last."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from electrodej.files.parts import FORMER, drop, keep_staged, move, part_name
from electrodej.files.stopped import Replacement, forget, note_set
from electrodej.unfinished import remove, set_aside, settle
from electrodej.vocabulary import PathLike

_sets: list[WholeSet] = []


@dataclass(frozen=True)
class _Staged:
    part: Path
    path: Path
    force: bool


class WholeSet:
    """The outputs of one piece of work, see `whole_set`."""

    def __init__(self, main: Path, targets: Iterable[Path], *, force: bool) -> None:
        self.main = _place(main)
        self._targets = {self.main, *map(_place, targets)}
        self._force = force
        self._staged: dict[Path, _Staged] = {}
        self._lock = threading.Lock()

    def add(self, *targets: PathLike) -> None:
        """Name further outputs that belong to the set."""
        self._targets |= {_place(Path(target)) for target in targets}

    def staged(self, target: PathLike) -> Path:
        """Return where an output lies now: its part, if it is written, else its own name."""
        found = self._staged.get(_place(Path(target)))
        return Path(target) if found is None else found.part

    def has(self, target: Path) -> bool:
        """Whether an output belongs to the set."""
        return _place(target) in self._targets

    def stage(self, target: Path, part: Path, path: Path, *, force: bool) -> None:
        """Take the finished part of ``target``, to become ``path``, where a link may have led.

        A second part of the same target takes the place of the first.
        """
        keep_staged(part)
        with self._lock:
            former = self._staged.pop(_place(target), None)
            self._staged[_place(target)] = _Staged(part, path.absolute(), force or self._force)
        if former is not None:
            drop(former.part)

    def land(self) -> None:
        """Rename every part, the main one last; where one cannot be, all is as it was before."""
        order = sorted(self._staged, key=lambda target: target == self.main)
        staged = [self._staged[target] for target in order]
        if len(staged) == 1 and not staged[0].path.is_dir():
            move(staged[0].part, staged[0].path, force=staged[0].force)
            return
        every = [Replacement(one.part, one.path, part_name(one.path, FORMER)) for one in staged]
        main = self._staged[self.main].path if self.main in self._staged else self.main
        notes: list[Path] = []
        try:
            notes = note_set(every, main)
            for one, each in zip(staged, every, strict=True):
                if one.force and each.target.exists():
                    set_aside(each.former, each.target)
                    move(each.target, each.former, force=True, named=each.target)
                move(each.part, each.target, force=one.force)
        except BaseException:
            for each in reversed(every):
                _undo(each)
                settle(each.former)
            raise
        finally:
            forget(notes)
        for each in every:
            remove(each.former)
            settle(each.former)

    def discard(self) -> None:
        """Remove what did not land."""
        for one in self._staged.values():
            drop(one.part)


@contextlib.contextmanager
def whole_set(main: PathLike, *others: PathLike, force: bool = False) -> Iterator[WholeSet]:
    """Have several outputs appear together, when the block ends without an error, or not at all.

    Whatever is written inside by `whole_file`, `whole_directory` and all that uses them (tables, images), on
    any thread, and is named here, waits under a hidden name beside its target until the block ends. ``main``
    comes last: where it is, everything is. After an error, or a kill, nothing of the set is there, and what
    it was to replace is as it was. What is not named here appears at once, as without a set.

    Parameters
    ----------
    main
        The output that tells a reader that all are there.
    others
        The other outputs. Those that are never written are none.
    force
        Replace what exists.

    Examples
    --------
    >>> import tempfile
    >>> from electrodej.files import whole_file
    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole_set(folder / "table.csv", folder / "note.txt"):
    ...     for name in ("table.csv", "note.txt"):
    ...         with whole_file(folder / name) as part:
    ...             _ = part.write_text("text")
    ...     print(sorted(path.name for path in folder.glob("[a-z]*")))
    []
    >>> sorted(path.name for path in folder.iterdir())
    ['note.txt', 'table.csv']
    """
    one = WholeSet(Path(main), map(Path, others), force=force)
    _sets.append(one)
    try:
        yield one
        one.land()
    finally:
        _sets.remove(one)
        one.discard()


def set_of(target: Path) -> WholeSet | None:
    """Return the set that an output belongs to, the outermost one."""
    return next((one for one in _sets if one.has(target)), None)


def _undo(each: Replacement) -> None:
    with contextlib.suppress(OSError):
        if not each.part.exists():
            remove(each.target)
        if each.former.exists():
            each.former.replace(each.target)


def _place(path: Path) -> Path:
    # The folder's links are followed, and not the file's own: a link is replaced by what it leads to.
    return Path(os.path.realpath(path.parent)) / path.name
