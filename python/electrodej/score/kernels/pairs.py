"""The compiled loop that counts pairs of labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled

_LABEL_BITS = np.uint64(32)
# Knuth's multiplicative hash: 2^64 over the golden ratio. Its upper bits are the well mixed ones.
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_STRIDE = 16


@compiled
def count_pairs(
    truth: Any, pred: Any, start: int, stop: int, keys: Any, counts: Any, used: int
) -> tuple[int, int]:
    """Count the pairs ``(truth[i], pred[i])`` for ``start <= i < stop`` into a hash table.

    ``keys`` (uint64) and ``counts`` (int64) are the table: open addressing, a power of two long, a slot
    is free where its count is 0. A pair's key holds the truth label in the upper and the predicted
    label in the lower 32 bits. Neighbouring voxels mostly carry the same pair, so whole runs are
    counted at once.

    Returns the position reached and the number of used slots. The position is before ``stop`` where
    the table is half full: the caller then grows it and calls again.
    """
    mask = np.uint64(keys.size - 1)
    limit = keys.size // 2
    position = start
    while position < stop:
        truth_label = truth[position]
        pred_label = pred[position]
        end = position + 1
        # Without a branch inside, this inner loop becomes vector instructions.
        while end + _STRIDE <= stop:
            differs = False
            for i in range(end, end + _STRIDE):
                differs |= (truth[i] != truth_label) | (pred[i] != pred_label)
            if differs:
                break
            end += _STRIDE
        while end < stop and truth[end] == truth_label and pred[end] == pred_label:
            end += 1
        key = (np.uint64(truth_label) << _LABEL_BITS) | np.uint64(pred_label)
        slot = ((key * _GOLDEN) >> _LABEL_BITS) & mask
        while counts[slot] != 0 and keys[slot] != key:
            slot = (slot + np.uint64(1)) & mask
        if counts[slot] == 0:
            if used >= limit:
                return position, used
            keys[slot] = key
            used += 1
        counts[slot] += end - position
        position = end
    return position, used


@compiled
def grow_table(keys: Any, counts: Any, new_keys: Any, new_counts: Any) -> None:
    """Move every pair of a hash table into a larger, empty one."""
    mask = np.uint64(new_keys.size - 1)
    for i in range(keys.size):
        if counts[i] == 0:
            continue
        slot = ((keys[i] * _GOLDEN) >> _LABEL_BITS) & mask
        while new_counts[slot] != 0:
            slot = (slot + np.uint64(1)) & mask
        new_keys[slot] = keys[i]
        new_counts[slot] = counts[i]
