"""A model that is loaded, whatever it came as: a bundled one, a folder, or a zip for Fiji."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from electrodej.errors import InputError
from electrodej.models.bundled import find_model
from electrodej.models.engines.base import Engine
from electrodej.models.info import ModelInfo, read_info
from electrodej.vocabulary import PathLike


@dataclass(frozen=True)
class Model:
    """A network and what it is to be used with.

    Attributes
    ----------
    name
        How it was asked for.
    info
        Thresholds, grid, percentiles, context, classes.
    engine
        What computes it.
    place
        The folder or the zip that it came from.
    """

    name: str
    info: ModelInfo
    engine: Engine
    place: Path


def load_model(model: PathLike) -> Model:
    """Load any model.

    Parameters
    ----------
    model
        The name of a bundled model, a model folder (ours, StarDist's or CSBDeep's), or a zip that
        `electrodej.export` wrote, with its JSON beside it.

    Raises
    ------
    electrodej.errors.InputError
        There is no such model, or it is damaged.
    """
    place = find_model(model)
    if place.is_dir():
        return _from_folder(place)
    if place.suffix.lower() == ".zip":
        return _from_zip(place)
    raise InputError(f"{place} is neither a model folder nor a zip")


def _from_folder(folder: Path) -> Model:
    from electrodej.models.engines.keras import KerasEngine
    from electrodej.models.folders import load_folder

    network, info = load_folder(folder)
    return Model(info.name, info, KerasEngine(network), folder)


def _from_zip(path: Path) -> Model:
    from electrodej.models.engines.tensorflow_zip import TensorflowZip
    from electrodej.models.engines.thinned import ThinnedEngine

    about = path.with_suffix(".json")
    if not about.is_file():
        raise InputError(
            f"{path}: {about.name} is missing beside it, which holds the thresholds and names the classes; "
            "put both into one folder, or give the model's folder"
        )
    info = read_info(about)
    engine: Engine = TensorflowZip(path)
    if info.grid != (1, 1):
        engine = ThinnedEngine(engine, info.grid)
    return Model(str(path), info, engine, path)
