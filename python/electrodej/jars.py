"""Jars from Maven Central, each pinned by its checksum: which, from where, checked before anything runs.

They come once, into the place where Maven keeps them (``~/.m2/repository``), so that other Java tools share
them. After that no network is needed.
"""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from electrodej.errors import ElectrodeJError, InputError
from electrodej.extras import require
from electrodej.progress import Progress, silent

_CHUNK = 1 << 20
_SECONDS_WITHOUT_ANSWER = 60


@dataclass(frozen=True)
class Jar:
    """One file of Maven Central, pinned by its checksum (SHA-256) and its bytes."""

    group: str
    artifact: str
    version: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        """Its file name."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def path(self) -> str:
        """Where it lies in a Maven repository."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.name}"


class JarUnavailableError(ElectrodeJError):
    """A jar is not on this machine and cannot be fetched."""


def fetched(jars: Iterable[Jar], *, what: str, fetch: bool = True, progress: Progress = silent) -> list[Path]:
    """Return where jars lie on this machine, fetched if need be, each of them checked.

    Parameters
    ----------
    jars
        Those wanted.
    what
        What they are together, for messages: "TensorFlow Java 1.15.0".
    fetch
        Whether Maven Central may be asked for what is not there yet.
    progress
        Told of the bytes fetched.

    Raises
    ------
    JarUnavailableError
        A file is missing and cannot be fetched.
    electrodej.errors.InputError
        A file is not the one that was published.
    """
    return [_ready(jar, what, fetch, progress) for jar in jars]


def repository() -> Path:
    """Return Maven's folder on this machine."""
    return Path.home() / ".m2" / "repository"


def _ready(jar: Jar, what: str, fetch: bool, progress: Progress) -> Path:
    path = repository() / jar.path
    if path.is_file():
        _check(path, jar, what)
        return path
    if not fetch:
        raise JarUnavailableError(
            f"{what} is not on this machine yet ({path.name}); connect to the network once"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        _download(f"{central()}/{jar.path}", part, jar, what, progress)
        _check(part, jar, what)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def central() -> str:
    """Return Maven Central's address, as the library that other Java tools for Python use has it."""
    constants = require("jgo.constants", what="fetching a jar", extra="fiji")
    return str(constants.MAVEN_CENTRAL_URL).rstrip("/")


def _download(address: str, target: Path, jar: Jar, what: str, progress: Progress) -> None:
    try:
        with (
            urllib.request.urlopen(address, timeout=_SECONDS_WITHOUT_ANSWER) as answer,
            target.open("wb") as out,
        ):
            done = 0
            # Never more than was promised, whoever answers.
            while done <= jar.size and (chunk := answer.read(_CHUNK)):
                out.write(chunk)
                done += len(chunk)
                progress(min(done, jar.size), jar.size, f"fetching {what}")
    except (urllib.error.URLError, OSError) as error:
        raise JarUnavailableError(
            f"{what} could not be fetched from Maven Central ({error}); connect to the network once"
        ) from error


def _check(path: Path, jar: Jar, what: str) -> None:
    # Whoever checked a file before need not read 140 MB again: size and time stand for it.
    stamp = path.with_name(path.name + ".sha256")
    stat = path.stat()
    seen = f"{jar.sha256} {stat.st_size} {stat.st_mtime_ns}"
    if stamp.is_file() and stamp.read_text(encoding="ascii", errors="replace") == seen:
        return
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != jar.sha256:
        raise InputError(
            f"{path} is not the file that was published as part of {what}; delete it and try again"
        )
    if not path.name.endswith(".partial"):
        try:
            stamp.write_text(seen, encoding="ascii")
        except OSError:
            return  # a repository that cannot be written to is checked each time
