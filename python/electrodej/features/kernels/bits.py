"""Sets of voxels as bits: 64 voxels of a row along x in one word.

A set is an array ``(z, word, y)`` of uint64. Bit b of word w is the voxel x = 64 w + b. The rows lie
side by side along y, so that one machine instruction treats several of them whatever the particle's
width, a shift in y or z is a shift of the index, and a shift in x is a shift of the bits.
"""

from __future__ import annotations

import numpy as np

from electrodej.features.kernels.compiled import compiled
from electrodej.features.typing import Array, Whole, Words

ONE = np.uint64(1)
TOP = np.uint64(63)
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_M1 = np.uint64(0x5555555555555555)
_M2 = np.uint64(0x3333333333333333)
_M4 = np.uint64(0x0F0F0F0F0F0F0F0F)
_H01 = np.uint64(0x0101010101010101)
_S1, _S2, _S4, _S56 = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)


@compiled
def ones(word: Whole) -> Whole:
    """The number of bits that are set."""
    word = word - ((word >> _S1) & _M1)
    word = (word & _M2) + ((word >> _S2) & _M2)
    word = (word + (word >> _S4)) & _M4
    return (word * _H01) >> _S56


@compiled
def lowest(word: Whole) -> Whole:
    """The place of the lowest bit that is set; the word must not be zero."""
    return np.int64(ones((word & (~word + ONE)) - ONE))


@compiled
def highest(word: Whole) -> Whole:
    """The place of the highest bit that is set; the word must not be zero."""
    place = 63
    while (word >> np.uint64(place)) & ONE == np.uint64(0):
        place -= 1
    return np.int64(place)


@compiled
def span_mask(words: Whole, start: Whole, stop: Whole) -> Words:
    """The words of a row with the bits ``start`` to ``stop`` (exclusive) set."""
    mask = np.zeros(words, dtype=np.uint64)
    for x in range(max(start, 0), min(stop, 64 * words)):
        mask[x >> 6] |= ONE << np.uint64(x & 63)
    return mask


@compiled
def pack(labels: Array, label: Whole, z0: Whole, y0: Whole, x0: Whole, own: Words, other: Words) -> None:
    """Set in ``own`` the voxels of ``label`` and in ``other`` those of all other labels.

    Voxel (0, 0, 0) of the sets is voxel (z0, y0, x0) of ``labels``, which may lie outside of it:
    everything outside is background.
    """
    nz, words, ny = own.shape
    mine = labels.dtype.type(label)
    nothing = labels.dtype.type(0)
    for z in range(max(0, -z0), min(nz, labels.shape[0] - z0)):
        for y in range(max(0, -y0), min(ny, labels.shape[1] - y0)):
            for w in range(words):
                start = x0 + 64 * w
                first, last = max(0, -start), min(64, labels.shape[2] - start)
                is_own = np.uint64(0)
                is_any = np.uint64(0)
                if first == 0 and last == 64:
                    row = labels[z0 + z, y0 + y, start : start + 64]
                    for b in range(64):
                        value = row[b]
                        is_own |= np.uint64(value == mine) << np.uint64(b)
                        is_any |= np.uint64(value != nothing) << np.uint64(b)
                else:
                    for b in range(first, last):
                        value = labels[z0 + z, y0 + y, start + b]
                        is_own |= np.uint64(value == mine) << np.uint64(b)
                        is_any |= np.uint64(value != nothing) << np.uint64(b)
                own[z, w, y] = is_own
                other[z, w, y] = is_any & ~is_own


@compiled
def count(a: Words) -> Whole:
    """The number of voxels of a set."""
    total = np.uint64(0)
    flat = a.reshape(-1)
    for i in range(flat.size):
        total += ones(flat[i])
    return np.int64(total)


@compiled
def widen(plane: Words, wide: Words, y0: Whole, y1: Whole) -> None:
    """Fill ``wide[k]`` with ``plane`` dilated by k voxels to either side along x."""
    words = plane.shape[0]
    wide[0, :, y0:y1] = plane[:, y0:y1]
    for k in range(1, wide.shape[0]):
        for w in range(words):
            for y in range(y0, y1):
                v = wide[k - 1, w, y]
                wide[k, w, y] = v | (v << ONE) | (v >> ONE)
            if w > 0:
                for y in range(y0, y1):
                    wide[k, w, y] |= wide[k - 1, w - 1, y] >> TOP
            if w + 1 < words:
                for y in range(y0, y1):
                    wide[k, w, y] |= wide[k - 1, w + 1, y] << TOP


@compiled
def dilate(source: Words, flip: bool, half_width: Array, box: Array, out: Words, out_box: Array) -> None:
    """Add to ``out`` the dilation of ``source`` (of its complement if ``flip``) by a ball.

    ``half_width[dz, dy]`` is the ball's half width along x, -1 where the ball has no voxel. Only the
    planes and rows of ``box`` (z0, z1, y0, y1) are read and only those of ``out_box`` written.

    The ball is a stack of discs, a disc a set of rows: every plane is widened along x by each half
    width once, the widened rows are joined to discs, and every disc serves the plane above and below.
    """
    words, ny = source.shape[1], source.shape[2]
    reach_z, reach_y = half_width.shape[0] - 1, half_width.shape[1] - 1
    z0, z1, y0, y1 = box[0], box[1], box[2], box[3]
    top, bottom, low, high = out_box[0], out_box[1], out_box[2], out_box[3]
    plane = np.zeros((words, ny), dtype=np.uint64)
    wide = np.zeros((half_width[0, 0] + 1, words, ny), dtype=np.uint64)
    disc = np.zeros((words, ny), dtype=np.uint64)
    for z in range(max(z0, top - reach_z), min(z1, bottom + reach_z)):
        seen = np.uint64(0)
        for w in range(words):
            for y in range(y0, y1):
                v = ~source[z, w, y] if flip else source[z, w, y]
                plane[w, y] = v
                seen |= v
        if seen == np.uint64(0):
            continue
        widen(plane, wide, y0, y1)
        for dz in range(reach_z + 1):
            above = z - dz >= top and z - dz < bottom
            below = dz > 0 and z + dz < bottom and z + dz >= top
            if not (above or below) or half_width[dz, 0] < 0:
                continue
            disc[:, low:high] = np.uint64(0)
            for dy in range(-reach_y, reach_y + 1):
                k = half_width[dz, abs(dy)]
                if k < 0:
                    continue
                first, last = max(low, y0 + dy), min(high, y1 + dy)
                for w in range(words):
                    target = disc[w, first:last]
                    rows = wide[k, w, first - dy : last - dy]
                    for y in range(target.size):
                        target[y] |= rows[y]
            for w in range(words):
                for y in range(low, high):
                    v = disc[w, y]
                    if above:
                        out[z - dz, w, y] |= v
                    if below:
                        out[z + dz, w, y] |= v


@compiled
def fill_rows(reached: Words, free: Words) -> None:
    """Let ``reached`` (word, y) run along x, both ways, through the voxels that are ``free``."""
    words, ny = reached.shape
    for w in range(words):
        for y in range(ny):
            g, p = reached[w, y], free[w, y]
            if w > 0:
                g |= p & (reached[w - 1, y] >> TOP)
            for shift in (1, 2, 4, 8, 16, 32):
                s = np.uint64(shift)
                g |= p & (g << s)
                p &= p << s
            reached[w, y] = g
    for w in range(words - 1, -1, -1):
        for y in range(ny):
            g, p = reached[w, y], free[w, y]
            if w + 1 < words:
                g |= p & (reached[w + 1, y] << TOP)
            for shift in (1, 2, 4, 8, 16, 32):
                s = np.uint64(shift)
                g |= p & (g >> s)
                p &= p >> s
            reached[w, y] = g


@compiled
def _sweep(reached: Words, free: Words, z: Whole, before: Whole) -> None:
    words, ny = reached.shape[1], reached.shape[2]
    for w in range(words):
        for y in range(ny):
            reached[z, w, y] |= reached[before, w, y] & free[z, w, y]
        for y in range(1, ny):
            reached[z, w, y] |= reached[z, w, y - 1] & free[z, w, y]
        for y in range(ny - 2, -1, -1):
            reached[z, w, y] |= reached[z, w, y + 1] & free[z, w, y]
    fill_rows(reached[z], free[z])


@compiled
def fill_holes(a: Words, box: Array) -> Whole:
    """Add to ``a`` the background that no 6-connected path joins to the outside of ``box``.

    ``box`` is (z0, z1, y0, y1, x0, x1) and holds all of ``a``. Returns the number of voxels added.
    """
    words = a.shape[1]
    nz, ny = box[1] - box[0], box[3] - box[2]
    inside = span_mask(words, box[4], box[5])
    part = a[box[0] : box[1], :, box[2] : box[3]]
    free = np.empty((nz, words, ny), dtype=np.uint64)
    reached = np.empty((nz, words, ny), dtype=np.uint64)
    for z in range(nz):
        for w in range(words):
            # One voxel past the box at its faces is the outside: seeds on the faces of the box.
            left = inside[w] & ~((inside[w] << ONE) | (inside[w - 1] >> TOP if w > 0 else np.uint64(0)))
            right = inside[w] & ~(
                (inside[w] >> ONE) | (inside[w + 1] << TOP if w + 1 < words else np.uint64(0))
            )
            for y in range(ny):
                v = inside[w] & ~part[z, w, y]
                free[z, w, y] = v
                on_face = z == 0 or z == nz - 1 or y == 0 or y == ny - 1
                reached[z, w, y] = v if on_face else v & (left | right)
    before = -1
    while True:
        for z in range(nz):
            _sweep(reached, free, z, max(z - 1, 0))
        for z in range(nz - 1, -1, -1):
            _sweep(reached, free, z, min(z + 1, nz - 1))
        left_over: Whole = np.int64(0)
        for z in range(nz):
            for w in range(words):
                for y in range(ny):
                    left_over += np.int64(ones(free[z, w, y] & ~reached[z, w, y]))
        if left_over in (0, before):
            break
        before = left_over
    if left_over > 0:
        for z in range(nz):
            for w in range(words):
                for y in range(ny):
                    part[z, w, y] |= free[z, w, y] & ~reached[z, w, y]
    return left_over


@compiled
def perimeter(a: Words, box: Array) -> Whole:
    """The number of voxels that an erosion with the 6-neighbourhood removes; zeros lie around ``box``."""
    words = a.shape[1]
    total = np.uint64(0)
    for z in range(box[0], box[1]):
        for w in range(words):
            for y in range(box[2], box[3]):
                v = a[z, w, y]
                left = (v << ONE) | (a[z, w - 1, y] >> TOP if w > 0 else np.uint64(0))
                right = (v >> ONE) | (a[z, w + 1, y] << TOP if w + 1 < words else np.uint64(0))
                core = left & right & a[z, w, y - 1] & a[z, w, y + 1] & a[z - 1, w, y] & a[z + 1, w, y]
                total += ones(v & ~core)
    return np.int64(total)


@compiled
def _row_sums(a: Words, y0: Whole, y1: Whole, low: Words, high: Words) -> None:
    """Two-bit sums of each voxel of a plane (word, y) and its two neighbours along x."""
    words = a.shape[0]
    for w in range(words):
        for y in range(y0, y1):
            v = a[w, y]
            left = (v << ONE) | (a[w - 1, y] >> TOP if w > 0 else np.uint64(0))
            right = (v >> ONE) | (a[w + 1, y] << TOP if w + 1 < words else np.uint64(0))
            low[w, y] = v ^ left ^ right
            high[w, y] = (v & left) | (v & right) | (left & right)


@compiled
def _plane_sums(a: Words, y0: Whole, y1: Whole, low: Words, high: Words, sums: Words) -> None:
    """Four-bit sums of the 3 x 3 voxels around each voxel of a plane."""
    _row_sums(a, y0 - 1, y1 + 1, low, high)
    for w in range(a.shape[0]):
        for y in range(y0, y1):
            a0, b0, c0 = low[w, y - 1], low[w, y], low[w, y + 1]
            a1, b1, c1 = high[w, y - 1], high[w, y], high[w, y + 1]
            carry = (a0 & b0) | (a0 & c0) | (b0 & c0)
            odd = a1 ^ b1 ^ c1
            pair = (a1 & b1) | (a1 & c1) | (b1 & c1)
            both = odd & carry
            sums[0, w, y] = a0 ^ b0 ^ c0
            sums[1, w, y] = odd ^ carry
            sums[2, w, y] = pair ^ both
            sums[3, w, y] = pair & both


@compiled
def median(a: Words, box: Array, out: Words) -> None:
    """The 3 x 3 x 3 binary median: set where at least 14 of the 27 voxels are.

    Counted in bits, 64 voxels at a time. Nothing outside ``box`` can be set, because a voxel one step
    outside sees at most 9 voxels of the particle.
    """
    words, ny = a.shape[1], a.shape[2]
    low = np.zeros((words, ny), dtype=np.uint64)
    high = np.zeros((words, ny), dtype=np.uint64)
    sums = np.zeros((3, 4, words, ny), dtype=np.uint64)
    y0, y1 = box[2], box[3]
    _plane_sums(a[box[0] - 1], y0, y1, low, high, sums[0])
    _plane_sums(a[box[0]], y0, y1, low, high, sums[1])
    for z in range(box[0], box[1]):
        turn = z - box[0]
        _plane_sums(a[z + 1], y0, y1, low, high, sums[(turn + 2) % 3])
        p, q, r = sums[turn % 3], sums[(turn + 1) % 3], sums[(turn + 2) % 3]
        for w in range(words):
            for y in range(y0, y1):
                # p + q: five bits s0 to s4
                x0, x1, x2, x3 = p[0, w, y], p[1, w, y], p[2, w, y], p[3, w, y]
                k0, k1, k2, k3 = q[0, w, y], q[1, w, y], q[2, w, y], q[3, w, y]
                s0 = x0 ^ k0
                c = x0 & k0
                s1 = x1 ^ k1 ^ c
                c = (x1 & k1) | (c & (x1 ^ k1))
                s2 = x2 ^ k2 ^ c
                c = (x2 & k2) | (c & (x2 ^ k2))
                s3 = x3 ^ k3 ^ c
                s4 = (x3 & k3) | (c & (x3 ^ k3))
                # + r
                k0, k1, k2, k3 = r[0, w, y], r[1, w, y], r[2, w, y], r[3, w, y]
                c = s0 & k0
                t1 = s1 ^ k1 ^ c
                c = (s1 & k1) | (c & (s1 ^ k1))
                t2 = s2 ^ k2 ^ c
                c = (s2 & k2) | (c & (s2 ^ k2))
                t3 = s3 ^ k3 ^ c
                c = (s3 & k3) | (c & (s3 ^ k3))
                out[z, w, y] = (s4 | c) | (t3 & t2 & t1)
