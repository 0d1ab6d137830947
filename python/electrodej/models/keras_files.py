"""Keras files from anybody, opened without running anything that is in them."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.models.archive import open_archive, read_entry

_ENTRIES = re.compile(r"(metadata\.json|config\.json|model\.weights\.h5|assets/?)$")
_PICKLE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_HDF5 = b"\x89HDF\r\n\x1a\n"
# Layers of our own networks, which lay elsewhere once. Each is known here by name, so that a file cannot ask
# for other code of ours.
_OWN = {
    (module, kind)
    for module in ("electrodej.models.layers", "electrodej.networks.semantic.layers")
    for kind in ("ArgmaxPooling2D", "ArgmaxUnpooling2D")
}
# Where Keras keeps classes that only compute. keras.utils, which fetches and writes files, is not among them.
_MODULES = re.compile(
    r"keras(\.src)?"
    r"(\.(layers|models|initializers|regularizers|constraints|activations|dtype_policies|optimizers|losses"
    r"|metrics|ops|random|backend\.common\.keras_tensor|quantizers)(\.[a-z0-9_.]+)?)?$"
)


def load_keras_file(path: Path) -> Any:
    """Load a ``.keras`` or whole-model ``.h5`` file of built-in layers and those of our own networks.

    Raises
    ------
    electrodej.errors.InputError
        It is damaged, holds only weights, or would run code of its own (Lambda or custom layers, pickles).
    """
    with path.open("rb") as handle:
        start = handle.read(8)
    if start[:2] in _PICKLE:
        raise InputError(
            f"{path} is a Python pickle, which could run anything; "
            "save the model with model.save('model.keras')"
        )
    if path.suffix == ".keras" and start != _HDF5:
        _check_keras_zip(path)
    else:
        _check_whole_h5(path)
    # On any backend: networks are run on JAX and PyTorch too, only zips are made with TensorFlow.
    keras = require("keras", what="reading a Keras model", extra="train")
    from electrodej.models.layers import own_layers

    try:
        return keras.models.load_model(path, custom_objects=own_layers(), compile=False, safe_mode=True)
    except Exception as error:
        raise InputError(f"{path} cannot be read as a Keras model ({_short(error)})") from error


def load_weights(model: Any, path: Path) -> None:
    """Load the weights of an ``.h5`` file, of Keras 2 or 3, into a model.

    Raises
    ------
    electrodej.errors.InputError
        The file is damaged, or its weights are those of another network.
    """
    check_h5(path)
    try:
        model.load_weights(path)
    except Exception as error:
        raise InputError(
            f"{path} does not fit the network that its config describes ({_short(error)}); "
            "take weights and config from the same training"
        ) from error


def check_h5(path: Path) -> None:
    """Raise `InputError` unless the file is sound HDF5 that refers to no other file."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            for name, link in _links(file):
                if isinstance(link, h5py.ExternalLink):
                    raise InputError(f"{path}: {name!r} in it refers to another file; it is not opened")
                entry = file.get(name)
                if isinstance(entry, h5py.Dataset):
                    if entry.external or entry.is_virtual:
                        raise InputError(f"{path}: {name!r} in it refers to another file; it is not opened")
                    entry[()]  # a damaged chunk shows only when it is read
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise InputError(f"{path} is damaged or no HDF5 file ({_short(error)}); copy it anew") from error


def _links(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    import h5py

    for key in group:
        link = group.get(key, getlink=True)
        yield f"{prefix}{key}", link
        if isinstance(link, h5py.HardLink) and isinstance(group.get(key), h5py.Group):
            yield from _links(group[key], f"{prefix}{key}/")


def _check_keras_zip(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        raise InputError(f"{path} is not a Keras file, or it is damaged; copy it anew")
    with open_archive(path) as archive:
        for name in archive.namelist():
            if not _ENTRIES.match(name):
                raise InputError(
                    f"{path} holds {name!r}, which has no place in a Keras file of plain layers; "
                    "it is not opened"
                )
        if "config.json" not in archive.namelist():
            raise InputError(f"{path} is a zip without a Keras model in it (config.json is missing)")
        _check_config(path, read_entry(archive, "config.json", path=path))


def _check_whole_h5(path: Path) -> None:
    import h5py

    check_h5(path)
    with h5py.File(path, "r") as file:
        config = file.attrs.get("model_config")
    if config is None:
        raise InputError(
            f"{path} holds weights only; give the model's folder with its config.json, "
            "or a file saved with model.save('model.keras')"
        )
    _check_config(path, config)


def _check_config(path: Path, text: str | bytes) -> None:
    try:
        config = json.loads(text)
        parts = list(_parts(config))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: the description of the layers in it cannot be read ({error})") from error
    for part in parts:
        _check_part(path, part)


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "class_name" in value:
            yield value
        for entry in value.values():
            yield from _parts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _parts(entry)


def _check_part(path: Path, part: dict[str, Any]) -> None:
    kind, module = part["class_name"], part.get("module")
    settings = part.get("config")
    name = settings.get("name") if isinstance(settings, dict) else None
    if kind in ("Lambda", "__lambda__", "TFOpLambda", "SlicingOpLambda"):
        raise InputError(
            f"{path}: the layer {name or kind!r} is a Lambda layer, which holds Python code, and nothing in "
            "a file is run; rebuild the model from plain layers"
        )
    if (module, kind) in _OWN:
        return
    harmless = module is None or (isinstance(module, str) and _MODULES.match(module) is not None)
    if kind == "function" or not harmless:
        what = f"{module}.{kind}" if module else kind
        raise InputError(
            f"{path} asks for the code of {what!r}, which is not one of Keras's plain layers; "
            "rebuild the model from those"
        )


def _short(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= 200 else text[:200] + "…"
