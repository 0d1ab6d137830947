"""A trained StarDist model, ready to predict: a folder, a zip exported for Fiji, or a bundled one."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.export import ModelInfo, Tf2, load_folder, need_keras, need_tensorflow, read_info, read_json
from electrodej.networks.bundled import find_model

FloatArray = NDArray[np.float32]
# Images in a batch (N, Y, X) to probabilities (N, Y/gy, X/gx) and ray distances (N, Y/gy, X/gx, rays).
Run = Callable[[FloatArray], tuple[FloatArray, FloatArray]]

_CONTEXT_OF_OTHERS = 192


@dataclass(frozen=True)
class StarDistModel:
    """A network and what it is to be used with.

    Attributes
    ----------
    name
        How it was asked for.
    info
        Thresholds, grid, percentiles, context.
    run
        The network on a batch of normalised images whose height and width are multiples of
        ``info.size_divisor``.
    """

    name: str
    info: ModelInfo
    run: Run

    @property
    def probability_threshold(self) -> float:
        """Least probability of a particle."""
        return 0.5 if self.info.probability_threshold is None else self.info.probability_threshold

    @property
    def overlap_threshold(self) -> float:
        """Two outlines that overlap by more are one particle."""
        return 0.4 if self.info.overlap_threshold is None else self.info.overlap_threshold

    @property
    def context(self) -> int:
        """Pixels by which tiles must overlap for a result without seams."""
        return _CONTEXT_OF_OTHERS if self.info.context is None else self.info.context


def load_stardist(model: str | os.PathLike[str]) -> StarDistModel:
    """Load a StarDist model.

    Parameters
    ----------
    model
        The name of a bundled model, a model folder (ours or StarDist's own), or a zip that
        `electrodej.export` wrote, with its JSON beside it.

    Raises
    ------
    electrodej.errors.InputError
        There is no such model, or it is no StarDist model in two dimensions.
    """
    path = find_model(model)
    loaded = _from_zip(path) if path.suffix.lower() == ".zip" else _from_folder(path)
    if loaded.info.kind != "stardist":
        raise InputError(f"{path} is a {loaded.info.kind} model; finding particles needs a StarDist model")
    if loaded.info.channels_in != 1:
        raise InputError(f"{path} takes images of {loaded.info.channels_in} channels, and a tomogram has one")
    return loaded


def from_network(network: Any, info: ModelInfo) -> StarDistModel:
    """Return a StarDist network of Keras as a model; ``network`` has two outputs on its grid."""
    tensorflow = need_tensorflow("finding particles")
    # Not through Keras's predict: on images of ever new sizes that costs more than the network itself.
    signature = [tensorflow.TensorSpec((None, None, None, 1), tensorflow.float32)]
    call = tensorflow.function(lambda images: network(images, training=False), input_signature=signature)

    def run(images: FloatArray) -> tuple[FloatArray, FloatArray]:
        probability, distances = call(tensorflow.constant(images[..., np.newaxis]))[:2]
        return probability.numpy()[..., 0], distances.numpy()

    return StarDistModel(info.name, info, run)


def _from_folder(folder: Path) -> StarDistModel:
    if not folder.is_dir():
        raise InputError(f"{folder} is neither a model folder nor a zip")
    need_keras("finding particles")
    network, info = load_folder(folder)
    if info.kind == "stardist" and info.size_divisor == 1:
        info = dataclasses.replace(info, size_divisor=_divisor(folder, info))
    return from_network(network, info)


def _divisor(folder: Path, info: ModelInfo) -> int:
    """Return what image sizes must be multiples of: the grid times the poolings of the U-Net behind it."""
    config = read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    depth = int(config.get("unet_n_depth", 3))
    pool = max(int(step) for step in config.get("unet_pool", (2, 2)))
    return int(max(info.grid) * pool**depth)


def _from_zip(path: Path) -> StarDistModel:
    about = path.with_suffix(".json")
    if not about.is_file():
        raise InputError(
            f"{path}: {about.name} is missing beside it, which holds the thresholds and the grid; "
            "put both into one folder, or give the model's folder"
        )
    info = read_info(about)
    zipped = Tf2(path)
    down, right = info.grid

    def run(images: FloatArray) -> tuple[FloatArray, FloatArray]:
        both = zipped.run(images[..., np.newaxis])[:, ::down, ::right]
        return both[..., 0], both[..., 1:]

    return StarDistModel(str(path), info, run)
