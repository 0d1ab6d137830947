"""A segmentation network on the disk: a folder that `electrodej export` takes, too."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.export import FOLDER_FILE, ModelInfo, load_folder, read_json, to_json
from electrodej.files import whole_file
from electrodej.networks.bundled import find_model
from electrodej.networks.semantic.config import NetworkConfig, config_as_dict, config_from_dict
from electrodej.networks.semantic.samples import Classes

NETWORK = "model.keras"
SETTINGS = "semantic.json"
_FORMAT = "electrodej-semantic"


@dataclass(frozen=True)
class SemanticModel:
    """A network that tells classes apart, and what is needed to use it.

    Attributes
    ----------
    network
        The Keras model.
    config
        What it is made of.
    classes
        What its channels mean. A network with one channel gives the probability of the second class.
    percentiles
        Of the grey values, which become 0 and 1.
    histogram
        Of the scaled grey values it was trained on, see `electrodej.networks.semantic.grey`.
    spacing
        Voxel size (z, y, x) in micrometres of the images it was trained on, if known.
    name
        What people call it.
    """

    network: Any
    config: NetworkConfig
    classes: Classes
    percentiles: tuple[float, float] = (1.0, 99.8)
    histogram: tuple[float, ...] = ()
    spacing: tuple[float, float, float] | None = None
    name: str = ""


def write_model(folder: Path, model: SemanticModel) -> None:
    """Write the files of a model into a folder that is there."""
    import keras

    # As a model that was never compiled: how it was trained is not needed to use it.
    keras.Model(model.network.inputs, model.network.outputs).save(folder / NETWORK)
    sigmoid = model.config.head == "sigmoid"
    info = ModelInfo(
        kind=model.config.kind,  # type: ignore[arg-type]
        name=model.name,
        channels_in=model.config.channels,
        channels_out=1 if sigmoid else model.config.n_classes,
        percentiles=model.percentiles,
        size_divisor=model.config.step,
        classes=model.classes.names[1:] if sigmoid else model.classes.names,
        spacing=model.spacing,
    )
    settings = {
        "format": _FORMAT,
        "version": 1,
        "network": config_as_dict(model.config),
        "class_ids": list(model.classes.ids),
        "class_names": list(model.classes.names),
        "histogram": [round(share, 6) for share in model.histogram],
    }
    for name, text in (
        (SETTINGS, json.dumps(settings, indent=1, ensure_ascii=False) + "\n"),
        (FOLDER_FILE, to_json(info)),
    ):
        with whole_file(folder / name) as part:
            part.write_text(text, encoding="utf-8")


def is_model_folder(folder: Path) -> bool:
    """Whether a folder holds a model of this kind."""
    return (folder / SETTINGS).is_file()


def load_model(path: str | os.PathLike[str]) -> SemanticModel:
    """Load a model folder, given by its path or by the name of a bundled model, or an exported zip.

    Raises
    ------
    electrodej.errors.InputError
        There is no such model, or it is another kind of model.
    """
    folder = find_model(path)
    if folder.suffix.lower() == ".zip" and folder.is_file():
        from electrodej.networks.semantic.zipped import load_zip

        return load_zip(folder)
    if not is_model_folder(folder):
        raise InputError(
            f"{folder} is no model that tells phases apart; give a folder written by electrodej train unet "
            "or lrcs, or a zip exported from one"
        )
    settings = read_json(folder / SETTINGS)
    if settings.get("format") != _FORMAT or settings.get("version") != 1:
        raise InputError(f"{folder / SETTINGS} is not one of ours, or newer than this ElectrodeJ")
    network, info = load_folder(folder)
    try:
        config = config_from_dict(settings["network"])
        classes = Classes(tuple(settings["class_ids"]), tuple(settings["class_names"]))
        histogram = tuple(float(share) for share in settings["histogram"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder / SETTINGS} is damaged ({error}); copy it anew") from error
    if len(classes.ids) != config.n_classes or len(classes.names) != config.n_classes:
        raise InputError(f"{folder / SETTINGS} does not name as many classes as its network has")
    return SemanticModel(network, config, classes, info.percentiles, histogram, info.spacing, info.name)
