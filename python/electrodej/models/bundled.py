"""The models that come with ElectrodeJ, and those that a person trained in Fiji, by their names."""

from __future__ import annotations

import os
from pathlib import Path

from electrodej.errors import InputError
from electrodej.models.info import FOLDER_FILE, FOREST_FILE

_HERE = Path(__file__).resolve().parent
# In an installed package, and in a checkout of the repository.
# A network's folder has the first of these, a forest's the second.
_MARKS = (FOLDER_FILE, FOREST_FILE)
_PLACES = (_HERE / "weights", _HERE.parents[2] / "models")


def bundled_models() -> dict[str, Path]:
    """Return the folders of the bundled models, by name."""
    found: dict[str, Path] = {}
    for place in _PLACES:
        if place.is_dir():
            for folder in sorted(place.iterdir()):
                if (folder / FOLDER_FILE).is_file():
                    found.setdefault(folder.name, folder)
    return found


def own_models_folder() -> Path:
    """Return where the models lie that were trained in Fiji: ``.electrodej/models`` in the home folder."""
    return Path(os.environ.get("ELECTRODEJ_MODELS") or Path.home() / ".electrodej" / "models")


def find_model(model: str | os.PathLike[str]) -> Path:
    """Return where a model lies that is given as a bundled or one's own name, a folder or a file.

    What lies under that path comes first; a bundled model can always be reached from another folder, and
    comes before one of one's own (see `own_models_folder`).

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
    own = own_models_folder() / path
    if len(path.parts) == 1 and any((own / mark).is_file() for mark in _MARKS):
        return own
    names = ", ".join(bundled) or "none"
    raise InputError(f"{os.fspath(model)}: there is no such model; bundled are {names}")
