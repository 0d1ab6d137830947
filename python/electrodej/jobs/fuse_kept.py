"""The folder in which a run's three views lie until they are fused, and what a stopped run left there."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from electrodej.errors import InputError, OutputError
from electrodej.files import has_something_finished, keep_for_resume, whole_file

PathLike = str | os.PathLike[str]
VIEWS = ("xy", "xz", "yz")

_NOTE = "views.json"
_ROUND = re.compile(r"round-\d+")


def identity(
    image: PathLike,
    model: PathLike,
    scale: float | None,
    spacing: tuple[float, float, float],
    rounds: int,
) -> dict[str, Any]:
    """What finished views must be of to be taken up again."""

    def mark(path: PathLike) -> list[Any]:
        place = Path(path)
        if not place.exists():
            return [os.fspath(path)]  # a bundled model, by name
        state = place.stat()
        return [str(place.resolve()), state.st_size if place.is_file() else None, state.st_mtime_ns]

    return {
        "image": mark(image),
        "model": mark(model),
        "scale": scale,
        "spacing_um": list(spacing),
        "rounds": rounds,
    }


def open_folder(folder: Path, wanted: dict[str, Any], *, resume: bool) -> list[str]:
    """Make the folder of the views, or take it up; return the views that are finished in it."""
    note = folder / _NOTE
    keep_for_resume(folder)
    if folder.exists():
        if not _is_views_folder(folder):
            raise OutputError(f"{folder} is needed for the three views and is something else; move it away")
        if resume:
            if _read_note(note) != wanted:
                raise InputError(
                    f"{folder} has the views of another image, model, scale, voxel size or number of rounds; "
                    "start anew without --resume"
                )
            return [view for view in VIEWS if (folder / f"{view}.tif").exists()]
        remove_views(folder)
    try:
        folder.mkdir()
    except OSError as error:
        raise OutputError(f"{folder} cannot be made ({error.strerror}); choose another --out") from error
    with whole_file(note) as part:
        part.write_text(json.dumps(wanted) + "\n", encoding="utf-8")
    return []


@contextlib.contextmanager
def worth_keeping(folder: Path) -> Iterator[None]:
    """Remove the folder again where something goes wrong before anything in it is finished."""
    try:
        yield
    except BaseException:
        if not has_something_finished(folder):
            remove_views(folder)
        raise


def _is_views_folder(folder: Path) -> bool:
    """Whether a folder holds what an earlier run put there, and nothing else."""
    known = {_NOTE, *(f"{view}.tif" for view in VIEWS)}
    entries = list(folder.iterdir()) if folder.is_dir() else []
    return (folder / _NOTE).is_file() and all(
        entry.name in known
        or (entry.name.startswith(".") and ".partial" in entry.name)
        or (entry.is_dir() and _ROUND.fullmatch(entry.name))
        for entry in entries
    )


def round_folder(folder: Path, number: int) -> Path:
    """Return where a round keeps its views, its labels and the model that learnt from them."""
    return folder / f"round-{number}"


def _read_note(note: Path) -> Any:
    try:
        return json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{note} is damaged; start anew without --resume") from error


def remove_views(folder: Path) -> None:
    """Remove the views; a folder into which somebody put something meanwhile stays with it."""
    if _is_views_folder(folder):
        shutil.rmtree(folder, ignore_errors=True)
