"""Sets of voxels as bits: 64 voxels of a row along x in one word.

A set is an array ``(z, word, y)`` of uint64. Bit b of word w is the voxel x = 64 w + b. The rows lie
side by side along y, so that one machine instruction treats several of them whatever the particle's
width, a shift in y or z is a shift of the index, and a shift in x is a shift of the bits.

The sets of a batch of particles lie one after another in a flat array; ``shapes`` (n, 3) and ``places``
(n,) say how large each is and where it begins. ``boxes`` (n, 6: z0, z1, y0, y1, x0, x1) are the
particles' bounding boxes in these coordinates; around them there is room for the ball and a voxel more.
"""

from __future__ import annotations

import numpy as np

from electrodej.compiled import compiled
from electrodej.features.typing import Array, Ints, Whole, Words

NONE = np.uint64(0)
ONE = np.uint64(1)
TOP = np.uint64(63)
_M1 = np.uint64(0x5555555555555555)
_M2 = np.uint64(0x3333333333333333)
_M4 = np.uint64(0x0F0F0F0F0F0F0F0F)
_H01 = np.uint64(0x0101010101010101)
_GATHER = np.uint64(0x0102040810204080)
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
    """The place of the lowest bit that is set; 64 where none is."""
    return np.int64(ones((word & (~word + ONE)) - ONE))


@compiled
def view(flat: Words, shapes: Ints, places: Ints, i: Whole) -> Words:
    """The bits of particle ``i`` of a batch, as (z, word, y)."""
    nz, words, ny = shapes[i, 0], shapes[i, 1], shapes[i, 2]
    return flat[places[i] : places[i] + nz * words * ny].reshape((nz, words, ny))


@compiled
def span(word: Whole, start: Whole, stop: Whole) -> Whole:
    """Word number ``word`` of a row in which the bits ``start`` to ``stop`` (exclusive) are set."""
    low = min(max(start - 64 * word, 0), 64)
    high = min(max(stop - 64 * word, 0), 64)
    if high <= low:
        return NONE
    return (~NONE >> np.uint64(64 - (high - low))) << np.uint64(low)


@compiled
def next_place(row: Words, x: Whole, stop: Whole, flip: Whole) -> Whole:
    """The first voxel from ``x`` on that is set (not set, if ``flip`` is all ones); else ``stop``."""
    while x < stop:
        rest = (row[x >> 6] ^ flip) >> np.uint64(x & 63)
        if rest != NONE:
            return min(x + lowest(rest), stop)
        x = (x | 63) + 1
    return stop


@compiled
def gather(bytes8: Words, word: Whole) -> Whole:
    """The 64 truth values (bytes 0 or 1, seen as 8 words) that make up a word."""
    bits = NONE
    for eighth in range(8):
        bits |= ((bytes8[8 * word + eighth] * _GATHER) >> _S56) << np.uint64(8 * eighth)
    return bits


@compiled
def pack(
    labels: Array,
    ids: Ints,
    corners: Ints,
    where: tuple[Ints, Ints],
    boxes: Ints,
    own: Words,
    other: Words,
    both: bool,
) -> None:
    """Set in ``own`` the voxels of each particle and, if ``both``, in ``other`` those of all others.

    Voxel (0, 0, 0) of a particle's set is the voxel ``corners[i]`` of ``labels``, which may lie outside
    of it: everything outside is background. ``where`` are the sets' shapes and their places in the words.
    """
    shapes, places = where
    depth, height, width = labels.shape
    nothing = labels.dtype.type(0)
    for i in range(ids.size):
        mine = labels.dtype.type(ids[i])
        a, b = view(own, shapes, places, i), view(other, shapes, places, i)
        nz, words, ny = a.shape
        z0, y0, x0 = corners[i, 0], corners[i, 1], corners[i, 2]
        box = boxes[i]
        for z in range(max(0, -z0) if both else box[0], min(nz, depth - z0) if both else box[1]):
            for y in range(max(0, -y0) if both else box[2], min(ny, height - y0) if both else box[3]):
                row = labels[z0 + z, y0 + y]
                with_own = box[0] <= z < box[1] and box[2] <= y < box[3]
                for w in range(words):
                    start = x0 + 64 * w
                    is_any, is_own = NONE, NONE
                    if start >= 0 and start + 64 <= width:
                        part = row[start : start + 64]
                        if both:
                            for x in range(64):
                                is_any |= np.uint64(part[x] != nothing) << np.uint64(x)
                        if with_own:
                            for x in range(64):
                                is_own |= np.uint64(part[x] == mine) << np.uint64(x)
                    else:
                        for x in range(max(0, -start), min(64, width - start)):
                            is_any |= np.uint64(row[start + x] != nothing) << np.uint64(x)
                            is_own |= np.uint64(row[start + x] == mine) << np.uint64(x)
                    if with_own:
                        a[z, w, y] = is_own
                    if both:
                        b[z, w, y] = is_any & ~is_own


@compiled
def count(flat: Words, shapes: Ints, places: Ints, out: Ints) -> None:
    """The number of voxels of each set."""
    for i in range(places.size):
        total = NONE
        for word in view(flat, shapes, places, i).reshape(-1):
            total += ones(word)
        out[i] = np.int64(total)


@compiled
def dilate(
    flat: Words, shapes: Ints, places: Ints, boxes: Ints, half_width: Array, out: Words, skip: Array
) -> None:
    """Add to ``out`` each set dilated by a ball; a set lies in its box. Where ``skip`` is set, nothing.

    ``half_width[dz, dy]`` is the ball's half width along x, -1 where the ball has no voxel. The ball is
    a stack of discs, a disc a set of rows: every plane is widened along x by each half width once, the
    widened rows are joined to discs, and every disc serves the plane above and the plane below.
    """
    reach, margin = half_width.shape[0] - 1, half_width.shape[1] - 1
    for i in range(places.size):
        if skip[i]:
            continue
        source, target = view(flat, shapes, places, i), view(out, shapes, places, i)
        words, ny = source.shape[1], source.shape[2]
        y0, y1 = boxes[i, 2], boxes[i, 3]
        # A shift in y is smaller than the padding, so it never carries rows into the next word's.
        low, high = y0 - margin, words * ny - (ny - y1) + margin
        wide = np.zeros((half_width[0, 0] + 1, words * ny + 2 * margin), dtype=np.uint64)
        disc = np.zeros(high - low, dtype=np.uint64)
        for z in range(boxes[i, 0], boxes[i, 1]):
            if _widen(source[z], False, wide, margin, y0, y1) == NONE:
                continue
            for dz in range(reach + 1):
                if half_width[dz, 0] < 0:
                    break
                _disc(wide, margin, half_width[dz], disc, low)
                for side in range(2 if dz > 0 else 1):
                    plane = target[z - dz if side == 0 else z + dz].reshape(-1)[low:high]
                    for j in range(disc.size):
                        plane[j] |= disc[j]


@compiled
def erode(flat: Words, shapes: Ints, places: Ints, boxes: Ints, half_width: Array, out: Words) -> None:
    """Set in ``out`` those voxels of each box from which the whole ball lies in the set.

    The complement dilated, as in `dilate`, but only where the box is.
    """
    reach, margin = half_width.shape[0] - 1, half_width.shape[1] - 1
    for i in range(places.size):
        source, target = view(flat, shapes, places, i), view(out, shapes, places, i)
        words, ny = source.shape[1], source.shape[2]
        z0, z1, y0, y1 = boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3]
        low, high = y0, words * ny - (ny - y1)
        wide = np.zeros((half_width[0, 0] + 1, words * ny + 2 * margin), dtype=np.uint64)
        disc = np.zeros(high - low, dtype=np.uint64)
        for z in range(z0 - reach, z1 + reach):
            _widen(source[z], True, wide, margin, 0, ny)
            for dz in range(reach + 1):
                above, below = z0 <= z - dz < z1, dz > 0 and z0 <= z + dz < z1
                if half_width[dz, 0] < 0 or not (above or below):
                    continue
                _disc(wide, margin, half_width[dz], disc, low)
                for side in range(2):
                    if above if side == 0 else below:
                        plane = target[z - dz if side == 0 else z + dz].reshape(-1)[low:high]
                        for j in range(disc.size):
                            plane[j] |= disc[j]
        for z in range(z0, z1):
            for w in range(words):
                inside = span(w, boxes[i, 4], boxes[i, 5])
                for y in range(ny):
                    target[z, w, y] = ~target[z, w, y] & inside if y0 <= y < y1 else NONE


@compiled
def _widen(plane: Words, flip: bool, wide: Words, margin: Whole, y0: Whole, y1: Whole) -> Whole:
    """Fill ``wide[k]`` with a plane (its complement if ``flip``) dilated by k voxels along x.

    The rows begin at ``margin`` in ``wide``. Returns a word that is not zero if any of the plane is.
    """
    words, ny = plane.shape
    seen = NONE
    for w in range(words):
        rows = plane[w, y0:y1]
        target = wide[0, margin + w * ny + y0 : margin + w * ny + y1]
        for y in range(rows.size):
            v = ~rows[y] if flip else rows[y]
            target[y] = v
            seen |= v
    if seen == NONE:
        return seen
    for k in range(1, wide.shape[0]):
        for w in range(words):
            start, stop = margin + w * ny + y0, margin + w * ny + y1
            former, target = wide[k - 1, start:stop], wide[k, start:stop]
            for y in range(former.size):
                v = former[y]
                target[y] = v | (v << ONE) | (v >> ONE)
            if w > 0:
                left = wide[k - 1, start - ny : stop - ny]
                for y in range(left.size):
                    target[y] |= left[y] >> TOP
            if w + 1 < words:
                right = wide[k - 1, start + ny : stop + ny]
                for y in range(right.size):
                    target[y] |= right[y] << TOP
    return seen


@compiled
def _disc(wide: Words, margin: Whole, half_width: Array, disc: Words, low: Whole) -> None:
    """Join the widened rows to a disc; its first row is row ``low``."""
    first, last = margin + low, margin + low + disc.size
    middle = wide[half_width[0], first:last]
    for j in range(disc.size):
        disc[j] = middle[j]
    for dy in range(1, half_width.size):
        k = half_width[dy]
        if k < 0:
            break
        up, down = wide[k, first - dy : last - dy], wide[k, first + dy : last + dy]
        for j in range(disc.size):
            disc[j] |= up[j] | down[j]
