"""TensorFlow Java 1.15.0, the newest that Fiji's plugins can run: which files, from where, checked.

The two files come from Maven Central, once, into the place where Maven keeps them (``~/.m2/repository``),
so that other Java tools share them. After that no network is needed.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from electrodej.errors import ElectrodeJError, InputError
from electrodej.extras import require
from electrodej.progress import Progress, silent

VERSION = "1.15.0"
_CHUNK = 1 << 20
_SECONDS_WITHOUT_ANSWER = 60


@dataclass(frozen=True)
class Jar:
    """One file of Maven Central, pinned by its checksum."""

    artifact: str
    sha256: str
    size: int

    @property
    def path(self) -> str:
        """Where it lies in a Maven repository."""
        return f"org/tensorflow/{self.artifact}/{VERSION}/{self.artifact}-{VERSION}.jar"


JARS = (
    Jar("libtensorflow", "9c51d1b825f189f60836e4ce75484106e7b13eca589f3db932725223f28c2d63", 2103016),
    Jar("libtensorflow_jni", "f08ce6e684b50eb57e7b3c98347c3597433f945b17f0d1937517ef49ab47d047", 141714774),
)


class Tf115UnavailableError(ElectrodeJError):
    """TensorFlow 1.15 cannot be run here; the message says what is missing."""


def class_path(*, fetch: bool = True, progress: Progress = silent) -> list[Path]:
    """Return the jars of TensorFlow Java 1.15.0, fetched if need be.

    Parameters
    ----------
    fetch
        Whether Maven Central may be asked for what is not there yet.
    progress
        Told of the megabytes fetched.

    Raises
    ------
    Tf115UnavailableError
        A file is missing and cannot be fetched, or there is none for this kind of machine.
    electrodej.errors.InputError
        A file that lies in the repository is not the one that was published.
    """
    _check_platform()
    return [_ready(jar, fetch=fetch, progress=progress) for jar in JARS]


def repository() -> Path:
    """Return Maven's folder on this machine."""
    return Path.home() / ".m2" / "repository"


def _check_platform() -> None:
    # The jar holds libraries for Intel processors only.
    machine = platform.machine().lower()
    if machine not in ("x86_64", "amd64") or sys.platform not in ("linux", "darwin", "win32"):
        raise Tf115UnavailableError(
            f"there is no TensorFlow 1.15 for {platform.system()} on {platform.machine()}; "
            "verify the zip on a machine with an Intel or AMD processor"
        )


def _ready(jar: Jar, *, fetch: bool, progress: Progress) -> Path:
    path = repository() / jar.path
    if path.is_file():
        _check(path, jar)
        return path
    if not fetch:
        raise Tf115UnavailableError(
            f"TensorFlow Java {VERSION} is not on this machine yet ({path.name}); connect to the network once"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        _download(f"{_central()}/{jar.path}", part, jar, progress)
        _check(part, jar)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _central() -> str:
    """Return Maven Central's address, as the library that fetches ImageJ has it."""
    constants = require("jgo.constants", what="fetching TensorFlow Java", extra="fiji")
    return str(constants.MAVEN_CENTRAL_URL).rstrip("/")


def _download(address: str, target: Path, jar: Jar, progress: Progress) -> None:
    try:
        with (
            urllib.request.urlopen(address, timeout=_SECONDS_WITHOUT_ANSWER) as answer,
            target.open("wb") as out,
        ):
            done = 0
            while chunk := answer.read(_CHUNK):
                out.write(chunk)
                done += len(chunk)
                progress(done, jar.size, "fetching TensorFlow 1.15")
    except (urllib.error.URLError, OSError) as error:
        raise Tf115UnavailableError(
            f"TensorFlow Java {VERSION} could not be fetched from Maven Central ({error}); "
            "connect to the network once"
        ) from error


def _check(path: Path, jar: Jar) -> None:
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
            f"{path} is not the file that was published as TensorFlow Java {VERSION}; delete it and try again"
        )
    if not path.name.endswith(".partial"):
        try:
            stamp.write_text(seen, encoding="ascii")
        except OSError:
            return  # a repository that cannot be written to is checked each time
