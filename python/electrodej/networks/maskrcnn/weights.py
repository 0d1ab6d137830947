"""Weights by the names of the layers, as Matterport's ``mask_rcnn_*.h5`` keep them: read and written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.models.keras_files import check_h5

if TYPE_CHECKING:
    from electrodej.networks.maskrcnn.network import Parts

# What depends on the number of classes.
HEADS = ("mrcnn_class_logits", "mrcnn_bbox_fc", "mrcnn_mask")

Arrays = dict[str, list[NDArray[Any]]]


@dataclass(frozen=True)
class Loaded:
    """What became of a file's weights.

    Attributes
    ----------
    taken
        Layers that have the file's weights now.
    new
        Layers that keep their chance weights: of another number of classes, or not in the file.
    """

    taken: tuple[str, ...]
    new: tuple[str, ...]


def read_weights(path: Path) -> Arrays:
    """Read the weights of a file by their layers' names; nothing in it is run.

    Raises
    ------
    electrodej.errors.InputError
        It is no such file, or damaged.
    """
    check_h5(path)
    h5py = require("h5py", what="reading weights", extra="train")
    try:
        with h5py.File(path, "r") as file:
            root = (
                file["model_weights"] if "layer_names" not in file.attrs and "model_weights" in file else file
            )
            if "layer_names" not in root.attrs:
                raise InputError(
                    f"{path} does not keep its weights by their layers' names, as mask_rcnn_*.h5 files do"
                )
            return _arrays(root)
    except InputError:
        raise
    except Exception as error:  # h5py's own kinds are many
        raise InputError(f"{path} cannot be read as weights ({error})") from error


def _arrays(root: Any) -> Arrays:
    found: Arrays = {}
    for layer in map(_text, root.attrs["layer_names"]):
        group = root[layer]
        for name in map(_text, group.attrs["weight_names"]):
            # A model in the model is one group, and its layers' names stand in those of the weights.
            own = layer if layer != "rpn_model" else name.split("/")[0]
            found.setdefault(own, []).append(np.asarray(group[name]))
    return found


def _text(name: Any) -> str:
    return name.decode("utf-8") if isinstance(name, bytes) else str(name)


def load_weights(parts: Parts, arrays: Arrays, path: Path, *, complete: bool = True) -> Loaded:
    """Give a network weights, layer by layer, by their names.

    Parameters
    ----------
    parts
        The network.
    arrays
        The weights.
    path
        What they were read from, for messages.
    complete
        Whether every layer must be in the file and fit. Otherwise layers that depend on the number of
        classes may differ, and layers may be missing; both keep their weights.

    Raises
    ------
    electrodej.errors.InputError
        A layer does not fit, or is missing; it is named.
    """
    layers = parts.layers()
    if not set(arrays) & set(layers):
        raise InputError(
            f"{path} holds the weights of another network: none of its layers is one of a Mask R-CNN with "
            f"the backbone {parts.shape.backbone}"
        )
    taken, new = [], []
    for name, layer in layers.items():
        if name not in arrays:
            if complete:
                raise InputError(
                    f"{path} has no weights for the layer {name}; it is of another backbone than "
                    f"{parts.shape.backbone}, or of another network"
                )
            new.append(name)
            continue
        wanted, there = [tuple(w.shape) for w in layer.weights], [w.shape for w in arrays[name]]
        if wanted != there:
            if not complete and name in HEADS:
                new.append(name)
                continue
            raise InputError(
                f"{path}: the layer {name} has weights of the shapes {_shapes(there)}, and this network's "
                f"has {_shapes(wanted)}" + ("; the numbers of classes differ" if name in HEADS else "")
            )
        if not all(array.dtype.kind == "f" and np.isfinite(array).all() for array in arrays[name]):
            raise InputError(f"{path}: the layer {name} has weights that are NaN, infinite or no numbers")
        layer.set_weights(arrays[name])
        taken.append(name)
    return Loaded(tuple(taken), tuple(new))


def copy_weights(source: Parts, target: Parts) -> None:
    """Give a network the weights of another one of the same shape."""
    layers = target.layers()
    for name, layer in source.layers().items():
        layers[name].set_weights(layer.get_weights())


def rounded(weight: NDArray[np.float32]) -> NDArray[np.float16]:
    """Return weights in 16 bits, eight binary digits of which count, so that they pack well.

    >>> rounded(np.array([1.0, 1.0 + 1 / 128, 1.0 + 1 / 500], np.float32)).tolist()
    [1.0, 1.0078125, 1.0]
    """
    bits = weight.astype(np.float16).view(np.uint16)
    # The last three of the ten digits after the first; a carry goes on into the next, as it should.
    return ((bits + np.uint16(4)) & np.uint16(0xFFF8)).view(np.float16)


def arrays_of(parts: Parts, *, packed: bool = False) -> Arrays:
    """Return the weights by the names of their layers; with ``packed``, all but a few of them `rounded`."""
    return {
        name: [rounded(array) if packed and array.ndim > 1 else array for array in layer.get_weights()]
        for name, layer in parts.layers().items()
    }


def write_weights(parts: Parts, path: Path) -> None:
    """Write the weights into a file as `read_weights` reads it, and LIBNet and Matterport do."""
    h5py = require("h5py", what="writing weights", extra="train")
    layers: Mapping[str, Any] = parts.layers()
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = _names(layers)
        for name, layer in layers.items():
            group = file.create_group(name)
            names = [f"{name}/{weight.name}:0" for weight in layer.weights]
            group.attrs["weight_names"] = _names(names)
            for each, weight in zip(names, layer.get_weights(), strict=True):
                group.create_dataset(each, data=weight, compression="gzip", shuffle=True)


def _names(names: Iterable[str]) -> NDArray[np.bytes_]:
    return np.array([name.encode("utf-8") for name in names])


def _shapes(shapes: Iterable[tuple[int, ...]]) -> str:
    return ", ".join(" x ".join(map(str, shape)) for shape in shapes) or "none"
