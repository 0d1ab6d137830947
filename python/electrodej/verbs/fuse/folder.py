"""The folder in which a run's three views lie until they are fused, and what a stopped run left there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import OutputError
from electrodej.files.checkpoint import Checkpoint
from electrodej.run import Run
from electrodej.unfinished import has_something_finished, keep_for_resume
from electrodej.vocabulary import VIEWS, PathLike

if TYPE_CHECKING:
    from electrodej.inspection import Ready
    from electrodej.volume import Volume

_NOTE = "views.json"
_ROUND = re.compile(r"round-\d+")


def identity(
    image: Volume, model: PathLike, ready: Ready, rounds: int, taught_with: Any = None
) -> dict[str, Any]:
    """Return what finished views must be of to be taken up again; rounds also of what they learn with."""
    return {
        "image": _mark(image.path) if image.path.exists() else _mark_of_voxels(image),
        "model": _mark(model),
        "scale": ready.scales(),
        "inverted": ready.plan is not None,
        "spacing_um": list(image.require_spacing()),
        "rounds": rounds,
        "taught_with": taught_with,
    }


def _mark(path: PathLike) -> list[Any]:
    """Return what tells a file or a folder from what was there before under the same name."""
    place = Path(path)
    if not place.exists():
        return [os.fspath(path)]  # a bundled model, by name
    files = [place] if place.is_file() else sorted(file for file in place.rglob("*") if file.is_file())
    digest = hashlib.sha256()
    for file in files:
        state = file.stat()
        digest.update(f"{file.relative_to(place)}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return [str(place.resolve()), len(files), digest.hexdigest()]


def _mark_of_voxels(image: Volume) -> list[Any]:
    """Return what tells an image in memory from another."""
    digest = hashlib.sha256()
    for _, _, slab in image.slabs():
        digest.update(slab.tobytes())
    return ["array", list(image.shape), digest.hexdigest()]


def open_folder(folder: Path, wanted: dict[str, Any], run: Run, *, resume: bool) -> list[str]:
    """Make the folder of the views, or take it up; return the views that are finished in it.

    What a stopped run finished may be the work of hours: it goes with ``force`` only.
    """
    again = "start anew with --force instead of --resume"
    kept = Checkpoint(folder, "fusion", wanted, note=_NOTE, again=again)
    keep_for_resume(folder)
    if folder.exists():
        if not _is_views_folder(folder):
            raise OutputError(f"{folder} is needed for the three views and is something else; move it away")
        if resume:
            if not kept.state():
                raise kept.damaged(_NOTE)
            return [view for view in VIEWS if (folder / f"{view}.tif").exists()]
        if not run.force and has_something_finished(folder):
            raise OutputError(
                f"{folder} holds what a stopped run has finished; go on from there with --resume, or start "
                "anew with --force"
            )
        remove_views(folder)
    try:
        kept.write()
    except OSError as error:
        raise OutputError(f"{folder} cannot be made ({error.strerror}); choose another --out") from error
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


def remove_views(folder: Path) -> None:
    """Remove the views; a folder into which somebody put something meanwhile stays with it."""
    if _is_views_folder(folder):
        shutil.rmtree(folder, ignore_errors=True)
