"""Kinds of electrodes and scans by name."""

from __future__ import annotations

import difflib
from typing import Any

from electrodej.errors import InputError

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
        "crushed_share": 0.22,
        "fragment_size": 1.7,
        "fragment_gap": 0.3,
        "crack_width": (0.05, 0.2),
        "fogged_share": 0.1,
        "debris": 0.35,
        "debris_radius": (0.3, 1.5),
        "debris_grey": (125.0, 180.0),
        "seam": 30.0,
        "pore_share": 0.6,
        "pore_length": 3.0,
        "particle_grey": 176.0,
        "binder_grey": 102.0,
        "pore_grey": 52.0,
        "crack_grey": 105.0,
        "particle_spread": 12.0,
        "blur": (0.25, 0.22, 0.22),
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
    "missing-wedge": {"wedge": 0.9, "wedge_length": 1.8, "streaks": 5.0, "blur": (0.2, 0.14, 0.1)},
}


def changes_of(name: str) -> dict[str, Any]:
    """Return what a look changes of the usual one."""
    if name not in LOOKS:
        near = difflib.get_close_matches(str(name), list(LOOKS), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(LOOKS)}"
        raise InputError(f"look: there is no {name!r}; {hint}")
    return LOOKS[name]
