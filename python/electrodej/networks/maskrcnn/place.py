"""Where a Mask R-CNN lies, told without Keras: a folder of ours, or a file of weights of LIBNet's kind."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from electrodej.errors import InputError
from electrodej.models.bundled import find_model
from electrodej.vocabulary import PathLike

KIND: Literal["maskrcnn"] = "maskrcnn"
NETWORK_FILE = "maskrcnn.json"
# The parts of the network: each as an engine runs it, and all weights that there are.
PYRAMID, CLASSES, MASKS = "pyramid.onnx", "classes.onnx", "masks.onnx"
PARTS = (PYRAMID, CLASSES, MASKS)
# What folders had in their place before; only Keras runs it.
WEIGHTS = "weights_best.h5"


def is_maskrcnn(model: PathLike) -> bool:
    """Whether a name or a path is that of a Mask R-CNN.

    >>> is_maskrcnn("nmc-particles")
    False
    """
    try:
        place = find_model(model)
    except InputError:
        return False
    if place.is_file():
        return place.suffix.lower() in (".h5", ".hdf5")
    return (place / NETWORK_FILE).is_file()


def has_parts(place: Path) -> bool:
    """Whether the parts of a network are there as files that a light engine runs."""
    return all((place / name).is_file() for name in PARTS)


def weights_file(place: Path) -> Path:
    """Return the file of weights that Keras reads: of a folder without parts, or the file itself."""
    weights = place if place.is_file() else place / WEIGHTS
    if not weights.is_file():
        raise InputError(
            f"{place} holds no weights ({', '.join(PARTS)}, or {WEIGHTS} of an earlier version, are missing)"
        )
    return weights
