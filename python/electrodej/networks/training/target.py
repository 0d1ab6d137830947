"""Whether a folder may be replaced by a new model."""

from __future__ import annotations

from pathlib import Path

from electrodej.errors import OutputError

# What stands in a model's folder: settings, weights, figures, and what an export puts beside them.
_SUFFIXES = {".json", ".h5", ".keras", ".csv", ".png", ".zip", ".ijm", ".yaml", ".md", ".npy", ".onnx"}


def is_only_model(folder: Path, markers: tuple[str, ...]) -> bool:
    """Return whether a folder has one of the files that mark a model, and nothing that a model has not."""
    if not any((folder / marker).is_file() for marker in markers):
        return False
    return all(entry.is_file() and entry.suffix in _SUFFIXES for entry in folder.iterdir())


def check_replaceable(out: Path, markers: tuple[str, ...]) -> None:
    """Refuse, before the training, a folder that holds anything but a model."""
    if out.is_dir() and any(out.iterdir()) and not is_only_model(out, markers):
        raise OutputError(
            f"{out} holds more than a model and is not replaced; choose another name with --out"
        )
