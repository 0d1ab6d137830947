"""What can be set in a measurement of particles."""

from __future__ import annotations

from dataclasses import dataclass

from electrodej.options import Names, Number, Settings, Whole, flag, option


@dataclass(frozen=True, kw_only=True)
class FeatureSettings(Settings):
    """How particles are measured."""

    radius: float = option(
        0.7,
        Number(0, what="no radius", metavar="UM"),
        "radius of the ball that closes cracks, and of the shell for contacts",
        unit="um",
    )
    attributes: tuple[str, ...] | None = option(
        None,
        Names(),
        "only these: names, or the groups basic, damage, extras, own",
        usual="all",
    )
    crop: int = option(0, Whole(0), "leave out N voxels at each face", usual="0", advanced=True)
    exclude_border: bool = flag(
        "leave out the rows of particles that touch a face", title="Leave out particles at the border"
    )
