"""Labels to outlines that give the same pixels back when they are filled.

An outline runs along pixel borders, with the particle on its right, from corner to corner. Pixels that touch
at a corner only are in one outline.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.volume import check_labels, relabel_sequential

Outline = NDArray[np.int64]


def outlines_of(labels: NDArray[Any]) -> Iterator[tuple[int, list[Outline]]]:
    """Yield each label of a slice with its outlines: of every piece and of every hole.

    Parameters
    ----------
    labels
        2D, YX.

    Yields
    ------
    label : int
    outlines : list of arrays
        Corners as ``(x, y)``, shape (corners, 2); to be filled even-odd, see `electrodej.annotation.shapes`.

    Examples
    --------
    >>> for label, outlines in outlines_of(np.array([[0, 7, 7]])):
    ...     label, [outline.tolist() for outline in outlines]
    (7, [[[1, 0], [3, 0], [3, 1], [1, 1]]])
    """
    from scipy.ndimage import find_objects

    new, old = relabel_sequential(check_labels(labels))
    for number, (rows, columns) in enumerate(find_objects(new), start=1):
        rings = trace(new[rows, columns] == number)
        origin = np.array([columns.start, rows.start])
        yield int(old[number]), [corners(ring) + origin for ring in rings]


def trace(mask: NDArray[np.bool_]) -> list[Outline]:
    """Return the closed outlines of a mask, every lattice point on them as ``(x, y)``."""
    padded = np.pad(mask, 1)
    # Which pixels lie around each lattice point: north-west, north-east, south-east, south-west of it.
    nw, ne, se, sw = padded[:-1, :-1], padded[:-1, 1:], padded[1:, 1:], padded[1:, :-1]
    # East, south, west, north: whether a step that way has the inside on its right.
    leaves = (se & ~ne, sw & ~se, nw & ~sw, ne & ~nw)
    column = mask.shape[1] + 1
    steps = (1, column, -1, -column)
    goes = [leaving.tobytes() for leaving in leaves]
    todo = [bytearray(each) for each in goes]
    rings = []
    # Every outline has steps to the east.
    for begin in np.flatnonzero(leaves[0]).tolist():
        direction, at = 0, begin
        ring = []
        while todo[direction][at]:
            todo[direction][at] = 0
            ring.append(at)
            at += steps[direction]
            # Left first: where two pixels touch at a corner, the outline goes on to the other one.
            left, right = (direction + 3) % 4, (direction + 1) % 4
            if goes[left][at]:
                direction = left
            elif not goes[direction][at]:
                direction = right
        if not ring:
            continue
        y, x = np.divmod(np.array(ring), column)
        rings.append(np.stack([x, y], axis=1))
    return rings


def corners(ring: Outline) -> Outline:
    """Return an outline without the points it passes straight through once, or stops at."""
    ring = ring[np.any(ring != np.roll(ring, 1, axis=0), axis=1)]
    into, out = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    cross = into[:, 0] * out[:, 1] - into[:, 1] * out[:, 0]
    _, which, visits = np.unique(ring, axis=0, return_inverse=True, return_counts=True)
    kept: Outline = ring[(cross != 0) | ((into * out).sum(axis=1) < 0) | (visits[which.reshape(-1)] > 1)]
    return kept


def joined(rings: list[Outline]) -> Outline:
    """Return outlines as one, joined by lines that are gone along twice and so enclose nothing.

    The lines are the shortest there are between the outlines, and therefore cross none of them.

    Parameters
    ----------
    rings
        With every lattice point, as `trace` gives them.
    """
    from scipy.spatial import cKDTree

    whole = [tuple(point) for point in rings[0].tolist()]
    apart = dict(enumerate(rings[1:]))
    nearest: dict[int, tuple[float, int, tuple[int, ...]]] = {}
    added = rings[0]
    while apart:
        tree = cKDTree(added)
        for key, ring in apart.items():
            distance, neighbour = (np.asarray(found) for found in tree.query(ring))
            at = int(np.argmin(distance))
            if key not in nearest or distance[at] < nearest[key][0]:
                nearest[key] = (float(distance[at]), at, tuple(added[neighbour[at]].tolist()))
        key = min(apart, key=lambda key: nearest[key][0])
        _, at, anchor = nearest[key]
        added = apart.pop(key)
        detour = [tuple(point) for point in np.roll(added, -at, axis=0).tolist()]
        here = whole.index(anchor)
        whole[here + 1 : here + 1] = [*detour, detour[0], anchor]
    return corners(np.array(whole))
