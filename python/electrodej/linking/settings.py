"""What linking goes by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from electrodej.errors import InputError

View = Literal["xy", "xz", "yz"]
Criterion = Literal["overlap", "distance"]

AXES: dict[str, int] = {"xy": 0, "xz": 1, "yz": 2}
"""The axis across each view, along which its slices follow each other."""


@dataclass(frozen=True, kw_only=True)
class LinkSettings:
    """What linking goes by.

    Attributes
    ----------
    by
        What makes two sections one particle: how much they ``overlap``, or the ``distance`` of their
        centres.
    gap
        How many slices in a row a particle may be missing from.
    max_jump
        How far a section's centre may move from one slice to the next, um; over missed slices so much
        further. None: any distance where sections overlap; by distance, the radius of the circle with the
        larger section's area.
    min_overlap
        Smallest intersection over union of two sections that are linked by overlap.
    neck
        A particle is cut where its section narrows below this share of its largest ones on both sides;
        0 cuts nothing.
    fill
        Whether missed sections are drawn by interpolation between those around them.
    min_volume
        Smaller particles are dropped, um^3.
    """

    by: Criterion = "overlap"
    gap: int = 4
    max_jump: float | None = None
    min_overlap: float = 0.1
    neck: float = 0.5
    fill: bool = False
    min_volume: float = 0.0

    def __post_init__(self) -> None:
        if self.by not in ("overlap", "distance"):
            raise InputError(f"sections are linked by overlap or distance, not by {self.by!r}")
        if isinstance(self.gap, bool) or self.gap != int(self.gap) or self.gap < 0:
            raise InputError(f"gap is a number of slices, 0 or more, not {self.gap!r}")
        if self.max_jump is not None and not (math.isfinite(self.max_jump) and self.max_jump > 0):
            raise InputError(f"max_jump is a length above 0 in micrometres, not {self.max_jump!r}")
        for name in ("min_overlap", "neck"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name} is a share from 0 to below 1, not {getattr(self, name)!r}")
        if not (math.isfinite(self.min_volume) and self.min_volume >= 0):
            raise InputError(
                f"min_volume is a volume of 0 or more in cubic micrometres, not {self.min_volume!r}"
            )
