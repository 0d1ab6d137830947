"""Where the particles lie and how large they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodej.phantom.config import LOOSE_SOLID, PhantomConfig
from electrodej.progress import Progress, silent

Array = NDArray[np.float64]

# The packing's box is larger than the volume by so many radii on each side: the volume is cut out of it.
_MARGIN = 1.4
_WINDOWS = 32
_WINDOW_LIMIT = 3000
# Of radii, most of which lie outside a narrow range.
_MOST_DRAWS = 200
_PARTS = 16
_PULL_FROM, _PULL_TO = 6, 14


@dataclass(frozen=True)
class Packing:
    """Balls of equal volume to the particles; ``centres`` (n, 3) in um from the volume's first voxel."""

    centres: Array
    radii: Array


def pack(config: PhantomConfig, *, progress: Progress = silent) -> Packing:
    """Pack balls of log-normal radii about the volume, so that many touch.

    Balls are thrown into a box that repeats itself, then pushed apart and drawn together over some hundred
    steps (a force-biased packing, Bezrukov, Bargiel and Stoyan 2002). The volume is a window in that box,
    placed where the solid share is nearest to the one asked for. Where that share is more than loose balls
    fill, they are packed smaller and then grown into each other, as calendering presses them.
    """
    from electrodej.phantom.kernels.packing import relax

    random = np.random.default_rng([config.seed, 1])
    size = np.array(config.shape) * np.array(config.spacing)
    largest = min(config.radius_max, config.radius_median * math.exp(3.5 * config.radius_sigma))
    growth = max(1.0, math.sqrt(config.solid_fraction / LOOSE_SOLID))
    margin = _MARGIN * largest
    box = np.maximum(size + 2 * margin, 4.2 * largest)
    radii = _radii(config, float(box.prod()), largest, growth, random)
    centres = random.random((len(radii), 3)) * box
    if len(radii):
        # A cell is no smaller than the reach of two balls; two cells would meet twice, so then one.
        cells = np.maximum((box / (2.5 * largest)).astype(np.int64), 1)
        cells[cells == 2] = 1
        for part in range(_PARTS):
            progress(part, _PARTS, "packing")
            pull = 0.25 * config.cohesion if _PULL_FROM <= part < _PULL_TO else 0.0
            relax(centres, radii, box, cells, 25, pull, 0.5 * config.cohesion)
    if growth > 1 and len(radii):
        radii = radii * _growth(config.solid_fraction, centres, radii, box, random)
    centres = _best_window(config, centres, radii, box, size, margin, random)
    return Packing(centres, radii)


def _radii(
    config: PhantomConfig, volume: float, largest: float, growth: float, random: np.random.Generator
) -> Array:
    """Radii until their balls fill the share of the box that is wanted, less the growth that is to come."""
    wanted = min(config.solid_fraction, LOOSE_SOLID) * volume
    guess = min(int(wanted / (4 / 3 * math.pi * (config.radius_min / growth) ** 3)) + 16, 10**7)
    radii, filled = np.empty(0), np.zeros(1)
    for _ in range(_MOST_DRAWS):
        if filled[-1] >= wanted:
            break
        drawn = config.radius_median * np.exp(config.radius_sigma * random.standard_normal(guess))
        radii = np.append(radii, drawn[(drawn >= config.radius_min) & (drawn <= largest)] / growth)
        filled = np.append(0.0, np.cumsum(4 / 3 * math.pi * radii**3))
    return np.ascontiguousarray(radii[: np.searchsorted(filled[1:], wanted)])


def _growth(wanted: float, centres: Array, radii: Array, box: Array, random: np.random.Generator) -> float:
    """By which factor balls cover the share that is wanted, what two of them cover counted once."""
    from electrodej.phantom.kernels.packing import covered_share

    points = random.random((3000, 3)) * box
    low, high = 1.0, 2.0
    for _ in range(12):
        middle = 0.5 * (low + high)
        if covered_share(points, centres, middle * radii, box) < wanted:
            low = middle
        else:
            high = middle
    return low


def _best_window(
    config: PhantomConfig,
    centres: Array,
    radii: Array,
    box: Array,
    size: Array,
    margin: float,
    random: np.random.Generator,
) -> Array:
    """Shift the packing so that the volume sees about the wanted share; in a large one every window does."""
    from electrodej.phantom.kernels.packing import covered_share

    origin = np.maximum(margin, (box - size) / 2)
    if len(radii) == 0:
        return centres
    shifts = random.random((_WINDOWS, 3)) * box
    points = origin + random.random((2000, 3)) * size
    best = shifts[0]
    if len(radii) <= _WINDOW_LIMIT:
        shares = [covered_share(points, np.mod(centres + shift, box), radii, box) for shift in shifts]
        best = shifts[int(np.argmin(np.abs(np.array(shares) - config.solid_fraction)))]
    # Voxel 0 is centred on 0, so the volume begins half a voxel before it.
    return np.asarray(np.mod(centres + best, box) - origin - np.array(config.spacing) / 2)
