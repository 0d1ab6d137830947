"""Where the Fiji scripts, their library and the macros lie in this installation of ElectrodeJ."""

from __future__ import annotations

from pathlib import Path

from electrodej.errors import ElectrodeJError

# What every command is called by in ImageJ's one name space.
PREFIX = "ElectrodeJ "
# In a wheel they lie in the package, in a checkout at its root.
_IN_PACKAGE = Path(__file__).parent / "content"
_IN_CHECKOUT = Path(__file__).parents[3]


def scripts() -> Path:
    """Return the folder ``scripts``, laid out as it lands in a Fiji."""
    return _part("fiji-scripts") / "scripts"


def library() -> Path:
    """Return the folder with the Groovy classes that the scripts share."""
    return _part("fiji-scripts") / "library"


def macros() -> Path:
    """Return the folder with the ImageJ macros."""
    return _part("macros")


def title_of(script: Path) -> str:
    """Return what the menu calls a script.

    >>> title_of(Path("ElectrodeJ_Measure_Particles.groovy"))
    'Measure Particles'
    """
    return script.stem.replace("_", " ").removeprefix(PREFIX)


def script(name: str) -> Path:
    """Return one of the menu scripts by its name, as in the menu or as in macros.

    >>> script("Measure Particles") == script("ElectrodeJ Measure Particles")
    True

    Raises
    ------
    ElectrodeJError
        There is none of that name.
    """
    found = {title_of(path): path for path in scripts().rglob("*.*") if path.is_file()}
    wanted = name.replace("_", " ").removeprefix(PREFIX)
    if wanted not in found:
        raise ElectrodeJError(f"there is no Fiji script {name!r}; there are: {', '.join(sorted(found))}")
    return found[wanted]


def _part(name: str) -> Path:
    for root in (_IN_PACKAGE, _IN_CHECKOUT):
        if (root / name).is_dir():
            return root / name
    raise ElectrodeJError(
        f"this installation of ElectrodeJ lacks its {name}; install it anew with: "
        'pip install --force-reinstall "electrodej[fiji]"'
    )
