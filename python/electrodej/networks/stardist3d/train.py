"""Training a StarDist model of volumes and writing its folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.models.bundled import find_model
from electrodej.models.info import FOLDER_FILE, ModelInfo
from electrodej.models.libraries import load_keras
from electrodej.networks.stardist3d.losses import WEIGHTS, chance_loss, reach_loss
from electrodej.networks.stardist3d.model import (
    KIND,
    SOLID_FILE,
    from_network,
    is_solid,
    network_of,
    write_solid,
)
from electrodej.networks.stardist3d.network import build_network
from electrodej.networks.stardist3d.patches import Example, Feed, patch_shape
from electrodej.networks.stardist3d.rays import make_rays
from electrodej.networks.stardist3d.settings import Plan, SolidSettings, plan_halvings
from electrodej.networks.stardist3d.thresholds import choose_thresholds
from electrodej.networks.stardist3d.volumes import SolidPair, common_spacing, prepare, split
from electrodej.networks.training.particles import ParticleTraining, Trained
from electrodej.networks.training.rate import falling_rate
from electrodej.run import Run
from electrodej.vocabulary import PathLike, Spacing

# Files by which a folder is known to be such a model.
MARKERS = (SOLID_FILE, FOLDER_FILE)


def train_solid(
    pairs: Sequence[SolidPair],
    out: PathLike,
    settings: SolidSettings | None = None,
    run: Run | None = None,
    *,
    init: PathLike | None = None,
    description: str = "",
    spacing: Spacing | None = None,
    resume: bool = False,
) -> Trained:
    """Train a StarDist model in three dimensions.

    Parameters
    ----------
    pairs
        Volumes with their particles, all of one voxel size.
    out
        Folder of the model.
    settings
        Network and training.
    init
        A model of volumes whose weights are the start; network settings are then that model's.
    description
        A sentence for the model's card.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the volumes' own.
    resume
        Go on with a training that was stopped.
    run
        Whether a model that exists may be replaced, and who is told of each step.
    """
    settings, run = settings or SolidSettings(), run or Run()
    training = ParticleTraining(out, MARKERS, run)
    load_keras("training a StarDist model")
    if not len(pairs):
        raise InputError("there are no volumes to train on")
    size = common_spacing(list(pairs), spacing)
    plan, source = _plan(settings, size, init)
    settings = dataclasses.replace(settings, rays=plan.rays, filters=plan.filters)
    patch = patch_shape(settings.patch, size, plan.halvings)
    examples = training.read(pairs, partial(prepare, settings=settings, patch=patch), what="volumes")
    learnt, kept = split(examples, settings)
    trained = training.begin(
        KIND,
        settings,
        [*learnt, *kept],
        init=init,
        resume=resume,
        spacing=size,
        plan=plan.as_dict(),
    )
    network = build_network(plan.halvings, rays=plan.rays, filters=plan.filters)
    if source is not None:
        network.set_weights(source)
    compile_network(network, settings)
    feed = Feed(settings, size, plan.halvings, make_rays(plan.rays, size))
    image, truth = feed.middles(kept)
    trained.fit(
        network,
        _patches(feed, learnt, trained.epoch),
        validation_data=(image, _named(truth)),
        validation_batch_size=1,
        progress=run.progress,
        stage="training",
    )
    info = ModelInfo(
        kind="stardist3d",
        name=Path(out).name,
        description=description,
        channels_out=1 + plan.rays,
        grid=plan.halvings.grid[1:],
        rays=plan.rays,
        percentiles=settings.percentiles,
        size_divisor=max(plan.halvings.divisor),
        context=max(plan.halvings.reach),
        spacing=size,
    )
    thresholds = choose_thresholds(
        from_network(network, info, plan), [(each.image, each.labels) for each in kept], run
    )
    training.check_found(thresholds, "or give more volumes")
    info = dataclasses.replace(
        info, probability_threshold=thresholds.probability, overlap_threshold=thresholds.overlap
    )
    counts = len(learnt), len(kept)
    return training.finish(
        trained, thresholds, counts, lambda folder: write_solid(folder, network, info, plan), size
    )


def compile_network(network: Any, settings: SolidSettings) -> None:
    """Make a network ready for ``fit``; the rate falls along a cosine."""
    keras = load_keras("training a StarDist model")
    rate = falling_rate(settings.learning_rate, epochs=settings.epochs, steps=settings.steps)
    network.compile(
        keras.optimizers.Adam(rate),
        loss={"prob": chance_loss, "dist": reach_loss},
        loss_weights={"prob": WEIGHTS[0], "dist": WEIGHTS[1]},
    )


def _plan(settings: SolidSettings, size: Spacing, init: PathLike | None) -> tuple[Plan, Any]:
    """Return the network's plan, and the weights that it starts from."""
    wanted = Plan(
        plan_halvings(size, grid=settings.grid, depth=settings.depth), settings.rays, settings.filters
    )
    if init is None:
        return wanted, None
    if not is_solid(init):
        raise InputError(f"{init} is no model of volumes; a model of volumes can start from another one")
    network, plan = network_of(find_model(init))
    if plan_halvings(size, grid=max(plan.halvings.grid), depth=len(plan.halvings.pools)) != plan.halvings:
        raise InputError(
            f"{init} was trained on voxels of other proportions than {size}; bring the volumes to those, or "
            "leave --init out"
        )
    return plan, network.get_weights()


def _patches(feed: Feed, examples: list[Example], epoch: int) -> Any:
    """Return the training data for ``model.fit``, from ``epoch`` on.

    What a step gets depends on the seed, the epoch and the step alone, so that a run that was stopped goes on
    with the patches that it would have had.
    """
    keras = load_keras("training a StarDist model")
    with_particles = [example for example in examples if (example.labels > 0).any()] or examples

    class Patches(keras.utils.PyDataset):  # type: ignore[misc, name-defined] # Keras has no types
        def __init__(self) -> None:
            super().__init__()
            self.epoch = epoch

        def __len__(self) -> int:
            return feed.settings.steps

        def __getitem__(self, step: int) -> tuple[Any, dict[str, Any]]:
            image, truth = feed.batch(with_particles, self.epoch, step)
            return image, _named(truth)

        def on_epoch_end(self) -> None:
            self.epoch += 1

    return Patches()


def _named(truth: Any) -> dict[str, Any]:
    return {"prob": truth[0], "dist": truth[1]}
