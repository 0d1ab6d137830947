"""Connected components of a 3D mask."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.volume import compact_dtype


def connected_components(
    mask: NDArray[Any], *, connectivity: Literal[6, 26] = 26
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Label what hangs together.

    Parameters
    ----------
    mask
        Shape (Z, Y, X); what is not 0 is inside.
    connectivity
        Whether voxels hang together by faces alone (6) or by edges and corners too (26).

    Returns
    -------
    labels
        uint16, or uint32 from 65,536 components on; numbered in the order of their first voxels.
    voxels
        Size of each, background (label 0) counted as 0.

    Examples
    --------
    >>> labels, voxels = connected_components(np.array([[[1, 0, 1], [0, 1, 0]]]), connectivity=6)
    >>> labels.tolist(), voxels.tolist()
    ([[[1, 0, 2], [0, 3, 0]]], [0, 1, 1, 1])
    """
    if connectivity not in (6, 26):
        raise InputError(f"voxels hang together over 6 or 26 neighbours, not {connectivity}")
    if mask.ndim != 3:
        raise InputError(f"components are those of a volume, Z Y X, not of {mask.ndim} dimensions")
    from electrodej.fusion.kernels import components as kernels

    inside = np.ascontiguousarray(mask, bool) if mask.dtype != bool else mask
    starts, stops, first = kernels.find_runs(inside)
    parents = kernels.join_runs(starts, stops, first, mask.shape[1], connectivity == 26)
    numbers, voxels = kernels.number_runs(parents, starts, stops)
    labels = np.empty(mask.shape, compact_dtype(len(voxels) - 1))
    kernels.paint_runs(starts, stops, first, numbers.astype(labels.dtype), labels)
    return labels, voxels
