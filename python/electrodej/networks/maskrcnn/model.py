"""A Mask R-CNN that is loaded, and how one is written."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.models.bundled import find_model
from electrodej.models.info import FOLDER_FILE, ModelInfo, read_info, read_json, to_json
from electrodej.models.libraries import load_keras
from electrodej.models.sized import sized
from electrodej.networks.maskrcnn.finding import OWN
from electrodej.networks.maskrcnn.network import Parts, build
from electrodej.networks.maskrcnn.place import KIND, NETWORK_FILE, WEIGHTS, is_maskrcnn, weights_file
from electrodej.networks.maskrcnn.shape import Backbone, NetworkShape, Selection, published, shape_from_plain
from electrodej.networks.maskrcnn.weights import Arrays, load_weights, read_weights, write_weights
from electrodej.vocabulary import PathLike

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
    parts
        The network.
    place
        The folder or the file it came from.
    """

    name: str
    info: ModelInfo
    parts: Parts
    place: Path

    def selection(self, *, least: float | None = None, overlap: float | None = None) -> Selection:
        """Return how boxes are chosen, with thresholds other than the model's where they are given."""
        return dataclasses.replace(
            OWN,
            least=least or self.info.probability_threshold or OWN.least,
            overlap=overlap or self.info.overlap_threshold or OWN.overlap,
        )


def load_maskrcnn(model: PathLike) -> MaskRCNNModel:
    """Load a Mask R-CNN: a bundled name, a folder of ours, or a ``mask_rcnn_*.h5`` of LIBNet's kind.

    Raises
    ------
    electrodej.errors.InputError
        There is no such model, or a layer's weights do not fit; it is named.
    """
    load_keras("running a Mask R-CNN")
    place = find_model(model)
    if not is_maskrcnn(place):
        raise InputError(f"{place} is no Mask R-CNN: it has no {NETWORK_FILE}, and is no .h5 file")
    weights = weights_file(place)
    if place.is_file():
        shape = shape_of_weights(read_weights(weights), weights)
        info = ModelInfo(
            kind=KIND, name=place.stem, channels_in=3, probability_threshold=_LEAST, overlap_threshold=0.3
        )
    else:
        shape, info = shape_in(place / NETWORK_FILE), read_info(place / FOLDER_FILE)
        if info.kind != KIND:
            raise InputError(
                f"{place}: {FOLDER_FILE} calls the model {info.kind}, and it has a {NETWORK_FILE}"
            )
    from electrodej.models.engines.keras import with_all_digits

    with_all_digits()
    parts = sized(lambda: build(shape), place / NETWORK_FILE if place.is_dir() else place)
    load_weights(parts, weights)
    return MaskRCNNModel(str(model), info, parts, place)


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


def write_model(folder: Path, parts: Parts, info: ModelInfo, **options: Any) -> None:
    """Write a model's files into its folder; ``options`` are those of `write_weights`."""
    write_weights(parts, folder / WEIGHTS, **options)
    text = json.dumps(parts.shape.as_plain(), indent=2) + "\n"
    (folder / NETWORK_FILE).write_text(text, encoding="utf-8")
    (folder / FOLDER_FILE).write_text(to_json(info), encoding="utf-8")
