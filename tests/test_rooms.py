"""The rooms' order, as docs/architecture.md draws it, held against the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import electrodej

PACKAGE = Path(electrodej.__file__).parent
LEVELS = {
    "errors": 0,
    "vocabulary": 0,
    "machine": 0,
    "compiled": 0,
    "workers": 0,
    "run": 0,
    "options": 0,
    "progress": 0,
    "extras": 0,
    "directions": 0,
    "java": 0,
    "files": 0,
    "volume": 1,
    "phantom": 1,
    "annotation": 1,
    "features": 2,
    "fusion": 2,
    "score": 2,
    "export": 2,
    "networks": 2,
    "morphology": 2,
    "transport": 2,
    "mesh": 2,
    "damage": 2,
    "fiji": 3,
    "report": 3,
    "diagnosis": 4,
    "jobs": 4,
    "cli": 5,
}
# The lowest room's own parts, and the program's entry, belong to no level.
FREE = {"__init__", "__main__"}


def room_of(path: Path) -> str:
    """The room of a source file: its folder under the package, or its own name."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> list[str]:
    """The modules of the package that a source file imports, as dotted names below it."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found.append(node.module)
    return [name.removeprefix("electrodej.") for name in found if name.startswith("electrodej.")]


SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if room_of(path) not in FREE)


def test_every_room_has_a_level():
    assert {room_of(path) for path in SOURCES} - LEVELS.keys() == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_downwards_and_use_public_names_of_rooms_beside(path: Path):
    room = room_of(path)
    wrong = []
    for name in imports_of(path):
        other = name.split(".")[0]
        if other == room:
            continue
        upwards = LEVELS[other] > LEVELS[room]
        inside_of_neighbour = LEVELS[other] == LEVELS[room] and "." in name and LEVELS[room] > 0
        if upwards or inside_of_neighbour:
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("room", sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py")))
def test_importing_a_room_loads_nothing_heavy(room: str):
    heavy = ["numba", "tensorflow", "jpype", "scyjava", "matplotlib", "dask", "skimage"]
    code = (
        f"import sys, electrodej.{room}\n"
        f"sys.stdout.write(' '.join(sorted(set({heavy!r}) & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "")
