"""Run segmentation networks over a volume of any size, slab by slab and in up to three views."""

from __future__ import annotations

import contextlib
import math
import tempfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.files import scratch_folder
from electrodej.models.grey import FAR, FloatArray, Levels, measure_levels, scale, shift
from electrodej.models.sections import Sections, resized
from electrodej.models.tiles import TilePlan, plan_tiles, predict_planes, within_memory
from electrodej.networks.semantic.far import far_slabs
from electrodej.networks.semantic.model import SemanticModel
from electrodej.options import Names, Settings, Whole, option
from electrodej.run import Run
from electrodej.vocabulary import AXIS_OF, VIEWS, PathLike, View, across
from electrodej.volume import Volume, check_grey

# Sums of up to three probabilities are kept as whole numbers of 16 bit between the views.
_FULL = 65535
_MOST_SECTIONS = 64
_MOST_SLAB = 128


@dataclass(frozen=True, kw_only=True)
class PredictSettings(Settings):
    """How a volume is predicted.

    Attributes
    ----------
    slab
        Planes that are predicted together; 0: as many as the memory allows.
    """

    views: tuple[View, ...] = option(
        ("xy",), Names("V,..."), "planes the network sees: xy, or several, whose mean is taken"
    )
    tile: int = option(
        0, Whole(0), "largest tile in pixels, without its margin", usual="by the memory", advanced=True
    )
    slab: int = 0

    def check(self) -> None:
        if self.slab < 0:
            raise InputError(f"slab: {self.slab} is not possible; give a whole number from 0")
        if not self.views or not set(self.views) <= set(VIEWS) or len(set(self.views)) < len(self.views):
            raise InputError("views are some of xy, xz and yz, each once")


def measure_volume(volume: Volume, model: SemanticModel) -> tuple[Levels, list[str]]:
    """Return the grey levels of a volume, and notes where they are unlike those of the training."""
    sections = sorted({int(z) for z in np.linspace(0, volume.shape[0] - 1, _MOST_SECTIONS)})
    slices = (check_grey(volume[z : z + 1], volume.path, start=z) for z in sections)
    levels = measure_levels(slices, model.percentiles, count=len(sections))
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
    settings: PredictSettings | None = None,
    run: Run | None = None,
    *,
    levels: Levels,
    scratch: PathLike | None = None,
    start: int = 0,
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
        Views and tiles.
    scratch
        File beside which the sum over several views is kept meanwhile; by default where the system keeps
        such files.
    start
        First slice; others than 0 go with the view xy alone.
    run
        How much memory may be used. Its notes say when that did not do, and with what tiles it goes on.

    Yields
    ------
    z0, z1, probability
        First slice, the one after the last, and float32 of the shape (z1 - z0, Y, X, classes).
    """
    settings, run = settings or PredictSettings(), run or Run()
    if settings.views == ("xy",):
        for z0, z1, found in _view_slabs(_sections(volume, "xy", model), model, levels, settings, run, start):
            yield z0, z1, _both_classes(found)
        return
    if start:
        raise ValueError("several views begin with the first slice")
    with _scratch(scratch) as folder:
        shape = (*volume.shape, model.engine.channels)
        total = np.memmap(folder / "views.sum", np.uint16, "w+", shape=shape)
        try:
            _add_views(total, volume, model, levels, settings, run)
            depth = settings.slab or max(1, run.room // 4 // max(1, math.prod(shape[1:]) * 12))
            for z0 in range(0, shape[0], depth):
                z1 = min(z0 + depth, shape[0])
                yield z0, z1, _both_classes(total[z0:z1].astype(np.float32) / np.float32(_FULL))
        finally:
            total._mmap.close()  # type: ignore[attr-defined]  # Windows removes no file that is mapped


def _scratch(beside: PathLike | None) -> contextlib.AbstractContextManager[Path]:
    if beside is not None:
        return scratch_folder(beside)
    return _temporary()


@contextlib.contextmanager
def _temporary() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="electrodej-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _add_views(
    total: NDArray[np.uint16],
    volume: Volume,
    model: SemanticModel,
    levels: Levels,
    settings: PredictSettings,
    run: Run,
) -> None:
    share = _FULL // len(settings.views)
    for number, view in enumerate(settings.views):
        here: NDArray[np.uint16] = np.moveaxis(total, AXIS_OF[view], 0)
        one = run.part(number, len(settings.views))
        for first, last, found in _view_slabs(_sections(volume, view, model), model, levels, settings, one):
            here[first:last] += np.rint(found * share).astype(np.uint16)


def _sections(volume: Volume, view: View, model: SemanticModel) -> Sections:
    """Return the planes of a view, with pixels of the size that the model is to see."""
    if model.pixel is None:
        return Sections(volume, view)
    rows, columns = (edge / model.pixel for edge in across(volume.require_spacing(), AXIS_OF[view]))
    return Sections(volume, view, (rows, columns))


def _view_slabs(
    sections: Sections,
    model: SemanticModel,
    levels: Levels,
    settings: PredictSettings,
    run: Run,
    start: int = 0,
) -> Iterator[tuple[int, int, FloatArray]]:
    """Yield the network's output for slabs of a view's planes; axes are (plane, row, column, channel)."""
    count, shape = sections.count, sections.shown
    pixels = max(math.prod(shape), math.prod(sections.shape))
    plane_bytes = pixels * (sections.volume.dtype.itemsize + 4 * (2 + model.engine.channels))
    depth = settings.slab or max(1, min(count, run.room // 4 // max(1, plane_bytes), _MOST_SLAB))
    plan = plan_tiles(shape, model.needs, memory=run.room, tile=settings.tile)

    if run.scheduler is not None:
        for first, last, found in far_slabs(sections, model, levels, (depth, settings.tile), run, start):
            yield first, last, _at_full_size(found, sections.shape)
        return
    for first, slab in sections.slabs(depth, start=start):
        last = first + len(slab)
        planes = sections.prepared(slab, lambda section: scale(section, levels.low, levels.high))
        del slab
        found, plan = within_memory(
            _predicting(planes, model, _telling(run, sections.view, first, last, count)),
            plan,
            model.needs,
            shape,
            run.note,
        )
        yield first, last, _at_full_size(found, sections.shape)


def _at_full_size(found: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Return probabilities of planes (plane, row, column, channel) at the size that the planes have."""
    if found.shape[1:3] == shape:
        return found
    full = np.empty((len(found), *shape, found.shape[-1]), np.float32)
    for plane, small in zip(full, found, strict=True):
        for channel in range(found.shape[-1]):
            plane[..., channel] = resized(np.ascontiguousarray(small[..., channel]), shape)
    return full


def _predicting(
    planes: FloatArray, model: SemanticModel, tell: Callable[[float], None]
) -> Callable[[TilePlan], FloatArray]:
    return lambda plan: predict_planes(planes, model.engine, plan, tell)


def _telling(run: Run, view: View, first: int, last: int, count: int) -> Callable[[float], None]:
    def tell(share: float) -> None:
        run.progress((first + share * (last - first)) / count, 1.0, f"segmenting {view} planes")

    return tell


def _both_classes(found: FloatArray) -> FloatArray:
    """Return one channel for each class, also where the network gives the second of two alone."""
    return np.concatenate([1 - found, found], axis=-1) if found.shape[-1] == 1 else found
