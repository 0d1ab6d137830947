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
    "callable_room": 0,
    "vocabulary": 0,
    "machine": 0,
    "compiled": 0,
    "unions": 0,
    "workers": 0,
    "run": 0,
    "options": 0,
    "verb": 0,
    "progress": 0,
    "extras": 0,
    "directions": 0,
    "java": 0,
    "jars": 0,
    "unfinished": 0,
    "files": 0,
    "volume": 1,
    "phantom": 1,
    "annotation": 1,
    "models": 2,
    "features": 3,
    "forest": 3,
    "filters": 3,
    "tomography": 3,
    "inspection": 3,
    "linking": 3,
    "fusion": 3,
    "score": 3,
    "export": 3,
    "networks": 3,
    "morphology": 3,
    "transport": 3,
    "mesh": 3,
    "damage": 3,
    "fiji": 4,
    "report": 4,
    "diagnosis": 5,
    "verbs": 5,
    "cli": 6,
    "worker": 6,
    "library": 6,
}
# The lowest room's own parts, and the program's entry, belong to no level.
FREE = {"__init__", "__main__"}


def room_of(path: Path) -> str:
    """The room of a source file: its folder under the package, or its own name."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


MODULES = {
    path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
}


def imports_of(path: Path, *, for_types: bool = True) -> list[str]:
    """The modules of the package that a source file imports, as dotted names below it.

    Parameters
    ----------
    path
        The file.
    for_types
        Whether imports under ``if TYPE_CHECKING`` count.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if not for_types:
        tree.body = [node for node in tree.body if not (isinstance(node, ast.If) and _is_for_types(node))]
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            # ``from room import module`` is of the module.
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [name for name in inner if name.removeprefix("electrodej.") in MODULES] or [node.module]
    return [name.removeprefix("electrodej.") for name in found if name.startswith("electrodej.")]


def _is_for_types(node: ast.If) -> bool:
    return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


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


def circle_in(needs: dict[str, set[str]]) -> list[str]:
    """A way through what each needs that comes back to where it began; empty where there is none."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        found = next((circle for other in sorted(needs[name]) if (circle := walk(other, [*way, name]))), [])
        done.add(name)
        return found

    return next((circle for name in sorted(needs) if (circle := walk(name, []))), [])


@pytest.mark.slow
def test_rooms_form_no_circle():
    needs: dict[str, set[str]] = {room_of(path): set() for path in SOURCES}
    for path in SOURCES:
        needs[room_of(path)] |= {name.split(".")[0] for name in imports_of(path)} - {room_of(path)}
    assert circle_in(needs) == []


# The front of a room is left out: it imports the files that it offers. That of a verb is not.
@pytest.mark.parametrize("room", sorted({room_of(path) for path in SOURCES if path.parent != PACKAGE}))
def test_files_of_a_room_form_no_circle(room: str):
    files = [path for path in SOURCES if room_of(path) == room]
    if room != "verbs":
        files = [path for path in files if path.name != "__init__.py"]
    names = {
        path: ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        for path in files
    }
    # A verb's work knows its options by type alone.
    needs = {
        name: set(imports_of(path, for_types=room != "verbs")) & set(names.values())
        for path, name in names.items()
    }
    assert circle_in(needs) == []


@pytest.mark.slow
@pytest.mark.parametrize("room", sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py")))
def test_importing_a_room_loads_nothing_heavy(room: str):
    heavy = ["numba", "tensorflow", "jpype", "scyjava", "matplotlib", "dask", "skimage"]
    code = (
        f"import sys, electrodej.{room}\n"
        f"sys.stdout.write(' '.join(sorted(set({heavy!r}) & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "")
