"""A Mask R-CNN that is loaded, and how one is written."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from electrodej.errors import InputError
from electrodej.models.bundled import find_model
from electrodej.models.engines.choice import engine_for_onnx, has
from electrodej.models.engines.named import NamedEngine, naming
from electrodej.models.engines.names import EngineName
from electrodej.models.info import FOLDER_FILE, ModelInfo, read_info, read_json, to_json
from electrodej.models.libraries import load_keras
from electrodej.models.safety.limits import MOST_CONSTANT_BYTES
from electrodej.networks.maskrcnn.finding import OWN
from electrodej.networks.maskrcnn.looking import Network
from electrodej.networks.maskrcnn.onnx_files import onnx_files, read_onnx_weights
from electrodej.networks.maskrcnn.place import (
    CLASSES,
    KIND,
    MASKS,
    NETWORK_FILE,
    PARTS,
    PYRAMID,
    has_parts,
    is_maskrcnn,
    weights_file,
)
from electrodej.networks.maskrcnn.shape import Backbone, NetworkShape, Selection, published, shape_from_plain
from electrodej.networks.maskrcnn.weights import Arrays, arrays_of, load_weights, read_weights
from electrodej.vocabulary import PathLike

if TYPE_CHECKING:
    from electrodej.networks.maskrcnn.network import Parts

# LIBNet's own least score.
_LEAST = 0.9


@dataclass(frozen=True)
class MaskRCNNModel:
    """A network, and what it is to be used with.

    Attributes
    ----------
    name
        How it was asked for.
    info
        Percentiles, thresholds and voxel size.
    network
        What looks at images.
    place
        The folder or the file it came from.
    """

    name: str
    info: ModelInfo
    network: Network
    place: Path

    def selection(self, *, least: float | None = None, overlap: float | None = None) -> Selection:
        """Return how boxes are chosen, with thresholds other than the model's where they are given."""
        return dataclasses.replace(
            OWN,
            least=least or self.info.probability_threshold or OWN.least,
            overlap=overlap or self.info.overlap_threshold or OWN.overlap,
        )


def load_maskrcnn(model: PathLike, *, engine: EngineName = "auto") -> MaskRCNNModel:
    """Load a Mask R-CNN: a bundled name, a folder of ours, or a ``mask_rcnn_*.h5`` of LIBNet's kind.

    Parameters
    ----------
    model
        Its name or its place.
    engine
        What computes it; "auto" is the lightest that can.

    Raises
    ------
    electrodej.errors.InputError
        There is no such model, it would do more than compute, or a layer's weights do not fit; it is named.
    """
    place = find_model(model)
    if not is_maskrcnn(place):
        raise InputError(f"{place} is no Mask R-CNN: it has no {NETWORK_FILE}, and is no .h5 file")
    if place.is_file():
        info = ModelInfo(
            kind=KIND, name=place.stem, channels_in=3, probability_threshold=_LEAST, overlap_threshold=0.3
        )
        shape = None
    else:
        shape, info = shape_in(place / NETWORK_FILE), read_info(place / FOLDER_FILE)
        if info.kind != KIND:
            raise InputError(
                f"{place}: {FOLDER_FILE} calls the model {info.kind}, and it has a {NETWORK_FILE}"
            )
    network = None if shape is None or engine == "keras" else _light(place, shape, engine)
    if network is None:
        _refuse_engine(place, engine)
        from electrodej.networks.maskrcnn.network import looking

        network = looking(load_parts(place))
    return MaskRCNNModel(str(model), info, network, place)


def _light(folder: Path, shape: NetworkShape, engine: EngineName) -> Network | None:
    """Return the network as a light engine runs it; None where its parts are missing, or the engine."""
    if not has_parts(folder):
        return None
    engines = []
    channels = {PYRAMID: shape.told, CLASSES: 5 * shape.classes, MASKS: shape.classes}
    with naming(folder):
        for name, path in _checked(folder).items():
            light = engine_for_onnx(path, channels[name], engine)
            if light is None:
                return None
            if light.channels != channels[name]:
                raise InputError(
                    f"{path} gives {light.channels} numbers in place of the {channels[name]} of the network "
                    f"that {NETWORK_FILE} describes; copy the model anew"
                )
            engines.append(NamedEngine(light, folder))
    return Network(shape, *engines)


def _refuse_engine(place: Path, engine: EngineName) -> None:
    """Refuse an engine that was asked for and cannot be had."""
    if engine in ("auto", "keras"):
        return
    if not has(engine):
        raise InputError(f"{engine} is not installed (pip install {engine} brings it); or leave --engine out")
    what = "is a file of weights" if place.is_file() else f"has no {PYRAMID}, as models of before have none"
    raise InputError(
        f"{place} {what}, which only Keras runs; leave --engine out, or train it further: what "
        f"electrodej train maskrcnn --init writes, {engine} runs"
    )


def _checked(folder: Path) -> dict[str, Path]:
    """Return the parts of a network; one that was not written with the others is an `InputError`."""
    said = read_json(folder / FOLDER_FILE).get("onnx_sha256")
    paths = {name: folder / name for name in PARTS}
    for name, path in paths.items():
        large = path.stat().st_size > MOST_CONSTANT_BYTES
        if large or not isinstance(said, dict) or said.get(name) != _checksum(path.read_bytes()):
            raise InputError(
                f"{path} is not the one that was written with {FOLDER_FILE}; copy the model anew"
            )
    return paths


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def weights_in(place: Path) -> tuple[Arrays, Path]:
    """Return the weights of a folder or a file by the names of their layers, and where they stand."""
    if place.is_dir() and has_parts(place):
        arrays: Arrays = {}
        for path in _checked(place).values():
            arrays.update(read_onnx_weights(path))
        return arrays, place
    path = weights_file(place)
    return read_weights(path), path


def load_parts(place: Path) -> Parts:
    """Return the network of a folder or of a file as Keras has it.

    Raises
    ------
    electrodej.errors.InputError
        A layer's weights do not fit; it is named.
    """
    load_keras("running a Mask R-CNN")
    from electrodej.models.sized import sized
    from electrodej.networks.maskrcnn.network import build

    arrays, path = weights_in(place)
    described = place / NETWORK_FILE if place.is_dir() else place
    shape = shape_in(described) if place.is_dir() else shape_of_weights(arrays, path)
    parts: Parts = sized(lambda: build(shape), described)
    load_weights(parts, arrays, path)
    return parts


def shape_in(path: Path) -> NetworkShape:
    """Return the network that a JSON file describes."""
    try:
        return shape_from_plain(read_json(path))
    except InputError as error:
        said = str(error)
        raise InputError(said if str(path) in said else f"{path}: {said}") from error


def shape_of_weights(arrays: Arrays, path: Path, *, backbones: bool = False) -> NetworkShape:
    """Return the published network whose weights a file holds; the names of its layers tell which.

    With ``backbones``, those of a ResNet alone do, too.
    """
    if "small_stem" in arrays:
        return NetworkShape(classes=_classes(arrays, path))
    alone = backbones and "rpn_conv_shared" not in arrays
    if "conv1" not in arrays or "res5c_branch2c" not in arrays or not (alone or "rpn_conv_shared" in arrays):
        raise InputError(
            f"{path} holds the weights of another network: it has no layers conv1, res5c_branch2c and "
            "rpn_conv_shared, which every Mask R-CNN with a ResNet has"
        )
    backbone: Backbone = "resnet101" if "res4w_branch2c" in arrays else "resnet50"
    return published(backbone, classes=2 if alone else _classes(arrays, path))


def _classes(arrays: Arrays, path: Path) -> int:
    head = arrays.get("mrcnn_class_logits", [])
    if not head or head[-1].ndim != 1 or head[-1].size < 2:
        raise InputError(f"{path} has no weights for the layer mrcnn_class_logits, which tells the classes")
    return int(head[-1].size)


def write_model(folder: Path, parts: Parts, info: ModelInfo, *, packed: bool = False) -> None:
    """Write a model's files into its folder; with ``packed`` in half the size, see `rounded`."""
    write_arrays(folder, parts.shape, arrays_of(parts, packed=packed), info)


def write_arrays(folder: Path, shape: NetworkShape, arrays: Arrays, info: ModelInfo) -> None:
    """Write the files of a model whose weights are at hand."""
    files = onnx_files(shape, arrays)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    text = json.dumps(shape.as_plain(), indent=2) + "\n"
    (folder / NETWORK_FILE).write_text(text, encoding="utf-8")
    sums = {name: _checksum(content) for name, content in files.items()}
    (folder / FOLDER_FILE).write_text(to_json(info, onnx_sha256=sums), encoding="utf-8")
