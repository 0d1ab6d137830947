"""A network that tells phases apart, with what is needed to use it: in memory, and in its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.files import whole_file
from electrodej.models.contract import ZIP
from electrodej.models.engines.base import Engine
from electrodej.models.engines.names import EngineName
from electrodej.models.info import FOLDER_FILE, ModelInfo, read_info, read_json, to_json
from electrodej.models.model import Model, model_of
from electrodej.models.model import load_model as load_any
from electrodej.models.tiles import TileNeeds
from electrodej.networks.semantic.config import NetworkConfig, config_as_dict, config_from_dict
from electrodej.networks.semantic.samples import Classes
from electrodej.vocabulary import PathLike, Spacing

NETWORK = "model.keras"
SETTINGS = "semantic.json"
_FORMAT = "electrodej-semantic"
# Maps of full size that a network is taken to hold at once; each costs four bytes a pixel and filter.
_MAPS = 12
# What is taken for a network in a zip, which does not say: it decides how much memory tiles are thought to
# need, and how wide their margins are.
_FILTERS, _CONTEXT = 32, 128


@dataclass(frozen=True)
class SemanticModel:
    """A network that tells classes apart, and what is needed to use it.

    Attributes
    ----------
    engine
        What computes it. With one channel it gives the probability of the second class.
    classes
        What its channels mean.
    needs
        What it needs of its tiles.
    config
        What it is made of; a zip does not say.
    percentiles
        Of the grey values, which become 0 and 1.
    histogram
        Of the scaled grey values it was trained on, see `electrodej.models.grey`.
    spacing
        Voxel size (z, y, x) in micrometres of the images it was trained on, if known.
    name
        What people call it.
    folder
        Where its Keras model lies, if it came from a folder.
    pixel
        Edge of the square pixels that planes are brought to for it, in micrometres; None: as they are.
    place
        What it was loaded from; None for one that was made in memory.
    """

    engine: Engine
    classes: Classes
    needs: TileNeeds
    config: NetworkConfig | None = None
    percentiles: tuple[float, float] = (1.0, 99.8)
    histogram: tuple[float, ...] = ()
    spacing: Spacing | None = None
    name: str = ""
    folder: Path | None = None
    pixel: float | None = None
    place: Path | None = None

    @property
    def network(self) -> Any:
        """The Keras model, for training it further or asking it with dropout.

        Raises
        ------
        electrodej.errors.InputError
            It was loaded from a zip, where that is gone.
        """
        network = getattr(self.engine, "network", None)
        if network is None and self.folder is not None and self.folder.is_dir():
            from electrodej.models.folders import load_folder

            network = network_from_zip(self.folder)
            return load_folder(self.folder)[0] if network is None else network
        if network is None:
            raise InputError(f"{self.name} is a zip, which can only be run; give the model's folder")
        return network


def network_from_zip(folder: Path) -> Any | None:
    """Return the Keras model of a folder that has it in its zip only, as in a wheel; None for any other."""
    if not is_model_folder(folder) or (folder / NETWORK).is_file() or not (folder / ZIP).is_file():
        return None
    from electrodej.models.sized import sized
    from electrodej.models.zip_weights import take_zip_weights
    from electrodej.networks.semantic.builders import build_network

    config = _config(_read_settings(folder), folder / SETTINGS)
    network = sized(lambda: build_network(config), folder / SETTINGS)
    take_zip_weights(network, folder / ZIP)
    return network


def from_network(network: Any, config: NetworkConfig, classes: Classes, **known: Any) -> SemanticModel:
    """Return a Keras network as a model; ``known`` are further attributes of `SemanticModel`."""
    from electrodej.models.engines.keras import KerasEngine

    return SemanticModel(KerasEngine(network), classes, needs_of(config), config, **known)


def needs_of(config: NetworkConfig) -> TileNeeds:
    """Return what a network needs of its tiles."""
    return TileNeeds(
        config.step, config.reach, 4 * _MAPS * config.n_filters, fixed=config.fixed_size, lead=config.step
    )


def write_model(folder: Path, model: SemanticModel) -> None:
    """Write the files of a model that was trained here into a folder that is there."""
    import keras

    config = model.config
    if config is None:
        raise InputError(f"{model.name} does not say what its network is made of, so it is not written")
    # As a model that was never compiled: how it was trained is not needed to use it.
    keras.Model(model.network.inputs, model.network.outputs).save(folder / NETWORK)
    sigmoid = config.head == "sigmoid"
    info = ModelInfo(
        kind=config.kind,  # type: ignore[arg-type]
        name=model.name,
        channels_in=config.channels,
        channels_out=1 if sigmoid else config.n_classes,
        percentiles=model.percentiles,
        size_divisor=config.step,
        classes=model.classes.names[1:] if sigmoid else model.classes.names,
        spacing=model.spacing,
    )
    settings = {
        "format": _FORMAT,
        "version": 1,
        "network": config_as_dict(config),
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


def load_model(model: PathLike | SemanticModel, *, engine: EngineName = "auto") -> SemanticModel:
    """Load a model that tells phases apart; one that is loaded already is given back.

    The numbers of the classes are in ``semantic.json`` of the model's folder. Where a zip lies elsewhere,
    they are 0, 1, ... in the order of the names.

    Parameters
    ----------
    model, engine
        As for `electrodej.models.load_model`.

    Raises
    ------
    electrodej.errors.InputError
        There is no such model, or it is another kind of model.
    """
    if isinstance(model, SemanticModel):
        return model
    from electrodej.models.bundled import find_model

    place = find_model(model)
    if place.is_dir():
        settings = _read_settings(place)
        network = network_from_zip(place) if engine == "keras" else None
        loaded = (
            load_any(place, engine=engine)
            if network is None
            else model_of(place, network, read_info(place / FOLDER_FILE))
        )
        found = _with_settings(loaded, settings, place / SETTINGS)
    else:
        found = _from_zip(load_any(place, engine=engine))
    return replace(found, place=place)


def _read_settings(folder: Path) -> dict[str, Any]:
    if not is_model_folder(folder):
        raise InputError(
            f"{folder} is no model that tells phases apart; give a folder written by electrodej train unet "
            "or lrcs, or a zip exported from one"
        )
    settings = read_json(folder / SETTINGS)
    if settings.get("format") != _FORMAT or settings.get("version") != 1:
        raise InputError(f"{folder / SETTINGS} is not one of ours, or newer than this ElectrodeJ")
    return settings


def _with_settings(loaded: Model, settings: Mapping[str, Any], path: Path) -> SemanticModel:
    config = _config(settings, path)
    try:
        classes = Classes(tuple(settings["class_ids"]), tuple(settings["class_names"]))
        histogram = tuple(float(share) for share in settings["histogram"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is damaged ({error}); copy it anew") from error
    if len(classes.ids) != config.n_classes or len(classes.names) != config.n_classes:
        raise InputError(f"{path} does not name as many classes as its network has")
    info = loaded.info
    return SemanticModel(
        loaded.engine,
        classes,
        needs_of(config),
        config,
        info.percentiles,
        histogram,
        info.spacing,
        info.name,
        loaded.place,
    )


def _config(settings: Mapping[str, Any], path: Path) -> NetworkConfig:
    try:
        return config_from_dict(settings["network"])
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is damaged ({error}); copy it anew") from error


def _from_zip(loaded: Model) -> SemanticModel:
    info, path = loaded.info, loaded.place
    if info.kind not in ("unet", "lrcs"):
        raise InputError(f"{path} is a model of the kind {info.kind}, and tells no phases apart")
    reach = _CONTEXT if info.context is None else info.context
    needs = TileNeeds(info.size_divisor, reach, 4 * _MAPS * _FILTERS, lead=info.size_divisor)
    return SemanticModel(
        loaded.engine,
        _classes_of(path, info),
        needs,
        percentiles=info.percentiles,
        spacing=info.spacing,
        name=info.name or path.stem,
    )


def _classes_of(path: Path, info: ModelInfo) -> Classes:
    names = info.classes or tuple(f"class {number}" for number in range(info.channels_out))
    if info.channels_out == 1:
        names = ("background", names[0])
    ids = tuple(range(len(names)))
    beside = path.with_name(SETTINGS)
    if beside.is_file():
        settings = read_json(beside)
        numbers, called = settings.get("class_ids") or [], settings.get("class_names") or []
        if not isinstance(numbers, list) or not isinstance(called, list):
            raise InputError(f"{beside} is damaged (class_ids and class_names are no lists); copy it anew")
        if len(numbers) == len(called) == len(names):
            ids, names = tuple(numbers), tuple(called)
    try:
        return Classes(ids, names)
    except ValueError as error:
        raise InputError(f"{beside} is damaged ({error}); copy it anew") from error
