"""Training volumes as the network is fed with them: patches with their probability and ray distances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.models.grey import FloatArray
from electrodej.networks.stardist3d.augment import Labels, cut
from electrodej.networks.stardist3d.rays import Rays
from electrodej.networks.stardist3d.settings import Halvings, SolidSettings, Steps
from electrodej.vocabulary import Spacing

# The label of voxels of which nobody knows what is there: nothing is learnt from them.
UNKNOWN = -1
Batch = tuple[FloatArray, tuple[FloatArray, FloatArray]]


@dataclass(frozen=True)
class Example:
    """A volume as it is trained on: normalised, small particles left out, at least as large as a patch."""

    name: str
    image: FloatArray
    labels: Labels


@dataclass(frozen=True)
class Feed:
    """How patches are made of volumes.

    Attributes
    ----------
    settings
        Batch, patch, augmentation, seed.
    spacing
        Voxel size (z, y, x) in micrometres.
    halvings, rays
        The network's.
    """

    settings: SolidSettings
    spacing: Spacing
    halvings: Halvings
    rays: Rays

    @property
    def patch(self) -> Steps:
        """Voxels of a patch: about a cube in micrometres, multiples of what the network takes."""
        return patch_shape(self.settings.patch, self.spacing, self.halvings)

    def batch(self, examples: Sequence[Example], *where: int) -> Batch:
        """Return the patches of a step; ``where`` is the epoch, the step, all that they depend on."""
        chance = np.random.default_rng([self.settings.seed, *where])
        drawn = [
            cut(
                example.image,
                example.labels,
                patch=self.patch,
                spacing=self.spacing,
                strength=self.settings.augment,
                chance=chance,
            )
            for example in (examples[int(chance.integers(len(examples)))] for _ in range(self.settings.batch))
        ]
        return self.joined(drawn)

    def middles(self, examples: Sequence[Example]) -> Batch:
        """Return one patch of each example, from its middle and unchanged."""
        drawn = []
        for example in examples:
            box = tuple(
                slice((length - edge) // 2, (length - edge) // 2 + edge)
                for length, edge in zip(example.image.shape, self.patch, strict=True)
            )
            drawn.append((example.image[box], example.labels[box]))
        return self.joined(drawn)

    def joined(self, drawn: Sequence[tuple[FloatArray, Labels]]) -> Batch:
        """Return patches with what the network should say of them."""
        truths = [targets(labels, self.halvings.grid, self.rays) for _, labels in drawn]
        return (
            np.stack([image for image, _ in drawn])[..., np.newaxis],
            (np.stack([near for near, _ in truths]), np.stack([far for _, far in truths])),
        )


def patch_shape(edge: int, spacing: Spacing, halvings: Halvings) -> Steps:
    """Return the voxels of a patch that is ``edge`` shortest voxel edges long each way.

    >>> from electrodej.networks.stardist3d.settings import plan_halvings
    >>> size = (0.4, 0.1, 0.1)
    >>> patch_shape(96, size, plan_halvings(size, grid=2, depth=2))
    (24, 96, 96)
    """
    shortest = min(spacing)
    z, y, x = (
        max(step, round(edge * shortest / length / step) * step)
        for length, step in zip(spacing, halvings.divisor, strict=True)
    )
    return z, y, x


def targets(labels: Labels, grid: Steps, rays: Rays) -> tuple[FloatArray, FloatArray]:
    """Return what the network should say of a patch: probability, and distances with the probability behind.

    A probability below 0 is one that the loss passes over.
    """
    from electrodej.networks.stardist3d.kernels.distances import measure_centrality, measure_distances

    cells = tuple(-(-length // step) for length, step in zip(labels.shape, grid, strict=True))
    both = np.zeros((*cells, len(rays.steps) + 1), np.float32)
    chance = np.zeros(cells, np.float32)
    steps = np.array(grid)
    measure_distances(labels, steps, rays.steps, both[..., :-1])
    measure_centrality(labels, steps, both[..., :-1], chance)
    both[..., -1] = chance
    unknown = labels[:: grid[0], :: grid[1], :: grid[2]] < 0
    known = np.where(unknown, np.float32(UNKNOWN), chance)
    both[..., -1][unknown] = UNKNOWN
    return known[..., np.newaxis], both


def without_small(labels: NDArray[Any], least_diameter: float) -> Labels:
    """Leave out labels smaller than a ball so many voxels across, and number the others from 1.

    >>> without_small(np.array([[[7, 7, 0], [7, 7, 9]]]), 1.5).tolist()
    [[[1, 1, 0], [1, 1, 0]]]
    """
    values, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    keep = (values > 0) & (counts >= math.pi * least_diameter**3 / 6)
    new = np.where(keep, np.cumsum(keep), np.minimum(values, 0)).astype(np.int32)
    numbered: Labels = new[place].reshape(labels.shape)
    return numbered
