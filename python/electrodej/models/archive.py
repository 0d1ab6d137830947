"""Zip files from anybody, read without trusting them."""

from __future__ import annotations

import os
import re
import stat
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from electrodej.errors import InputError
from electrodej.models.safety.limits import MOST_ENTRIES, MOST_GROWTH, MOST_UNPACKED, SMALL


@contextmanager
def open_archive(path: str | os.PathLike[str]) -> Iterator[zipfile.ZipFile]:
    """Open a zip whose entries all lie inside it and are of a sensible size.

    Raises
    ------
    electrodej.errors.InputError
        It is no zip, is damaged, or holds absolute names, ``..``, links or a bomb.
    """
    name = Path(path)
    if not name.is_file():
        raise InputError(
            f"{name}: there is no such file"
            if not name.exists()
            else f"{name} is a folder, not a zip; make one of it with electrodej export"
        )
    try:
        archive = zipfile.ZipFile(name)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise InputError(f"{name} is not a zip file, or it is damaged ({error})") from error
    with archive:
        _check_entries(name, archive.infolist())
        yield archive


def read_entry(archive: zipfile.ZipFile, entry: str) -> bytes:
    """Return the bytes of one entry; a damaged one is an `InputError`."""
    called = archive.filename or "the zip"
    try:
        return archive.read(entry)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{called}: {entry} in it cannot be read ({error}); copy the zip anew") from error
    except Exception as error:
        # zlib.error and lzma.LZMAError have no common parent.
        raise InputError(f"{called}: {entry} in it is damaged ({error}); copy the zip anew") from error


def unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Write the entries of a checked archive into ``folder``."""
    for info in archive.infolist():
        target = folder.joinpath(*Path(info.filename).parts)
        if info.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(read_entry(archive, info.filename))


def _check_entries(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_ENTRIES:
        raise InputError(f"{path} holds {len(entries)} files; a model has a handful, so it is not opened")
    total = 0
    seen: set[str] = set()
    for entry in entries:
        _check_name(path, entry)
        if entry.filename in seen:
            raise InputError(f"{path} holds {entry.filename!r} twice, so it is not opened")
        seen.add(entry.filename)
        if entry.flag_bits & 1:
            raise InputError(f"{path}: {entry.filename!r} is encrypted; a model for Fiji must not be")
        total += entry.file_size
        grown = entry.file_size > max(entry.compress_size, 1) * MOST_GROWTH
        if total > MOST_UNPACKED or (grown and entry.file_size > SMALL):
            raise InputError(
                f"{path} would unpack to more than {total >> 20} MiB, which is no model; it is not opened"
            )


def _check_name(path: Path, entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    parts = re.split(r"[/\\]", name)
    unsafe = (
        not name
        or name.startswith(("/", "\\"))
        or ".." in parts
        or re.match(r"[A-Za-z]:", name) is not None
        or "\\" in name
        or any(ord(character) < 32 for character in name)
    )
    if unsafe:
        raise InputError(f"{path} holds a file named {name!r}, which points outside it; it is not opened")
    mode = entry.external_attr >> 16
    if stat.S_ISLNK(mode):
        raise InputError(f"{path} holds a link ({name!r}), which may point anywhere; it is not opened")
