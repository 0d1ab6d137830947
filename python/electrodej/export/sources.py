"""From whatever a user has to one Keras model that is ready for Fiji."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.models.bundled import find_model
from electrodej.models.folders import load_folder
from electrodej.models.info import FOLDER_FILE, ModelInfo, read_info
from electrodej.models.keras_files import load_keras_file
from electrodej.models.libraries import need_keras

_KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")
# Tried in this order: poolings by two are the rule, by three or five the exception.
_DIVISORS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 3, 6, 9, 12, 24, 27, 5, 10, 20, 25)
_AT_LEAST = 64


@dataclass(frozen=True)
class Source:
    """A model as it is exported.

    Attributes
    ----------
    model
        Functional Keras model: one NHWC image in, one NHWC image of the same size out.
    info
        What is known of it.
    """

    model: Any
    info: ModelInfo


def load_source(path: str | os.PathLike[str]) -> Source:
    """Load a model folder or a Keras file.

    Parameters
    ----------
    path
        A StarDist (2D) or CSBDeep folder, a folder of ours, the name of a bundled model, or a ``.keras`` or
        ``.h5`` file with one image input.

    Raises
    ------
    electrodej.errors.InputError
        It is none of these, does not fit together, or is nothing that Fiji's plugins can use.
    """
    place = find_model(path)
    need_keras("exporting a model")
    if place.is_dir():
        model, info = _of_folder(place)
    elif place.suffix.lower() in _KERAS_SUFFIXES:
        model, info = load_keras_file(place), ModelInfo(kind="keras", name=place.stem)
    elif place.suffix.lower() == ".zip":
        raise InputError(f"{place} is a zip already; electrodej verify tells whether Fiji can run it")
    else:
        raise InputError(f"{place} is no model; give a model folder or a .keras or .h5 file")
    return ready_for_fiji(model, info, where=str(place))


def _of_folder(place: Path) -> tuple[Any, ModelInfo]:
    from electrodej.networks import network_from_zip

    network = network_from_zip(place)
    return load_folder(place) if network is None else (network, read_info(place / FOLDER_FILE))


def ready_for_fiji(model: Any, info: ModelInfo, *, where: str = "the model") -> Source:
    """Return the model with one input and one output at full size, what is known of it completed."""
    from electrodej.export.graph import flexible
    from electrodej.export.stardist import at_full_size

    keras = need_keras("exporting a model")
    if not getattr(model, "inputs", None) or not getattr(model, "outputs", None):
        raise InputError(
            f"{where} has no fixed inputs and outputs; build it as a functional or sequential model"
        )
    _check_input(model, where)
    if info.kind == "stardist":
        model = at_full_size(model, info.grid, where=where)
    elif len(model.outputs) != 1:
        raise InputError(
            f"{where} has {len(model.outputs)} outputs, and Fiji reads one; join them before exporting"
        )
    # A Sequential is cloned in another way; as a functional model it is like all others.
    model = flexible(keras.Model(model.inputs[0], model.outputs[0]))
    _check_output(model, where)
    divisor = size_divisor(model, where=where)
    channels_in, channels_out = int(model.inputs[0].shape[-1]), int(model.outputs[0].shape[-1])
    _check_classes(info, channels_out, where)
    return Source(
        model,
        dataclasses.replace(
            info,
            channels_in=channels_in,
            channels_out=channels_out,
            rays=channels_out - 1 if info.kind == "stardist" else None,
            size_divisor=divisor,
        ),
    )


def size_divisor(model: Any, *, where: str = "the model") -> int:
    """Return the number of which height and width must be multiples, so that output and input match.

    Found by running small images: what the layers say of their shapes misses branches that do not fit.
    """
    for divisor in _DIVISORS:
        start = -(-_AT_LEAST // divisor)
        if all(_keeps_size(model, divisor * (start + step)) for step in range(3)):
            return divisor
    raise InputError(
        f"{where}: its output is not of the size of its input (for 256x256 it is {_size_of(model, 256)}), "
        "and Fiji needs that for images of any size; build it without layers for one size, and add "
        "upsampling to the full size"
    )


def _keeps_size(model: Any, size: int) -> bool:
    return _size_of(model, size) == f"{size}x{size}"


def _size_of(model: Any, size: int) -> str:
    import numpy as np

    image = np.zeros((1, size, size, model.inputs[0].shape[-1]), np.float32)
    try:
        shape = model(image, training=False).shape
    except Exception:  # branches of different size do not fit together: another divisor may do
        return "nothing, because layers do not fit"
    return "x".join(str(length) for length in shape[1:-1])


def _check_input(model: Any, where: str) -> None:
    if len(model.inputs) != 1:
        raise InputError(f"{where} has {len(model.inputs)} inputs, and Fiji gives a network one image")
    shape = tuple(model.inputs[0].shape)
    if len(shape) == 5:
        raise InputError(f"{where} takes volumes, and Fiji's plugins get 2D networks here; train a 2D model")
    if len(shape) != 4 or shape[-1] is None:
        raise InputError(
            f"{where} takes {shape}, not an image with a known number of channels (batch, Y, X, C)"
        )
    kind = str(model.inputs[0].dtype)
    if kind != "float32":
        raise InputError(
            f"{where} takes numbers of type {kind}, and Fiji gives float32; rebuild it for those"
        )


def _check_output(model: Any, where: str) -> None:
    shape = tuple(model.outputs[0].shape)
    if len(shape) != 4 or shape[-1] is None:
        raise InputError(f"{where} gives {shape}, not an image (batch, Y, X, C); Fiji needs an image")
    kind = str(model.outputs[0].dtype)
    if kind != "float32":
        raise InputError(
            f"{where} gives numbers of type {kind}, and Fiji needs float32; end it with a layer of that dtype"
        )


def _check_classes(info: ModelInfo, channels: int, where: str) -> None:
    if info.classes and info.kind != "stardist" and len(info.classes) != channels:
        raise InputError(f"{where} gives {channels} channels, and {len(info.classes)} classes are named")
