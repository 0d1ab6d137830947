"""Where on the detector the axis of rotation falls."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.tomography.normalise import line_integrals
from electrodej.tomography.rows import opposite
from electrodej.tomography.scan import Centre, Scan
from electrodej.tomography.settings import TomographySettings

Sinogram = NDArray[np.float32]

_ROWS = 5
# Rows that are averaged for one sinogram.
_AVERAGED = 3
_STEP = 0.1
# Pixels by which two ways to the axis may differ.
_APART = 1.0
# Share of the most attenuation below which a side saw nothing of the sample.
_EMPTY = 0.05


def find_centre(scan: Scan, settings: TomographySettings) -> Centre:
    """Find the axis from a few sinograms, by how well their Fourier transform fits two wedges (Vo).

    Where all of the sample is seen, the centres of mass of the projections tell it finer. In a whole
    turn it is where opposite projections are mirrored, near a side for a half acquisition.

    Raises
    ------
    electrodej.errors.InputError
        Nothing is in the beam, or the rows do not agree.
    """
    calculation = require("algotom.prep.calculation", what="finding the axis of rotation", extra="tomo")
    first, last = settings.rows or (0, scan.shape[1])
    places = sorted({int(first + (k + 0.5) * (last - first) / _ROWS) for k in range(_ROWS)})
    found = []
    for place in places:
        low = max(first, min(place - _AVERAGED // 2, last - _AVERAGED))
        lines = line_integrals(scan, (low, min(low + _AVERAGED, last)), settings, None)
        sinogram = lines.mean(axis=1)
        if float(sinogram.std()) > 1e-4:
            found.append(_column(scan, sinogram, calculation))
    if not found:
        raise InputError(f"{scan.path}: nothing is in the beam, so the axis cannot be found; give --centre")
    column = float(np.median(found))
    return Centre(column, float(np.median(np.abs(np.asarray(found) - column))))


def _column(scan: Scan, sinogram: Sinogram, calculation: Any) -> float:
    width = sinogram.shape[1]
    if scan.is_full_turn:
        return _by_opposites(sinogram, scan.angles)
    middle, reach = (width - 1) / 2, width // 6
    start, stop = int(middle - reach), int(middle + reach)
    coarse = calculation.find_center_vo(sinogram, start=start, stop=stop, step=0.5, ncore=1)
    fine = float(calculation.fine_search_cor(sinogram, float(coarse), 1.5, _STEP, ncore=1))
    mass = _by_mass(sinogram, scan.angles) if _is_symmetric(sinogram) else None
    return fine if mass is None or abs(mass - fine) > _APART else mass


def _by_mass(sinogram: Sinogram, angles: NDArray[np.float64]) -> float | None:
    """Return the axis from the centres of mass: axis + a cos + b sin, where all of the sample is seen.

    They average over all projections and tell the axis to some hundredths of a pixel. None where they do not
    go so.
    """
    masses = sinogram.sum(axis=1, dtype=np.float64)
    if masses.min() <= 0.2 * masses.max():
        return None
    places = (sinogram @ np.arange(sinogram.shape[1], dtype=np.float64)) / masses
    turns = np.radians(angles)
    design = np.stack([np.ones_like(turns), np.cos(turns), np.sin(turns)], axis=1)
    solution, *_ = np.linalg.lstsq(design, places, rcond=None)
    apart = float(np.std(places - design @ solution))
    return float(solution[0]) if apart < _APART else None


def _by_opposites(sinogram: Sinogram, angles: NDArray[np.float64]) -> float:
    """Return the axis of a whole turn: the one about which projections are mirrored half a turn later."""
    from scipy.ndimage import gaussian_filter1d

    first, second = opposite(gaussian_filter1d(sinogram, 1.0, axis=1), angles)
    width = sinogram.shape[1]
    least = max(5, width // 20)
    tried = np.arange(least / 2, width - 1 - least / 2, 0.5)
    best = float(tried[int(np.argmin([_mirrored(first, second, each) for each in tried]))])
    fine = best + np.arange(-10, 11) * 0.1
    costs = np.asarray([_mirrored(first, second, each) for each in fine])
    at = int(np.clip(np.argmin(costs), 1, len(costs) - 2))
    a, b, c = costs[at - 1 : at + 2]
    bend = a - 2 * b + c
    return float(fine[at] + (0.05 * (a - c) / bend if bend > 0 else 0.0))


def _mirrored(first: Sinogram, second: Sinogram, axis: float) -> float:
    """Return how far two halves differ where both see a ray, as a share of how much they vary."""
    width = first.shape[1]
    columns = np.arange(max(0, math.ceil(2 * axis - width + 1)), min(width - 1, math.floor(2 * axis)) + 1)
    places = 2 * axis - columns
    left = np.clip(np.floor(places), 0, width - 2).astype(np.intp)
    share = (places - left).astype(np.float32)
    here, there = first[:, columns], second[:, left] * (1 - share) + second[:, left + 1] * share
    spread = float(here.var() + there.var())
    return float(((here - there) ** 2).mean()) / spread if spread > 0 else math.inf


def _is_symmetric(sinogram: Sinogram) -> bool:
    """Whether a whole turn saw the whole sample at every angle: its sides are then nearly empty."""
    level = np.abs(sinogram).mean(axis=0)
    side = max(2, len(level) // 50)
    return float(max(level[:side].mean(), level[-side:].mean())) < _EMPTY * float(level.max())


def check_inside(scan: Scan, column: float) -> None:
    """Refuse an axis that is not on the detector."""
    width = scan.shape[2]
    if not (math.isfinite(column) and 0 < column < width - 1):
        raise InputError(
            f"the axis at column {column:g} is outside the detector, whose columns are 0 to {width - 1}; "
            "give another --centre, or auto"
        )
