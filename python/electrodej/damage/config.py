"""The attributes that explain damage, and the settings of the regression."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from electrodej.errors import InputError

ATTRIBUTES = (
    "Z", "Roll", "Pitch", "Yaw", "Edensity", "Homogeneity", "SurfInner", "SurfOuter", "Volume", "Elongation",
    "Sphericity", "Vsratio", "RoughInner", "RoughOuter", "Contact", "PDensity", "DisNearest", "locVolume",
    "locOri", "locElongation", "locSphericity",
)  # fmt: skip
"""The columns of the regression, in its order."""

TARGET = "Damage"
"""What they are to explain."""

_LOWEST = {
    "trees": 1,
    "leaves": 2,
    "seed": 0,
    "seeds": 2,
    "draws": 0,
    "draw_size": 20,
    "folds": 2,
    "repeats": 1,
    "resamples": 5,
    "fewest": 20,
    "most_rows": 100,
    "interaction_rows": 0,
    "jobs": 1,
}


# scikit-learn takes seeds of 32 bits; those of repeats count on from the one given.
MOST_SEED = 2**31


@dataclass(frozen=True)
class DamageConfig:
    """How the damage is regressed and how often it is repeated.

    Attributes
    ----------
    trees
        Trees of the random forest.
    leaves
        Most leaves of a tree.
    held_out
        Share of the particles that the forest does not see.
    min_decrease
        A node is split only where this lowers the mean absolute error, over all particles, by at least so
        much. The reference program has 1.02e-5; see docs/damage.md for why this is 0 here.
    seed
        Of the forest that is shown.
    seeds
        How many seeds the contributions' spread is taken over.
    draws, draw_size
        How many draws of how many particles it is taken over beside.
    folds, repeats
        Of the cross-validation.
    resamples
        How often the particles are resampled where tables are compared.
    fewest
        Fewer particles are described and not modelled.
    most_rows
        Of more particles, so many are drawn for all that is repeated; the forest that is shown sees all.
    interaction_rows
        Particles that the interactions are averaged over; 0 leaves interactions out.
    jobs
        Cores; no result depends on it.

    Examples
    --------
    >>> DamageConfig(trees=100).leaves
    30
    """

    trees: int = 40
    leaves: int = 30
    held_out: float = 0.05
    min_decrease: float = 0.0
    seed: int = 0
    seeds: int = 10
    draws: int = 10
    draw_size: int = 500
    folds: int = 5
    repeats: int = 5
    resamples: int = 20
    fewest: int = 50
    most_rows: int = 5000
    interaction_rows: int = 200
    jobs: int = 1

    def __post_init__(self) -> None:
        for name, lowest in _LOWEST.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
                raise InputError(f"{name} is a whole number from {lowest}, not {value!r}")
        if self.seed > MOST_SEED:
            raise InputError(f"seed is a whole number up to {MOST_SEED}, not {self.seed!r}")
        if not 0 < self.held_out < 0.5:
            raise InputError(f"held_out is a share above 0 and below 0.5, not {self.held_out!r}")
        if not 0 <= self.min_decrease < float("inf"):
            raise InputError(f"min_decrease is a number from 0, not {self.min_decrease!r}")

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it; the number of cores is no setting of the result."""
        settings = asdict(self)
        del settings["jobs"]
        return settings
