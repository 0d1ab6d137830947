"""What would stop ElectrodeJ, StarDist or CSBDeep from running in a Fiji, by the names of its jars."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from electrodej import __version__
from electrodej.fiji.layout import MANIFEST, PYTHON_NOTE, fiji_root, left_behind, library_name
from electrodej.fiji.program import electrodej_in

_UPDATE_SITES = "Help > Update... > Manage Update Sites"
_OLDEST_APPOSE = (0, 5)
_OLDEST_BUILDER = (0, 8)
_OLDEST_IMAGEJ_TENSORFLOW = (1, 1, 9)
_FIRST_CLASHING_PROTOBUF = (4,)
_TENSORFLOW = (1, 15)
# What opens packages of bioimage.io.
_PACKAGE_RUNNERS = ("deepimagej_", "deepimagej", "dl-modelrunner")
# Where Fiji's launcher keeps its settings.
_LAUNCHER = Path("config", "jaunch")
# Characters of what a damaged note may say.
_LONGEST = 200

Jars = dict[str, list[tuple[tuple[int, ...], str]]]


@dataclass(frozen=True)
class Finding:
    """One thing looked for in a Fiji.

    Attributes
    ----------
    name
        What was looked for.
    ok
        Whether it is as it should be.
    found
        Version and place, or an empty text.
    stops
        What does not run because of it.
    remedy
        What to do about it.
    optional
        Whether all that works in Python works without.
    """

    name: str
    ok: bool
    found: str
    stops: str = ""
    remedy: str = ""
    optional: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def examine(folder: str | os.PathLike[str], *, machine: str | None = None) -> list[Finding]:
    """Look through a Fiji folder. Asks its Python for ElectrodeJ, and changes nothing.

    Parameters
    ----------
    folder
        The Fiji folder, or the one around it.
    machine
        The processor; by default this machine's.
    """
    fiji = fiji_root(Path(folder))
    jars = _jars(fiji)
    needed = [_scripts(fiji), _python(fiji), _language(jars, "Groovy", "scripting-groovy"), _appose(jars)]
    optional = [
        _language(jars, "Jython", "scripting-jython"),
        _plugin(jars, "CSBDeep", "csbdeep"),
        _plugin(jars, "StarDist", "StarDist_"),
        _tensorflow(jars, (machine or platform.machine()).lower()),
        _bridge(jars),
        _protobuf(jars),
        *_deepimagej(jars),
        *_python_mode(fiji),
    ]
    return [*needed, *(replace(each, optional=True) for each in optional), *_left_behind(fiji)]


def _jars(fiji: Path) -> Jars:
    """Artifact, in lower case, to the versions that are there and their files."""
    found: Jars = {}
    for folder in ("jars", "plugins"):
        for path in sorted((fiji / folder).rglob("*.jar")):
            match = re.fullmatch(r"(.+?)-(\d[\w.]*(?:-[\w.]+)?)", path.stem)
            artifact, version = (match[1], match[2]) if match else (path.stem, "")
            found.setdefault(artifact.lower(), []).append((_numbers(version), path.name))
    return found


def _numbers(version: str) -> tuple[int, ...]:
    """Read the leading numbers of a version.

    >>> _numbers("0.4.0-SNAPSHOT"), _numbers("1.15.0")
    ((0, 4, 0), (1, 15, 0))
    """
    match = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def _newest(jars: Jars, artifact: str) -> tuple[tuple[int, ...], str] | None:
    return max(jars.get(artifact.lower(), []), default=None)


def _scripts(fiji: Path) -> Finding:
    remedy = f'run: electrodej fiji install "{fiji}"'
    if not (fiji / MANIFEST).is_file():
        return Finding("ElectrodeJ's scripts", False, "", "the menu Plugins > ElectrodeJ", remedy)
    if not (fiji / "jars" / library_name()).is_file():
        return Finding("ElectrodeJ's scripts", False, "of another version", "commands that are newer", remedy)
    return Finding("ElectrodeJ's scripts", True, __version__)


def _left_behind(fiji: Path) -> list[Finding]:
    names = left_behind(fiji)
    if not names:
        return []
    mixed = any(name.endswith(".jar") for name in names)
    stops = (
        "the newer commands, which may run with the older one's code"
        if mixed
        else "one of two commands of the same name"
    )
    remedy = "delete these files and restart Fiji"
    return [Finding("files of before", False, ", ".join(names), stops, remedy, optional=not mixed)]


def _is_there(program: str) -> bool:
    try:
        return Path(program).is_file()
    except (OSError, ValueError):  # no system has such a name
        return False


def _python(fiji: Path) -> Finding:
    name, stops = "Python for ElectrodeJ", "every command that measures or segments in Python"
    remedy = "run Plugins > ElectrodeJ > Set Up Python in Fiji"
    note = fiji / PYTHON_NOTE
    if not note.is_file():
        return Finding(name, False, "", stops, remedy)
    program = note.read_text(encoding="utf-8", errors="replace").strip()
    if not _is_there(program):
        return Finding(name, False, f"{program[:_LONGEST]}, which is not there", stops, remedy)
    try:
        version = electrodej_in(program)
    except ValueError as error:
        return Finding(name, False, f"{program}, which has no ElectrodeJ ({error})", stops, remedy)
    if version != __version__:
        found = f"{program} with ElectrodeJ {version}; the scripts are of {__version__}"
        return Finding(name, False, found, "commands that are newer", remedy)
    return Finding(name, True, program)


def _language(jars: Jars, name: str, artifact: str) -> Finding:
    newest = _newest(jars, artifact)
    if newest is None:
        remedy = "this is no whole Fiji; download Fiji anew, or run Help > Update..."
        return Finding(name, False, "", f"scripts in {name}", remedy)
    return Finding(name, True, newest[1])


def _appose(jars: Jars) -> Finding:
    newest = _newest(jars, "appose")
    remedy = "update Fiji with Help > Update...; electrodej fiji install brings Appose where there is none"
    if newest is None:
        return Finding("Appose", False, "", "every command that works in Python", remedy)
    if newest[0] < _OLDEST_APPOSE:
        return Finding("Appose", False, newest[1], "every command that works in Python", remedy)
    if newest[0] < _OLDEST_BUILDER:
        stops = "building a Python in Set Up Python; one that exists can be used"
        return Finding("Appose", False, newest[1], stops, "update Fiji with Help > Update...", optional=True)
    return Finding("Appose", True, newest[1])


def _plugin(jars: Jars, name: str, artifact: str) -> Finding:
    newest = _newest(jars, artifact)
    if newest is None:
        stops = "Fiji's StarDist plugin (segmenting in Python works without)"
        return Finding(name, False, "", stops, f"tick {name} in {_UPDATE_SITES} and restart Fiji")
    return Finding(name, True, newest[1])


def _tensorflow(jars: Jars, machine: str) -> Finding:
    name, stops = "TensorFlow", "CSBDeep and StarDist in Fiji (segmenting in Python works without)"
    if machine not in ("x86_64", "amd64"):
        remedy = "segment in Python, or use a Fiji for Intel processors, which a Mac runs through Rosetta"
        return Finding(name, False, f"none exists for {machine}", stops, remedy)
    found = {artifact: _newest(jars, artifact) for artifact in ("libtensorflow", "libtensorflow_jni")}
    missing = [artifact for artifact, newest in found.items() if newest is None]
    if missing:
        remedy = f"tick CSBDeep in {_UPDATE_SITES} and restart Fiji"
        return Finding(name, False, f"no {' and no '.join(missing)}", stops, remedy)
    names = ", ".join(newest[1] for newest in found.values() if newest is not None)
    if any(newest is not None and newest[0][:2] != _TENSORFLOW for newest in found.values()):
        return Finding(
            name,
            False,
            names,
            "models exported for TensorFlow 1.15",
            "choose TF 1.15.0 CPU in Edit > Options > TensorFlow...",
        )
    return Finding(name, True, names)


def _bridge(jars: Jars) -> Finding:
    newest = _newest(jars, "imagej-tensorflow")
    if newest is not None and newest[0] < _OLDEST_IMAGEJ_TENSORFLOW:
        stops = "TensorFlow on Java 9 or newer, with a misleading message on a crash file"
        return Finding("imagej-tensorflow", False, newest[1], stops, "update Fiji with Help > Update...")
    if newest is None:
        stops = "CSBDeep and StarDist in Fiji (segmenting in Python works without)"
        return Finding(
            "imagej-tensorflow", False, "", stops, f"tick CSBDeep in {_UPDATE_SITES} and restart Fiji"
        )
    return Finding("imagej-tensorflow", True, newest[1])


def _protobuf(jars: Jars) -> Finding:
    newest = _newest(jars, "protobuf-java")
    stops = "loading any model in CSBDeep and StarDist (NoSuchMethodError: makeExtensionsImmutable)"
    if newest is not None and newest[0] >= _FIRST_CLASHING_PROTOBUF:
        remedy = f"tick TensorFlow in {_UPDATE_SITES}, which brings protobuf 3, and restart Fiji"
        return Finding("protobuf", False, newest[1], stops, remedy)
    return Finding("protobuf", True, "" if newest is None else newest[1])


def _deepimagej(jars: Jars) -> list[Finding]:
    """Say, where DeepImageJ or JDLL is there, how a model gets to them."""
    newest = [_newest(jars, artifact) for artifact in _PACKAGE_RUNNERS]
    names = [each[1] for each in newest if each is not None]
    if not names:
        return []
    how = "electrodej export MODEL --package writes a package that they open"
    return [Finding("DeepImageJ", True, f"{', '.join(names)}; {how}")]


def _python_mode(fiji: Path) -> list[Finding]:
    """Tell of Fiji's own Python mode (2.18 and newer), which runs Fiji inside of another Python than ours."""
    if not (fiji / _LAUNCHER / "fiji.py").is_file():
        return []
    settings = fiji / _LAUNCHER / "fiji.cfg"
    text = settings.read_text(encoding="utf-8", errors="replace") if settings.is_file() else ""
    chosen = dict(re.findall(r"(?m)^\s*([\w-]+)\s*=\s*['\"]?(.*?)['\"]?\s*$", text))
    mode = "on" if chosen.get("launch-mode", "").upper() == "PYTHON" else "off"
    place = f", {chosen['python-dir']}" if chosen.get("python-dir") else ""
    return [Finding("Python mode", True, f"{mode}{place}; ElectrodeJ's own Python works beside it")]
