"""Cut planes into tiles, run a network over them, and put the results together without seams.

The poolings of a network make it sensitive to where its image begins: moved by one pixel, the result is
another one; moved by a multiple of its step (8 or 16 pixels), it is the same, moved. And a result depends on
the image as far as the network's reach. So tiles begin at multiples of the step, carry a margin of at least
the reach where another tile lies beside them, which is cut off afterwards, and the whole plane is continued
by one step of reflection on each side: where the tiles are cut changes nothing but rounding. A network for
one size of image has no such reach; its tiles overlap by half and are blended.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.networks.semantic.folder import SemanticModel

FloatArray = NDArray[np.float32]

DEFAULT_MEMORY = 2 * 2**30
_MOST_BATCH = 16
# Maps of full size that a network is taken to hold at once; each costs four bytes a pixel and filter.
_MAPS = 12


@dataclass(frozen=True)
class TilePlan:
    """How planes of one size are cut.

    Attributes
    ----------
    starts
        First row, and first column, of each tile; below 0 the plane is continued.
    size
        Rows and columns of a tile.
    margin
        Pixels that are cut off a tile where another one lies beside it.
    batch
        Tiles in a batch.
    blended
        Whether overlapping tiles are blended, not laid beside each other.
    """

    starts: tuple[tuple[int, ...], tuple[int, ...]]
    size: tuple[int, int]
    margin: int
    batch: int
    blended: bool = False


def plan_tiles(
    rows: int, columns: int, model: SemanticModel, *, memory: int = DEFAULT_MEMORY, tile: int = 0
) -> TilePlan:
    """Choose tiles as large as the memory allows: the larger, the less is computed twice.

    Parameters
    ----------
    rows, columns
        Of a plane.
    model
        The network.
    memory
        Bytes that may be used.
    tile
        Largest side of a tile in pixels without its margins; 0: by the memory.
    """
    fixed = model.config.fixed_size
    per_pixel = 4 * _MAPS * model.config.n_filters
    pixels = max(1, memory // 2 // per_pixel)
    if fixed is not None:
        half = fixed // 2
        lengths = [max(fixed, _up(length, half) + half) for length in (rows, columns)]
        starts = [tuple(range(-(half // 2), length - fixed + 1 - half // 2, half)) for length in lengths]
        batch = max(1, min(_MOST_BATCH, pixels // fixed**2))
        return TilePlan((starts[0], starts[1]), (fixed, fixed), 0, batch, True)
    step = model.config.step
    margin = _up(model.config.reach, step)
    inner = tile or int(math.sqrt(pixels)) - 2 * margin
    cuts = [_cut(length, max(step, inner // step * step), margin, step) for length in (rows, columns)]
    size = cuts[0][1], cuts[1][1]
    batch = max(1, min(_MOST_BATCH, pixels // math.prod(size)))
    return TilePlan((cuts[0][0], cuts[1][0]), size, margin, batch)


def _cut(length: int, inner: int, margin: int, step: int) -> tuple[tuple[int, ...], int]:
    """Return where tiles begin along an axis, and how long they are.

    All cuts of one length begin at the same place before its first pixel and end at the same one behind its
    last: there the network itself fills up with zeros, which must not depend on the tiles.
    """
    first, last = -step, _up(length, step) + step
    if last - first <= inner + 2 * margin:
        return (first,), last - first
    count = -(-(last - first - 2 * margin) // inner)
    side = _up(-(-(last - first - 2 * margin) // count), step) + 2 * margin
    starts = (min(first + number * (side - 2 * margin), last - side) for number in range(count))
    return tuple(dict.fromkeys(starts)), side


def smaller_plan(plan: TilePlan, model: SemanticModel, plane: Sequence[int]) -> TilePlan | None:
    """Return a plan that needs about half the memory; None where there is none."""
    if plan.batch > 1:
        return replace(plan, batch=plan.batch // 2)
    inner = max(plan.size) - 2 * plan.margin
    while not plan.blended and inner > model.config.step:
        inner = max(model.config.step, inner // 2)
        smaller = plan_tiles(plane[0], plane[1], model, tile=inner)
        if math.prod(smaller.size) < math.prod(plan.size):
            return replace(smaller, batch=1)
    return None


def predict_planes(
    planes: FloatArray, model: SemanticModel, plan: TilePlan, tell: Callable[[float], None] | None = None
) -> FloatArray:
    """Return the network's output (plane, row, column, channel) for scaled planes (plane, row, column)."""
    rows, columns = planes.shape[1:]
    channels = model.network.output_shape[-1]
    result = np.zeros((len(planes), rows, columns, channels), np.float32)
    weight = np.zeros((rows, columns, 1), np.float32) if plan.blended else None
    places = [(y, x) for y in plan.starts[0] for x in plan.starts[1]]
    work = [(number, place) for place in places for number in range(len(planes))]
    window = _window(plan.size) if plan.blended else None
    for first in range(0, len(work), plan.batch):
        batch = work[first : first + plan.batch]
        tiles = np.stack([_tile(planes[number], place, plan) for number, place in batch])[..., np.newaxis]
        # Always as many tiles, so that the network's graph is made once.
        filled = np.concatenate([tiles, np.repeat(tiles[-1:], plan.batch - len(batch), axis=0)])
        found = _run(model.network, filled)[: len(batch)]
        for (number, place), output in zip(batch, found, strict=True):
            _lay(result[number], output, place, plan, window)
            if weight is not None and number == 0:
                _lay(weight, np.ones((*output.shape[:2], 1), np.float32), place, plan, window)
        if tell is not None:
            tell((first + len(batch)) / len(work))
    if weight is not None:
        result /= np.maximum(weight, np.float32(1e-6))
    return result


def _run(network: Any, tiles: FloatArray) -> FloatArray:
    return np.asarray(network.predict_on_batch(tiles), np.float32)


def _tile(plane: FloatArray, place: tuple[int, int], plan: TilePlan) -> FloatArray:
    """Cut a tile; what lies outside the plane is its reflection."""
    parts = [
        _reflected(np.arange(start, start + side), length)
        for start, side, length in zip(place, plan.size, plane.shape, strict=True)
    ]
    return plane[np.ix_(*parts)]


def _reflected(positions: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Bring positions beyond an axis back into it, as in mirrors at its first and last pixel."""
    if length == 1:
        return np.zeros_like(positions)
    period = 2 * (length - 1)
    turned = np.abs(positions) % period
    return np.where(turned < length, turned, period - turned)


def _lay(
    target: FloatArray,
    output: FloatArray,
    place: tuple[int, int],
    plan: TilePlan,
    window: FloatArray | None,
) -> None:
    """Put a tile's output, without its margins or weighted, where it belongs."""
    places, parts = [], []
    for start, starts, side, length in zip(place, plan.starts, plan.size, target.shape, strict=False):
        low = max(0, start if start == starts[0] else start + plan.margin)
        high = min(length, start + side if start == starts[-1] else start + side - plan.margin)
        places.append(slice(low, high))
        parts.append(slice(low - start, high - start))
    area, inner = target[places[0], places[1]], output[parts[0], parts[1]]
    if window is None:
        area[...] = inner
    else:
        area += inner * window[parts[0], parts[1]]


def _window(size: Sequence[int]) -> FloatArray:
    """Return weights of a tile's pixels that fall towards its edges and add up to one where tiles overlap."""
    y, x = (np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2 for side in size)
    return np.asarray(np.outer(y, x)[..., np.newaxis], np.float32)


def _up(length: int, step: int) -> int:
    return -(-length // step) * step
