"""Training images as a Mask R-CNN is fed with them: patches, their labels, and the labels' boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from electrodej.models.grey import FloatArray
from electrodej.models.libraries import load_keras
from electrodej.networks.maskrcnn.anchors import shares
from electrodej.networks.maskrcnn.settings import MaskRCNNSettings
from electrodej.networks.maskrcnn.shape import NetworkShape, shown
from electrodej.networks.stardist.augment import Labels, cut
from electrodej.networks.stardist.patches import Example, Pair, normalised

# What the edge of a patch leaves of a particle is learnt from where it is so many pixels wide and high.
_LEAST_EDGE = 3
# Particles of a patch that are learnt from, where nobody says how many; always a multiple of the first.
_FEW, _MANY = 32, 512
# By which zoom a patch may show more of its image.
_WIDER = 1.3

Inputs = dict[str, NDArray[Any]]


def prepare(pair: Pair, settings: MaskRCNNSettings) -> Example:
    """Normalise a pair, and bring it to the size of a patch with zeros, as tiles are when it is run."""
    whole = normalised(pair, settings.percentiles, settings.least_diameter)
    room = [(0, max(0, settings.patch - length)) for length in whole.image.shape]
    # What nobody knows is not shown.
    image = np.where(whole.labels < 0, np.float32(0), whole.image)
    return Example(whole.name, np.pad(image, room), np.pad(np.maximum(whole.labels, 0), room))


def fullest(examples: Sequence[Example], patch: int) -> int:
    """Return how many particles a patch may have, rounded up; at most `_MANY`."""
    edge, most = patch * _WIDER / 2, 1
    for example in examples:
        numbers = np.unique(example.labels[example.labels > 0])
        if not numbers.size:
            continue
        middles = np.array(ndimage.center_of_mass(example.labels > 0, example.labels, numbers))
        cells = np.zeros([int(length // edge) + 1 for length in example.labels.shape])
        np.add.at(cells, tuple((middles // edge).astype(np.intp).T), 1)
        # Wherever a patch lies, three cells along each edge hold it.
        most = max(most, round(float(ndimage.convolve(cells, np.ones((3, 3)), mode="constant").max())))
    return int(min(_MANY, -(-most // _FEW) * _FEW))


def truth_of(
    labels: Labels, most: int, chance: np.random.Generator
) -> tuple[Labels, FloatArray, NDArray[Any]]:
    """Return what is learnt from a patch: labels from 1 to ``most``, their boxes in shares, their classes.

    Where there are more, some are chosen by chance.
    """
    boxes = ndimage.find_objects(np.maximum(labels, 0))
    found = [
        (number, box)
        for number, box in enumerate(boxes, 1)
        if box is not None and all(side.stop - side.start >= _LEAST_EDGE for side in box)
    ]
    if len(found) > most:
        found = [found[index] for index in sorted(chance.permutation(len(found))[:most])]
    new = np.zeros(len(boxes) + 1, np.int32)
    corners = np.zeros((most, 4))
    for place, (number, (rows, columns)) in enumerate(found):
        new[number] = place + 1
        corners[place] = rows.start, columns.start, rows.stop, columns.stop
    in_shares = shares(corners, *labels.shape)
    in_shares[len(found) :] = 0
    classes = (np.arange(most) < len(found)).astype(np.int32)
    return new[np.maximum(labels, 0)], in_shares, classes


def inputs_of(
    drawn: Sequence[tuple[FloatArray, Labels]], shape: NetworkShape, most: int, chance: np.random.Generator
) -> Inputs:
    """Return patches with their labels as `Learner` takes them."""
    truths = [truth_of(labels, most, chance) for _, labels in drawn]
    return {
        "image": shown(np.stack([image for image, _ in drawn]), shape),
        "labels": np.stack([labels for labels, _, _ in truths]),
        "boxes": np.stack([boxes for _, boxes, _ in truths]),
        "classes": np.stack([classes for _, _, classes in truths]),
    }


def training_patches(
    examples: Sequence[Example],
    shape: NetworkShape,
    settings: MaskRCNNSettings,
    *,
    epoch: int,
    most: int,
    **options: Any,
) -> Any:
    """Return the training data for ``model.fit``, from ``epoch`` on.

    What a step gets depends on the seed, the epoch and the step alone. At most ``most`` particles of a patch
    are learnt from. ``options`` are those of Keras's ``PyDataset``.
    """
    keras = load_keras("training a Mask R-CNN")
    with_particles = [each for each in examples if (each.labels > 0).any()] or list(examples)

    class Patches(keras.utils.PyDataset):  # type: ignore[misc, name-defined] # Keras has no types
        def __init__(self) -> None:
            super().__init__(**options)
            self.epoch = epoch

        def __len__(self) -> int:
            return settings.steps

        def __getitem__(self, step: int) -> tuple[Inputs, FloatArray]:
            chance = np.random.default_rng([settings.seed, self.epoch, step])
            drawn = []
            for _ in range(settings.batch):
                example = with_particles[int(chance.integers(len(with_particles)))]
                drawn.append(
                    cut(
                        example.image,
                        example.labels,
                        patch=settings.patch,
                        strength=settings.augment,
                        chance=chance,
                        blank=settings.blank,
                    )
                )
            # Losses are the network's own results; Keras wants to be given something all the same.
            return inputs_of(drawn, shape, most, chance), np.zeros((settings.batch, 1), np.float32)

        def on_epoch_end(self) -> None:
            self.epoch += 1

    return Patches()


def validation_patches(
    examples: Sequence[Example], shape: NetworkShape, patch: int, most: int
) -> tuple[Inputs, FloatArray]:
    """Return one patch of each example, from its middle, as ``model.fit`` takes them."""
    drawn = []
    for example in examples:
        box = tuple(
            slice((length - patch) // 2, (length - patch) // 2 + patch) for length in example.image.shape
        )
        drawn.append((example.image[box], example.labels[box]))
    return inputs_of(drawn, shape, most, np.random.default_rng(0)), np.zeros((len(drawn), 1), np.float32)
