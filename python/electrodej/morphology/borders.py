"""Other ways in which a person might have drawn the same phases: borders moved by some pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.vocabulary import UNLABELLED


def move_border(phases: NDArray[Any], phase: int, pixels: float) -> NDArray[Any]:
    """Return the phases with one of them grown or shrunk on each slice.

    Parameters
    ----------
    phases
        Shape (Z, Y, X). People label slices, so borders move within them; 255, not labelled, stays.
    phase
        Which one.
    pixels
        Grown: labelled pixels at most so far from one of the phase, centre to centre, become that phase.
        Below 0, shrunk: pixels of the phase that near to another one become what is nearest.

    Examples
    --------
    >>> move_border(np.array([[[0, 0, 0, 1, 1, 1]]]), 1, 1).tolist()
    [[[0, 0, 1, 1, 1, 1]]]
    >>> move_border(np.array([[[0, 0, 0, 1, 1, 1]]]), 1, -2).tolist()
    [[[0, 0, 0, 0, 0, 1]]]
    """
    if phases.ndim != 3:
        raise InputError(f"phases have the axes z, y and x, not the shape {phases.shape}")
    if not np.isfinite(pixels):
        raise InputError(f"a border is moved by a number of pixels, not {pixels}")
    moved = phases.copy()
    for section, target in zip(phases, moved, strict=True):
        labelled = section != UNLABELLED
        inside = labelled & (section == phase)
        source = inside if pixels >= 0 else labelled & ~inside
        changed = labelled & ~inside if pixels >= 0 else inside
        if source.any() and changed.any():
            _spread(section, target, source, changed, abs(pixels))
    return moved


def _spread(
    section: NDArray[Any],
    target: NDArray[Any],
    source: NDArray[np.bool_],
    changed: NDArray[np.bool_],
    reach: float,
) -> None:
    """Give pixels near ``source`` what the nearest of its pixels has."""
    from scipy.ndimage import distance_transform_edt

    distance, place = distance_transform_edt(~source, return_indices=True)
    near = changed & (distance <= reach * (1 + 1e-9))
    target[near] = section[place[0][near], place[1][near]]
