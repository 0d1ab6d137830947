"""The phases of an image in memory, in one call."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodej.models.grey import FloatArray
from electrodej.models.images import ImageLike, opened
from electrodej.networks.semantic.ensemble import make_members, predict_ensemble
from electrodej.networks.semantic.model import SemanticModel, load_model
from electrodej.networks.semantic.predict import PredictSettings, measure_volume
from electrodej.run import Run
from electrodej.vocabulary import PathLike, Spacing


@dataclass(frozen=True)
class Phases:
    """Which phase each voxel is of, and how sure that is.

    Attributes
    ----------
    values
        uint8 (Z, Y, X): the number of the class.
    probability
        float32 (Z, Y, X): of that class, as the mean of the networks has it.
    disagreement
        float32 (Z, Y, X): how far several networks disagree, 0 to 1, see `predict_ensemble`.
    names
        What the classes are called, by number.
    """

    values: NDArray[np.uint8]
    probability: FloatArray
    disagreement: FloatArray
    names: dict[int, str]


def find_phases(
    image: ImageLike,
    models: PathLike | SemanticModel | Sequence[PathLike | SemanticModel],
    *,
    spacing: Spacing | None = None,
    settings: PredictSettings | None = None,
    dropout: int = 0,
    seed: int = 0,
    run: Run | None = None,
) -> Phases:
    """Tell the phases of an image apart.

    Parameters
    ----------
    image
        Grey values: an array (ZYX or YX), an open volume, or a path.
    models
        One model or several, whose mean is taken: loaded ones, bundled names, or paths.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the one that the image knows.
    settings
        Views and tiles.
    dropout, seed
        Ask each model so often with its dropout switched on, see `make_members`.
    run
        Memory, progress, and where notes go: on grey values unlike those of the training, for instance.

    Examples
    --------
    ::

        find_phases(grey, "nmc-phases", spacing=(0.1, 0.1, 0.1)).values
    """
    run = run or Run()
    many = [models] if isinstance(models, str | os.PathLike | SemanticModel) else models
    loaded = [load_model(model) for model in many]
    members = make_members(loaded, dropout=dropout, seed=seed)
    classes = loaded[0].classes
    parts: list[tuple[NDArray[np.uint8], FloatArray, FloatArray]] = []
    with opened(image, spacing) as (volume, _):
        levels = []
        for model in loaded:
            measured, notes = measure_volume(volume, model)
            run.note(*notes)
            levels += [measured] * max(1, dropout)
        for _, _, mean, disagreement in predict_ensemble(volume, members, settings, run, levels=levels):
            parts.append((classes.phases(mean.argmax(axis=-1)), mean.max(axis=-1), disagreement))
    values, probability, disagreements = (np.concatenate(each) for each in zip(*parts, strict=True))
    names = dict(zip(classes.ids, classes.names, strict=True))
    return Phases(values, probability, disagreements, names)
