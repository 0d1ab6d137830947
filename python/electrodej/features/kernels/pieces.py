"""How many pieces a particle is in."""

from __future__ import annotations

import numpy as np

from electrodej.compiled import compiled
from electrodej.features.kernels.bits import NONE, ONE, TOP, lowest, ones, view
from electrodej.features.typing import Ints, Whole, Words
from electrodej.unions import join


@compiled
def pieces(flat: Words, shapes: Ints, places: Ints, boxes: Ints, out: Ints) -> None:
    """The number of 26-connected pieces: runs along x joined to those they touch in rows beside."""
    for i in range(places.size):
        a, box = view(flat, shapes, places, i), boxes[i]
        nz, ny = box[1] - box[0], box[3] - box[2]
        rows = np.zeros(nz * ny + 1, dtype=np.int64)
        runs = _count_runs(a, box, rows)
        start, stop = np.empty(runs, dtype=np.int64), np.empty(runs, dtype=np.int64)
        _list_runs(a, box, rows, start, stop)
        out[i] = _join_runs(rows, start, stop, nz, ny)


@compiled
def _begins(a: Words, z: Whole, w: Whole, y: Whole) -> Whole:
    """The voxels of a word whose left neighbour is not set."""
    v = a[z, w, y]
    return v & ~((v << ONE) | (a[z, w - 1, y] >> TOP if w > 0 else NONE))


@compiled
def _count_runs(a: Words, box: Ints, rows: Ints) -> Whole:
    """Into ``rows`` the number of the first run of each row (z, y) of ``box``; returns that of all."""
    n: Whole = np.int64(0)
    row = 0
    for z in range(box[0], box[1]):
        for y in range(box[2], box[3]):
            rows[row] = n
            for w in range(a.shape[1]):
                n += np.int64(ones(_begins(a, z, w, y)))
            row += 1
    rows[row] = n
    return n


@compiled
def _list_runs(a: Words, box: Ints, rows: Ints, start: Ints, stop: Ints) -> None:
    words, row = a.shape[1], 0
    for z in range(box[0], box[1]):
        for y in range(box[2], box[3]):
            i = j = rows[row]
            for w in range(words):
                v = a[z, w, y]
                begins = _begins(a, z, w, y)
                ends = v & ~((v >> ONE) | (a[z, w + 1, y] << TOP if w + 1 < words else NONE))
                while begins != NONE:
                    start[i] = 64 * w + lowest(begins)
                    begins &= begins - ONE
                    i += 1
                while ends != NONE:
                    stop[j] = 64 * w + lowest(ends)
                    ends &= ends - ONE
                    j += 1
            row += 1


@compiled
def _join_runs(rows: Ints, start: Ints, stop: Ints, nz: Whole, ny: Whole) -> Whole:
    """The number of pieces: that of the runs, less one whenever two different ones are joined."""
    parents = np.arange(start.size)
    n = start.size
    for row in range(nz * ny):
        z, y = row // ny, row % ny
        for side in range(4):
            dz, dy = (0, -1) if side == 3 else (-1, side - 1)
            if z + dz < 0 or y + dy < 0 or y + dy >= ny:
                continue
            beside = row + dz * ny + dy
            i, j = rows[row], rows[beside]
            while i < rows[row + 1] and j < rows[beside + 1]:
                if start[i] <= stop[j] + 1 and start[j] <= stop[i] + 1 and join(parents, i, j):
                    n -= 1
                if stop[i] < stop[j]:
                    i += 1
                else:
                    j += 1
    return n
