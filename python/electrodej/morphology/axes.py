"""What every measure of phases asks of its image: axes, whole numbers, a voxel size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.vocabulary import Spacing
from electrodej.volume import check_spacing


def as_phase_volume(phases: NDArray[Any], spacing: Spacing) -> tuple[NDArray[Any], Spacing]:
    """Return phases with the axes z, y, x, and their voxel size, once it is sure that they are phases.

    Raises
    ------
    InputError
        They have other axes, no voxel, or numbers that are not whole.

    Examples
    --------
    >>> as_phase_volume(np.zeros((4, 5), np.uint8), (1, 0.5, 0.5))[0].shape
    (1, 4, 5)
    """
    volume = phases[np.newaxis] if phases.ndim == 2 else phases
    if volume.ndim != 3 or volume.size == 0 or volume.dtype.kind not in "bui":
        raise InputError(
            f"phases are whole numbers with the axes z, y, x; these are {phases.dtype} of shape "
            f"{phases.shape}"
        )
    return volume, check_spacing(spacing)
