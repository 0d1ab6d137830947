"""TensorFlow Java 1.15.0, the newest that Fiji's plugins can run."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from electrodej.jars import Jar, JarUnavailableError, fetched
from electrodej.progress import Progress, silent

VERSION = "1.15.0"
JARS = (
    Jar(
        "org.tensorflow",
        "libtensorflow",
        VERSION,
        "9c51d1b825f189f60836e4ce75484106e7b13eca589f3db932725223f28c2d63",
        2103016,
    ),
    Jar(
        "org.tensorflow",
        "libtensorflow_jni",
        VERSION,
        "f08ce6e684b50eb57e7b3c98347c3597433f945b17f0d1937517ef49ab47d047",
        141714774,
    ),
)


class Tf115UnavailableError(JarUnavailableError):
    """TensorFlow 1.15 cannot be run here; the message says what is missing."""


def class_path(*, fetch: bool = True, progress: Progress = silent) -> list[Path]:
    """Return the jars of TensorFlow Java 1.15.0, fetched if need be; see `electrodej.jars.fetched`.

    Raises
    ------
    Tf115UnavailableError
        A file is missing and cannot be fetched, or there is none for this kind of machine.
    electrodej.errors.InputError
        A file that lies in the repository is not the one that was published.
    """
    _check_platform()
    try:
        return fetched(JARS, what=f"TensorFlow Java {VERSION}", fetch=fetch, progress=progress)
    except JarUnavailableError as error:
        raise Tf115UnavailableError(str(error)) from error


def _check_platform() -> None:
    # The jar holds libraries for Intel processors only.
    machine = platform.machine().lower()
    if machine not in ("x86_64", "amd64") or sys.platform not in ("linux", "darwin", "win32"):
        raise Tf115UnavailableError(
            f"there is no TensorFlow 1.15 for {platform.system()} on {platform.machine()}; "
            "verify the zip on a machine with an Intel or AMD processor"
        )
