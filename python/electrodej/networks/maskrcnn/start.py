"""What a training starts from: chance, a model, a file of weights, or published weights that are fetched."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
from dataclasses import dataclass
from pathlib import Path

from electrodej.errors import InputError, one_line
from electrodej.models.bundled import find_model
from electrodej.models.libraries import load_keras
from electrodej.models.sized import sized
from electrodej.networks.maskrcnn.model import shape_in, shape_of_weights, weights_in
from electrodej.networks.maskrcnn.network import Parts, build
from electrodej.networks.maskrcnn.place import NETWORK_FILE, is_maskrcnn
from electrodej.networks.maskrcnn.shape import Backbone, NetworkShape, published
from electrodej.networks.maskrcnn.weights import load_weights, read_weights
from electrodej.run import Run
from electrodej.vocabulary import PathLike

# From where published weights are taken instead, such as a mirror: a folder's address, file:// too.
MIRROR = "ELECTRODEJ_WEIGHTS_MIRROR"


@dataclass(frozen=True)
class Published:
    """Weights that somebody published.

    Attributes
    ----------
    file
        Name of the file.
    place
        The address of the folder that it lies in.
    md5
        Its checksum.
    backbone
        Of the network that they are of.
    """

    file: str
    place: str
    md5: str
    backbone: Backbone


PUBLISHED = {
    # Of a Mask R-CNN that knows 80 kinds of things.
    "coco": Published(
        "mask_rcnn_coco.h5",
        "https://github.com/matterport/Mask_RCNN/releases/download/v2.0",
        "e98aaff6f99e307b5e2a8a3ff741a518",
        "resnet101",
    ),
    # Of a backbone alone.
    "imagenet": Published(
        "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "https://github.com/fchollet/deep-learning-models/releases/download/v0.2",
        "a268eb855778b3df3c7506639542a6af",
        "resnet50",
    ),
}


def fetched(weights: Published) -> Path:
    """Fetch published weights with Keras's downloader, which keeps them for the next time.

    Raises
    ------
    electrodej.errors.InputError
        They cannot be had, or are not what was published.
    """
    keras = load_keras("training a Mask R-CNN")
    address = f"{(os.environ.get(MIRROR) or weights.place).rstrip('/')}/{weights.file}"
    try:
        # It shows a bar on stdout, which belongs to our results.
        with contextlib.redirect_stdout(io.StringIO()):
            path = keras.utils.get_file(
                weights.file,
                origin=address,
                file_hash=weights.md5,
                cache_dir=os.environ.get("KERAS_HOME"),
                # Keras has another file of this name among its own.
                cache_subdir="electrodej",
            )
    except Exception as error:  # what a connection may fail with is manifold
        raise InputError(
            f"the weights cannot be had from {address} ({one_line(error)}); fetch {weights.file} "
            "by other means and give it with --init FILE"
        ) from error
    return Path(path)


@dataclass(frozen=True)
class Start:
    """What a training starts from.

    Attributes
    ----------
    shape
        The network.
    weights
        The model or the file of weights, or the published ones that are fetched; none for chance.
    """

    shape: NetworkShape
    weights: Path | Published | None = None


def start_from(init: PathLike | None, backbone: Backbone | None) -> Start:
    """Find what a training starts from.

    Parameters
    ----------
    init
        "coco", "imagenet", a file of weights, a model's name or folder; none for chance.
    backbone
        The one that is asked for.

    Raises
    ------
    electrodej.errors.InputError
        There is no such thing, or it is of another network or backbone.
    """
    if init is None:
        kind: Backbone = backbone or "small"
        return Start(NetworkShape() if kind == "small" else _ours(published(kind)))
    if str(init) in PUBLISHED:
        known = PUBLISHED[str(init)]
        _check_backbone(backbone, known.backbone, init)
        return Start(_ours(published(known.backbone)), known)
    place = find_model(init)
    if not is_maskrcnn(place):
        raise InputError(
            f"{os.fspath(init)} is no Mask R-CNN; start from coco, imagenet, an .h5 file of weights or the "
            "folder of a Mask R-CNN"
        )
    if place.is_file():
        shape = _ours(shape_of_weights(read_weights(place), place, backbones=True))
    else:
        shape = shape_in(place / NETWORK_FILE)
    _check_backbone(backbone, shape.backbone, init)
    return Start(dataclasses.replace(shape, classes=2), place)


def begin(start: Start, run: Run, *, mixed: bool) -> Parts:
    """Return the network that is trained, with the weights that it starts from; say what it did not get."""
    keras = load_keras("training a Mask R-CNN")
    weights = start.weights
    if isinstance(weights, Published):
        run.progress(0, 1, f"fetching {weights.file}")
        weights = fetched(weights)
    keras.mixed_precision.set_global_policy("mixed_float16" if mixed else "float32")
    try:
        parts: Parts = sized(lambda: build(start.shape), weights or Path("the network"))
    finally:
        keras.mixed_precision.set_global_policy("float32")
    if weights is not None:
        loaded = load_weights(parts, *weights_in(weights), complete=False)
        if loaded.new:
            few = ", ".join(loaded.new[:3]) + (", ..." if len(loaded.new) > 3 else "")
            run.note(
                f"{len(loaded.taken)} layers start with the weights of {weights.name}; "
                f"{len(loaded.new)} have none there that fit their number of classes, or none at all, and "
                f"start by chance: {few}"
            )
    return parts


def _ours(shape: NetworkShape) -> NetworkShape:
    """Return the network with anchors for particles, which are smaller than what photographs show."""
    return dataclasses.replace(shape, anchors=NetworkShape().anchors)


def _check_backbone(wanted: Backbone | None, there: Backbone, init: PathLike) -> None:
    if wanted not in (None, there):
        raise InputError(
            f"{os.fspath(init)} has the backbone {there}, and --backbone says {wanted}; leave --backbone out"
        )
