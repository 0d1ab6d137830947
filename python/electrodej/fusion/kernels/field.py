"""Compiled parts of the fused field: gaps bridged, views summed, the sum smoothed. Whole numbers only, so
that a voxel's value depends on neither the slab nor the machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.compiled import compiled


@compiled
def bridge_rows(source: Any, reach: int, first: int, out: Any) -> None:
    """Bridge gaps along z and add to ``out``, whose slice 0 is slice ``first`` of ``source``.

    A voxel gets the lesser of the most that its ``reach`` neighbours have on either side, if that is more
    than its own. Beyond the volume is nothing.
    """
    depth, rows, columns = source.shape
    below = np.empty(columns, np.uint8)
    above = np.empty(columns, np.uint8)
    for z in range(out.shape[0]):
        at = z + first
        for y in range(rows):
            below[:] = 0
            above[:] = 0
            for step in range(1, reach + 1):
                if at - step >= 0:
                    line = source[at - step, y]
                    for x in range(columns):
                        below[x] = max(below[x], line[x])
                if at + step < depth:
                    line = source[at + step, y]
                    for x in range(columns):
                        above[x] = max(above[x], line[x])
            own = source[at, y]
            target = out[z, y]
            for x in range(columns):
                target[x] += max(own[x], min(below[x], above[x]))


@compiled
def bridge_within_rows(source: Any, reach: int, first: int, out: Any) -> None:
    """The same along x."""
    rows, columns = source.shape[1:]
    padded = np.zeros(columns + 2 * reach, np.uint8)
    below = np.empty(columns, np.uint8)
    above = np.empty(columns, np.uint8)
    for z in range(out.shape[0]):
        for y in range(rows):
            own = source[z + first, y]
            target = out[z, y]
            padded[reach : reach + columns] = own
            below[:] = 0
            above[:] = 0
            for step in range(1, reach + 1):
                before = padded[reach - step : reach - step + columns]
                behind = padded[reach + step : reach + step + columns]
                for x in range(columns):
                    below[x] = max(below[x], before[x])
                for x in range(columns):
                    above[x] = max(above[x], behind[x])
            for x in range(columns):
                target[x] += max(own[x], min(below[x], above[x]))


@compiled
def smooth_z(source: Any, taps: Any, first: int, shift: int, out: Any) -> None:
    """Weigh slices, ``out[0]`` about slice ``first``; beyond the volume, its outermost is repeated."""
    depth, rows, columns = source.shape
    reach = len(taps) // 2
    total = np.empty(columns, np.uint32)
    for z in range(out.shape[0]):
        for y in range(rows):
            total[:] = np.uint32(1 << (shift - 1))
            for tap in range(len(taps)):
                at = min(max(z + first + tap - reach, 0), depth - 1)
                line = source[at, y]
                weight = taps[tap]
                for x in range(columns):
                    total[x] += weight * np.uint32(line[x])
            target = out[z, y]
            for x in range(columns):
                target[x] = np.uint16(total[x] >> np.uint32(shift))


@compiled
def smooth_yx(source: Any, taps_y: Any, taps_x: Any, shift: int, out: Any) -> None:
    """Weigh rows, then columns, into ``out``, which has a rim of one voxel in y and x that is left alone."""
    depth, rows, columns = source.shape
    reach_y, reach_x = len(taps_y) // 2, len(taps_x) // 2
    half = np.uint32(1 << (shift - 1))
    total = np.empty(columns, np.uint32)
    padded = np.empty(columns + 2 * reach_x, np.uint32)
    for z in range(depth):
        for y in range(rows):
            total[:] = half
            for tap in range(len(taps_y)):
                line = source[z, min(max(y + tap - reach_y, 0), rows - 1)]
                weight = taps_y[tap]
                for x in range(columns):
                    total[x] += weight * np.uint32(line[x])
            for x in range(columns):
                padded[reach_x + x] = total[x] >> np.uint32(shift)
            padded[:reach_x] = padded[reach_x]
            padded[reach_x + columns :] = padded[reach_x + columns - 1]
            total[:] = half
            for tap in range(len(taps_x)):
                weight = taps_x[tap]
                for x in range(columns):
                    total[x] += weight * padded[x + tap]
            target = out[z, y + 1]
            for x in range(columns):
                target[x + 1] = np.uint16(total[x] >> np.uint32(shift))
