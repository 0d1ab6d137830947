"""Widely drawn electrodes and scans to train on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from electrodej.phantom.config import PhantomConfig


def draw_config(seed: int, **fixed: Any) -> PhantomConfig:
    """Draw an electrode and a scan of it from all that is seen in the field, for training.

    The same seed draws the same. ``fixed`` are fields that are not drawn.

    >>> draw_config(5, shape=(1, 64, 64)) == draw_config(5, shape=(1, 64, 64))
    True
    """
    chance = np.random.default_rng([seed, 29])
    # A particle of the median size is so many voxels across.
    across = _log(chance, 22, 170)
    radius = _log(chance, 1.6, 5.5)
    voxel = 2 * radius / across
    greys = _greys(chance)
    drawn = {
        "seed": int(chance.integers(2**31)),
        "spacing": (voxel,) * 3,
        **_particles(chance, radius),
        **greys,
        **_scan(chance, voxel, across, greys["particle_grey"] - greys["pore_grey"]),
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


def _scan(chance: np.random.Generator, voxel: float, across: float, span: float) -> dict[str, Any]:
    """What the instrument adds; lengths go by the voxel, as sharpness mostly does.

    ``across`` is a particle's diameter in voxels, ``span`` the grey levels from pore to particle: a scan in
    which nobody sees a particle teaches nothing.
    """
    blur = voxel * _log(chance, 0.4, min(4.5, across / 12))
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
