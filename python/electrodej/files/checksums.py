"""Checksums of files and folders."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.vocabulary import PathLike

_CHUNK = 1 << 20


def checksum(path: PathLike) -> str:
    """SHA-256 of a file, or of the names and contents of all files in a folder."""
    source = Path(path)
    digest = hashlib.sha256()
    if source.is_dir():
        for file in sorted(p for p in source.rglob("*") if p.is_file()):
            digest.update(os.fsencode(file.relative_to(source).as_posix()))
            _digest(file, digest)
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
