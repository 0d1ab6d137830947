"""A network that was exported for Fiji, run here: a zip and the JSON beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.export import ModelInfo, Tf2, read_info, read_json
from electrodej.networks.semantic.folder import SETTINGS, SemanticModel
from electrodej.networks.semantic.samples import Classes

FloatArray = NDArray[np.float32]

# What is taken for a network that does not say: it decides how much memory tiles are thought to need, and how
# wide their margins are.
_FILTERS, _CONTEXT = 32, 128


@dataclass(frozen=True)
class ZippedConfig:
    """What is known of a network in a zip; the fields mean what `UNetConfig` says."""

    kind: str
    n_classes: int
    step: int
    reach: int
    n_filters: int = _FILTERS
    channels: int = 1
    head: str = "softmax"
    fixed_size: int | None = None


class ZippedNetwork:
    """A zip in TensorFlow 2, with those parts of a Keras model that prediction needs."""

    def __init__(self, path: Path, channels: int) -> None:
        self.output_shape = (None, None, None, channels)
        self._zipped = Tf2(path)

    def predict_on_batch(self, tiles: FloatArray) -> FloatArray:
        """Return the output for tiles (batch, Y, X, 1)."""
        return self._zipped.run(tiles)


def load_zip(path: Path) -> SemanticModel:
    """Load a zip that `electrodej export` made of a network that tells phases apart.

    The numbers of the classes are in ``semantic.json`` of the model's folder. Where the zip lies elsewhere,
    they are 0, 1, ... in the order of the names.

    Raises
    ------
    electrodej.errors.InputError
        The JSON beside the zip is missing, or says that it is another kind of model.
    """
    about = path.with_suffix(".json")
    if not about.is_file():
        raise InputError(
            f"{path}: {about.name} is missing beside it, which names the classes; put both into one folder, "
            "or give the model's folder"
        )
    info = read_info(about)
    if info.kind not in ("unet", "lrcs"):
        raise InputError(f"{path} is a model of the kind {info.kind}, and tells no phases apart")
    classes = _classes(path, info)
    config: Any = ZippedConfig(
        info.kind,
        len(classes.ids),
        info.size_divisor,
        _CONTEXT if info.context is None else info.context,
        head="sigmoid" if info.channels_out == 1 else "softmax",
    )
    network = ZippedNetwork(path, info.channels_out)
    return SemanticModel(network, config, classes, info.percentiles, (), info.spacing, info.name or path.stem)


def _classes(path: Path, info: ModelInfo) -> Classes:
    names = info.classes or tuple(f"class {number}" for number in range(info.channels_out))
    if info.channels_out == 1:
        names = ("background", names[0])
    ids = tuple(range(len(names)))
    beside = path.with_name(SETTINGS)
    if beside.is_file():
        settings = read_json(beside)
        numbers, called = settings.get("class_ids") or [], settings.get("class_names") or []
        if len(numbers) == len(called) == len(names):
            ids, names = tuple(int(value) for value in numbers), tuple(str(name) for name in called)
    return Classes(ids, names)
