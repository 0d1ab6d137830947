"""The measures of all voxels of a box, from grey values in and around it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.forest.bank import Bank, reach
from electrodej.vocabulary import Shape
from electrodej.volume import Volume, check_grey

Grid = NDArray[np.float32]
Box = tuple[slice, slice, slice]


def read_scaled(volume: Volume, box: Box, levels: tuple[float, float]) -> Grid:
    """Return grey values of a box; ``levels`` become 0 and 1. An image of one grey value becomes 0."""
    grey = check_grey(volume[box], volume.path, start=box[0].start)
    low, high = levels
    if not high > low:
        return np.zeros(grey.shape, np.float32)
    return (grey.astype(np.float32) - np.float32(low)) * np.float32(1 / (high - low))


def with_halo(box: Box, bank: Bank, shape: Shape) -> Box:
    """Return the box that must be read for the measures in a box.

    It begins at a voxel that all coarser grids have, so that these are the same in every box.
    """
    step = 2**bank.levels
    outer = []
    for axis, (part, length) in enumerate(zip(box, shape, strict=True)):
        low, high = part.start - bank.halo[axis], part.stop + bank.halo[axis]
        if axis in bank.axes:
            low -= low % step
        outer.append(slice(max(low, 0), min(high, length)))
    return (outer[0], outer[1], outer[2])


def box_measures(grey: Grid, bank: Bank, outer: Box, inner: Box) -> Grid:
    """Return the measures in a box.

    Parameters
    ----------
    grey
        Scaled grey values of ``outer``, see `read_scaled`.
    bank
        Which measures.
    outer, inner
        The box that was read, see `with_halo`, and the box that is wanted.

    Returns
    -------
    measures
        Shape (measures, z, y, x).
    """
    shape = tuple(part.stop - part.start for part in inner)
    out = np.empty((len(bank.names), *shape), np.float32)
    start = tuple(part.start - around.start for part, around in zip(inner, outer, strict=True))
    core: Any = tuple(slice(low, low + length) for low, length in zip(start, shape, strict=True))
    out[0] = grey[core]
    grids = _coarser_grids(grey, bank)
    for number, sigma in enumerate(bank.sigmas):
        first = 1 + number * bank.per_sigma
        _at_scale(grids[bank.level(sigma)], bank, sigma, (start, shape), out[first : first + bank.per_sigma])
    return out


def _coarser_grids(grey: Grid, bank: Bank) -> list[Grid]:
    grids = [grey]
    for level in range(bank.levels):
        by = bank.smoothing_before(level)
        smooth = smoothed(grids[-1], tuple(by if axis in bank.axes else 0.0 for axis in range(3)))
        every: Any = tuple(slice(None, None, 2 if axis in bank.axes else 1) for axis in range(3))
        grids.append(np.ascontiguousarray(smooth[every]))
    return grids


def _at_scale(grid: Grid, bank: Bank, sigma: float, core: tuple[Any, Any], out: Grid) -> None:
    """Write the measures at one scale, of the part of the grid around the box that they depend on."""
    from electrodej.forest.kernels import filters, measures

    step = 2 ** bank.level(sigma)
    steps = (step if bank.dimensions == 3 else 1, step, step)
    part, offset = _needed(grid.shape, bank, sigma, steps, core)
    grid = np.ascontiguousarray(grid[part])
    smooth = smoothed(grid, _three(bank, sigma, bank.more))
    own = _three(bank, sigma, bank.own)
    flat = bank.dimensions == 2
    found = np.empty((bank.per_sigma, *grid.shape), np.float32)
    products = np.empty((3 if flat else 6, *grid.shape), np.float32)
    found[0] = smooth
    slopes = 4 if flat else 5
    (measures.slopes_2d if flat else measures.slopes_3d)(smooth, own, found[1 : 1 + slopes], products)
    for number in range(len(products)):
        products[number] = smoothed(products[number], own)
    (measures.drawn_out_2d if flat else measures.drawn_out_3d)(products, found[1 + slopes :])
    if max(steps) == 1:
        inside: Any = tuple(slice(low, low + n) for low, n in zip(offset, out.shape[1:], strict=True))
        out[:] = found[(slice(None), *inside)]
        return
    for number in range(bank.per_sigma):
        filters.enlarge(found[number], steps, offset, out[number])


def _needed(
    shape: tuple[int, ...], bank: Bank, sigma: float, steps: tuple[int, ...], core: tuple[Any, Any]
) -> tuple[Any, tuple[int, int, int]]:
    """Return the part of a grid that the box depends on, and where in it the box begins, in voxels."""
    parts, offsets = [], []
    for axis in range(3):
        start, length = core[0][axis], core[1][axis]
        if axis not in bank.axes:
            parts.append(slice(start, start + length))
            offsets.append(0)
            continue
        around = reach(bank.more(sigma, axis)) + reach(bank.own(sigma, axis)) + 2
        low = max(start // steps[axis] - around, 0)
        high = min((start + length - 1) // steps[axis] + 1 + around, shape[axis])
        parts.append(slice(low, high))
        offsets.append(start - low * steps[axis])
    return tuple(parts), (offsets[0], offsets[1], offsets[2])


def _three(bank: Bank, sigma: float, of: Any) -> tuple[float, float, float]:
    z, y, x = (float(of(sigma, axis)) if axis in bank.axes else 0.0 for axis in range(3))
    return (z, y, x)


def smoothed(grid: Grid, sigma: tuple[float, ...]) -> Grid:
    """Return an image smoothed by a Gaussian, mirrored at its ends; 0 leaves an axis as it is."""
    from electrodej.forest.kernels import filters

    now = np.ascontiguousarray(grid)
    depth, rows, length = grid.shape
    # Along z, planes are what rows are along y.
    for axis, smooth, shape in (
        (0, filters.smooth_across, (1, depth, rows * length)),
        (1, filters.smooth_across, grid.shape),
        (2, filters.smooth_along, grid.shape),
    ):
        if sigma[axis] > 0 and grid.shape[axis] > 1:
            target = np.empty_like(now)
            smooth(now.reshape(shape), gaussian_taps(sigma[axis]), target.reshape(shape))
            now = target
    return now


def gaussian_taps(sigma: float) -> Grid:
    """Return the weights of the middle and of the pixels at the distances 1, 2, ...; in all they sum to 1.

    >>> taps = gaussian_taps(1.0)
    >>> len(taps), round(float(taps[0] + 2 * taps[1:].sum()), 6)
    (4, 1.0)
    """
    weights = np.array([math.exp(-0.5 * (k / sigma) ** 2) for k in range(reach(sigma) + 1)])
    return np.asarray(weights / (weights[0] + 2 * weights[1:].sum()), np.float32)
