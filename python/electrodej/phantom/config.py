"""What a synthetic cathode is made of and how it is imaged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from electrodej.errors import InputError, VoxelSizeError
from electrodej.options import Choice, Number, Numbers, Settings, ShapeOf, SpacingOf, Whole, flag, option
from electrodej.phantom.looks import changes_of
from electrodej.vocabulary import Shape, Spacing

# By absorption, as in the real slice that the defaults look like, binder hardly shows beside pores. By phase
# contrast it does.
PORE_GREY = {"absorption": 63.0, "phase": 25.0}

# Above this, particles that touch are pressed together, with flat faces where they meet.
LOOSE_SOLID = 0.55
MOST_SOLID = 0.9

SHARE = Number(0, 1, metavar="SHARE")
LENGTH = Number(0, above=True, what="no positive length")
NOT_NEGATIVE = Number(0)
GREY = Number(0, 255, what="no grey level")
TWO_GREYS = Numbers((GREY, GREY), metavar="LOW,HIGH")
TWO_LENGTHS = Numbers((LENGTH, LENGTH), metavar="LOW,HIGH")
THREE_LENGTHS = Numbers((NOT_NEGATIVE,) * 3, metavar="Z,Y,X")

RANGES = (
    "crack_width",
    "gap_width",
    "debris_radius",
    "debris_grey",
    "ghost_radius",
    "ghost_grey",
    "noise_length",
)


@dataclass(frozen=True, kw_only=True)
class PhantomConfig(Settings):
    """Every choice behind a phantom; the same values give the same voxels.

    Lengths are micrometres whatever the voxel, grey levels are on the 0-255 scale of an 8-bit image (a
    16-bit phantom is 257 times that), shares lie between 0 and 1. The default values were set beside a real
    nano-tomography slice: see the documentation page.

    >>> config = PhantomConfig(shape=(32, 64, 64), seed=3)
    >>> PhantomConfig.from_json(config.to_json()) == config
    True
    """

    shape: Shape = option(
        (128, 256, 256),
        ShapeOf(),
        "voxels along z, y and x. One slice is (1, Y, X): its particles are cut as a section cuts them",
    )
    spacing: Spacing = option((0.07, 0.07, 0.07), SpacingOf(), "voxel size (z, y, x) in micrometres")
    seed: int = option(0, Whole(0, 2**63 - 1), "chooses the electrode and the noise; 0 to 2^63 - 1")
    bits: Literal[8, 16] = option(8, Choice((8, 16)), "grey levels as uint8 or uint16")

    # Which particles there are, and how they lie.
    solid_fraction: float = option(
        0.5,
        Number(0, MOST_SOLID),
        "share of the volume inside particles, cracks and cores included",
    )
    radius_median: float = option(
        3.7,
        LENGTH,
        "median of the log-normal particle radius (of the ball of equal volume)",
        unit="um",
    )
    radius_sigma: float = option(0.16, NOT_NEGATIVE, "standard deviation of the radius' logarithm")
    radius_min: float = option(2.0, LENGTH, "no particle is smaller", unit="um")
    radius_max: float = option(8.0, LENGTH, "no particle is larger", unit="um")
    ellipticity: float = option(
        0.12,
        Number(0, 0.4),
        "spread of the half axes: each is the radius times exp(ellipticity x a standard normal number)",
    )
    bumpiness: float = option(0.14, Number(0, 0.3), "height of the widest bumps, as a share of the radius")
    roughness: float = option(0.25, NOT_NEGATIVE, "height of the fine roughness of the surface", unit="um")
    cohesion: float = option(
        0.5,
        SHARE,
        "how strongly near particles are drawn together: 0 leaves small gaps, 1 makes all neighbours touch",
    )
    parting: float = option(
        0.0,
        NOT_NEGATIVE,
        "typical gap between particles that are pressed together; it closes and opens along them",
        unit="um",
    )
    faceted_share: float = option(0.0, SHARE, "share of the particles with flat faces, as crystals have")

    # What is in them.
    cored_share: float = option(
        0.66,
        SHARE,
        "share of the particles with a dark, ragged hole about their centre",
    )
    core_size: float = option(
        0.27,
        SHARE,
        "typical radius of such a hole as a share of the particle's radius",
    )
    cracked_share: float = option(0.18, SHARE, "share of the particles with cracks")
    crackled_share: float = option(
        0.06,
        SHARE,
        "share of the particles shot through with fine radial cracks along their grains",
    )
    broken_share: float = option(0.06, SHARE, "share of the particles in pieces that have moved apart")
    crushed_share: float = option(0.0, SHARE, "share of the particles crushed to fragments that lie together")
    fragment_size: float = option(1.5, LENGTH, "typical size of such a fragment", unit="um")
    fragment_gap: float = option(0.25, LENGTH, "widest gap between such fragments", unit="um")
    crack_count: int = option(4, Whole(1), "most cracks in a cracked particle; at least one")
    crack_width: tuple[float, float] = option(
        (0.06, 0.26),
        TWO_LENGTHS,
        "narrowest and widest crack",
        unit="um",
    )
    gap_width: tuple[float, float] = option(
        (0.4, 1.0),
        TWO_LENGTHS,
        "narrowest and widest gap between the pieces of a broken particle",
        unit="um",
    )
    fogged_share: float = option(0.12, SHARE, "share of the particles that are seen dim and with soft edges")

    # What lies between them.
    debris: float = option(
        0.03,
        SHARE,
        "share of the room between particles taken by bright fragments, which are material without a label",
    )
    debris_radius: tuple[float, float] = option(
        (0.25, 1.1),
        TWO_LENGTHS,
        "smallest and largest fragment radius",
        unit="um",
    )
    debris_grey: tuple[float, float] = option((130.0, 185.0), TWO_GREYS, "darkest and brightest fragment")
    ghosts: float = option(
        0.05,
        SHARE,
        "share of the room between particles taken by foggy bright patches, which are binder in the phases",
    )
    ghost_radius: tuple[float, float] = option(
        (0.8, 2.4),
        TWO_LENGTHS,
        "smallest and largest patch radius",
        unit="um",
    )
    ghost_grey: tuple[float, float] = option((112.0, 150.0), TWO_GREYS, "darkest and brightest patch")
    film: float = option(
        0.0,
        Number(0, 0.4),
        "typical thickness of the binder that covers particles, whatever lies beyond it",
        unit="um",
    )
    pore_share: float = option(
        0.35,
        SHARE,
        "share of the room between particles that is pore; the rest is carbon and binder",
    )
    pore_length: float = option(3.5, LENGTH, "typical distance over which pore and binder change", unit="um")

    # How bright everything is.
    particle_grey: float = option(184.0, GREY, "grey level of intact material")
    binder_grey: float = option(91.0, GREY, "grey level of carbon and binder")
    pore_grey: float = option(PORE_GREY["absorption"], GREY, "grey level of pores")
    crack_grey: float = option(84.0, GREY, "grey level of a wide crack or core")
    particle_spread: float = option(
        5.0,
        NOT_NEGATIVE,
        "standard deviation of the grey level from particle to particle",
    )
    shade: float = option(
        9.0,
        NOT_NEGATIVE,
        "how much brighter a particle is at its surface than at its centre",
    )
    particle_texture: float = option(6.0, NOT_NEGATIVE, "standard deviation of the grain inside particles")
    binder_texture: float = option(
        11.0,
        NOT_NEGATIVE,
        "standard deviation of the texture of carbon and binder",
    )
    seam: float = option(
        90.0,
        NOT_NEGATIVE,
        "most darkening of the line between two particles that touch; it varies along the contact",
    )
    seam_width: float = option(0.16, NOT_NEGATIVE, "half width of that line", unit="um")
    fringe: float = option(5.0, NOT_NEGATIVE, "darkening just outside a particle, as phase contrast gives it")

    # What the instrument adds.
    blur: tuple[float, float, float] = option(
        (0.16, 0.085, 0.085),
        THREE_LENGTHS,
        "standard deviation of the point spread along z, y and x; missing projections make it longest in z",
        unit="um",
    )
    halo: float = option(
        0.0,
        Number(0, 4),
        "strength of the bright and dark rims that phase contrast puts along edges, in each slice",
    )
    halo_length: float = option(0.35, LENGTH, "reach of these rims", unit="um")
    wedge: float = option(
        0.0,
        SHARE,
        "how much of the contrast across x is lost where projections are missing; edges get tails along y",
    )
    wedge_length: float = option(1.5, LENGTH, "length of these tails", unit="um")
    inverted: bool = flag("turn dark into bright and bright into dark")
    noise: float = option(11.5, NOT_NEGATIVE, "standard deviation of the noise")
    noise_length: tuple[float, float] = option(
        (0.085, 0.27),
        TWO_LENGTHS,
        "deviations of the two Gaussians that correlate the noise in xy; half of its power is wide",
        unit="um",
    )
    noise_flatness: float = option(
        0.6,
        LENGTH,
        "length of that correlation along z as a share of the one in xy",
    )
    streaks: float = option(2.0, NOT_NEGATIVE, "standard deviation of streaks along x")
    streak_length: float = option(2.0, LENGTH, "typical length of a streak", unit="um")
    rings: float = option(
        1.2,
        NOT_NEGATIVE,
        "standard deviation of rings about the rotation axis, which runs along z",
    )
    ring_width: float = option(0.2, LENGTH, "typical width of a ring", unit="um")
    axis_offset: tuple[float, float] = option(
        (0.1, 0.2),
        Numbers((Number(), Number())),
        "rotation axis from the middle of the xy plane, as shares of its size along y and x",
    )
    unevenness: float = option(6.0, NOT_NEGATIVE, "standard deviation of the slow change of the background")
    unevenness_length: float = option(25.0, LENGTH, "distance over which the background changes", unit="um")
    contrast: float = option(
        1.0,
        NOT_NEGATIVE,
        "factor on the distance of every grey level from the middle between particle and binder",
    )

    # What goes wrong.
    faint_sections: float = option(
        0.0,
        SHARE,
        "share of a particle's thin sections, across each axis on its own, that fade into the binder",
    )
    faint_depth: float = option(0.85, SHARE, "how far a faint section fades: 0 not at all, 1 wholly")
    faint_thickness: float = option(0.3, LENGTH, "thickness of such a section; at least one voxel", unit="um")
    faint_slices: float = option(0.0, SHARE, "share of xy slices with a fifth of the contrast")
    lost_slices: float = option(0.0, SHARE, "share of xy slices that show noise alone")

    def __post_init__(self) -> None:
        try:
            SpacingOf().check(self.spacing)
        except ValueError as error:
            raise VoxelSizeError(f"spacing: {error}") from None
        super().__post_init__()

    def check(self) -> None:
        """Refuse what cannot be packed or seen."""
        if not (self.radius_median / 1000 <= min(self.spacing) and max(self.spacing) <= 2 * self.radius_max):
            raise VoxelSizeError(
                f"spacing: {self.spacing} must be no larger than the largest particle and not thousands of "
                "times smaller, in micrometres"
            )
        for name in RANGES:
            low, high = getattr(self, name)
            if low > high:
                raise InputError(f"{name}: {(low, high)} must be two numbers, the smaller first")
        if not self.radius_min <= self.radius_median <= self.radius_max:
            raise InputError(
                f"radius_median: {self.radius_median} must lie between radius_min {self.radius_min} and "
                f"radius_max {self.radius_max}"
            )
        if self.debris + self.ghosts > 0.5:
            raise InputError(f"debris: {self.debris} must be at most 0.5 together with ghosts")
        damaged = self.cored_share + self.cracked_share + self.crackled_share + self.broken_share
        damaged += self.crushed_share
        if damaged > 1 + 1e-9:
            raise InputError(
                f"cored_share: {self.cored_share} must be at most 1 together with the cracked, crackled, "
                "broken and crushed shares"
            )

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Self:
        """Make a configuration of plain values by name; ``look`` names one that they change (`LOOKS`)."""
        return super().from_plain(_with_look(values))

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """Return the same with some values changed, by name; ``look`` brings all the values of that look."""
        return super().changed(_with_look(changes))

    def to_json(self) -> str:
        """Return the configuration as JSON text that `from_json` reads back."""
        return json.dumps(self.as_plain(), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; keys that are left out keep their default values."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"the phantom's configuration is not JSON: {error}") from error
        if not isinstance(values, dict):
            raise InputError("the phantom's configuration must be a JSON object")
        return cls.from_plain(values)


def _with_look(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with those of the look they name in place of its name; those given come first."""
    if "look" not in values:
        return dict(values)
    given = {name: value for name, value in values.items() if name != "look"}
    return {**look(values["look"]), **given}


def look(name: str) -> dict[str, Any]:
    """Return all values of a look but shape, voxel size, seed and bits.

    >>> look("inverted")["inverted"], look("usual")["inverted"]
    (True, False)
    """
    values = PhantomConfig(**changes_of(name)).as_plain()
    return {key: value for key, value in values.items() if key not in ("shape", "spacing", "seed", "bits")}
