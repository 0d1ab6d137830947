"""Run segmentation networks over a volume of any size, slab by slab and in up to three views."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.files import scratch_folder
from electrodej.networks.normalise import scale
from electrodej.networks.semantic.folder import SemanticModel
from electrodej.networks.semantic.grey import FAR, Levels, measure_levels, shift
from electrodej.networks.semantic.tiles import (
    DEFAULT_MEMORY,
    TilePlan,
    plan_tiles,
    predict_planes,
    smaller_plan,
)
from electrodej.progress import Progress, silent
from electrodej.volume import Volume, check_grey

FloatArray = NDArray[np.float32]
View = Literal["xy", "xz", "yz"]
Say = Callable[[str], None]

ACROSS: dict[View, int] = {"xy": 0, "xz": 1, "yz": 2}
# Sums of up to three probabilities are kept as whole numbers of 16 bit between the views.
_FULL = 65535
_MOST_SECTIONS = 64


def unheard(text: str) -> None:
    """Let a message go."""


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
    slab
        Planes that are predicted together; 0: as many as the memory allows.
    """

    views: tuple[View, ...] = ("xy",)
    memory: int = DEFAULT_MEMORY
    tile: int = 0
    slab: int = 0

    def __post_init__(self) -> None:
        if min(self.tile, self.slab) < 0:
            raise InputError("sides of tiles and numbers of planes are whole numbers from 0")
        if not self.views or not set(self.views) <= set(ACROSS) or len(set(self.views)) < len(self.views):
            raise InputError("views are some of xy, xz and yz, each once")


def measure_volume(volume: Volume, model: SemanticModel) -> tuple[Levels, list[str]]:
    """Return the grey levels of a volume, and notes where they are unlike those of the training."""
    sections = sorted({int(z) for z in np.linspace(0, volume.shape[0] - 1, _MOST_SECTIONS)})
    slices = (check_grey(volume[z : z + 1], volume.path, start=z) for z in sections)
    levels = measure_levels(slices, model.percentiles)
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
    start: int = 0,
    say: Say = unheard,
    progress: Progress = silent,
) -> Generator[tuple[int, int, FloatArray], None, None]:
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
    start
        First slice; others than 0 go with the view xy alone.
    say
        Told when the memory did not do, and with what tiles it goes on.
    progress
        Told of each batch of tiles.

    Yields
    ------
    z0, z1, probability
        First slice, the one after the last, and float32 of the shape (z1 - z0, Y, X, classes).
    """
    settings = settings or PredictSettings()
    if settings.views == ("xy",):
        for z0, z1, found in _view_slabs(
            volume, model, levels, "xy", settings, say, progress, (0.0, 1.0), start
        ):
            yield z0, z1, _both_classes(found)
        return
    if scratch is None or start:
        raise ValueError("several views need a place for their sum, and begin with the first slice")
    channels = model.network.output_shape[-1]
    with scratch_folder(scratch) as folder:
        shape = (*volume.shape, channels)
        total = np.memmap(folder / "views.sum", np.uint16, "w+", shape=shape)
        try:
            _add_views(total, volume, model, levels, settings, say, progress)
            depth = settings.slab or max(1, settings.memory // 4 // max(1, math.prod(shape[1:]) * 12))
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
    say: Say,
    progress: Progress,
) -> None:
    share = _FULL // len(settings.views)
    for number, view in enumerate(settings.views):
        part = (number / len(settings.views), 1 / len(settings.views))
        here: NDArray[np.uint16] = np.moveaxis(total, ACROSS[view], 0)
        for first, last, found in _view_slabs(volume, model, levels, view, settings, say, progress, part):
            here[first:last] += np.rint(found * share).astype(np.uint16)


def _view_slabs(
    volume: Volume,
    model: SemanticModel,
    levels: Levels,
    view: View,
    settings: PredictSettings,
    say: Say,
    progress: Progress,
    part: tuple[float, float],
    start: int = 0,
) -> Iterator[tuple[int, int, FloatArray]]:
    """Yield the network's output for slabs of a view's planes; axes are (plane, row, column, channel)."""
    across = ACROSS[view]
    count = volume.shape[across]
    rows, columns = (length for axis, length in enumerate(volume.shape) if axis != across)
    channels = model.network.output_shape[-1]
    plane_bytes = rows * columns * (volume.dtype.itemsize + 4 * (2 + channels))
    depth = settings.slab or max(1, min(count, settings.memory // 4 // max(1, plane_bytes), 128))
    plan = plan_tiles(rows, columns, model, memory=settings.memory, tile=settings.tile)
    for first in range(start, count, depth):
        last = min(first + depth, count)
        box: list[slice] = [slice(None)] * 3
        box[across] = slice(first, last)
        grey = check_grey(volume[tuple(box)], volume.path, start=first, axis=across)
        planes = scale(np.moveaxis(grey, across, 0), levels.low, levels.high)
        del grey

        def tell(share: float, low: int = first, high: int = last) -> None:
            done = (low + share * (high - low)) / count
            progress(part[0] + part[1] * done, 1.0, f"segmenting {view} planes")

        found, plan = _within_memory(planes, model, plan, tell, say)
        yield first, last, found


def _within_memory(
    planes: FloatArray, model: SemanticModel, plan: TilePlan, tell: Callable[[float], None], say: Say
) -> tuple[FloatArray, TilePlan]:
    """Predict planes, with smaller tiles where the memory does not do; return the plan that did, too."""
    while True:
        try:
            return predict_planes(planes, model, plan, tell), plan
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            smaller = smaller_plan(plan, model, planes.shape[1:])
            if smaller is None:
                raise InputError(
                    "there is not enough memory for the smallest tile; end other programs, or use a network "
                    "of fewer filters"
                ) from error
            sizes = [f"{each.batch} of {each.size[0]} x {each.size[1]} pixels" for each in (plan, smaller)]
            say(f"the memory did not do for tiles, {sizes[0]} at once; going on with {sizes[1]}")
            plan = smaller


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error of NumPy or of any of Keras's backends says that there is no memory left.

    >>> is_out_of_memory(MemoryError()), is_out_of_memory(ValueError("shapes"))
    (True, False)
    """
    # TensorFlow, JAX and PyTorch have classes of their own, which are not to be imported for this.
    text = f"{type(error).__name__} {error}".lower()
    return isinstance(error, MemoryError) or any(
        words in text for words in ("resourceexhausted", "resource_exhausted", "outofmemory", "out of memory")
    )


def _both_classes(found: FloatArray) -> FloatArray:
    """Return one channel for each class, also where the network gives the second of two alone."""
    return np.concatenate([1 - found, found], axis=-1) if found.shape[-1] == 1 else found


def entropy_of(probability: FloatArray) -> FloatArray:
    """Return how undecided the network is: -sum(p log p) / log(classes), 0 to 1.

    >>> entropy_of(np.array([[0.5, 0.5], [1.0, 0.0]], np.float32)).tolist()
    [1.0, 0.0]
    """
    p = probability / np.maximum(probability.sum(axis=-1, keepdims=True), np.float32(1e-6))
    logs = np.log(np.maximum(p, np.float32(1e-12)))
    return np.asarray(np.abs((p * logs).sum(axis=-1)) / np.log(probability.shape[-1]), np.float32)
