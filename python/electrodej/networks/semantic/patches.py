"""Patches to train on, drawn so that every class has its turn. Needs Keras to be imported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from electrodej.models.libraries import load_keras
from electrodej.networks.semantic.augment import Augmentation, augment
from electrodej.networks.semantic.samples import Classes, Sample
from electrodej.vocabulary import UNLABELLED

load_keras("training a network")

import keras  # noqa: E402 - only after its greetings are kept back

View = Literal["xy", "xz", "yz"]
# The axis across each view's planes.
ACROSS: dict[View, int] = {"xy": 0, "xz": 1, "yz": 2}


class PatchSequence(keras.utils.PyDataset):  # type: ignore[misc] # Keras has no types
    """Batches of patches (batch, Y, X, 1) and of their channels.

    For each patch a class is drawn, then a voxel of it, then a plane and a square through that voxel: a rare
    class is seen as often as a common one. Batch ``i`` of epoch ``e`` is always the same for one seed.

    Parameters
    ----------
    samples, classes
        Images and the classes in them.
    size
        Side of a patch in pixels. Smaller planes are continued by reflection, not labelled there.
    batch, steps
        Patches in a batch, and batches in an epoch.
    views
        Which planes are cut.
    how
        How patches are changed.
    seed
        Chooses the patches.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        classes: Classes,
        *,
        size: int,
        batch: int,
        steps: int,
        how: Augmentation,
        views: Sequence[View] = ("xy",),
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.epoch = 0
        self._samples, self._classes, self._views = list(samples), classes, list(views)
        self._size, self._batch, self._steps = size, batch, steps
        self._how, self._seed = how, seed
        self._voxels = _voxels_by_class(self._samples, classes)
        self._present = np.flatnonzero(self._voxels.sum(axis=1))
        self._first_row = np.cumsum([0, *(len(sample.phases) for sample in self._samples)])

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        random = np.random.default_rng([self._seed, self.epoch, index])
        pairs = [self._patch(random) for _ in range(self._batch)]
        images = np.stack([image for image, _ in pairs])[..., np.newaxis]
        return images, np.stack([channels for _, channels in pairs])[..., np.newaxis]

    def _patch(self, random: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        channel = int(random.choice(self._present))
        weights = self._voxels[channel]
        row = int(random.choice(weights.size, p=weights / weights.sum()))
        which = int(np.searchsorted(self._first_row, row, side="right")) - 1
        sample, z = self._samples[which], row - int(self._first_row[which])
        places = np.flatnonzero(sample.phases[z].ravel() == self._classes.ids[channel])
        y, x = divmod(int(random.choice(places)), sample.phases.shape[2])
        views = [view for view in self._views if sample.phases.shape[0] > 1 or view == "xy"] or ["xy"]
        across = ACROSS[views[int(random.integers(len(views)))]]
        image, phases = self._cut(sample, (z, y, x), across, random)
        return augment(image, self._classes.channels(phases), self._how, random)

    def _cut(
        self, sample: Sample, voxel: tuple[int, int, int], across: int, random: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        box: list[Any] = [voxel[across]] * 3
        missing = []
        for axis in (axis for axis in range(3) if axis != across):
            length = sample.grey.shape[axis]
            start = voxel[axis] - int(random.integers(self._size))
            start = max(0, min(start, length - self._size))
            box[axis] = slice(start, min(start + self._size, length))
            short = max(0, self._size - length)
            missing.append((short // 2, short - short // 2))
        place = tuple(box)
        image, phases = sample.scaled(place), sample.phases[place]
        if any(before or after for before, after in missing):
            image = np.pad(image, missing, mode="reflect")
            phases = np.pad(phases, missing, constant_values=UNLABELLED)
        return image, phases


def _voxels_by_class(samples: Sequence[Sample], classes: Classes) -> NDArray[np.float64]:
    """Return how many voxels of each class (row) there are in each slice of all samples (column)."""
    sections = [section for sample in samples for section in sample.phases]
    counts = [np.bincount(section.ravel(), minlength=256)[list(classes.ids)] for section in sections]
    return np.array(counts, np.float64).T
