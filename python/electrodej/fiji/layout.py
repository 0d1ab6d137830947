"""Which files ElectrodeJ brings into a Fiji, and where they land there."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from electrodej import __version__
from electrodej.errors import InputError
from electrodej.fiji import content
from electrodej.models.bundled import bundled_models
from electrodej.models.contract import ZIP

OWN_FOLDER = "electrodej"
MANIFEST = f"{OWN_FOLDER}/installed.json"
PYTHON_NOTE = f"{OWN_FOLDER}/python.txt"
# Fiji's plugins run the zip, our scripts read the sidecar; weights stay with Python.
_OF_A_MODEL = (".zip", ".json", ".yaml", ".ijm")
# What the file of every command begins with.
SCRIPT_PREFIX = content.PREFIX.replace(" ", "_")
COLOURS = "luts/ElectrodeJ_Labels.lut"
# The oldest date that a zip can hold: the same sources make the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


def fiji_root(folder: str | Path) -> Path:
    """Return the folder of a Fiji: ``folder`` itself, or the Fiji.app or Fiji inside it.

    Raises
    ------
    InputError
        There is no Fiji.
    """
    given = Path(folder).expanduser()
    for root in (given, given / "Fiji.app", given / "Fiji"):
        if (root / "jars").is_dir() and (root / "plugins").is_dir():
            return root.resolve()
    raise InputError(f"{given} is no Fiji folder; give the folder that has jars and plugins in it")


def planned() -> dict[str, bytes]:
    """Return what is brought: the path in the Fiji folder, with forward slashes, and the content.

    >>> sorted(name for name in planned() if name.endswith(".jar")) == [f"jars/{library_name()}"]
    True
    """
    files = {
        f"scripts/{path.relative_to(content.scripts()).as_posix()}": path.read_bytes()
        for path in _files(content.scripts())
    }
    files |= {f"macros/ElectrodeJ/{path.name}": path.read_bytes() for path in _files(content.macros())}
    files |= {
        f"models/ElectrodeJ/{name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for name, folder in bundled_models().items()
        if (folder / ZIP).is_file()  # what Fiji cannot run it does not need
        for path in _files(folder)
        if path.suffix in _OF_A_MODEL
    }
    files[f"jars/{library_name()}"] = library_jar()
    files[COLOURS] = _colours()
    return files


def left_behind(fiji: Path) -> list[str]:
    """Return what an earlier version left in a Fiji where a newer zip was laid over it: old scripts and jars.

    Commands were once called without the project's name in front; such a script counts where it loads our
    library.
    """
    places = [fiji / "scripts" / path.relative_to(content.scripts()) for path in _files(content.scripts())]
    former = [path.with_name(path.name.removeprefix(SCRIPT_PREFIX)) for path in places]
    found = [path for path in former if path not in places and path.is_file() and _is_ours(path)]
    jars = (fiji / "jars").glob("electrodej-scripts-*.jar")
    found += [jar for jar in jars if jar.name != library_name()]
    return sorted(path.relative_to(fiji).as_posix() for path in found)


def _is_ours(script: Path) -> bool:
    return "electrodej.Library" in script.read_text(encoding="utf-8", errors="replace")


def library_name() -> str:
    """Return the name of the jar with the classes that the scripts share."""
    return f"electrodej-scripts-{__version__}.jar"


def library_jar() -> bytes:
    """Pack the Groovy classes that the scripts share; Groovy compiles them when it first needs them."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as jar:
        for path in _files(content.library()):
            name = zipfile.ZipInfo(path.relative_to(content.library()).as_posix(), _DATE)
            name.compress_type = zipfile.ZIP_DEFLATED
            jar.writestr(name, path.read_bytes())
    return packed.getvalue()


def _colours() -> bytes:
    """ImageJ's plain lookup table: 256 reds, 256 greens, 256 blues."""
    from electrodej.volume.lut import label_colours

    return label_colours().tobytes()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
