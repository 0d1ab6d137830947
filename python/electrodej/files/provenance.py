"""How a result was made: the description that lies as JSON beside every output."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from electrodej.files.atomic import whole_file
from electrodej.files.checksums import checksum
from electrodej.vocabulary import PathLike, Spacing

# Bytes of a name that are no text are written as \\udc.., which JSON reads back as they were.
NO_TEXT = "backslashreplace"

# What every result depends on.
_PACKAGES = ("numpy", "scipy")

# A path, an open volume, an array, or what `input_file` returned; several of them; None for none.
Inputs = Mapping[str, Any] | Iterable[Any]


def described(
    *,
    columns: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    spacing: Spacing | None = None,
    inputs: Inputs = (),
    packages: Iterable[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """Return how a result was made, ready for JSON and of one shape for all results.

    Parameters
    ----------
    columns
        Of a table: name to ``{"unit": ..., "definition": ...}``, or to a pair (unit, definition).
    parameters
        What was set.
    spacing
        Voxel size (z, y, x) in micrometres.
    inputs
        What was read, by its role or in order: a path or an open volume, whose checksum is taken now, several
        of them, or what `input_file` returned earlier. An array has no checksum.
    packages
        Names of packages that the numbers depend on, beside NumPy and SciPy.
    more
        Whatever else belongs to this result.

    Returns
    -------
    dict
        ``columns``, ``parameters``, ``voxel_size_um`` and ``spacing_um``, ``inputs``, what is in ``more``,
        ``versions``, ``made_with``; without those that were not given.

    Examples
    --------
    >>> about = described(parameters={"radius_um": 0.7}, spacing=(0.1, 0.07, 0.07), shape=[4, 5, 6])
    >>> list(about)
    ['parameters', 'voxel_size_um', 'spacing_um', 'shape', 'versions', 'made_with']
    >>> about["voxel_size_um"]
    {'z': 0.1, 'y': 0.07, 'x': 0.07}
    """
    from electrodej import __version__

    about: dict[str, Any] = {}
    if columns is not None:
        about["columns"] = {name: _column(meaning) for name, meaning in columns.items()}
    if parameters is not None:
        about["parameters"] = dict(parameters)
    if spacing is not None:
        about["voxel_size_um"] = dict(zip("zyx", spacing, strict=True))
        about["spacing_um"] = list(spacing)
    if read := input_files(inputs):
        about["inputs"] = read
    return {**about, **more, "versions": versions(packages), "made_with": f"ElectrodeJ {__version__}"}


def input_file(path: PathLike, *, name: str | None = None) -> dict[str, str]:
    """Return a file's name and checksum, as `described` has them of an input."""
    return {"file": name or Path(path).name, "checksum": checksum(path)}


def versions(packages: Iterable[str] = ()) -> dict[str, str]:
    """Return the versions of ElectrodeJ, Python, NumPy, SciPy and further packages that are installed."""
    from electrodej import __version__
    from electrodej.extras import installed

    return {
        "electrodej": __version__,
        "python": platform.python_version(),
        **installed(dict.fromkeys((*_PACKAGES, *packages))),
    }


def write_description(path: PathLike, description: Mapping[str, Any], *, force: bool = False) -> Path:
    """Write a description as JSON, whole or not at all, and return its path."""
    text = json.dumps(description, indent=2, ensure_ascii=False)
    with whole_file(path, force=force) as part:
        part.write_text(text + "\n", encoding="utf-8", errors=NO_TEXT)
    return Path(path)


def _column(meaning: Any) -> Any:
    if isinstance(meaning, tuple):
        unit, definition = meaning
        return {"unit": unit, "definition": definition}
    return meaning


def input_files(inputs: Inputs) -> Any:
    """Return name and checksum of each input, by role or in order; see `described`."""
    if isinstance(inputs, Mapping):
        return {role: _one_or_several(value) for role, value in inputs.items() if value is not None}
    return [_one(value) for value in inputs]


def _one_or_several(value: Any) -> Any:
    return [_one(each) for each in value] if isinstance(value, list | tuple) else _one(value)


def _one(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    path = value if isinstance(value, str | os.PathLike) else getattr(value, "path", None)
    if path is None:
        return {"file": "array"}
    # What lies in memory has a name and nothing to check.
    return (
        input_file(path)
        if isinstance(value, str | os.PathLike) or Path(path).exists()
        else {"file": str(path)}
    )
