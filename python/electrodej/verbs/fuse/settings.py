"""How a model is trained further in the rounds of a fusion."""

from __future__ import annotations

from dataclasses import dataclass

from electrodej.options import Number, Settings, Text, Whole, option


@dataclass(frozen=True, kw_only=True)
class RoundSettings(Settings):
    """How much a model learns in a round."""

    # Sections lie close enough to hold every particle of a volume of common size.
    sections: int = option(16, Whole(1), "sections of each view that are learnt from", expert=True)
    epochs: int = option(5, Whole(1), "epochs of a round", expert=True)
    steps: int = option(50, Whole(1), "steps in an epoch", expert=True)
    batch: int = option(4, Whole(1), "patches in a step", expert=True)
    patch: int = option(192, Whole(64), "largest edge of a patch in pixels", expert=True)
    learning_rate: float = option(1e-4, Number(0, above=True), "at the start", expert=True)
    first: str = option("", Text(), "what the model was before any round, for its card", expert=True)
