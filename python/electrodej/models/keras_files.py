"""Keras files from anybody, opened without running anything that is in them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from electrodej.errors import InputError, one_line
from electrodej.extras import require
from electrodej.models.archive import open_archive, read_entry
from electrodej.models.safety.limits import MOST_PARTS, MOST_SECONDS
from electrodej.models.sized import sized

_ENTRIES = re.compile(r"(metadata\.json|config\.json|model\.weights\.h5|assets/?)$")
_PICKLE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
# What HDF5 packs weights into is at most so much smaller.
_MOST_GROWTH, _SMALL = 1040, 2**20
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

    def load() -> Any:
        return keras.models.load_model(path, custom_objects=own_layers(), compile=False, safe_mode=True)

    try:
        return sized(load, path)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path} cannot be read as a Keras model ({one_line(error)})") from error


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
            f"{path} does not fit the network that its config describes ({one_line(error)}); "
            "take weights and config from the same training"
        ) from error


def check_h5(path: Path, *, called: Path | None = None) -> str | None:
    """Look through an HDF5 file: it is sound, of a sensible size, and refers to no other file.

    Reading happens in a process of its own, which is ended after a while: damaged attributes can keep HDF5
    busy for ever, and nothing ends that from within.

    Parameters
    ----------
    path
        The file.
    called
        What messages call it.

    Returns
    -------
    config
        The description of the layers in it (``model_config``), where there is one.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "electrodej.models.safety.h5_file", str(path)],
            capture_output=True,
            timeout=MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"{called or path} is damaged: reading it does not come to an end; copy it anew"
        ) from error
    try:
        found = json.loads(done.stdout)
    except ValueError as error:
        raise InputError(f"{called or path} is damaged or no HDF5 file; copy it anew") from error
    if "refused" in found:
        raise InputError(f"{called or path}: {found['refused']}; it is not opened")
    if "damaged" in found:
        raise InputError(f"{called or path} is damaged or no HDF5 file ({found['damaged']}); copy it anew")
    config: str | None = found["config"]
    return config


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
        _check_config(path, read_entry(archive, "config.json"))
        if "model.weights.h5" in archive.namelist():
            with tempfile.TemporaryDirectory(prefix="electrodej-", ignore_cleanup_errors=True) as folder:
                weights = Path(folder) / "model.weights.h5"
                weights.write_bytes(read_entry(archive, weights.name))
                check_h5(weights, called=path)


def _check_whole_h5(path: Path) -> None:
    config = check_h5(path)
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
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"{path}: the description of the layers in it cannot be read ({error})") from error
    if len(parts) > MOST_PARTS:
        raise InputError(
            f"{path}: the description of the layers in it has {len(parts)} entries, and that of a network "
            f"for images {MOST_PARTS} at most; it is not opened"
        )
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
    if not isinstance(kind, str) or not (module is None or isinstance(module, str)):
        raise InputError(f"{path}: the description of the layers in it is damaged; copy it anew")
    settings = part.get("config")
    name = settings.get("name") if isinstance(settings, dict) else None
    if kind in ("Lambda", "__lambda__", "TFOpLambda", "SlicingOpLambda"):
        raise InputError(
            f"{path}: the layer {name or kind!r} is a Lambda layer, which holds Python code, and nothing in "
            "a file is run; rebuild the model from plain layers"
        )
    if (module, kind) in _OWN:
        return
    harmless = module is None or _MODULES.match(module) is not None
    if kind == "function" or not harmless:
        what = f"{module}.{kind}" if module else kind
        raise InputError(
            f"{path} asks for the code of {what!r}, which is not one of Keras's plain layers; "
            "rebuild the model from those"
        )
