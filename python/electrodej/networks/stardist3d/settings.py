"""What a StarDist model of volumes is, and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from electrodej.errors import InputError
from electrodej.options import Choice, Number, Numbers, Settings, Whole, option, seed
from electrodej.vocabulary import Spacing

_COUNT = Whole(1)
_TRAINING = "training"
_NETWORK = "network (without --init)"
# Axes are halved together while their voxels differ by less than this factor.
_ALIKE = 1.45

Steps = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class SolidSettings(Settings):
    """The network's shape and its training.

    Particles smaller than a ball ``least_diameter`` voxels across are left out: they are what the edge of a
    volume leaves of particles.
    """

    epochs: int = option(100, _COUNT, "at most so many epochs", group=_TRAINING)
    steps: int = option(50, _COUNT, "steps in an epoch", group=_TRAINING)
    batch: int = option(2, _COUNT, "patches in a step", group=_TRAINING)
    patch: int = option(96, _COUNT, "edge of a patch in voxels of the shortest edge", group=_TRAINING)
    patience: int = option(
        30, Whole(0), "stop after so many epochs without a better validation loss; 0: never", group=_TRAINING
    )
    learning_rate: float = option(1e-3, Number(0, above=True), "at the start", group=_TRAINING)
    validation: float = option(
        0.15,
        Number(0, 1, above=True, below=True),
        "share of the volumes kept for validation",
        group=_TRAINING,
    )
    augment: float = option(
        1.0, Number(0), "how strongly volumes are varied; 0: flips and turns only", group=_TRAINING
    )
    least_diameter: float = option(
        5.0, Number(0), "leave out what is smaller than a ball so many voxels across", group=_TRAINING
    )
    rays: int = option(64, Whole(8, 512), "directions of the surface", group=_NETWORK)
    grid: int = option(
        2, Choice((1, 2, 4)), "the network predicts once for so many voxels along an edge", group=_NETWORK
    )
    depth: int = option(2, Whole(1, 5), "levels of the U-Net below the grid", group=_NETWORK)
    filters: int = option(32, Whole(4, 256), "filters of its first level", group=_NETWORK)
    percentiles: tuple[float, float] = option(
        (1.0, 99.8),
        Numbers((Number(0, 100), Number(0, 100)), metavar="LOW,HIGH"),
        "grey values that become 0 and 1",
        expert=True,
    )
    seed: int = seed()

    def check(self) -> None:
        low, high = self.percentiles
        if not low < high:
            raise InputError(f"percentiles are a lower and a higher number, not {low} and {high}")


@dataclass(frozen=True)
class Halvings:
    """By what the network makes each axis smaller: the grid, then each level of its U-Net.

    Attributes
    ----------
    grid
        Voxels (z, y, x) for which the network predicts once.
    pools
        What each level takes together, (z, y, x).

    Examples
    --------
    >>> plan_halvings((0.1, 0.1, 0.1), grid=2, depth=2)
    Halvings(grid=(2, 2, 2), pools=((2, 2, 2), (2, 2, 2)))
    >>> plan_halvings((0.4, 0.1, 0.1), grid=2, depth=2)
    Halvings(grid=(1, 2, 2), pools=((1, 2, 2), (2, 2, 2)))
    """

    grid: Steps
    pools: tuple[Steps, ...]

    @property
    def divisor(self) -> Steps:
        """What the lengths of a tile are multiples of."""
        z, y, x = self.grid
        for pool in self.pools:
            z, y, x = z * pool[0], y * pool[1], x * pool[2]
        return z, y, x

    @property
    def reach(self) -> Steps:
        """How many voxels (z, y, x) away a voxel can change what `network.build_network`'s network says."""
        z, y, x = (self._reach(axis) for axis in range(3))
        return z, y, x

    def _reach(self, axis: int) -> int:
        cell = self.grid[axis]
        # Two convolutions of the stem; then each convolution looks a cell of its level further, of which
        # there are two on each level and on each way, four at the bottom and one at the head.
        total = 2 + cell
        for pool in self.pools:
            total += 4 * cell
            cell *= pool[axis]
            total += 2 * cell  # the pooling, and its reverse
        return total + 4 * cell + self.grid[axis]


def plan_halvings(spacing: Spacing, *, grid: int, depth: int) -> Halvings:
    """Halve the axes with the shortest voxels first, until all are alike, then all."""
    lengths = list(spacing)

    def halved() -> Steps:
        shortest = min(lengths)
        steps = [2 if length < _ALIKE * shortest else 1 for length in lengths]
        for axis, step in enumerate(steps):
            lengths[axis] *= step
        return steps[0], steps[1], steps[2]

    whole = [1, 1, 1]
    for _ in range(grid.bit_length() - 1):
        whole = [a * b for a, b in zip(whole, halved(), strict=True)]
    return Halvings((whole[0], whole[1], whole[2]), tuple(halved() for _ in range(depth)))


@dataclass(frozen=True)
class Plan:
    """What a network of volumes is made of.

    Attributes
    ----------
    halvings
        Its grid and poolings.
    rays, filters
        How many.
    """

    halvings: Halvings
    rays: int
    filters: int

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "grid": list(self.halvings.grid),
            "pools": [list(pool) for pool in self.halvings.pools],
            "rays": self.rays,
            "filters": self.filters,
        }
