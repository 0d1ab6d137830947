"""The settings of the network's evolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from electrodej.options import Number, Settings, Whole, option, seed

_ABOVE_0 = Number(0, above=True)


@dataclass(frozen=True, kw_only=True)
class EvolutionConfig(Settings):
    """An electrode's formation and how it is cycled. Rates are per cycle; all else has no unit."""

    cycles: int = option(600, Whole(1), "how many cycles")
    load: float = option(
        1.0, _ABOVE_0, "what a cycle asks of a unit of particle volume, 1 for the reference rate", expert=True
    )
    quality: float = option(
        1.0,
        _ABOVE_0,
        "median connection of a particle to electrons and ions; activation goes with it",
        expert=True,
    )
    unevenness: float = option(
        0.5,
        Number(0),
        "standard deviation of the logarithm of the connection over the particles; 0 is all alike",
        expert=True,
    )
    # The share that is active then is 1 - exp(-formation).
    formation: float = option(
        1.5, Number(0), "how far a particle of connection 1 is activated before cycle 1", expert=True
    )
    activation: float = option(
        0.05,
        Number(0),
        "rate at which what is inactive of a particle of connection 1 activates",
        expert=True,
    )
    spreading: float = option(
        0.5, Number(0, 1), "share of that rate that needs active neighbours", expert=True
    )
    hand_over: float = option(
        1.0,
        Number(0),
        "how easily load passes between two particles that touch; 0 is not at all",
        expert=True,
    )
    damage: float = option(0.001, Number(0), "rate at which a particle under load 1 is damaged", expert=True)
    exponent: float = option(4.0, _ABOVE_0, "how damage grows with load: rate x load^exponent", expert=True)
    severe: float = option(
        0.5, Number(0, 1), "particles with more damage than this are severely damaged", expert=True
    )
    synchronous: float = option(
        0.1,
        _ABOVE_0,
        "the electrode is synchronous once the load's coefficient of variation stays below this",
        expert=True,
    )
    seed: int = seed()

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return self.as_plain()


WELL_FORMED = EvolutionConfig()
"""Particles well and evenly connected, most of them active from the first cycle on."""

POORLY_FORMED = EvolutionConfig(quality=0.1, unevenness=1.0, hand_over=0.3)
"""Few particles well connected, so few active at first: these carry the load of all."""
