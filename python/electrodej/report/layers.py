"""Phases and cracks for the page: one byte a voxel, on the grid of the slices or a coarser one."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodej.report.content import SliceSource
from electrodej.report.grid import Grid
from electrodej.report.slices import planes
from electrodej.vocabulary import Shape

LAYER_BYTES = 1_500_000
"""What the layers take at most before base64; they become coarser rather than larger."""

NOTHING = 127
"""A voxel of no phase."""
CRACK = 128
"""Added where there is a crack."""


@dataclass(frozen=True)
class LayerPack:
    """Phases and cracks as they go into the page.

    Attributes
    ----------
    step
        Every how many voxels of the page's grid there is one of the layers.
    shape
        Of the layers (z, y, x).
    data
        Deflated bytes: the number of the phase, `NOTHING` where there is none, and `CRACK` added in cracks.
    phases
        The phases that occur.
    cracks
        Whether there are cracks to show.
    """

    step: int
    shape: Shape
    data: bytes
    phases: tuple[int, ...]
    cracks: bool


def pack_layers(
    phases: SliceSource | None, cracks: SliceSource | None, grid: Grid, *, most_bytes: int = LAYER_BYTES
) -> LayerPack | None:
    """Read the voxels that the page shows of the phases and the cracks; None where there is neither.

    Parameters
    ----------
    phases
        Numbers of phases, shape as the grid's volume; 255 is no phase.
    cracks
        Anything above 0 is a crack.
    grid
        Which voxels the page shows.
    most_bytes
        Room for the result.
    """
    if phases is None and cracks is None:
        return None
    codes = np.full(grid.shape, NOTHING, np.uint8)
    if phases is not None:
        for place, plane in enumerate(planes(phases, grid)):
            values = plane[np.ix_(grid.indices(1), grid.indices(2))]
            codes[place] = np.where((values >= 0) & (values < NOTHING), values, NOTHING)
    found = tuple(int(value) for value in np.unique(codes) if value != NOTHING)
    if cracks is not None:
        for place, plane in enumerate(planes(cracks, grid)):
            codes[place][plane[np.ix_(grid.indices(1), grid.indices(2))] > 0] += CRACK
    step = 1
    while True:
        coarse = sampled(codes, step)
        data = zlib.compress(coarse.tobytes(), 6)
        if len(data) <= most_bytes or coarse.size == 1:
            break
        step += 1
    depth, height, width = coarse.shape
    return LayerPack(step, (depth, height, width), data, found, cracks is not None)


def sampled(codes: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """Return the middle one of each block of ``step`` voxels along every axis.

    Examples
    --------
    >>> sampled(np.arange(7, dtype=np.uint8).reshape(1, 1, 7), 3).tolist()
    [[[1, 4, 6]]]
    """
    places = [
        np.minimum(np.arange(-(-length // step)) * step + step // 2, length - 1) for length in codes.shape
    ]
    return np.ascontiguousarray(codes[np.ix_(*places)])
