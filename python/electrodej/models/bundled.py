"""The models that come with ElectrodeJ, by their names."""

from __future__ import annotations

import os
from pathlib import Path

from electrodej.errors import InputError

_HERE = Path(__file__).resolve().parent
# In an installed package, and in a checkout of the repository.
_PLACES = (_HERE / "weights", _HERE.parents[2] / "models")


def bundled_models() -> dict[str, Path]:
    """Return the folders of the bundled models, by name."""
    found: dict[str, Path] = {}
    for place in _PLACES:
        if place.is_dir():
            for folder in sorted(place.iterdir()):
                if (folder / "electrodej.json").is_file():
                    found.setdefault(folder.name, folder)
    return found


def find_model(model: str | os.PathLike[str]) -> Path:
    """Return where a model lies that is given as a bundled name, a folder or a file.

    What lies under that path comes first; a bundled model can always be reached from another folder.

    Raises
    ------
    electrodej.errors.InputError
        There is neither such a file nor such a bundled model.
    """
    path = Path(model)
    if path.exists():
        return path
    bundled = bundled_models()
    if str(model) in bundled:
        return bundled[str(model)]
    names = ", ".join(bundled) or "none"
    raise InputError(f"{os.fspath(model)}: there is no such model; bundled are {names}")
