"""What can be set in the fusion of three views."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from electrodej.options import Number, Settings, Whole, option
from electrodej.vocabulary import VIEWS, Spacing

__all__ = ["METHODS", "VIEWS", "FusionSettings", "Method"]

Method = Literal["flow", "watershed", "kmeans"]
METHODS: tuple[Method, ...] = ("flow", "watershed", "kmeans")

_GROUP = "fusion"
# Probabilities of three views together.
_SUM = Number(0, 3)


@dataclass(frozen=True, kw_only=True)
class FusionSettings(Settings):
    """How three views are fused; the defaults hold for every density and size that was tried.

    Probabilities are those of the summed views, from 0 to 3. Lengths in voxels are multiples of the
    shortest edge of a voxel and are the same length along each axis. All but ``min_volume``, ``clusters``
    and ``reduce`` concern `flow` and `watershed`.
    """

    bridge: int = option(
        2,
        Whole(0, 4),
        "how many slices to either side stand in for a slice or a section that a view has missed",
        expert=True,
    )
    smoothing: float = option(
        0.7, _SUM, "standard deviation of the Gaussian on the sum", unit="voxels", expert=True
    )
    floor: float = option(
        0.1, _SUM, "where the sum is lower is no particle; keeps noise out of the search", expert=True
    )
    depth: float = option(
        0.2,
        _SUM,
        "a maximum that rises less above its neck to a higher one belongs to it",
        expert=True,
    )
    # The share is ``necking`` (1 - ``blur`` / radius): the network's blur fills the necks of small particles.
    necking: float = option(
        0.6,
        Number(0, 1),
        "it also does where it rises less than this share of itself; reduced for small particles",
        expert=True,
    )
    blur: float = option(
        3.5, Number(0), "radius of the smallest particles that show a neck", unit="voxels", expert=True
    )
    peak: float = option(0.5, _SUM, "a particle's highest sum is at least this", expert=True)
    # The probability falls to nothing at the border, and blur leaves the more there the smaller the particle.
    edge: float = option(
        0.13,
        _SUM,
        "a particle goes as far as the sum is at least edge + edge_blur / radius, radius in voxels",
        expert=True,
    )
    edge_blur: float = option(2.2, Number(0), "see edge", expert=True)
    # 2000 voxels of 70 nm.
    min_volume: float = option(
        0.686,
        Number(0, what="not a volume", metavar="UM3"),
        "drop smaller pieces, in cubic micrometres; flow and watershed find hardly any below 5 voxels "
        "across, whatever is said here",
        group=_GROUP,
    )
    clusters: int = option(
        5, Whole(2, 64), "kmeans: how many; what is above the lowest one is particle", expert=True
    )
    reduce: int = option(
        1,
        Whole(1, 64),
        "kmeans: work on blocks of N voxels along each axis",
        usual="1",
        group=_GROUP,
    )

    def least_voxels(self, spacing: Spacing) -> float:
        """Return how many voxels a particle has at least; rounding must not drop one of just that volume."""
        return self.min_volume / math.prod(spacing) * (1 - 1e-9)
