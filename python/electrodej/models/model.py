"""A model that is loaded, whatever it came as: a bundled one, a folder, or a zip for Fiji."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.models.bundled import find_model
from electrodej.models.contract import ZIP
from electrodej.models.engines.base import Engine
from electrodej.models.engines.choice import engine_for_zip, is_light
from electrodej.models.engines.named import NamedEngine, naming
from electrodej.models.engines.names import EngineName
from electrodej.models.folders import CONFIG, load_folder
from electrodej.models.info import ModelInfo, read_info, read_json
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


def load_model(model: PathLike, *, engine: EngineName = "auto") -> Model:
    """Load any model.

    Parameters
    ----------
    model
        The name of a bundled model, a model folder (ours, StarDist's or CSBDeep's), or a zip that
        `electrodej.export` wrote, with its JSON beside it.
    engine
        What computes it; "auto" is the lightest that can. Of a folder that is the zip in it, where that was
        exported from the very weights that lie there. Keras builds a StarDist model anew whose weights are in
        the zip only; for other models such a zip is run.

    Raises
    ------
    electrodej.errors.InputError
        There is no such model, it is damaged, or it would do more than compute.
    """
    place = find_model(model)
    if place.is_dir():
        return _from_folder(place, engine)
    if place.suffix.lower() == ".zip":
        return _from_zip(place, engine)
    raise InputError(f"{place} is neither a model folder nor a zip")


def _from_folder(folder: Path, engine: EngineName) -> Model:
    beside = folder / ZIP
    if _stands_for_weights(beside) and (
        engine in ("openvino", "onnxruntime")
        or (engine == "auto" and is_light(beside))
        or not (_has_weights(folder) or (engine == "keras" and (folder / CONFIG).is_file()))
    ):
        info = read_info(beside.with_suffix(".json"))
        return Model(info.name, info, _engine(beside, info, engine), folder)
    if engine not in ("auto", "keras"):
        raise InputError(
            f"{folder} has no {ZIP} of its present weights, which {engine} would run; make it with "
            f"electrodej export {folder} --out {beside} --force, or leave --engine out"
        )
    return model_of(folder, *load_folder(folder))


def model_of(folder: Path, network: Any, info: ModelInfo) -> Model:
    """Return the Keras network of a folder as a model that Keras computes."""
    from electrodej.models.engines.keras import KerasEngine

    with naming(folder):
        return Model(info.name, info, NamedEngine(KerasEngine(network), folder), folder)


def _from_zip(path: Path, engine: EngineName) -> Model:
    about = path.with_suffix(".json")
    if not about.is_file():
        raise InputError(
            f"{path}: {about.name} is missing beside it, which holds the thresholds and names the classes; "
            "put both into one folder, or give the model's folder"
        )
    info = read_info(about)
    return Model(str(path), info, _engine(path, info, engine), path)


def _engine(zipped: Path, info: ModelInfo, wanted: EngineName) -> Engine:
    with naming(zipped):
        return NamedEngine(engine_for_zip(zipped, info.grid, wanted), zipped)


def weights_of(folder: Path) -> dict[str, str] | None:
    """Return name and checksum of the weights in a model folder, as the JSON beside a zip has them."""
    for name in ("weights_best.h5", "model.keras"):
        if (folder / name).is_file():
            digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            return {"file": name, "sha256": digest}
    return None


def _stands_for_weights(zipped: Path) -> bool:
    """Whether a zip in a model folder was exported from the weights beside it, or came in their place."""
    about = zipped.with_suffix(".json")
    if not (zipped.is_file() and about.is_file()):
        return False
    said = read_json(about)
    if not _has_weights(zipped.parent):
        return bool(said.get("sha256") == hashlib.sha256(zipped.read_bytes()).hexdigest())
    return said.get("weights") is not None and said["weights"] == weights_of(zipped.parent)


def _has_weights(folder: Path) -> bool:
    return any(path.suffix in (".h5", ".hdf5", ".keras") for path in folder.iterdir())


def network_file(place: Path) -> Path:
    """Return the file that holds the network of a folder, or the zip itself."""
    if place.is_file():
        return place
    weights = weights_of(place)
    return place / (ZIP if weights is None else weights["file"])
