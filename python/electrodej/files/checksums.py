"""Checksums of files and folders."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.vocabulary import PathLike

_CHUNK = 1 << 20
# What file managers leave in folders that somebody looks at.
_LEFT = {".DS_Store", "Thumbs.db", "desktop.ini"}


def checksum(path: PathLike) -> str:
    """SHA-256 of a file, or of the names and contents of the files in a folder, the same on every system."""
    source = Path(path)
    digest = hashlib.sha256()
    if source.is_dir():
        files = {p.relative_to(source).as_posix(): p for p in source.rglob("*") if p.is_file()}
        for name in sorted(files):
            if files[name].name not in _LEFT and not files[name].name.startswith("._"):
                digest.update(os.fsencode(name))
                _digest(files[name], digest)
    else:
        _digest(source, digest)
    return f"sha256:{digest.hexdigest()}"


def _digest(file: Path, digest: Any) -> None:
    try:
        with file.open("rb") as handle:
            while chunk := handle.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}); check that it is there") from error
