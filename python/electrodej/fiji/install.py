"""Putting ElectrodeJ into a Fiji folder, and taking exactly that away again.

A manifest in the Fiji folder lists every file that was written, with its checksum, and every folder that
was made. A file that is not in it is never touched; a file in it that somebody changed since is left where
it is, and named.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from electrodej import __version__
from electrodej.errors import ElectrodeJError, InputError, OutputError
from electrodej.fiji.jars import APPOSE
from electrodej.fiji.layout import MANIFEST, PYTHON_NOTE, fiji_root, left_behind, planned
from electrodej.fiji.program import electrodej_in
from electrodej.files import whole_file
from electrodej.jars import fetched


@dataclass
class Change:
    """What was done to a Fiji folder. Paths are relative to it, with forward slashes."""

    fiji: str
    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


@dataclass
class Manifest:
    """What was written earlier: path to the checksums that our file may have, and folders made."""

    files: dict[str, list[str]] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)

    def write(self, fiji: Path) -> None:
        """Write it into the Fiji folder."""
        text = json.dumps({"electrodej": __version__, **asdict(self)}, indent=1) + "\n"
        _write(fiji / MANIFEST, text.encode())


def install(folder: str | os.PathLike[str], *, python: str | os.PathLike[str] | None = None) -> Change:
    """Put scripts, macros, models, colours and the scripts' library into a Fiji folder.

    Parameters
    ----------
    folder
        The Fiji folder, or the one around it.
    python
        The Python that is to work for Fiji; by default the one that runs now.

    Raises
    ------
    InputError
        It is no Fiji folder, or there is no such Python, or it has no ElectrodeJ.
    OutputError
        A file that is not ours lies where one of ours belongs. Nothing is written then.
    """
    fiji = fiji_root(Path(folder))
    program = _python(python)
    change = Change(str(fiji))
    manifest = read_manifest(fiji)
    files = planned() | _appose(fiji, manifest, change)
    files[PYTHON_NOTE] = f"{program}\n".encode()
    # The note on Python may have been written by Set Up Python, and is ours.
    ours = {PYTHON_NOTE, *manifest.files}
    _refuse_strangers(fiji, ours, files)
    # What lies there already, the same to the byte, is somebody else's and stays so.
    borrowed = [name for name in files if name not in ours and (fiji / name).exists()]
    change.unchanged += borrowed
    files = {name: data for name, data in files.items() if name not in borrowed}
    changed = [name for name in files if _is_changed(fiji, manifest, name)]
    # Written first, with both checksums, so that an installation that was cut off can still be taken away.
    for name, data in files.items():
        if name not in changed:
            manifest.files[name] = [*manifest.files.get(name, []), _checksum(data)]
    with _folders(fiji, manifest, [*files, MANIFEST]):
        manifest.write(fiji)
    for name, data in files.items():
        if name in changed:
            change.left.append(name)
        elif (fiji / name).is_file() and (fiji / name).read_bytes() == data:
            change.unchanged.append(name)
        else:
            _write(fiji / name, data)
            change.written.append(name)
    _remove_former(fiji, manifest, files, change)
    change.notes += _told_of_leftovers(fiji)
    manifest.files |= {name: [_checksum(data)] for name, data in files.items() if name not in changed}
    manifest.write(fiji)
    return change


def uninstall(folder: str | os.PathLike[str]) -> Change:
    """Take away what `install` wrote; files that were changed since are left and named.

    Raises
    ------
    InputError
        It is no Fiji folder, or ElectrodeJ is not in it.
    """
    fiji = fiji_root(Path(folder))
    if not (fiji / MANIFEST).is_file():
        raise InputError(f"{fiji} has no ElectrodeJ that was put there by: electrodej fiji install")
    change = Change(str(fiji))
    manifest = read_manifest(fiji)
    # The note on Python may have been written by Set Up Python.
    for name in sorted({*manifest.files, PYTHON_NOTE}):
        _remove(fiji, manifest, name, change)
    (fiji / MANIFEST).unlink()
    for name in sorted(manifest.folders, key=len, reverse=True):
        with contextlib.suppress(OSError):  # somebody else's files are in it
            (fiji / name).rmdir()
    return change


def read_manifest(fiji: Path) -> Manifest:
    """Return what was written into a Fiji folder earlier."""
    path = fiji / MANIFEST
    if not path.is_file():
        return Manifest()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        files = {_inside(name, path): [str(sum_) for sum_ in sums] for name, sums in found["files"].items()}
        return Manifest(files, [_inside(name, path) for name in found["folders"]])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"{path} cannot be read ({error}); delete the files of ElectrodeJ by hand"
        ) from error


def _inside(name: str, manifest: Path) -> str:
    """Let no manifest name a file outside its Fiji."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise InputError(
            f"{manifest} names {name}, which is not in this Fiji; delete that file and install anew"
        )
    return name


def _python(python: str | os.PathLike[str] | None) -> str:
    if python is None:
        return sys.executable
    path = Path(python).expanduser()
    if not path.is_file():
        raise InputError(f"there is no Python {path}; give the program itself, such as .venv/bin/python")
    # Not resolved: the link in a virtual environment is what makes it one.
    program = os.path.abspath(path)  # noqa: PTH100 - links stay as they are
    try:
        electrodej_in(program)
    except ValueError as error:
        raise InputError(
            f"{program} is no Python that has ElectrodeJ ({error}); give the program of one that has, "
            "such as .venv/bin/python"
        ) from error
    return program


def _appose(fiji: Path, manifest: Manifest, change: Change) -> dict[str, bytes]:
    """Appose's jar for a Fiji that has none of its own."""
    name = f"jars/{APPOSE.name}"
    if name not in manifest.files and any((fiji / "jars").glob("appose-*.jar")):
        return {}
    try:
        (path,) = fetched([APPOSE], what="Appose")
        return {name: path.read_bytes()}
    except (ElectrodeJError, OSError) as error:
        change.notes.append(f"this Fiji has no Appose: {error}; or update Fiji with Help > Update")
        return {}


def _refuse_strangers(fiji: Path, ours: set[str], files: dict[str, bytes]) -> None:
    strange = [
        name
        for name, data in files.items()
        if name not in ours and (fiji / name).exists() and not _is(fiji / name, [_checksum(data)])
    ]
    parents = {parent.as_posix() for name in files for parent in PurePosixPath(name).parents} - {"."}
    strange += [name for name in sorted(parents) if (fiji / name).exists() and not (fiji / name).is_dir()]
    if strange:
        raise OutputError(
            f"{fiji} has files of somebody else where ElectrodeJ's belong: {', '.join(strange)}; "
            "move them away first. Nothing was written"
        )


@contextlib.contextmanager
def _folders(fiji: Path, manifest: Manifest, names: list[str]) -> Iterator[None]:
    """Make the folders that files need; none of them stays where they cannot be written down."""
    needed = {parent.as_posix() for name in names for parent in PurePosixPath(name).parents} - {"."}
    made: list[str] = []
    try:
        for name in sorted(needed):
            if not (fiji / name).is_dir():
                _make_folder(fiji / name)
                made.append(name)
        manifest.folders += made
        yield
    except BaseException:
        for name in reversed(made):
            with contextlib.suppress(OSError):
                (fiji / name).rmdir()
        raise


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir()
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be made ({error.strerror}); ask whoever looks after this Fiji"
        ) from error


def _remove_former(fiji: Path, manifest: Manifest, files: dict[str, bytes], change: Change) -> None:
    """Take away what an earlier version brought and this one does not."""
    for name in sorted(manifest.files.keys() - files.keys()):
        _remove(fiji, manifest, name, change)
        del manifest.files[name]


def _told_of_leftovers(fiji: Path) -> list[str]:
    """What is not in the manifest may be somebody's own by now: it is named, and stays."""
    names = left_behind(fiji)
    if not names:
        return []
    return [
        f"an earlier ElectrodeJ left files that make commands stand twice; delete them: {', '.join(names)}"
    ]


def _remove(fiji: Path, manifest: Manifest, name: str, change: Change) -> None:
    path = fiji / name
    if not path.exists():
        return
    if _is_changed(fiji, manifest, name):
        change.left.append(name)
        return
    try:
        path.unlink()
    except OSError as error:
        raise ElectrodeJError(
            f"{path} cannot be removed ({error.strerror}); close Fiji and try again"
        ) from error
    change.removed.append(name)


def _is_changed(fiji: Path, manifest: Manifest, name: str) -> bool:
    """Whether a file of ours was changed since. Which Python to use may be chosen anew at any time."""
    path = fiji / name
    if name == PYTHON_NOTE or name not in manifest.files or not path.is_file():
        return False
    return not _is(path, manifest.files[name])


def _is(path: Path, checksums: list[str]) -> bool:
    return path.is_file() and _checksum(path.read_bytes()) in checksums


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(path: Path, data: bytes) -> None:
    with whole_file(path, force=True) as part:
        part.write_bytes(data)
