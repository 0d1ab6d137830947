"""What the fusion of three views goes by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from electrodej.errors import InputError
from electrodej.vocabulary import Spacing

Method = Literal["flow", "watershed", "kmeans"]
METHODS: tuple[Method, ...] = ("flow", "watershed", "kmeans")
VIEWS = ("xy", "xz", "yz")


@dataclass(frozen=True)
class FusionSettings:
    """Settings of `fuse_views`; the defaults hold for every density and size that was tried.

    Probabilities are those of the summed views, from 0 to 3. Lengths in voxels are multiples of the
    shortest edge of a voxel and are the same length along each axis. All but ``min_volume``, ``clusters``
    and ``reduce`` concern `flow` and `watershed`.

    Attributes
    ----------
    bridge
        How many slices to either side stand in for a slice or a section that a view has missed, 0 to 4.
    smoothing
        Standard deviation of the Gaussian on the sum, voxels.
    floor
        Where the sum is lower is no particle; keeps noise out of the search.
    depth
        A maximum that rises less above its neck to a higher one belongs to it.
    necking
        It also does where it rises less than this share of itself, reduced for small particles, whose
        necks the network's blur fills: the share is ``necking`` (1 - ``blur`` / radius).
    blur
        Radius of the smallest particles that show a neck, voxels.
    peak
        A particle's highest sum is at least this.
    edge, edge_blur
        A particle goes as far as the sum is at least ``edge + edge_blur / radius``, radius in voxels: the
        probability falls to nothing at the border, and blur leaves the more there the smaller the particle.
    min_volume
        Smaller pieces are dropped, um^3; the default is 2000 voxels of 70 nm.
    clusters
        Of `kmeans`; what is above the lowest one is particle.
    reduce
        `kmeans` works on blocks of this many voxels along each axis.
    """

    bridge: int = 2
    smoothing: float = 0.7
    floor: float = 0.1
    depth: float = 0.2
    necking: float = 0.6
    blur: float = 3.5
    peak: float = 0.5
    edge: float = 0.13
    edge_blur: float = 2.2
    min_volume: float = 0.686
    clusters: int = 5
    reduce: int = 1

    def least_voxels(self, spacing: Spacing) -> float:
        """Return how many voxels a particle has at least; rounding must not drop one of just that volume."""
        return self.min_volume / math.prod(spacing) * (1 - 1e-9)

    def __post_init__(self) -> None:
        _whole("bridge", self.bridge, 0, 4)
        _whole("clusters", self.clusters, 2, 64)
        _whole("reduce", self.reduce, 1, 64)
        for name, most in (
            ("smoothing", 3.0),
            ("floor", 3.0),
            ("depth", 3.0),
            ("necking", 1.0),
            ("blur", math.inf),
            ("peak", 3.0),
            ("edge", 3.0),
            ("edge_blur", math.inf),
            ("min_volume", math.inf),
        ):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 <= value <= most):
                upper = "" if math.isinf(most) else f" to {most:g}"
                raise InputError(f"{name} must be a number from 0{upper}, not {value}")


def _whole(name: str, value: int, least: int, most: int) -> None:
    if not (isinstance(value, int) and least <= value <= most):
        raise InputError(f"{name} must be a whole number from {least} to {most}, not {value}")
