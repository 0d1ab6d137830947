"""Surfaces of sets: perimeter voxels, the 3 x 3 x 3 median, crossings with lines."""

from __future__ import annotations

import numpy as np

from electrodej.compiled import compiled
from electrodej.features.kernels.bits import NONE, ONE, TOP, ones, view
from electrodej.features.typing import Array, Ints, Whole, Words


@compiled
def perimeters(flat: Words, shapes: Ints, places: Ints, boxes: Ints, out: Ints) -> None:
    """The number of voxels of each set that an erosion with the 6-neighbourhood removes."""
    for i in range(places.size):
        a = view(flat, shapes, places, i)
        words = a.shape[1]
        y0, y1 = boxes[i, 2], boxes[i, 3]
        total = NONE
        for z in range(boxes[i, 0], boxes[i, 1]):
            for w in range(words):
                here, front, back = a[z, w, y0:y1], a[z, w, y0 - 1 : y1 - 1], a[z, w, y0 + 1 : y1 + 1]
                above, below = a[z - 1, w, y0:y1], a[z + 1, w, y0:y1]
                # Without a word to either side the bit carried in is zero, as it is in the padding.
                left, right = a[z, max(w - 1, 0), y0:y1], a[z, min(w + 1, words - 1), y0:y1]
                is_left, is_right = np.uint64(w > 0), np.uint64(w + 1 < words)
                for y in range(here.size):
                    v = here[y]
                    core = front[y] & back[y] & above[y] & below[y]
                    core &= (v << ONE) | ((left[y] >> TOP) & is_left)
                    core &= (v >> ONE) | ((right[y] & is_right) << TOP)
                    total += ones(v & ~core)
        out[i] = np.int64(total)


@compiled
def medians(flat: Words, shapes: Ints, places: Ints, boxes: Ints, out: Words) -> None:
    """The 3 x 3 x 3 binary median of each set: set where at least 14 of the 27 voxels are.

    Counted in bits, 64 voxels at a time: each count is kept as its binary digits, one word for each.
    Nothing outside the box can be set, as a voxel one step outside sees at most 9 voxels of the set.
    """
    for i in range(places.size):
        a, b = view(flat, shapes, places, i), view(out, shapes, places, i)
        words, ny = a.shape[1], a.shape[2]
        y0, y1 = boxes[i, 2], boxes[i, 3]
        sums = np.zeros((3, 4, words, ny), dtype=np.uint64)
        digits = np.zeros((2, ny), dtype=np.uint64)
        for z in range(boxes[i, 0] - 1, boxes[i, 1] + 1):
            newest = sums[z % 3]
            for w in range(words):
                _row_sums(a[z], w, y0, y1, digits)
                _plane_sums(digits, y0, y1, newest[:, w])
            if z <= boxes[i, 0]:
                continue
            # The planes z - 2, z - 1 and z, whose order does not matter.
            for w in range(words):
                _at_least_14(sums[0, :, w], sums[1, :, w], sums[2, :, w], y0, y1, b[z - 1, w])


@compiled
def _row_sums(a: Words, w: Whole, y0: Whole, y1: Whole, digits: Words) -> None:
    """Two-digit sums of each voxel and its two neighbours along x, one row more on either side."""
    words = a.shape[0]
    here = a[w, y0 - 1 : y1 + 1]
    left, right = a[max(w - 1, 0), y0 - 1 : y1 + 1], a[min(w + 1, words - 1), y0 - 1 : y1 + 1]
    is_left, is_right = np.uint64(w > 0), np.uint64(w + 1 < words)
    low, high = digits[0, y0 - 1 : y1 + 1], digits[1, y0 - 1 : y1 + 1]
    for y in range(here.size):
        v = here[y]
        p = (v << ONE) | ((left[y] >> TOP) & is_left)
        q = (v >> ONE) | ((right[y] & is_right) << TOP)
        low[y] = v ^ p ^ q
        high[y] = (v & p) | (v & q) | (p & q)


@compiled
def _plane_sums(digits: Words, y0: Whole, y1: Whole, sums: Words) -> None:
    """Four-digit sums of the 3 x 3 voxels of a plane around each."""
    low, high = digits[0], digits[1]
    a0s, b0s, c0s = low[y0 - 1 : y1 - 1], low[y0:y1], low[y0 + 1 : y1 + 1]
    a1s, b1s, c1s = high[y0 - 1 : y1 - 1], high[y0:y1], high[y0 + 1 : y1 + 1]
    t0, t1, t2, t3 = sums[0, y0:y1], sums[1, y0:y1], sums[2, y0:y1], sums[3, y0:y1]
    for y in range(a0s.size):
        a0, b0, c0, a1, b1, c1 = a0s[y], b0s[y], c0s[y], a1s[y], b1s[y], c1s[y]
        carry = (a0 & b0) | (a0 & c0) | (b0 & c0)
        odd = a1 ^ b1 ^ c1
        pair = (a1 & b1) | (a1 & c1) | (b1 & c1)
        both = odd & carry
        t0[y] = a0 ^ b0 ^ c0
        t1[y] = odd ^ carry
        t2[y] = pair ^ both
        t3[y] = pair & both


@compiled
def _at_least_14(p: Words, q: Words, r: Words, y0: Whole, y1: Whole, out: Words) -> None:
    """Where the sum of three four-digit numbers is 14 or more."""
    p0s, p1s, p2s, p3s = p[0, y0:y1], p[1, y0:y1], p[2, y0:y1], p[3, y0:y1]
    q0s, q1s, q2s, q3s = q[0, y0:y1], q[1, y0:y1], q[2, y0:y1], q[3, y0:y1]
    r0s, r1s, r2s, r3s = r[0, y0:y1], r[1, y0:y1], r[2, y0:y1], r[3, y0:y1]
    target = out[y0:y1]
    for y in range(target.size):
        p1, p2, p3, q1, q2, q3 = p1s[y], p2s[y], p3s[y], q1s[y], q2s[y], q3s[y]
        s0 = p0s[y] ^ q0s[y]
        c = p0s[y] & q0s[y]
        s1 = p1 ^ q1 ^ c
        c = (p1 & q1) | (c & (p1 ^ q1))
        s2 = p2 ^ q2 ^ c
        c = (p2 & q2) | (c & (p2 ^ q2))
        s3 = p3 ^ q3 ^ c
        s4 = (p3 & q3) | (c & (p3 ^ q3))
        q1, q2, q3 = r1s[y], r2s[y], r3s[y]
        c = s0 & r0s[y]
        t1 = s1 ^ q1 ^ c
        c = (s1 & q1) | (c & (s1 ^ q1))
        t2 = s2 ^ q2 ^ c
        c = (s2 & q2) | (c & (s2 ^ q2))
        t3 = s3 ^ q3 ^ c
        c = (s3 & q3) | (c & (s3 ^ q3))
        target[y] = s4 | c | (t3 & t2 & t1)


@compiled
def crossings(flat: Words, shapes: Ints, places: Ints, boxes: Ints, directions: Array, out: Ints) -> None:
    """Count for each direction (dz, dy, dx) the pairs of voxels, one step apart, that the surface parts."""
    for i in range(places.size):
        a = view(flat, shapes, places, i)
        words = a.shape[1]
        z0, z1, y0, y1 = boxes[i, 0] - 1, boxes[i, 1] + 1, boxes[i, 2] - 1, boxes[i, 3] + 1
        for d in range(directions.shape[0]):
            dz, dy, dx = directions[d, 0], directions[d, 1], directions[d, 2]
            # Pairs that begin a voxel outside and end at the box; no row beyond the padding is read.
            first, last = max(y0, -dy), min(y1, a.shape[2] - dy)
            total = NONE
            for z in range(max(z0, -dz), min(z1, a.shape[0] - dz)):
                for w in range(words):
                    here, there = a[z, w, first:last], a[z + dz, w, first + dy : last + dy]
                    side = min(max(w + dx, 0), words - 1)
                    beside = a[z + dz, side, first + dy : last + dy]
                    is_beside = np.uint64(side != w)
                    if dx == 0:
                        for y in range(here.size):
                            total += ones(here[y] ^ there[y])
                    elif dx > 0:
                        for y in range(here.size):
                            v = (there[y] >> ONE) | ((beside[y] & is_beside) << TOP)
                            total += ones(here[y] ^ v)
                    else:
                        for y in range(here.size):
                            v = (there[y] << ONE) | ((beside[y] >> TOP) & is_beside)
                            total += ones(here[y] ^ v)
            out[i, d] = np.int64(total)
