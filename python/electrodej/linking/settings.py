"""How sections are linked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from electrodej.options import Choice, Number, Settings, Whole, flag, option

Criterion = Literal["overlap", "distance"]


@dataclass(frozen=True, kw_only=True)
class LinkSettings(Settings):
    """How sections are linked."""

    by: Criterion = option(
        "overlap",
        Choice(("overlap", "distance")),
        "link sections that overlap most, or whose centres are nearest",
        title="Link by",
    )
    gap: int = option(
        4,
        Whole(0, what="a number of slices"),
        "how many slices in a row a particle may be missing from",
        title="Longest gap (slices)",
    )
    fill: bool = flag("draw missing sections by interpolation", title="Draw missing sections")
    max_jump: float | None = option(
        None,
        Number(0, above=True, what="not a length", metavar="UM"),
        "how far a section's centre may move from one slice to the next, in micrometres; over missed slices "
        "so much further",
        usual="any distance where sections overlap; by distance, the radius of the larger section",
    )
    min_overlap: float = option(
        0.1,
        Number(0, 1, below=True),
        "smallest intersection over union of two sections that are linked",
        expert=True,
    )
    neck: float = option(
        0.5,
        Number(0, 1, below=True, what="not a share", metavar="SHARE"),
        "part a particle where its section narrows below this share of the largest ones on both sides; "
        "0 parts nothing",
    )
    min_volume: float = option(
        0.0, Number(0, what="not a volume", metavar="UM3"), "drop smaller particles", unit="um^3"
    )
