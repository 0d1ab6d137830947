"""What the finished stages of a chain were made from, so that they need not be done again.

``run.json`` beside the outputs has, for each stage, the settings, the checksums of what was read and written,
the version and a few numbers. A stage is finished if all of them are as they would be now.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from electrodej import __version__
from electrodej.errors import InputError
from electrodej.files import checksum, whole_file
from electrodej.files.plain import plain
from electrodej.options import Option, PathTo, Settings
from electrodej.verb import Verb
from electrodej.verbs.run.chain import Kept, is_file

NAME, LOG = "run.json", "run.log"
# What later stages and the summary want to know of an earlier one.
_NUMBERS = ("particles", "classes", "outlines")
# Options that say how the work is done and change nothing in its result.
_NO_MATTER = ("resume",)

Look = tuple[int, int]


class Facts:
    """The facts of one folder.

    Parameters
    ----------
    folder
        Of the chain.
    resume
        Whether what is known of earlier stages counts.
    """

    def __init__(self, folder: Path, *, resume: bool) -> None:
        self.folder = folder
        self._stages: dict[str, Any] = self._read()
        self._resume = resume
        self._sums: dict[tuple[str, Look], str] = {}

    @property
    def known(self) -> bool:
        """Whether any stage is known."""
        return bool(self._stages)

    @property
    def other_versions(self) -> list[str]:
        """The versions other than this one that made a stage that is to be kept."""
        if not self._resume:
            return []
        versions = {str(stage.get("version")) for stage in self._stages.values()}
        return sorted(versions - {__version__})

    def kept(self, stage: str, verb: Verb, options: Settings) -> Kept | None:
        """Return what is known of a stage that is finished; None where it is to be done."""
        known = self._stages.get(stage)
        if not self._resume or known is None or known.get("made_of") != self._made_of(verb, options):
            return None
        written = known.get("written", {})
        if not written or any(self._sum(self.folder / name) != mark for name, mark in written.items()):
            return None
        return Kept(known.get("numbers", {}), float(known.get("seconds", 0.0)), known.get("notes", []))

    def remember(
        self, stage: str, verb: Verb, options: Settings, kept: Kept, *, since: Mapping[str, Look]
    ) -> None:
        """Write down that a stage is finished; ``since`` are the files that were there before it."""
        written = [name for name, look in self.files().items() if since.get(name) != look]
        self._stages[stage] = {
            "version": __version__,
            "made_of": self._made_of(verb, options),
            "written": {name: self._sum(self.folder / name) for name in written},
            "numbers": plain({name: kept.numbers[name] for name in _NUMBERS if name in kept.numbers}),
            "seconds": kept.seconds,
            "notes": list(kept.notes),
        }
        with whole_file(self.folder / NAME, force=True) as part:
            part.write_text(json.dumps({"stages": self._stages}, indent=1), encoding="utf-8")

    def files(self) -> dict[str, Look]:
        """Return the files of the folder by name, as they look: length and time."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        looks = {path.relative_to(self.folder).as_posix(): _look(path) for path in found}
        return {name: look for name, look in looks.items() if name not in (NAME, LOG)}

    def _made_of(self, verb: Verb, options: Settings) -> dict[str, Any]:
        settings, read = {}, {}
        for each in verb.options.options():
            value = options.value_of(each)
            if value is None or each.name in _NO_MATTER:
                continue
            if _is_read(each):
                read[each.name] = [self._mark(one) for one in (value if each.many else (value,))]
            elif not is_file(each):
                settings[each.name] = plain(each.plain(value))
        return {"version": __version__, "verb": verb.name, "settings": settings, "read": read}

    def _mark(self, value: Any) -> str:
        """Return what tells one input from another: a checksum, or the name of a bundled model."""
        from electrodej.models.bundled import find_model

        path = Path(value)
        if not path.exists():
            try:
                path = Path(find_model(value))
            except InputError:
                return str(value)
        return self._sum(path) or str(value)

    def _sum(self, path: Path) -> str:
        if path.is_dir():
            return checksum(path)
        if not path.is_file():
            return ""
        key = (os.fspath(path), _look(path))
        if key not in self._sums:
            self._sums[key] = checksum(path)
        return self._sums[key]

    def _read(self) -> dict[str, Any]:
        """Return what is known; nothing where the file is missing or no longer whole."""
        try:
            found = json.loads((self.folder / NAME).read_text(encoding="utf-8"))
            stages = found["stages"]
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return {name: each for name, each in stages.items() if isinstance(each, dict)}


def existing(folder: Path, names: Iterable[str]) -> list[str]:
    """Return those of the names that something in the folder has."""
    return [name for name in names if (folder / name).exists()]


def _is_read(option: Option) -> bool:
    if isinstance(option.kind, PathTo):
        return option.kind.role in ("input", "model")
    return is_file(option)


def _look(path: Path) -> Look:
    about = path.stat()
    return about.st_size, about.st_mtime_ns
