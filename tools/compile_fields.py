"""Compile what Fiji needs before it runs a script: Fields, Proposals and Help, and SciJava's index.

``.venv/bin/python tools/compile_fields.py``

Needs a Java with ``javac``. The classes lie beside their sources, for who installs
ElectrodeJ need not have one.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from electrodej.fiji.content import library
from electrodej.fiji.jars import IMAGEJ, SCRIPTING
from electrodej.jars import fetched
from electrodej.java import find_java

# What every Fiji of today can load.
RELEASE = "8"


def main() -> None:
    java = find_java()
    if java is None:
        sys.exit("there is no Java; install a JDK")
    jars = fetched((IMAGEJ, *SCRIPTING), what="ImageJ 1.54p with SciJava")
    classpath = os.pathsep.join(map(str, jars))
    words = [str(Path(java.home) / "bin" / "javac"), "--release", RELEASE, "-g:none", "-Xlint:-options"]
    # SciJava adds to an index that is there, and would keep what is gone.
    for old in (*(library() / "electrodej").glob("*.class"), *(library() / "META-INF" / "json").iterdir()):
        old.unlink()
    sources = sorted((library() / "electrodej").glob("*.java"))
    subprocess.run([*words, "-classpath", classpath, "-d", str(library()), *map(str, sources)], check=True)
    # A test holds the sources against this.
    text = "".join(source.read_text(encoding="utf-8") for source in sources)
    checksum = hashlib.sha256(text.encode()).hexdigest()
    (library() / "electrodej" / "Fields.sha256").write_text(checksum + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
