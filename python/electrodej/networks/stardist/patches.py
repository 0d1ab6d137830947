"""Training images as the network is fed with them: patches with their probability and ray distances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.models.grey import FloatArray, normalise
from electrodej.models.libraries import load_keras
from electrodej.networks.stardist.augment import Labels, cut
from electrodej.networks.stardist.settings import StarDistSettings


class Pair(Protocol):
    """An image and the particles that were drawn on it."""

    @property
    def name(self) -> str: ...
    @property
    def grey(self) -> NDArray[Any]: ...
    @property
    def labels(self) -> NDArray[Any]: ...
    @property
    def spacing(self) -> tuple[float, float] | None: ...


# The label of pixels of which nobody knows what is there: nothing is learnt from them.
UNKNOWN = -1


@dataclass(frozen=True)
class Example:
    """A pair as it is trained on: normalised, small sections left out, at least as large as a patch.

    Images that are smaller are continued by their reflection, which is `UNKNOWN`.
    """

    name: str
    image: FloatArray
    labels: Labels


class HowKept(Protocol):
    """What decides which images are kept for validation."""

    @property
    def validation(self) -> float: ...
    @property
    def least_diameter(self) -> float: ...
    @property
    def seed(self) -> int: ...


def prepare(pair: Pair, settings: StarDistSettings) -> Example:
    """Normalise a pair and bring it to the least size."""
    whole = normalised(pair, settings.percentiles, settings.least_diameter)
    image, large = whole.image, whole.labels
    room = [(0, max(0, settings.patch - length)) for length in image.shape]
    if any(after for _, after in room):
        image = np.pad(image, room, mode="reflect")
        large = np.pad(large, room, constant_values=UNKNOWN)
    return Example(pair.name, image, large)


def normalised(pair: Pair, percentiles: tuple[float, float], least_diameter: float) -> Example:
    """Normalise a pair and leave out its small labels."""
    grey, labels = np.asarray(pair.grey), np.asarray(pair.labels)
    if grey.shape != labels.shape or grey.ndim != 2:
        raise InputError(
            f"{pair.name}: the image has {grey.shape} pixels and its labels {labels.shape}; "
            "they must be one section of the same size"
        )
    if grey.dtype.kind == "f" and not np.isfinite(grey).all():
        raise InputError(f"{pair.name} has grey values that are not finite; replace them before training")
    return Example(pair.name, normalise(grey, percentiles), without_small(labels, least_diameter))


def without_small(labels: NDArray[Any], least_diameter: float) -> Labels:
    """Leave out labels smaller than a disc of that diameter, and number the others from 1.

    >>> without_small(np.array([[7, 7, 0], [7, 7, 9], [0, 0, -1]]), 1.5).tolist()
    [[1, 1, 0], [1, 1, 0], [0, 0, -1]]
    """
    values, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    keep = (values > 0) & (counts >= math.pi * least_diameter**2 / 4)
    new = np.where(keep, np.cumsum(keep), np.minimum(values, 0)).astype(np.int32)
    numbered: Labels = new[place].reshape(labels.shape)
    return numbered


def split(examples: Sequence[Example], settings: HowKept) -> tuple[list[Example], list[Example]]:
    """Return the examples to train on and those kept for validation, chosen by the seed."""
    examples = [example for example in examples if (example.labels >= 0).any()]
    if len(examples) < 2:
        raise InputError(
            f"training needs at least two images, one of them for validation, and there is {len(examples)}"
        )
    if not any(_has_particles(example) for example in examples):
        raise InputError(
            f"no image has a particle of {settings.least_diameter:g} pixels or more across; "
            "nothing can be learnt from them"
        )
    order = np.random.default_rng(settings.seed).permutation(len(examples))
    kept = min(len(examples) - 1, max(1, round(settings.validation * len(examples))))
    return [examples[i] for i in sorted(order[kept:])], [examples[i] for i in sorted(order[:kept])]


def _has_particles(example: Example) -> bool:
    return bool((example.labels > 0).any())


def targets(labels: Labels, settings: StarDistSettings) -> tuple[FloatArray, FloatArray]:
    """Return what the network should say of a patch: probability, and distances with the mask behind them.

    A probability below 0 is one that StarDist's loss passes over.
    """
    geometry = require("stardist.geometry", what="training a StarDist model", extra="train")
    utils = require("stardist.utils", what="training a StarDist model", extra="train")
    down, right = settings.grid
    unknown = labels[::down, ::right] < 0
    labels = np.maximum(labels, 0)
    chance = np.asarray(utils.edt_prob(labels[::down, ::right]), np.float32)[..., np.newaxis]
    rays = np.asarray(geometry.star_dist(labels, settings.rays, grid=settings.grid), np.float32)
    known = np.where(unknown[..., np.newaxis], np.float32(UNKNOWN), chance)
    return known, np.concatenate([rays, chance], axis=-1)


def validation_batch(
    examples: Sequence[Example], settings: StarDistSettings
) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
    """Return one patch of each example, from its middle."""
    images, truths = [], []
    for example in examples:
        box = tuple(
            slice((length - settings.patch) // 2, (length - settings.patch) // 2 + settings.patch)
            for length in example.image.shape
        )
        images.append(example.image[box])
        truths.append(targets(example.labels[box], settings))
    return (
        np.stack(images)[..., np.newaxis],
        (np.stack([chance for chance, _ in truths]), np.stack([rays for _, rays in truths])),
    )


def training_patches(examples: Sequence[Example], settings: StarDistSettings, *, epoch: int) -> Any:
    """Return the training data for ``model.fit``, from ``epoch`` on.

    What a step gets depends on the seed, the epoch and the step alone, so that a run that was stopped goes on
    with the patches that it would have had.
    """
    keras = load_keras("training a StarDist model")
    with_particles = [example for example in examples if _has_particles(example)] or list(examples)

    class Patches(keras.utils.PyDataset):  # type: ignore[misc, name-defined] # Keras has no types
        def __init__(self) -> None:
            super().__init__()
            self.epoch = epoch

        def __len__(self) -> int:
            return settings.steps

        def __getitem__(self, step: int) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
            chance = np.random.default_rng([settings.seed, self.epoch, step])
            drawn = [
                cut(
                    example.image,
                    example.labels,
                    patch=settings.patch,
                    strength=settings.augment,
                    chance=chance,
                    blank=settings.blank,
                )
                for example in (
                    with_particles[int(chance.integers(len(with_particles)))] for _ in range(settings.batch)
                )
            ]
            truths = [targets(labels, settings) for _, labels in drawn]
            return (
                np.stack([image for image, _ in drawn])[..., np.newaxis],
                (np.stack([near for near, _ in truths]), np.stack([far for _, far in truths])),
            )

        def on_epoch_end(self) -> None:
            self.epoch += 1

    return Patches()
