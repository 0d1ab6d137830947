"""Finding the Java that is already on the machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

MINIMUM_VERSION = 11
REMEDY = (
    f"install a Java of version {MINIMUM_VERSION} or newer "
    "(for example Temurin 17 or your system's openjdk-17 package) and set JAVA_HOME to its folder"
)


@dataclass(frozen=True)
class Java:
    """A Java runtime: its program, its major version, where it was found, and what JAVA_HOME should be."""

    program: Path
    version: int
    source: str
    home: Path


def find_java() -> Java | None:
    """Return the Java of JAVA_HOME, else the one on the PATH, else None. Its version may be too old."""
    home = os.environ.get("JAVA_HOME")
    name = "java.exe" if os.name == "nt" else "java"
    if home:
        java = _inspect(Path(home) / "bin" / name, "JAVA_HOME")
        if java is not None:
            return java
    on_path = shutil.which("java")
    return _inspect(Path(on_path), "PATH") if on_path else None


def major_version(text: str) -> int | None:
    """Read the major version out of what ``java -version`` prints.

    >>> major_version('openjdk version "17.0.15" 2025-04-15')
    17
    >>> major_version('java version "1.8.0_402"')
    8
    """
    match = re.search(r'version "(?:1\.)?(\d+)', text)
    return int(match[1]) if match else None


def _inspect(program: Path, source: str) -> Java | None:
    try:
        done = subprocess.run(
            [str(program), "-XshowSettings:properties", "-version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = done.stderr + done.stdout
    version = major_version(said)
    if version is None:
        return None
    # The program may be one that only passes on to a Java that lies elsewhere.
    told = re.search(r"^\s*java\.home = (.+?)\s*$", said, re.MULTILINE)
    home = Path(told[1]) if told else program.resolve().parent.parent
    return Java(program, version, source, home)
