"""Training a StarDist model and writing its folder."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.models.bundled import find_model
from electrodej.models.engines.base import FloatArray
from electrodej.models.folders import load_folder
from electrodej.models.grey import normalise
from electrodej.models.info import FOLDER_FILE, ModelInfo, to_json
from electrodej.models.libraries import need_keras
from electrodej.networks.stardist.candidates import predict_sections
from electrodej.networks.stardist.instances import choose, draw
from electrodej.networks.stardist.model import from_network
from electrodej.networks.stardist.patches import (
    Pair,
    prepare,
    split,
    training_patches,
    validation_batch,
)
from electrodej.networks.stardist.settings import StarDistSettings
from electrodej.networks.stardist.thresholds import choose_thresholds
from electrodej.networks.training.particles import ParticleTraining, Trained, middle_size
from electrodej.networks.training.rate import falling_rate
from electrodej.networks.training.watch import watched
from electrodej.run import Run
from electrodej.vocabulary import PathLike, Spacing

# Thresholds while a network is trained; those of the model are chosen afterwards.
_USUAL_PROBABILITY, _USUAL_OVERLAP = 0.5, 0.4
WEIGHTS = "weights_best.h5"
# Files by which a folder is known to be such a model.
MARKERS = ("thresholds.json", FOLDER_FILE)


def train_stardist(
    pairs: Sequence[Pair],
    out: PathLike,
    settings: StarDistSettings | None = None,
    run: Run | None = None,
    *,
    init: PathLike | None = None,
    description: str = "",
    spacing: Spacing | None = None,
    resume: bool = False,
) -> Trained:
    """Train a StarDist model in two dimensions.

    Parameters
    ----------
    pairs
        Images with their particles, see `electrodej.annotation.read_pairs`.
    out
        Folder of the model. It is laid out as StarDist's own are, so that StarDist reads it too.
    settings
        Network and training.
    init
        A StarDist model whose weights are the start; network settings are then that model's.
    description
        A sentence for the model's card.
    spacing
        Voxel size (z, y, x) of the images in micrometres; by default what they say themselves. `segment`
        brings sections of far smaller or larger voxels to it.
    resume
        Go on with a training that was stopped.
    run
        Whether a model that exists may be replaced, and who is told of each step.
    """
    settings, run = settings or StarDistSettings(), run or Run()
    training = ParticleTraining(out, MARKERS, run)
    need_keras("training a StarDist model")
    examples = training.read(pairs, partial(prepare, settings=settings))
    learnt, kept = split(examples, settings)
    trained = training.begin("stardist", settings, examples, init=init, resume=resume)
    star, settings = _build(settings, init)
    network = star.keras_model
    trained.fit(
        network,
        training_patches(learnt, settings, epoch=trained.epoch),
        validation_data=validation_batch(kept, settings),
        validation_batch_size=settings.batch,
        callbacks=watched(run, partial(_particles_in, network, settings)),
        progress=run.progress,
        stage="training",
    )
    info = ModelInfo(
        kind="stardist",
        name=Path(out).name,
        description=description,
        channels_out=1 + settings.rays,
        grid=settings.grid,
        rays=settings.rays,
        percentiles=settings.percentiles,
        size_divisor=settings.divisor,
        spacing=spacing or middle_size(training.sizes),
    )
    thresholds = choose_thresholds(from_network(network, info), kept, progress=run.progress)
    training.check_found(
        thresholds,
        "give more images, or look whether the outlines lie on the particles and are larger than "
        f"--least-diameter, {settings.least_diameter:g} pixels",
    )
    info = dataclasses.replace(
        info,
        probability_threshold=thresholds.probability,
        overlap_threshold=thresholds.overlap,
        context=_context(network, info),
    )
    counts = len(learnt), len(kept)
    return training.finish(
        trained, thresholds, counts, lambda folder: _write(folder, star, info), info.spacing
    )


def _particles_in(network: Any, settings: StarDistSettings, section: NDArray[Any]) -> NDArray[Any]:
    """Return what a network finds in a section while it is trained, with StarDist's usual thresholds."""
    usual = ModelInfo(
        kind="stardist",
        channels_out=1 + settings.rays,
        grid=settings.grid,
        rays=settings.rays,
        percentiles=settings.percentiles,
        size_divisor=settings.divisor,
    )
    image = normalise(section, settings.percentiles)[np.newaxis]
    found = predict_sections(from_network(network, usual), image, threshold=_USUAL_PROBABILITY)[0].candidates
    return draw(choose(found, overlap=_USUAL_OVERLAP), section.shape, factor=(1.0, 1.0))


def _build(settings: StarDistSettings, init: PathLike | None) -> tuple[Any, StarDistSettings]:
    """Return StarDist's model, compiled, and the settings that it really has."""
    models = require("stardist.models", what="training a StarDist model", extra="train")
    keras = need_keras("training a StarDist model")
    weights = None
    if init is not None:
        source, info = load_folder(find_model(init))
        if info.kind != "stardist":
            raise InputError(f"{init} is a {info.kind} model; a StarDist model can start from another one")
        weights = source.get_weights()
        settings = _shaped_like(settings, json.loads((find_model(init) / "config.json").read_text("utf-8")))
    config = models.Config2D(
        n_rays=settings.rays,
        grid=settings.grid,
        unet_n_depth=settings.depth,
        unet_n_filter_base=settings.filters,
        net_conv_after_unet=4 * settings.filters,
        train_patch_size=(settings.patch, settings.patch),
        train_batch_size=settings.batch,
        train_learning_rate=settings.learning_rate,
        train_epochs=settings.epochs,
        train_steps_per_epoch=settings.steps,
        train_tensorboard=False,
        train_reduce_lr=None,
    )
    # StarDist tells its defaults on stdout, which belongs to our results.
    with contextlib.redirect_stdout(io.StringIO()):
        star = models.StarDist2D(config, basedir=None)
    if weights is not None:
        try:
            star.keras_model.set_weights(weights)
        except ValueError as error:
            raise InputError(f"{init} has another network than its settings say: {error}") from error
    rate = falling_rate(settings.learning_rate, epochs=settings.epochs, steps=settings.steps)
    star.prepare_for_training(keras.optimizers.Adam(rate))
    return star, settings


def _shaped_like(settings: StarDistSettings, config: dict[str, Any]) -> StarDistSettings:
    """Return the settings with the network of a model that exists."""
    filters = int(config["unet_n_filter_base"])
    if int(config["net_conv_after_unet"]) != 4 * filters:
        raise InputError("--init takes models whose last layer has four times the first level's filters")
    grid = config["grid"]
    return dataclasses.replace(
        settings,
        rays=int(config["n_rays"]),
        grid=(int(grid[0]), int(grid[1])),
        depth=int(config["unet_n_depth"]),
        filters=filters,
    )


def _context(network: Any, info: ModelInfo) -> int:
    """Return how far the trained network looks, measured on it."""
    from electrodej.models.context import measure_context

    engine = from_network(network, info).engine
    down, right = info.grid

    def at_full_size(image: FloatArray) -> FloatArray:
        return engine.run(image).repeat(down, axis=1).repeat(right, axis=2)

    return measure_context(at_full_size, channels=1, divisor=info.size_divisor).pixels


def _write(folder: Path, star: Any, info: ModelInfo) -> None:
    star.keras_model.save_weights(folder / WEIGHTS)
    _write_json(folder / "config.json", vars(star.config))
    _write_json(
        folder / "thresholds.json", {"prob": info.probability_threshold, "nms": info.overlap_threshold}
    )
    (folder / FOLDER_FILE).write_text(to_json(info), encoding="utf-8")


def _write_json(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
