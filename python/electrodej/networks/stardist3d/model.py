"""A StarDist model of volumes, ready to predict; its folder."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.models.bundled import find_model
from electrodej.models.engines.base import Engine
from electrodej.models.engines.choice import engine_for_onnx, has
from electrodej.models.engines.named import NamedEngine, naming
from electrodej.models.engines.names import EngineName
from electrodej.models.info import FOLDER_FILE, ModelInfo, read_info, read_json, to_json
from electrodej.models.safety.limits import MOST_CONSTANT_BYTES
from electrodej.networks.stardist3d.settings import Halvings, Plan, Steps
from electrodej.vocabulary import PathLike

KIND = "stardist3d"
# What the network is made of, its weights for training, and the same network for the light engines.
SOLID_FILE, WEIGHTS, ONNX = "solid.json", "model.weights.h5", "model.onnx"
_FIELDS = ("grid", "pools", "rays", "filters")


@dataclass(frozen=True)
class SolidModel:
    """A network that offers bodies, and what it is to be used with.

    Attributes
    ----------
    name
        How it was asked for.
    info
        Thresholds, percentiles, context, voxel size.
    plan
        Grid, poolings and rays.
    engine
        Gives the probability, and behind it the ray distances, on the network's grid.
    place
        What it was loaded from; None for one that was made in memory.
    """

    name: str
    info: ModelInfo
    plan: Plan
    engine: Engine
    place: Path | None = None

    @property
    def probability_threshold(self) -> float:
        """Least probability of a particle."""
        return 0.5 if self.info.probability_threshold is None else self.info.probability_threshold

    @property
    def overlap_threshold(self) -> float:
        """Two bodies that overlap by more are one particle."""
        return 0.4 if self.info.overlap_threshold is None else self.info.overlap_threshold

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size (z, y, x) in micrometres of the volumes that it was trained on."""
        return self.info.spacing or (1.0, 1.0, 1.0)


def is_solid(model: PathLike) -> bool:
    """Whether a model is one of volumes; False also where there is none."""
    try:
        place = find_model(model)
        return place.is_dir() and (place / SOLID_FILE).is_file()
    except InputError:
        return False


def load_solid(model: PathLike | SolidModel, *, engine: EngineName = "auto") -> SolidModel:
    """Load a StarDist model of volumes; one that is loaded already is given back.

    Parameters
    ----------
    model
        The name of a bundled model, or a model folder.
    engine
        What computes it; "auto" is the lightest that can.

    Raises
    ------
    electrodej.errors.InputError
        There is no such model, it is damaged, or it would do more than compute.
    """
    if isinstance(model, SolidModel):
        return model
    folder = find_model(model)
    if not is_solid(model):
        raise InputError(f"{folder} is no StarDist model of volumes: {SOLID_FILE} is missing")
    info, plan = read_info(folder / FOLDER_FILE), _plan(folder / SOLID_FILE)
    if info.kind != KIND or info.spacing is None or info.channels_out != 1 + plan.rays:
        raise InputError(f"{folder}: {FOLDER_FILE} and {SOLID_FILE} are not those of one model")
    with naming(folder):
        ready = NamedEngine(_engine(folder, info, plan, engine), folder)
    return SolidModel(str(model), info, plan, ready, folder)


def network_of(folder: Path) -> tuple[Any, Plan]:
    """Return the Keras model of a folder, to train it further.

    A folder may bring its weights once: then those of its ONNX file are taken.
    """
    from electrodej.models.keras_files import load_weights
    from electrodej.models.sized import sized
    from electrodej.networks.stardist3d.network import build_network
    from electrodej.networks.stardist3d.onnx_file import take_onnx_weights

    plan = _plan(folder / SOLID_FILE)
    held = next((name for name in (WEIGHTS, ONNX) if (folder / name).is_file()), None)
    if held is None:
        raise InputError(f"{folder} holds no weights ({WEIGHTS} and {ONNX} are missing)")
    network = sized(
        lambda: build_network(plan.halvings, rays=plan.rays, filters=plan.filters), folder / SOLID_FILE
    )
    if held == WEIGHTS:
        load_weights(network, folder / WEIGHTS)
    else:
        take_onnx_weights(network, _checked_onnx(folder))
    return network, plan


def write_solid(folder: Path, network: Any, info: ModelInfo, plan: Plan) -> None:
    """Write a model's files into its folder."""
    from electrodej.networks.stardist3d.onnx_file import solid_onnx

    network.save_weights(folder / WEIGHTS)
    (folder / SOLID_FILE).write_text(json.dumps(plan.as_dict(), indent=2) + "\n", encoding="utf-8")
    content = solid_onnx(network, plan)
    (folder / ONNX).write_bytes(content)
    write_info(folder, info)


def write_info(folder: Path, info: ModelInfo) -> None:
    """Write what is known of the model in a folder, with the checksum of its ONNX file."""
    digest = hashlib.sha256((folder / ONNX).read_bytes()).hexdigest()
    (folder / FOLDER_FILE).write_text(to_json(info, onnx_sha256=digest), encoding="utf-8")


def _engine(folder: Path, info: ModelInfo, plan: Plan, wanted: EngineName) -> Engine:
    if wanted != "keras" and (folder / ONNX).is_file():
        light = engine_for_onnx(_checked_onnx(folder), info.channels_out, wanted)
        if light is not None:
            return light
    if wanted not in ("auto", "keras") or not has("keras"):
        raise InputError(
            f"{folder}: running it needs openvino or onnxruntime, and {ONNX}, or TensorFlow; "
            "pip install 'electrodej[run]' brings openvino"
        )
    from electrodej.models.engines.keras import KerasEngine

    network = network_of(folder)[0]
    plan_rays = sum(int(output.shape[-1]) for output in network.outputs)
    assert plan_rays == 1 + plan.rays
    return KerasEngine(network)


def _checked_onnx(folder: Path) -> Path:
    """Return the ONNX file of a folder; one that was not written with it is an `InputError`."""
    path = folder / ONNX
    said = read_json(folder / FOLDER_FILE).get("onnx_sha256")
    if path.stat().st_size > MOST_CONSTANT_BYTES or said != hashlib.sha256(path.read_bytes()).hexdigest():
        raise InputError(f"{path} is not the one that was written with {FOLDER_FILE}; copy the model anew")
    return path


def from_network(network: Any, info: ModelInfo, plan: Plan) -> SolidModel:
    """Return a network of Keras as a model."""
    from electrodej.models.engines.keras import KerasEngine

    return SolidModel(info.name, info, plan, KerasEngine(network))


def _plan(path: Path) -> Plan:
    """Read ``solid.json``.

    Raises
    ------
    electrodej.errors.InputError
        It describes no network that can be built.
    """
    from electrodej.models.safety.limits import MOST_CELL, MOST_COUNT, MOST_LEVELS

    said = read_json(path)
    if set(said) != set(_FIELDS):
        raise InputError(f"{path}: the fields are {', '.join(_FIELDS)}, not {', '.join(sorted(said))}")

    def whole(value: Any, most: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise InputError(f"{path}: {value!r} is no whole number from 1 to {most}")
        return value

    def steps(value: Any) -> Steps:
        if not isinstance(value, list) or len(value) != 3:
            raise InputError(f"{path}: {value!r} is not one number for each of z, y and x")
        return whole(value[0], MOST_CELL), whole(value[1], MOST_CELL), whole(value[2], MOST_CELL)

    pools = said["pools"]
    if not isinstance(pools, list) or not 1 <= len(pools) <= MOST_LEVELS:
        raise InputError(f"{path}: pools are a list of 1 to {MOST_LEVELS} levels")
    halvings = Halvings(steps(said["grid"]), tuple(steps(pool) for pool in pools))
    if max(halvings.divisor) > MOST_COUNT:
        raise InputError(f"{path}: the network makes its volume smaller by more than {MOST_COUNT}")
    rays, filters = whole(said["rays"], MOST_COUNT), whole(said["filters"], MOST_COUNT)
    if rays < 4 or filters < 2:
        raise InputError(f"{path}: a network has at least 4 rays and 2 filters")
    return Plan(halvings, rays, filters)


def with_thresholds(model: SolidModel, probability: float, overlap: float) -> SolidModel:
    """Return a model with other thresholds."""
    info = dataclasses.replace(model.info, probability_threshold=probability, overlap_threshold=overlap)
    return dataclasses.replace(model, info=info)
