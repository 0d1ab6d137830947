"""Kinds of electrodes and scans by name, and widely drawn ones to train on."""

from __future__ import annotations

import difflib
import math
from typing import Any

import numpy as np

from electrodej.errors import InputError
from electrodej.phantom.config import PhantomConfig

# Each changes the usual look, which is that of the default values.
LOOKS: dict[str, dict[str, Any]] = {
    "usual": {},
    "calendered": {
        "solid_fraction": 0.76,
        "radius_sigma": 0.3,
        "radius_median": 4.2,
        "radius_min": 1.6,
        "parting": 0.35,
        "film": 0.25,
        "cored_share": 0.2,
        "cracked_share": 0.12,
        "crackled_share": 0.2,
        "broken_share": 0.04,
        "crushed_share": 0.16,
        "fragment_size": 1.7,
        "fragment_gap": 0.3,
        "crack_width": (0.05, 0.2),
        "fogged_share": 0.1,
        "debris": 0.35,
        "debris_radius": (0.3, 1.5),
        "debris_grey": (130.0, 190.0),
        "seam": 30.0,
        "pore_share": 0.75,
        "pore_length": 3.0,
        "particle_grey": 188.0,
        "binder_grey": 102.0,
        "pore_grey": 44.0,
        "crack_grey": 105.0,
        "particle_spread": 16.0,
        "blur": (0.3, 0.27, 0.27),
        "particle_texture": 9.0,
        "streaks": 0.5,
        "noise": 6.0,
        "noise_length": (0.04, 0.15),
    },
    "fractured": {
        "cored_share": 0.2,
        "cracked_share": 0.3,
        "crackled_share": 0.15,
        "broken_share": 0.12,
        "crushed_share": 0.2,
        "crack_count": 6,
        "debris": 0.1,
    },
    "single-crystal": {
        "solid_fraction": 0.55,
        "radius_median": 1.7,
        "radius_sigma": 0.3,
        "radius_min": 0.7,
        "radius_max": 4.0,
        "ellipticity": 0.22,
        "bumpiness": 0.05,
        "roughness": 0.04,
        "cohesion": 0.9,
        "faceted_share": 1.0,
        "cored_share": 0.0,
        "cracked_share": 0.06,
        "crackled_share": 0.0,
        "broken_share": 0.0,
        "fogged_share": 0.0,
        "shade": 0.0,
        "seam": 70.0,
    },
    "inverted": {"inverted": True},
    "phase-contrast": {
        "halo": 1.3,
        "halo_length": 0.4,
        "pore_grey": 45.0,
        "fringe": 0.0,
    },
    "binder-rich": {"solid_fraction": 0.36, "pore_share": 0.12, "film": 0.3, "pore_grey": 40.0},
    "binder-poor": {"solid_fraction": 0.5, "pore_share": 0.85, "film": 0.12, "pore_grey": 40.0},
    "overlapping-greys": {
        "particle_grey": 150.0,
        "binder_grey": 112.0,
        "pore_grey": 92.0,
        "crack_grey": 108.0,
        "debris_grey": (122.0, 152.0),
        "ghost_grey": (116.0, 134.0),
        "shade": 4.0,
        "seam": 36.0,
    },
    "noisy": {"noise": 32.0, "noise_length": (0.05, 0.12)},
    "blurred": {"blur": (0.55, 0.42, 0.42), "noise": 7.0},
    "rings-and-streaks": {"rings": 14.0, "streaks": 12.0, "ring_width": 0.25, "axis_offset": (0.6, 0.2)},
    "missing-wedge": {"wedge": 1.0, "wedge_length": 3.0, "streaks": 5.0, "blur": (0.2, 0.14, 0.1)},
}


def look(name: str) -> dict[str, Any]:
    """Return all values of a look but shape, voxel size, seed and bits.

    >>> look("inverted")["inverted"], look("usual")["inverted"]
    (True, False)
    """
    if name not in LOOKS:
        near = difflib.get_close_matches(str(name), list(LOOKS), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(LOOKS)}"
        raise InputError(f"look: there is no {name!r}; {hint}")
    values = PhantomConfig(**LOOKS[name]).as_plain()
    return {key: value for key, value in values.items() if key not in ("shape", "spacing", "seed", "bits")}


def draw_config(seed: int, *, across: tuple[float, float] = (22.0, 170.0), **fixed: Any) -> PhantomConfig:
    """Draw an electrode and a scan of it from all that is seen in the field, for training.

    The same seed draws the same. A particle of the median size is ``across`` voxels across, from the first to
    the second number; ``fixed`` are fields that are not drawn.

    >>> draw_config(5, shape=(1, 64, 64)) == draw_config(5, shape=(1, 64, 64))
    True
    """
    chance = np.random.default_rng([seed, 29])
    diameter = _log(chance, *across)
    radius = _log(chance, 1.6, 5.5)
    voxel = 2 * radius / diameter
    greys = _greys(chance)
    drawn = {
        "seed": int(chance.integers(2**31)),
        "spacing": (voxel,) * 3,
        **_particles(chance, radius),
        **greys,
        **_scan(chance, voxel, diameter, greys["particle_grey"] - greys["pore_grey"]),
    }
    return PhantomConfig.from_plain({**drawn, **fixed})


def _particles(chance: np.random.Generator, radius: float) -> dict[str, Any]:
    dense = chance.random() < 0.5
    size = radius / 3.7
    damaged = chance.dirichlet([1.5, 2.0, 1.0, 0.7, 0.5, 0.7]) if chance.random() < 0.8 else np.eye(6)[0]
    faceted = chance.random() < 0.15
    return {
        "solid_fraction": _even(chance, 0.62, 0.88) if dense else _even(chance, 0.2, 0.62),
        "radius_median": radius,
        "radius_sigma": _even(chance, 0.1, 0.4),
        "radius_min": 0.4 * radius,
        "radius_max": 2.4 * radius,
        "ellipticity": _even(chance, 0.06, 0.25),
        "bumpiness": _even(chance, 0.04, 0.2),
        "roughness": size * _even(chance, 0.03, 0.35),
        "cohesion": _even(chance, 0.2, 1.0),
        "parting": size * _even(chance, 0.05, 0.6) if dense else 0.0,
        "faceted_share": _even(chance, 0.5, 1.0) if faceted else 0.0,
        "cored_share": float(damaged[1]),
        "cracked_share": float(damaged[2]),
        "crackled_share": float(damaged[3]),
        "broken_share": float(damaged[4]),
        "crushed_share": float(damaged[5]),
        "core_size": _even(chance, 0.12, 0.35),
        "crack_count": int(chance.integers(2, 7)),
        "crack_width": (size * _even(chance, 0.03, 0.08), size * _even(chance, 0.1, 0.3)),
        "gap_width": (0.3 * size, size * _even(chance, 0.5, 1.1)),
        "fragment_size": size * _even(chance, 0.8, 2.4),
        "fragment_gap": size * _even(chance, 0.1, 0.4),
        "fogged_share": _even(chance, 0.0, 0.25),
        "debris": _even(chance, 0.0, 0.25) if chance.random() < 0.6 else 0.02,
        "debris_radius": (0.2 * size, size * _even(chance, 0.5, 1.3)),
        "ghosts": _even(chance, 0.0, 0.12),
        "ghost_radius": (0.6 * size, 2.2 * size),
        "film": min(0.4, size * _even(chance, 0.0, 0.4)),
        "pore_share": _even(chance, 0.08, 0.85),
        "pore_length": size * _even(chance, 1.5, 5.0),
    }


def _greys(chance: np.random.Generator) -> dict[str, Any]:
    """Pore, binder and particle on a scale of their own, then laid between a dark and a bright grey."""
    dark, bright = _even(chance, 20, 95), _even(chance, 145, 225)
    span = bright - dark
    binder = _even(chance, 0.12, 0.62)

    def level(share: float) -> float:
        return float(np.clip(dark + share * span, 1.0, 254.0))

    fragments = sorted((_even(chance, binder + 0.1, 0.9), _even(chance, 0.8, 1.05)))
    return {
        "pore_grey": level(0.0),
        "binder_grey": level(binder),
        "particle_grey": level(1.0),
        "crack_grey": level(_even(chance, 0.0, binder + 0.15)),
        "debris_grey": (level(fragments[0]), level(fragments[1])),
        "ghost_grey": (level(binder + 0.05), level(0.5 * (1 + binder))),
        "particle_spread": span * _even(chance, 0.01, 0.1),
        "shade": span * _even(chance, 0.0, 0.12),
        "particle_texture": span * _even(chance, 0.01, 0.1),
        "binder_texture": span * _even(chance, 0.02, 0.12),
        "seam": span * _even(chance, 0.05, 0.6),
        "fringe": span * _even(chance, 0.0, 0.08),
        "inverted": bool(chance.random() < 0.12),
    }


def _scan(chance: np.random.Generator, voxel: float, diameter: float, span: float) -> dict[str, Any]:
    """What the instrument adds; lengths go by the voxel, as sharpness mostly does.

    ``diameter`` is a particle's in voxels, ``span`` the grey levels from pore to particle: a scan in
    which nobody sees a particle teaches nothing.
    """
    blur = voxel * _log(chance, 0.4, min(4.5, diameter / 12))
    wide = voxel * _log(chance, 0.8, 4.0)
    rimmed, missing = chance.random() < 0.25, chance.random() < 0.2
    ringed, streaked = chance.random() < 0.2, chance.random() < 0.25
    return {
        "blur": (blur * _even(chance, 1.0, 2.0), blur, blur),
        "halo": _even(chance, 0.3, 2.0) if rimmed else 0.0,
        "halo_length": voxel * _even(chance, 2.0, 7.0),
        "wedge": _even(chance, 0.3, 1.0) if missing else 0.0,
        "wedge_length": voxel * _even(chance, 6.0, 16.0),
        "noise": span * _log(chance, 0.02, 0.28),
        "noise_length": (0.3 * wide, wide),
        "noise_flatness": _even(chance, 0.3, 1.0),
        "streaks": _even(chance, 3.0, 12.0) if streaked else _even(chance, 0.0, 3.0),
        "streak_length": voxel * _even(chance, 12.0, 50.0),
        "rings": _even(chance, 3.0, 14.0) if ringed else _even(chance, 0.0, 2.0),
        "ring_width": voxel * _even(chance, 1.5, 5.0),
        "axis_offset": (_even(chance, -0.8, 0.8), _even(chance, -0.8, 0.8)),
        "unevenness": _even(chance, 0.0, 14.0),
        "unevenness_length": voxel * _even(chance, 150.0, 500.0),
        "contrast": 1.0,
    }


def _even(chance: np.random.Generator, low: float, high: float) -> float:
    return float(chance.uniform(low, high))


def _log(chance: np.random.Generator, low: float, high: float) -> float:
    return math.exp(_even(chance, math.log(low), math.log(high)))
