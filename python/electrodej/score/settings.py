"""What can be set in the scores of particles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from electrodej.errors import InputError
from electrodej.options import Choice, Number, Settings, Whole, flag, option
from electrodej.score.instance_results import Criterion

# Written out: steps added up in binary would miss an IoU of exactly 0.6.
THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


@dataclass(frozen=True, kw_only=True)
class InstanceSettings(Settings):
    """When a particle is found, and which particles are scored."""

    thresholds: tuple[float, ...] = option(
        THRESHOLDS,
        Number(0, 1, above=True, what="no share"),
        "smallest scores of a match",
        many=True,
        expert=True,
    )
    criterion: Criterion = option(
        "iou",
        Choice(get_args(Criterion)),
        "what two particles share, over their union (iou), over the true one (iot) or over the predicted "
        "one (iop)",
    )
    ignore: int | None = option(
        None, Whole(1), "label of the truth where nobody annotated; its voxels count in neither image"
    )
    min_volume: float = option(
        0.0, Number(0, what="not a volume", metavar="UM3"), "leave out smaller particles", unit="um^3"
    )
    exclude_border: bool = flag("leave out particles cut by the border")

    def check(self) -> None:
        if not self.thresholds:
            raise InputError("thresholds: there is none; give at least one, such as 0.5")
