"""Folders that a stop leaves, for the command to go on from there."""

from __future__ import annotations

from pathlib import Path

_resumable: set[Path] = set()


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
