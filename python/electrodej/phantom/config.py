"""What a synthetic cathode is made of and how it is imaged."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from electrodej.errors import InputError, VoxelSizeError

Triple = tuple[float, float, float]


# By absorption, as in the real slice that the defaults look like, binder hardly shows beside pores. By phase
# contrast it does.
PORE_GREY = {"absorption": 63.0, "phase": 25.0}


@dataclass(frozen=True, kw_only=True)
class PhantomConfig:
    """Every choice behind a phantom; the same values give the same voxels.

    Lengths are micrometres whatever the voxel, grey levels are on the 0-255 scale of an 8-bit image (a
    16-bit phantom is 257 times that), shares lie between 0 and 1. The default values were set beside a real
    nano-tomography slice: see the documentation page.

    >>> config = PhantomConfig(shape=(32, 64, 64), seed=3)
    >>> PhantomConfig.from_json(config.to_json()) == config
    True
    """

    shape: tuple[int, int, int] = (128, 256, 256)
    """Voxels along z, y and x. One slice is (1, Y, X): its particles are cut as a section cuts them."""
    spacing: Triple = (0.07, 0.07, 0.07)
    """Voxel size (z, y, x) in micrometres."""
    seed: int = 0
    """Chooses the electrode and the noise; 0 to 2^63 - 1."""
    bits: Literal[8, 16] = 8
    """Grey levels as uint8 or uint16."""

    solid_fraction: float = 0.5
    """Share of the volume inside particles, cracks and cores included; up to 0.55."""
    radius_median: float = 3.7
    """Median of the log-normal particle radius (of the ball of equal volume)."""
    radius_sigma: float = 0.16
    """Standard deviation of the radius' logarithm."""
    radius_min: float = 2.0
    """No particle is smaller."""
    radius_max: float = 8.0
    """No particle is larger."""
    ellipticity: float = 0.12
    """Spread of the half axes: each is the radius times exp(ellipticity x a standard normal number)."""
    bumpiness: float = 0.14
    """Height of the widest bumps, as a share of the radius."""
    roughness: float = 0.25
    """Height of the fine roughness of the surface."""
    cohesion: float = 0.5
    """How strongly near particles are drawn together: 0 leaves small gaps, 1 makes all neighbours touch."""

    cored_share: float = 0.66
    """Share of the particles with a dark, ragged hole about their centre."""
    core_size: float = 0.27
    """Typical radius of such a hole as a share of the particle's radius."""
    cracked_share: float = 0.18
    """Share of the particles with cracks."""
    crackled_share: float = 0.06
    """Share of the particles shot through with fine radial cracks along their grains."""
    broken_share: float = 0.06
    """Share of the particles in pieces that have moved apart."""
    crack_count: int = 4
    """Most cracks in a cracked particle; at least one."""
    crack_width: tuple[float, float] = (0.06, 0.26)
    """Narrowest and widest crack."""
    gap_width: tuple[float, float] = (0.4, 1.0)
    """Narrowest and widest gap between the pieces of a broken particle."""
    fogged_share: float = 0.12
    """Share of the particles that are seen dim and with soft edges."""

    debris: float = 0.03
    """Share of the room between particles taken by bright fragments, which are material without a label."""
    debris_radius: tuple[float, float] = (0.25, 1.1)
    """Smallest and largest fragment radius."""
    ghosts: float = 0.05
    """Share of the room between particles taken by foggy bright patches, which are binder in the phases."""
    ghost_radius: tuple[float, float] = (0.8, 2.4)
    """Smallest and largest patch radius."""
    pore_share: float = 0.35
    """Share of the room between particles that is pore; the rest is carbon and binder."""
    pore_length: float = 3.5
    """Typical distance over which pore and binder change."""

    particle_grey: float = 184.0
    """Grey level of intact material."""
    binder_grey: float = 91.0
    """Grey level of carbon and binder."""
    pore_grey: float = PORE_GREY["absorption"]
    """Grey level of pores."""
    crack_grey: float = 84.0
    """Grey level of a wide crack or core."""
    particle_spread: float = 5.0
    """Standard deviation of the grey level from particle to particle."""
    shade: float = 9.0
    """How much brighter a particle is at its surface than at its centre."""
    particle_texture: float = 6.0
    """Standard deviation of the grain inside particles."""
    binder_texture: float = 11.0
    """Standard deviation of the texture of carbon and binder."""
    seam: float = 90.0
    """Most darkening of the line between two particles that touch; it varies along the contact."""
    seam_width: float = 0.16
    """Half width of that line."""
    fringe: float = 5.0
    """Darkening just outside a particle, as phase contrast gives it."""

    blur: Triple = (0.16, 0.085, 0.085)
    """Standard deviation of the point spread along z, y and x; missing projections make it longest in z."""
    noise: float = 11.5
    """Standard deviation of the noise."""
    noise_length: tuple[float, float] = (0.085, 0.27)
    """Deviations of the two Gaussians that correlate the noise in xy; half of its power is wide."""
    noise_flatness: float = 0.6
    """Length of that correlation along z as a share of the one in xy."""
    streaks: float = 2.0
    """Standard deviation of streaks along x."""
    streak_length: float = 2.0
    """Typical length of a streak."""
    rings: float = 1.2
    """Standard deviation of rings about the rotation axis, which runs along z."""
    ring_width: float = 0.2
    """Typical width of a ring."""
    axis_offset: tuple[float, float] = (0.1, 0.2)
    """Rotation axis from the middle of the xy plane, as shares of its size along y and x."""
    unevenness: float = 6.0
    """Standard deviation of the slow change of the background."""
    unevenness_length: float = 25.0
    """Distance over which the background changes."""
    contrast: float = 1.0
    """Factor on the distance of every grey level from the middle between particle and binder."""

    faint_sections: float = 0.0
    """Share of a particle's thin sections, across each axis on its own, that fade into the binder."""
    faint_depth: float = 0.85
    """How far a faint section fades: 0 not at all, 1 wholly."""
    faint_thickness: float = 0.3
    """Thickness of such a section; at least one voxel."""
    faint_slices: float = 0.0
    """Share of xy slices with a fifth of the contrast."""
    lost_slices: float = 0.0
    """Share of xy slices that show noise alone."""

    def __post_init__(self) -> None:
        _freeze(self)
        _check(self)

    def to_json(self) -> str:
        """The configuration as JSON text that `from_json` reads back."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> PhantomConfig:
        """Read what `to_json` wrote; keys that are left out keep their default values."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"the phantom's configuration is not JSON: {error}") from error
        if not isinstance(values, dict):
            raise InputError("the phantom's configuration must be a JSON object")
        return cls.from_mapping(values)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> PhantomConfig:
        """Build from a mapping of field names to values; unknown names are an error."""
        return cls().changed(values)

    def changed(self, values: Mapping[str, Any]) -> PhantomConfig:
        """A copy with some fields changed; unknown names are an error."""
        known = {field.name for field in fields(self)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InputError(f"a phantom has no {', '.join(unknown)}; it knows {', '.join(sorted(known))}")
        return replace(self, **values)


_SHARES = (
    "cohesion",
    "core_size",
    "cored_share",
    "cracked_share",
    "crackled_share",
    "broken_share",
    "fogged_share",
    "debris",
    "ghosts",
    "pore_share",
    "faint_sections",
    "faint_depth",
    "faint_slices",
    "lost_slices",
)
_LENGTHS = (
    "radius_median",
    "radius_min",
    "radius_max",
    "pore_length",
    "streak_length",
    "ring_width",
    "unevenness_length",
    "faint_thickness",
    "noise_flatness",
)
_NOT_NEGATIVE = (
    "radius_sigma",
    "ellipticity",
    "bumpiness",
    "roughness",
    "particle_spread",
    "particle_texture",
    "binder_texture",
    "fringe",
    "noise",
    "streaks",
    "rings",
    "unevenness",
    "contrast",
    "shade",
    "seam",
    "seam_width",
)
_RANGES = ("crack_width", "gap_width", "debris_radius", "ghost_radius", "noise_length")
_GREYS = ("particle_grey", "binder_grey", "pore_grey", "crack_grey")


def _freeze(config: PhantomConfig) -> None:
    """Make tuples of lists and plain numbers of NumPy's, so that equality and JSON hold."""
    for field in fields(config):
        value = getattr(config, field.name)
        try:
            if isinstance(field.default, tuple):
                kind = type(field.default[0])
                frozen: Any = tuple(_number(item, kind) for item in value)
                if len(frozen) != len(field.default):
                    raise ValueError
            else:
                frozen = _number(value, type(field.default))
        except (TypeError, ValueError):
            raise InputError(
                f"{field.name} = {value!r} does not fit; it is given like {field.default!r}"
            ) from None
        object.__setattr__(config, field.name, frozen)


def _number(value: Any, kind: type) -> float | int:
    if isinstance(value, (bool, str)):
        raise ValueError
    number = float(value)
    if not math.isfinite(number) or (kind is int and number != int(number)):
        raise ValueError
    return int(value) if kind is int else number


def _check(config: PhantomConfig) -> None:
    def need(holds: bool, name: str, wanted: str, error: type[InputError] = InputError) -> None:
        if not holds:
            raise error(f"{name} = {getattr(config, name)!r} must be {wanted}")

    need(min(config.shape) >= 1, "shape", "at least one voxel along each axis")
    need(
        min(config.spacing) > 0, "spacing", "three positive lengths (z, y, x) in micrometres", VoxelSizeError
    )
    need(
        config.radius_median / 1000 <= min(config.spacing) and max(config.spacing) <= 2 * config.radius_max,
        "spacing",
        "no larger than the largest particle and not thousands of times smaller, in micrometres",
        VoxelSizeError,
    )
    need(0 <= config.seed < 2**63, "seed", "between 0 and 2^63 - 1")
    need(config.bits in (8, 16), "bits", "8 or 16")
    need(0 <= config.solid_fraction <= 0.55, "solid_fraction", "between 0 and 0.55")
    for name in _SHARES:
        need(0 <= getattr(config, name) <= 1, name, "a share between 0 and 1")
    for name in _LENGTHS:
        need(getattr(config, name) > 0, name, "a positive length in micrometres")
    for name in _NOT_NEGATIVE:
        need(getattr(config, name) >= 0, name, "zero or more")
    for name in _RANGES:
        low, high = getattr(config, name)
        need(0 < low <= high, name, "two positive lengths, the smaller first")
    for name in _GREYS:
        need(0 <= getattr(config, name) <= 255, name, "a grey level between 0 and 255")
    need(min(config.blur) >= 0, "blur", "three lengths in micrometres, zero or more")
    need(config.crack_count >= 1, "crack_count", "1 or more")
    need(config.ellipticity <= 0.4, "ellipticity", "at most 0.4")
    need(config.bumpiness <= 0.3, "bumpiness", "at most 0.3")
    need(
        config.radius_min <= config.radius_median <= config.radius_max,
        "radius_median",
        f"between radius_min {config.radius_min} and radius_max {config.radius_max}",
    )
    need(config.debris + config.ghosts <= 0.5, "debris", "at most 0.5 together with ghosts")
    damaged = config.cored_share + config.cracked_share + config.crackled_share + config.broken_share
    need(damaged <= 1 + 1e-9, "cored_share", "at most 1 together with cracked, crackled and broken shares")
