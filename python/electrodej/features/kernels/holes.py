"""Holes of particles: background that no path joins to the outside."""

from __future__ import annotations

import numpy as np

from electrodej.compiled import compiled
from electrodej.features.kernels.bits import NONE, ONE, TOP, ones, span, view
from electrodej.features.typing import Ints, Whole, Words


@compiled
def fill_holes(flat: Words, shapes: Ints, places: Ints, boxes: Ints, added: Ints) -> None:
    """Add to each set the background that no 6-connected path joins to the outside of its box.

    A flood from outside, 64 voxels at a time, swept down and up through the box until nothing changes:
    once or twice unless the way in is winding. ``added`` takes the number of voxels filled.
    """
    for i in range(places.size):
        z0, z1, y0, y1 = boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3]
        part = view(flat, shapes, places, i)[z0:z1, :, y0:y1]
        nz, words, ny = part.shape
        free = np.empty((nz, words, ny), dtype=np.uint64)
        reached = np.zeros((nz, words, ny), dtype=np.uint64)
        for w in range(words):
            inside = span(w, boxes[i, 4], boxes[i, 5])
            ends = span(w, boxes[i, 4], boxes[i, 4] + 1) | span(w, boxes[i, 5] - 1, boxes[i, 5])
            for z in range(nz):
                for y in range(ny):
                    v = inside & ~part[z, w, y]
                    free[z, w, y] = v
                    on_face = z == 0 or z == nz - 1 or y == 0 or y == ny - 1
                    reached[z, w, y] = v if on_face else v & ends
        former: Whole = np.int64(-1)
        left: Whole = np.int64(-2)
        while left not in (0, former):
            former = left
            for turn in range(2 * nz - 1):
                z = turn if turn < nz else 2 * nz - 2 - turn
                _flood(reached, free, z, max(z - 1, 0) if turn < nz else z + 1)
            left = np.int64(0)
            for z in range(nz):
                for w in range(words):
                    for y in range(ny):
                        left += np.int64(ones(free[z, w, y] & ~reached[z, w, y]))
        added[i] = left
        if left > 0:
            for z in range(nz):
                for w in range(words):
                    for y in range(ny):
                        part[z, w, y] |= free[z, w, y] & ~reached[z, w, y]


@compiled
def _flood(reached: Words, free: Words, z: Whole, former: Whole) -> None:
    """Flood plane ``z`` from plane ``former``, then along y and along x."""
    words, ny = reached.shape[1], reached.shape[2]
    for w in range(words):
        rows, before, may = reached[z, w], reached[former, w], free[z, w]
        for y in range(ny):
            rows[y] |= before[y] & may[y]
        for y in range(1, ny):
            rows[y] |= rows[y - 1] & may[y]
        for y in range(ny - 2, -1, -1):
            rows[y] |= rows[y + 1] & may[y]
        if w > 0:
            before = reached[z, w - 1]
            for y in range(ny):
                rows[y] |= may[y] & (before[y] >> TOP)
        for y in range(ny):
            # A carry runs up through the free voxels above one that is reached.
            v, p = rows[y], may[y]
            rows[y] = v | (p & ((p + v) ^ p))
    for w in range(words - 1, -1, -1):
        rows, may = reached[z, w], free[z, w]
        if w + 1 < words:
            before = reached[z, w + 1]
            for y in range(ny):
                rows[y] |= may[y] & (before[y] << TOP)
        for y in range(ny):
            # And the other way by doubling steps.
            v, p = rows[y], may[y]
            step = ONE
            for _ in range(6):
                v |= p & (v >> step)
                p &= p >> step
                step <<= ONE
            rows[y] = v


@compiled
def shells(
    fill: Words,
    dilated: Words,
    other: Words,
    shapes: Ints,
    places: Ints,
    withins: Ints,
    every: Ints,
    foreign: Ints,
) -> None:
    """Count the voxels of ``dilated`` outside ``fill``, and those of other labels among them.

    ``withins`` (n, 6) are the parts of the padded boxes that lie inside the volume.
    """
    for i in range(places.size):
        a, b = view(fill, shapes, places, i), view(dilated, shapes, places, i)
        c = view(other, shapes, places, i)
        total, others = NONE, NONE
        for z in range(withins[i, 0], withins[i, 1]):
            for w in range(a.shape[1]):
                inside = span(w, withins[i, 4], withins[i, 5])
                for y in range(withins[i, 2], withins[i, 3]):
                    v = b[z, w, y] & ~a[z, w, y] & inside
                    total += ones(v)
                    others += ones(v & c[z, w, y])
        every[i], foreign[i] = np.int64(total), np.int64(others)
