"""What measuring gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from electrodej.features import FeatureTable
    from electrodej.verbs.measure.cracks import CrackStudy


@dataclass(frozen=True)
class Measured:
    """The particles of a volume, and their cracks where these were measured."""

    table: FeatureTable
    cracks: CrackStudy | None = None
