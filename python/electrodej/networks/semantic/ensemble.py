"""How sure networks are: several of them, or one with dropout switched on, asked about the same volume."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from electrodej.errors import InputError
from electrodej.models.entropy import entropy_of
from electrodej.models.grey import FloatArray, Levels
from electrodej.models.libraries import load_keras
from electrodej.networks.semantic.model import SemanticModel
from electrodej.networks.semantic.predict import PredictSettings, predict_slabs
from electrodej.progress import Progress
from electrodej.run import Run
from electrodej.vocabulary import PathLike
from electrodej.volume import Volume

Look = Callable[[int, FloatArray], None]

# Bytes that one voxel of a slab takes in each member: grey values, and probabilities twice.
_BYTES = 4
_MOST_SLAB = 64


def make_members(models: Sequence[SemanticModel], *, dropout: int = 0, seed: int = 0) -> list[SemanticModel]:
    """Return the networks to ask: each model once, or ``dropout`` times with its dropout switched on.

    Parameters
    ----------
    models
        Networks for the same classes.
    dropout
        How often each is asked with dropout on (Monte-Carlo dropout: Y. Gal, Z. Ghahramani, ICML 2016); 0:
        once, without.
    seed
        Of what is dropped.

    Raises
    ------
    electrodej.errors.InputError
        The classes differ, or a network has no dropout.
    """
    first = models[0].classes
    for model in models[1:]:
        if model.classes.ids != first.ids:
            raise InputError(
                f"the models tell different classes apart: {model.name} {list(model.classes.ids)}, "
                f"{models[0].name} {list(first.ids)}; give models for the same classes"
            )
    if dropout < 0:
        raise InputError(f"dropout is a number of passes from 0, not {dropout}")
    if not dropout:
        return list(models)
    return [
        member
        for number, model in enumerate(models)
        for member in [dataclasses.replace(model, engine=_dropping(model, seed + number), place=None)]
        * dropout
    ]


def _dropping(model: SemanticModel, seed: int) -> Any:
    """Return a copy of the network whose dropout is always on; batch normalisation stays as it is used."""
    trained = model.network
    load_keras("asking a network with dropout")
    import keras

    from electrodej.models.engines.keras import KerasEngine

    class AlwaysDropout(keras.layers.Dropout):  # type: ignore[misc] # Keras has no types
        def call(self, inputs: Any, training: bool | None = None) -> Any:  # noqa: ARG002 - Keras's form
            return super().call(inputs, training=True)

    dropped = []

    def copied(layer: Any) -> Any:
        if not isinstance(layer, keras.layers.Dropout):
            return layer.__class__.from_config(layer.get_config())
        dropped.append(layer.name)
        return AlwaysDropout(layer.rate, seed=seed + len(dropped), name=layer.name)

    network = keras.models.clone_model(trained, clone_function=copied)
    if not dropped:
        raise InputError(f"{model.name} was trained without dropout; give several models instead")
    network.set_weights(trained.get_weights())
    return KerasEngine(network)


def predict_ensemble(
    volume: Volume,
    members: Sequence[SemanticModel],
    settings: PredictSettings | None = None,
    run: Run | None = None,
    *,
    levels: Sequence[Levels],
    scratch: PathLike | None = None,
    look: Look | None = None,
    start: int = 0,
) -> Iterator[tuple[int, int, FloatArray, FloatArray]]:
    """Yield the mean of the members' probabilities and how far they disagree, slab by slab.

    Parameters
    ----------
    volume
        Grey values.
    members
        From `make_members`.
    levels
        Of the volume for each member.
    settings, scratch, run
        As for `electrodej.networks.semantic.predict_slabs`.
    start
        First slice; others than 0 go with the view xy alone.
    look
        Given the number of each member, and its probabilities of the slab.

    Yields
    ------
    z0, z1, probability, disagreement
        The mean, as `predict_slabs` has it, and float32 of shape (z1 - z0, Y, X): the mutual information
        H(mean of p) - mean of H(p) over the logarithm of the number of classes. 0 where all members say the
        same, however unsure they are; 1 where each is sure of another class.
    """
    settings, run = settings or PredictSettings(), run or Run()
    count = len(members)
    if not settings.slab:
        channels = len(members[0].classes.ids)
        voxel = _BYTES * (1 + 2 * channels) * (count + 1)
        depth = run.room // 4 // max(1, volume.shape[1] * volume.shape[2] * voxel)
        settings = dataclasses.replace(settings, slab=max(1, min(depth, _MOST_SLAB, volume.shape[0])))
    running = [
        predict_slabs(
            volume,
            member,
            settings,
            dataclasses.replace(run, progress=_part(run.progress, number, count)),
            levels=level,
            scratch=scratch,
            start=start,
        )
        for number, (member, level) in enumerate(zip(members, levels, strict=True))
    ]
    try:
        for z0 in range(start, volume.shape[0], settings.slab):
            total: FloatArray | None = None
            unsure = np.zeros((), np.float32)
            for number, slabs in enumerate(running):
                _, z1, found = next(slabs)
                if look is not None:
                    look(number, found)
                total = found if total is None else total + found
                if count > 1:
                    unsure = unsure + entropy_of(found)
                del found
            assert total is not None
            if count == 1:
                yield z0, z1, total, np.zeros(total.shape[:-1], np.float32)
                continue
            total /= np.float32(count)
            # Rounding may leave a little below 0 where all say the same.
            yield z0, z1, total, np.maximum(entropy_of(total) - unsure / np.float32(count), np.float32(0))
    finally:
        # Those that did not end have scratch files.
        for slabs in running:
            slabs.close()


def _part(progress: Progress, number: int, count: int) -> Progress:
    """Return a progress for one of several that move on together, slab by slab."""

    def tell(done: float, total: float, stage: str) -> None:
        # The first member is one slab ahead of the last; the last tells how far all are.
        if number == count - 1:
            progress(done, total, f"{stage}, {count} networks")
        else:
            progress(max(0.0, done - 1e-9), total, f"{stage}, network {number + 1} of {count}")

    return tell
