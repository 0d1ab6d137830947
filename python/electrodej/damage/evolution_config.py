"""The settings of the network's evolution."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from electrodej.errors import InputError


@dataclass(frozen=True)
class EvolutionConfig:
    """An electrode's formation and how it is cycled. Rates are per cycle; all else has no unit.

    Attributes
    ----------
    cycles
        How many.
    load
        What a cycle asks of a unit of particle volume, 1 for the reference rate.
    quality
        Median connection of a particle to electrons and ions; activation goes with it.
    unevenness
        Standard deviation of the logarithm of the connection over the particles: 0 is all alike.
    formation
        How far a particle of connection 1 is activated before cycle 1: a share 1 - exp(-formation).
    activation
        Rate at which what is inactive of a particle of connection 1 activates.
    spreading
        Share of that rate that takes active neighbours, 0 to 1.
    hand_over
        How easily load passes between two particles that touch; 0 is not at all.
    damage
        Rate at which a particle under load 1 is damaged.
    exponent
        How damage grows with load: rate x load^exponent.
    severe
        Particles with more damage than this are severely damaged.
    synchronous
        The electrode is synchronous once the load's coefficient of variation stays below this.
    seed
        Of the connections.
    """

    cycles: int = 600
    load: float = 1.0
    quality: float = 1.0
    unevenness: float = 0.5
    formation: float = 1.5
    activation: float = 0.05
    spreading: float = 0.5
    hand_over: float = 1.0
    damage: float = 0.001
    exponent: float = 4.0
    severe: float = 0.5
    synchronous: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.cycles, bool) or not isinstance(self.cycles, int) or self.cycles < 1:
            raise InputError(f"evolution: cycles is a whole number from 1, not {self.cycles!r}")
        for name, value in self.as_dict().items():
            if not math.isfinite(value) or value < 0:
                raise InputError(f"evolution: {name} is a number from 0, not {value!r}")
        for name in ("load", "quality", "exponent", "synchronous"):
            if getattr(self, name) == 0:
                raise InputError(f"evolution: {name} is a number above 0")
        for name in ("spreading", "severe"):
            if getattr(self, name) > 1:
                raise InputError(f"evolution: {name} is a share from 0 to 1, not {getattr(self, name)!r}")

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


WELL_FORMED = EvolutionConfig()
"""Particles well and evenly connected, most of them active from the first cycle on."""

POORLY_FORMED = EvolutionConfig(quality=0.1, unevenness=1.0, hand_over=0.3)
"""Few particles well connected, so few active at first: these carry the load of all."""
