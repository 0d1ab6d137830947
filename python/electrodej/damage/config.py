"""The attributes that explain damage, and the settings of the regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from electrodej.options import Number, Settings, Whole, option, seed

ATTRIBUTES = (
    "Z", "Roll", "Pitch", "Yaw", "Edensity", "Homogeneity", "SurfInner", "SurfOuter", "Volume", "Elongation",
    "Sphericity", "Vsratio", "RoughInner", "RoughOuter", "Contact", "PDensity", "DisNearest", "locVolume",
    "locOri", "locElongation", "locSphericity",
)  # fmt: skip
"""The columns of the regression, in its order."""

TARGET = "Damage"
"""What they are to explain."""


@dataclass(frozen=True, kw_only=True)
class DamageConfig(Settings):
    """How damage is regressed, and how often it is repeated.

    Examples
    --------
    >>> DamageConfig(trees=100).leaves
    30
    """

    trees: int = option(40, Whole(1), "trees of the forest")
    leaves: int = option(30, Whole(2), "most leaves of a tree")
    held_out: float = option(
        0.05,
        Number(0, 0.5, above=True, below=True, what="no share"),
        "share of the particles that the forest does not see",
        expert=True,
    )
    # The reference program has 1.02e-5; see docs/damage.md for why this is 0 here.
    min_decrease: float = option(
        0.0,
        Number(0),
        "split a node only where that lowers the mean absolute error, over all particles, by at least this",
        expert=True,
    )
    seed: int = seed()
    seeds: int = option(10, Whole(2), "seeds that the spread of the contributions is taken over")
    draws: int = option(10, Whole(0), "draws of particles that it is taken over beside")
    draw_size: int = option(500, Whole(20), "particles in a draw, four fifths of the table at most")
    folds: int = option(5, Whole(2), "folds of the cross-validation", expert=True)
    repeats: int = option(5, Whole(1), "repeats of the 5-fold cross-validation")
    resamples: int = option(
        20, Whole(5), "how often particles are resampled where tables are compared", expert=True
    )
    fewest: int = option(50, Whole(20), "describe fewer particles without a model", expert=True)
    most_rows: int = option(
        5000,
        Whole(100),
        "of more particles, draw so many for all that is repeated; the forest that is shown sees all",
        expert=True,
    )
    interaction_rows: int = option(
        200, Whole(0), "particles that interactions are averaged over; 0 leaves interactions out", expert=True
    )

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return self.as_plain()
