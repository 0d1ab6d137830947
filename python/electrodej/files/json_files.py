"""Reading JSON that may come from anywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.vocabulary import PathLike

_LARGEST = 256 * 2**20


def read_json(path: PathLike) -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    OSError
        The file cannot be read.
    InputError
        It is no JSON, is nested too deeply, or is larger than such files are.
    """
    place = Path(path)
    if place.stat().st_size > _LARGEST:
        raise InputError(f"{place} is too large to be what is wanted; give another file")
    try:
        return json.loads(place.read_text(encoding="utf-8-sig"))
    except RecursionError as error:
        raise InputError(f"{place} is nested too deeply to be what is wanted; give another file") from error
    except ValueError as error:
        raise InputError(f"{place} is no JSON ({error}); save it again") from error
