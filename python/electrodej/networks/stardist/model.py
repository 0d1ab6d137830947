"""A StarDist model, ready to predict."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.models.engines.base import Engine
from electrodej.models.engines.names import EngineName
from electrodej.models.grey import FloatArray
from electrodej.models.info import ModelInfo, read_json
from electrodej.models.tiles import TileNeeds
from electrodej.vocabulary import PathLike

# What is taken for a network that does not say how far it looks.
_CONTEXT_OF_OTHERS = 192
# A pixel in the network takes some 600 bytes with 32 filters.
PIXEL_BYTES = 600


@dataclass(frozen=True)
class StarDistModel:
    """A network that offers outlines, and what it is to be used with.

    Attributes
    ----------
    name
        How it was asked for.
    info
        Thresholds, grid, percentiles, context.
    engine
        Gives the probability, and behind it the ray distances, on the network's grid.
    place
        What it was loaded from; None for one that was made in memory.
    """

    name: str
    info: ModelInfo
    engine: Engine
    place: Path | None = None

    @property
    def probability_threshold(self) -> float:
        """Least probability of a particle."""
        return 0.5 if self.info.probability_threshold is None else self.info.probability_threshold

    @property
    def overlap_threshold(self) -> float:
        """Two outlines that overlap by more are one particle."""
        return 0.4 if self.info.overlap_threshold is None else self.info.overlap_threshold

    @property
    def needs(self) -> TileNeeds:
        """What it needs of its tiles."""
        context = _CONTEXT_OF_OTHERS if self.info.context is None else self.info.context
        return TileNeeds(self.info.size_divisor, context, PIXEL_BYTES)

    def run(self, images: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return probability (N, Y, X) and ray distances (N, Y, X, rays) on the grid for images (N, Y, X)."""
        both = self.engine.run(images[..., None])
        return both[..., 0], both[..., 1:]


def load_stardist(model: PathLike | StarDistModel, *, engine: EngineName = "auto") -> StarDistModel:
    """Load a StarDist model; one that is loaded already is given back.

    Parameters
    ----------
    model, engine
        As for `electrodej.models.load_model`.

    Raises
    ------
    electrodej.errors.InputError
        There is no such model, or it is no StarDist model in two dimensions.
    """
    if isinstance(model, StarDistModel):
        return model
    from electrodej.models.model import load_model

    loaded = load_model(model, engine=engine)
    info, place = loaded.info, loaded.place
    if info.kind != "stardist":
        raise InputError(f"{place} is a {info.kind} model; finding particles needs a StarDist model")
    if info.channels_in != 1:
        raise InputError(f"{place} takes images of {info.channels_in} channels, and a tomogram has one")
    if place.is_dir() and info.size_divisor == 1:
        info = dataclasses.replace(info, size_divisor=_divisor(place, info))
    return StarDistModel(loaded.name, info, loaded.engine, place)


def from_network(network: Any, info: ModelInfo) -> StarDistModel:
    """Return a StarDist network of Keras as a model; ``network`` has two outputs on its grid."""
    from electrodej.models.engines.keras import KerasEngine

    return StarDistModel(info.name, info, KerasEngine(network))


def _divisor(folder: Path, info: ModelInfo) -> int:
    """Return what image sizes must be multiples of: the grid times the poolings of the U-Net behind it."""
    config = read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    depth = int(config.get("unet_n_depth", 3))
    pool = max(int(step) for step in config.get("unet_pool", (2, 2)))
    return int(max(info.grid) * pool**depth)
