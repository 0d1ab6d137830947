"""Train a segmentation network on grey images with phases."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.files import check_target, whole_directory
from electrodej.models.grey import mean_histogram
from electrodej.models.libraries import load_keras
from electrodej.networks.semantic.augment import NONE, Augmentation
from electrodej.networks.semantic.builders import build_network, freeze_encoder, take_weights
from electrodej.networks.semantic.config import LrcsConfig, NetworkConfig, config_as_dict
from electrodej.networks.semantic.losses import accuracy, make_loss
from electrodej.networks.semantic.model import (
    SETTINGS,
    SemanticModel,
    from_network,
    load_model,
    write_model,
)
from electrodej.networks.semantic.predict import measure_volume, predict_slabs
from electrodej.networks.semantic.samples import (
    Classes,
    Sample,
    class_counts,
    class_weights,
    find_classes,
    hold_out,
)
from electrodej.networks.semantic.settings import SemanticSettings
from electrodej.networks.training.digest import digest
from electrodej.networks.training.rate import falling_rate
from electrodej.networks.training.run import TrainingRun
from electrodej.networks.training.target import check_replaceable, is_only_model
from electrodej.networks.training.watch import watched
from electrodej.run import Run
from electrodej.vocabulary import PathLike
from electrodej.volume import ArrayVolume

# Patches of the held-out part are drawn once, with a seed of their own.
_HELD_OUT_SEED = 7919


@dataclass(frozen=True)
class Trained:
    """What came of a training.

    Attributes
    ----------
    model
        The network with the weights of its best epoch.
    folder
        Where it lies.
    summary
        What ``training.json`` says.
    notes
        Sentences for the user.
    """

    model: SemanticModel
    folder: Path
    summary: Mapping[str, Any]
    notes: tuple[str, ...]


def train_semantic(
    samples: Sequence[Sample],
    out: PathLike,
    settings: SemanticSettings | None = None,
    run: Run | None = None,
    *,
    config: NetworkConfig,
    held_out: Sequence[Sample] = (),
    names: Mapping[int, str] | None = None,
    resume: bool = False,
) -> Trained:
    """Train a network and write its folder.

    Parameters
    ----------
    samples
        Images with their phases, see `electrodej.networks.semantic.samples.make_sample`.
    out
        The model's folder. What is needed to go on after a stop lies in ``out`` with ``.run`` added.
    config
        The network. ``n_classes`` is set to the classes that occur, ``head`` to softmax where they are
        more than two.
    settings
        How to train.
    held_out
        Samples to judge the network by; without them some of ``samples`` are held out.
    names
        What the classes are called, by their number in the phase images.
    resume
        Go on with a stopped training.
    run
        Whether a model that exists may be replaced, and who is told of every batch.
    """
    settings, run = settings or SemanticSettings(), run or Run()
    target = check_target(out, force=run.force)
    check_replaceable(target, (SETTINGS,))
    classes, notes = find_classes([*samples, *held_out], names)
    train, judge = (list(samples), list(held_out)) if held_out else hold_out(samples, settings.held_out)
    config = _fitted(config, classes)
    if not judge:
        notes.append(
            "too little is labelled to hold some out: the network is judged by what it was trained on"
        )
    training = TrainingRun(
        target,
        settings.run,
        facts=_facts(config, settings, samples, held_out),
        resume=resume,
        force=run.force,
    )
    network, more = _network(config, settings)
    notes += more
    _compile(network, settings, train, classes)
    size = _patch_size(config, settings.patch)
    data, validation = _patches(train, judge or train, classes, size, settings)
    keras = load_keras("training a network")
    follow = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: setattr(data, "epoch", epoch)  # noqa: ARG005 - Keras gives both
    )
    see = watched(run, partial(_phases_in, network, config, classes))
    training.fit(network, data, validation_data=validation, callbacks=[follow, *see], progress=run.progress)
    sizes = {sample.spacing for sample in samples}
    model = from_network(
        _with_all_digits(network, config),
        config,
        classes,
        percentiles=samples[0].percentiles,
        histogram=mean_histogram(sample.levels for sample in samples),
        spacing=samples[0].spacing if len(sizes) == 1 else None,
        name=target.resolve().name,
    )
    ours = partial(is_only_model, markers=(SETTINGS,))
    with whole_directory(target, ours=ours, force=run.force) as folder:
        write_model(folder, model)
        training.write_into(folder, notes=notes)
    training.discard()
    run.note(*notes)
    return Trained(model, target, training.summary(), tuple(notes))


def _phases_in(network: Any, config: NetworkConfig, classes: Classes, section: NDArray[Any]) -> NDArray[Any]:
    """Return which class a network finds in each pixel of a section while it is trained, counted from 1."""
    model = from_network(network, config, classes)
    volume = ArrayVolume(section[np.newaxis], spacing=None)
    levels, _ = measure_volume(volume, model)
    ((_, _, probability),) = predict_slabs(volume, model, levels=levels)
    return np.asarray(probability[0].argmax(axis=-1) + 1, dtype=np.uint16)


def _fitted(config: NetworkConfig, classes: Classes) -> NetworkConfig:
    count = len(classes.ids)
    return dataclasses.replace(config, n_classes=count, head=config.head if count == 2 else "softmax")


def _network(config: NetworkConfig, settings: SemanticSettings) -> tuple[Any, list[str]]:
    init = settings.init
    keras = load_keras("training a network")
    keras.mixed_precision.set_global_policy("mixed_float16" if settings.mixed_precision else "float32")
    try:
        network = build_network(config)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    notes = []
    if init is not None:
        left = take_weights(network, load_model(init).network)
        if len(left) >= sum(bool(layer.weights) for layer in network.layers):
            raise InputError(
                f"{os.fspath(init)} has no layer of the size of the new network's; "
                "give the same kind of network and the same --filters"
            )
        if left:
            notes.append(f"not taken over from {os.fspath(init)}, because of other sizes: {', '.join(left)}")
    if settings.freeze == "encoder":
        if init is None:
            raise InputError("an encoder is kept as it is only where there is one to start from; give --init")
        freeze_encoder(network)
    return network, notes


def _with_all_digits(network: Any, config: NetworkConfig) -> Any:
    """Return the network as it is run: in full precision, whatever it was trained in."""
    whole = build_network(config)
    take_weights(whole, network)
    return whole


def _compile(network: Any, settings: SemanticSettings, samples: Sequence[Sample], classes: Classes) -> None:
    import keras

    weights = None
    if settings.weigh_classes:
        counts = sum(class_counts(sample.phases)[list(classes.ids)] for sample in samples)
        weights = class_weights(counts)  # type: ignore[arg-type]
    rate: Any = settings.learning_rate
    if settings.falling:
        rate = falling_rate(rate, epochs=settings.run.epochs, steps=settings.steps)
    network.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=make_loss(settings.loss, class_weights=weights),
        metrics=[accuracy],
    )


def _patches(
    train: Sequence[Sample],
    judge: Sequence[Sample],
    classes: Classes,
    size: int,
    settings: SemanticSettings,
) -> tuple[Any, Any]:
    from electrodej.networks.semantic.patches import PatchSequence

    def sequence(samples: Sequence[Sample], steps: int, how: Augmentation, seed: int) -> Any:
        return PatchSequence(
            samples, classes, size=size, batch=settings.batch, steps=steps, how=how,
            views=settings.views, seed=seed,
        )  # fmt: skip

    seed = settings.run.seed
    steps = max(2, settings.steps // 5)
    return (
        sequence(train, settings.steps, settings.augmentation, seed),
        sequence(judge, steps, NONE, seed + _HELD_OUT_SEED),
    )


def _patch_size(config: NetworkConfig, wanted: int) -> int:
    if isinstance(config, LrcsConfig) and config.fixed_size:
        return config.fixed_size
    return -(-max(wanted, config.step) // config.step) * config.step


def _facts(
    config: NetworkConfig,
    settings: SemanticSettings,
    samples: Sequence[Sample],
    held_out: Sequence[Sample],
) -> dict[str, Any]:
    """Return what must be the same for a stopped training to go on."""
    rest = dataclasses.asdict(settings)
    rest.pop("run")
    init = rest.pop("init")
    return {
        "network": config_as_dict(config),
        "settings": rest,
        "seed": settings.run.seed,
        "data": _digest(samples),
        "held_out": _digest(held_out),
        "percentiles": [list(sample.percentiles) for sample in (*samples, *held_out)],
        # Its name only: models are passed on, and places on a disk are nobody's business.
        "init": None if init is None else Path(init).name,
    }


def _digest(samples: Sequence[Sample]) -> str:
    return digest(array for sample in samples for array in (sample.grey, sample.phases))
