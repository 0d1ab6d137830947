"""Run a segmentation network over a volume of any size, tile by tile, without seams.

The poolings of a network make it sensitive to where its image begins: moved by one pixel, the result is
another one; moved by a multiple of its step (8 or 16 pixels), it is the same, moved. And a result depends on
the image as far as the network's reach. So tiles begin at multiples of the step, carry a margin of at least
the reach that is cut off afterwards, and the whole plane is continued by reflection: where the tiles are cut
changes nothing but rounding. A network for one size of image has no such reach; its tiles overlap by half and
are blended.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.files import scratch_folder
from electrodej.networks.normalise import scale
from electrodej.networks.semantic.folder import SemanticModel
from electrodej.networks.semantic.grey import FAR, Levels, measure_levels, shift
from electrodej.progress import Progress, silent
from electrodej.volume import Volume, check_grey

FloatArray = NDArray[np.float32]
View = Literal["xy", "xz", "yz"]

ACROSS: dict[View, int] = {"xy": 0, "xz": 1, "yz": 2}
DEFAULT_MEMORY = 2 * 2**30
# Sums of up to three probabilities are kept as whole numbers of 16 bit between the views.
_FULL = 65535
_MOST_SECTIONS = 64
_MOST_BATCH = 16
# Maps of full size that a network is taken to hold at once; each costs four bytes a pixel and filter.
_MAPS = 12


@dataclass(frozen=True, kw_only=True)
class PredictSettings:
    """How a volume is predicted.

    Attributes
    ----------
    views
        Planes the network sees; the mean over several is taken.
    memory
        Bytes that may be used; decides how large tiles and slabs are.
    tile
        Largest side of a tile in pixels without its margin; 0: as large as the memory allows.
    """

    views: tuple[View, ...] = ("xy",)
    memory: int = DEFAULT_MEMORY
    tile: int = 0

    def __post_init__(self) -> None:
        if not self.views or not set(self.views) <= set(ACROSS) or len(set(self.views)) < len(self.views):
            raise InputError("views are some of xy, xz and yz, each once")


def measure_volume(volume: Volume, model: SemanticModel) -> tuple[Levels, list[str]]:
    """Return the grey levels of a volume, and notes where they are unlike those of the training."""
    sections = sorted({int(z) for z in np.linspace(0, volume.shape[0] - 1, _MOST_SECTIONS)})
    levels = measure_levels((check_grey(volume[z : z + 1], volume.path) for z in sections), model.percentiles)
    notes = []
    if model.histogram:
        distance = shift(levels.histogram, model.histogram)
        if distance > FAR:
            notes.append(
                f"the grey values of {volume.path} are distributed unlike those the model was trained on "
                f"(moved by {distance:.2f} of their range on average); look at the result, and train "
                "further with --init on some slices of this image where it is wrong"
            )
    return levels, notes


def predict_slabs(
    volume: Volume,
    model: SemanticModel,
    *,
    levels: Levels,
    settings: PredictSettings | None = None,
    scratch: str | os.PathLike[str] | None = None,
    progress: Progress = silent,
) -> Iterator[tuple[int, int, FloatArray]]:
    """Yield the probabilities of the classes, slab by slab.

    Parameters
    ----------
    volume
        Grey values.
    model
        See `electrodej.networks.semantic.load_model`.
    levels
        Of the volume, see `measure_volume`.
    settings
        Views, memory and tiles.
    scratch
        File beside which the sum over several views is kept meanwhile; needed for more than one view.
    progress
        Told of each batch of tiles.

    Yields
    ------
    z0, z1, probability
        First slice, the one after the last, and float32 of the shape (z1 - z0, Y, X, classes).
    """
    settings = settings or PredictSettings()
    if settings.views == ("xy",):
        for z0, z1, found in _view_slabs(volume, model, levels, "xy", settings, progress, (0.0, 1.0)):
            yield z0, z1, _both_classes(found)
        return
    if scratch is None:
        raise ValueError("several views need a place for their sum")
    channels = model.network.output_shape[-1]
    with scratch_folder(scratch) as folder:
        shape = (*volume.shape, channels)
        total = np.memmap(folder / "views.sum", np.uint16, "w+", shape=shape)
        try:
            _add_views(total, volume, model, levels, settings, progress)
            depth = max(1, settings.memory // 4 // max(1, math.prod(shape[1:]) * 12))
            for z0 in range(0, shape[0], depth):
                z1 = min(z0 + depth, shape[0])
                yield z0, z1, _both_classes(total[z0:z1].astype(np.float32) / np.float32(_FULL))
        finally:
            total._mmap.close()  # type: ignore[attr-defined]  # Windows removes no file that is mapped


def _add_views(
    total: NDArray[np.uint16],
    volume: Volume,
    model: SemanticModel,
    levels: Levels,
    settings: PredictSettings,
    progress: Progress,
) -> None:
    share = _FULL // len(settings.views)
    for number, view in enumerate(settings.views):
        part = (number / len(settings.views), 1 / len(settings.views))
        here: NDArray[np.uint16] = np.moveaxis(total, ACROSS[view], 0)
        for first, last, found in _view_slabs(volume, model, levels, view, settings, progress, part):
            here[first:last] += np.rint(found * share).astype(np.uint16)


def _view_slabs(
    volume: Volume,
    model: SemanticModel,
    levels: Levels,
    view: View,
    settings: PredictSettings,
    progress: Progress,
    part: tuple[float, float],
) -> Iterator[tuple[int, int, FloatArray]]:
    """Yield the network's output for slabs of a view's planes; axes are (plane, row, column, channel)."""
    across = ACROSS[view]
    count = volume.shape[across]
    rows, columns = (length for axis, length in enumerate(volume.shape) if axis != across)
    channels = model.network.output_shape[-1]
    plane_bytes = rows * columns * (volume.dtype.itemsize + 4 * (2 + channels))
    depth = max(1, min(count, settings.memory // 4 // max(1, plane_bytes), 128))
    plan = plan_tiles(rows, columns, model, settings)
    for first in range(0, count, depth):
        last = min(first + depth, count)
        box: list[slice] = [slice(None)] * 3
        box[across] = slice(first, last)
        grey = check_grey(volume[tuple(box)], volume.path, z0=first if across == 0 else 0)
        planes = scale(np.moveaxis(grey, across, 0), levels.low, levels.high)
        del grey

        def tell(share: float, start: int = first, stop: int = last) -> None:
            done = (start + share * (stop - start)) / count
            progress(part[0] + part[1] * done, 1.0, f"segmenting {view} planes")

        yield first, last, predict_planes(planes, model, plan, tell)


@dataclass(frozen=True)
class TilePlan:
    """How planes of one size are cut.

    Attributes
    ----------
    starts
        First row, and first column, of each tile without its margin.
    size
        Rows and columns of a tile without its margin.
    margin
        Pixels that each tile has more on all sides.
    padded
        Rows and columns that the plane is continued to.
    batch
        Tiles in a batch.
    blended
        Whether overlapping tiles are blended, not laid beside each other.
    """

    starts: tuple[tuple[int, ...], tuple[int, ...]]
    size: tuple[int, int]
    margin: int
    padded: tuple[int, int]
    batch: int
    blended: bool = False


def plan_tiles(rows: int, columns: int, model: SemanticModel, settings: PredictSettings) -> TilePlan:
    """Choose tiles as large as the memory allows: the larger, the less is computed twice."""
    fixed = model.config.fixed_size
    per_pixel = 4 * _MAPS * model.config.n_filters
    pixels = max(1, settings.memory // 2 // per_pixel)
    if fixed is not None:
        half = fixed // 2
        padded = tuple(max(fixed, -(-length // half) * half + half) for length in (rows, columns))
        starts = tuple(tuple(range(0, length - fixed + 1, half)) for length in padded)
        batch = max(1, min(_MOST_BATCH, pixels // fixed**2))
        return TilePlan(starts, (fixed, fixed), half // 2, padded, batch, True)  # type: ignore[arg-type]
    step = model.config.step
    margin = _up(model.config.reach, step)
    most = max(step, int(math.sqrt(pixels)) // step * step - 2 * margin)
    if settings.tile:
        most = max(step, settings.tile // step * step)
    padded = (_up(rows, step), _up(columns, step))
    size = tuple(_up(-(-length // -(-length // most)), step) for length in padded)
    starts = tuple(
        tuple(min(k * side, length - side) for k in range(-(-length // side)))
        for length, side in zip(padded, size, strict=True)
    )
    batch = max(1, min(_MOST_BATCH, pixels // math.prod(side + 2 * margin for side in size)))
    return TilePlan(starts, size, margin, padded, batch)  # type: ignore[arg-type]


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
    """Cut a tile with its margin; what lies outside the plane is its reflection."""
    parts = []
    for start, side, length in zip(place, plan.size, plane.shape, strict=True):
        first = start - plan.margin
        # A network for one size sees as many pixels as its tile has; there is no margin around them.
        last = first + side + (0 if plan.blended else 2 * plan.margin)
        parts.append(_reflected(np.arange(first, last), length))
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
    """Put a tile's output, without its margin or weighted, where it belongs."""
    if window is None:
        inner = output[
            plan.margin : output.shape[0] - plan.margin, plan.margin : output.shape[1] - plan.margin
        ]
        area = target[place[0] : place[0] + plan.size[0], place[1] : place[1] + plan.size[1]]
        area[...] = inner[: area.shape[0], : area.shape[1]]
        return
    first = [start - plan.margin for start in place]
    skip = [max(0, -start) for start in first]
    area = target[max(0, first[0]) : first[0] + plan.size[0], max(0, first[1]) : first[1] + plan.size[1]]
    rows, columns = (slice(s, s + n) for s, n in zip(skip, area.shape[:2], strict=True))
    area += (output * window)[rows, columns]


def _window(size: Sequence[int]) -> FloatArray:
    """Return weights of a tile's pixels that fall towards its edges and add up to one where tiles overlap."""
    y, x = (np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2 for side in size)
    return np.asarray(np.outer(y, x)[..., np.newaxis], np.float32)


def _both_classes(found: FloatArray) -> FloatArray:
    """Return one channel for each class, also where the network gives the second of two alone."""
    return np.concatenate([1 - found, found], axis=-1) if found.shape[-1] == 1 else found


def _up(length: int, step: int) -> int:
    return -(-length // step) * step


def entropy_of(probability: FloatArray) -> FloatArray:
    """Return how undecided the network is: -sum(p log p) / log(classes), 0 to 1.

    >>> entropy_of(np.array([[0.5, 0.5], [1.0, 0.0]], np.float32)).tolist()
    [1.0, 0.0]
    """
    p = probability / np.maximum(probability.sum(axis=-1, keepdims=True), np.float32(1e-6))
    logs = np.log(np.maximum(p, np.float32(1e-12)))
    return np.asarray(np.abs((p * logs).sum(axis=-1)) / np.log(probability.shape[-1]), np.float32)
