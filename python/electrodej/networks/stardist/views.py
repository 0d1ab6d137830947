"""Every section of a volume in one of its three views: labels and probabilities, at any size."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.files import check_target, scratch_folder
from electrodej.networks.backend import usual_memory
from electrodej.networks.normalise import FloatArray, normalise
from electrodej.networks.stardist.instances import choose, draw
from electrodej.networks.stardist.model import StarDistModel
from electrodej.networks.stardist.sections import BATCH_PIXELS, Prediction, predict_sections
from electrodej.networks.stardist.settings import ViewSettings
from electrodej.progress import Progress, silent
from electrodej.vocabulary import AXIS_OF
from electrodej.volume import Volume, VolumeWriter, check_grey, compact_dtype

Path_ = str | os.PathLike[str]

# Pixels whose edges differ by less are taken as square.
_SQUARE = 0.05
# Voxels that differ from those of the training by less than this factor are taken as they are.
NEAR = 1.6
# Sections are read in slabs of this many bytes, so that a compressed file is not read once for each.
_SLAB_BYTES = 256 * 2**20
# A pixel in the network takes some 600 bytes with 32 filters.
_BYTES_PER_PIXEL = 600


@dataclass(frozen=True)
class ViewResult:
    """What was found.

    Attributes
    ----------
    sections
        How many sections there are in this view.
    outlines
        How many particle outlines were found in all of them.
    scale
        By what rows and columns were enlarged before the network.
    """

    sections: int
    outlines: int
    scale: tuple[float, float]


def predict_view(
    grey: Volume,
    model: StarDistModel,
    *,
    spacing: tuple[float, float, float],
    settings: ViewSettings | None = None,
    labels: Path_ | None = None,
    probability: Path_ | None = None,
    memory: int | None = None,
    jobs: int = 1,
    force: bool = False,
    progress: Progress = silent,
) -> ViewResult:
    """Run a StarDist model over every section of a view.

    Parameters
    ----------
    grey
        Grey values, axes ZYX. Each section is normalised by its own percentiles, as Fiji does it.
    model
        See `load_stardist`.
    spacing
        Voxel size (z, y, x) in micrometres. Sections whose pixels are not square are enlarged along one
        edge until they are.
    settings
        View and thresholds.
    labels
        Where to write the labels of the sections, in the volume's ZYX order. Labels are numbered on from
        section to section: no two sections share one.
    probability
        Where to write the probability, uint8 with 255 for 1, in ZYX order.
    memory
        Bytes that may be used, by default 4 GiB or what is free.
    jobs
        Threads that draw outlines while the network goes on.
    force
        Replace outputs that exist.
    progress
        Told of each batch of sections.
    """
    settings = settings or ViewSettings()
    for target in (labels, probability):
        if target is not None:
            check_target(target, force=force, inputs=[grey.path])
    work = _Work(grey, model, spacing, settings, memory)
    with contextlib.ExitStack() as stack:
        drawn = shown = None
        if labels is not None:
            drawn = _stored(stack, labels, grey.shape, np.uint16)
        if probability is not None:
            shown = _stored(stack, probability, grey.shape, np.uint8)
        counts = np.zeros(work.sections, np.int64)
        pool = stack.enter_context(ThreadPoolExecutor(max(1, jobs)))
        waiting: list[Future[None]] = []
        for first, predictions in work.predictions(progress):
            for future in waiting:
                future.result()
            waiting = [
                pool.submit(work.put, number, prediction, drawn, shown, counts)
                for number, prediction in enumerate(predictions, first)
            ]
        for future in waiting:
            future.result()
        if labels is not None and drawn is not None:
            _write_labels(labels, drawn, counts, work.axis, spacing, force)
        if probability is not None and shown is not None:
            with VolumeWriter(probability, grey.shape, np.uint8, spacing=spacing, force=force) as writer:
                for z0, z1 in _slabs(grey.shape):
                    writer.write(z0, shown[z0:z1])
        del drawn, shown
    return ViewResult(work.sections, int(counts.sum()), work.scale)


class _Work:
    """The sections of a view, and what becomes of each."""

    def __init__(
        self,
        grey: Volume,
        model: StarDistModel,
        spacing: tuple[float, float, float],
        settings: ViewSettings,
        memory: int | None,
    ) -> None:
        self.grey, self.model, self.settings = grey, model, settings
        self.axis = AXIS_OF[settings.view]
        self.sections = grey.shape[self.axis]
        self.shape = without(grey.shape, self.axis)
        self.scale = section_scale(without(spacing, self.axis), model, settings.scale)
        self.inner = scaled_shape(self.shape, self.scale)
        # Rows and columns of the section for each pixel that the network sees.
        self.factor = tuple(
            (outer - 1) / (inner - 1) if inner > 1 else 1.0
            for outer, inner in zip(self.shape, self.inner, strict=True)
        )
        self.batch_pixels = _batch_pixels(memory)
        self.threshold = settings.probability_threshold or model.probability_threshold
        self.overlap = settings.overlap_threshold or model.overlap_threshold

    def predictions(self, progress: Progress) -> Iterator[tuple[int, list[Prediction]]]:
        """Yield the predictions of consecutive sections, with the number of the first."""
        together = max(1, self.batch_pixels // (self.inner[0] * self.inner[1]))
        progress(0, self.sections, f"finding outlines ({self.settings.view})")
        for start, slab in self._slabs():
            for first in range(0, len(slab), together):
                images = [self._prepared(section) for section in slab[first : first + together]]
                found = predict_sections(
                    self.model, np.stack(images), threshold=self.threshold, batch_pixels=self.batch_pixels
                )
                yield start + first, found
                progress(
                    start + first + len(images),
                    self.sections,
                    f"finding outlines ({self.settings.view})",
                )

    def put(
        self,
        number: int,
        prediction: Prediction,
        labels: NDArray[np.uint16] | None,
        probability: NDArray[np.uint8] | None,
        counts: NDArray[np.int64],
    ) -> None:
        """Draw a section's outlines and its probability into the volumes."""
        at = tuple(number if axis == self.axis else slice(None) for axis in range(3))
        if labels is not None:
            chosen = choose(prediction.candidates, overlap=self.overlap)
            labels[at] = draw(chosen, self.shape, factor=(self.factor[0], self.factor[1]))
            counts[number] = len(chosen.points)
        if probability is not None:
            from electrodej.networks.stardist.kernels import enlarge

            down, right = self.model.info.grid
            step = (down * self.factor[0], right * self.factor[1])
            probability[at] = enlarge(prediction.probability, *self.shape, *step)

    def _slabs(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Read the volume in slabs across the view's axis; yield the first section and the sections."""
        one = self.shape[0] * self.shape[1] * self.grey.dtype.itemsize
        depth = max(1, _SLAB_BYTES // one)
        for start in range(0, self.sections, depth):
            box = [slice(None)] * 3
            box[self.axis] = slice(start, min(start + depth, self.sections))
            slab = check_grey(self.grey[tuple(box)], self.grey.path, start=start, axis=self.axis)
            yield start, np.moveaxis(slab, self.axis, 0)

    def _prepared(self, section: NDArray[Any]) -> FloatArray:
        image = normalise(section, self.model.info.percentiles)
        return brought_to(image, self.inner)


def without(values: tuple[Any, Any, Any], axis: int) -> tuple[Any, Any]:
    """Return what a section along ``axis`` has of three values."""
    rest = [value for number, value in enumerate(values) if number != axis]
    return rest[0], rest[1]


def section_scale(
    pixel: tuple[float, float], model: StarDistModel, wanted: float | None
) -> tuple[float, float]:
    """Return by what rows and columns of a section are enlarged for the network.

    Parameters
    ----------
    pixel
        Height and width of its pixels in micrometres.
    model
        The network, which knows the voxel size of its training.
    wanted
        As `ViewSettings.scale`.
    """
    return _square(pixel, _automatic(pixel, model) if wanted is None else wanted)


def scaled_shape(shape: tuple[int, int], scale: tuple[float, float]) -> tuple[int, int]:
    """Return the height and width that a section has at the network."""
    rows, columns = (
        max(1, round((length - 1) * factor) + 1) for length, factor in zip(shape, scale, strict=True)
    )
    return rows, columns


def brought_to(image: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Return a section with another height and width."""
    if image.shape == shape:
        return image
    from scipy import ndimage

    # Before it is made smaller an image is smoothed, or its noise would turn into patterns.
    factor = [
        (outer - 1) / (inner - 1) if inner > 1 else 1.0
        for outer, inner in zip(image.shape, shape, strict=True)
    ]
    blur = [max(0.0, (step - 1) / 2) for step in factor]
    if any(blur):
        image = ndimage.gaussian_filter(image, blur)
    zoom = [inner / outer for inner, outer in zip(shape, image.shape, strict=True)]
    resized: FloatArray = ndimage.zoom(image, zoom, order=1)
    return resized


def _automatic(pixel: tuple[float, float], model: StarDistModel) -> float:
    """Return what brings a section to the voxel size of the training, or 1 where it is near enough."""
    if model.info.spacing is None:
        return 1.0
    factor = min(pixel) / min(model.info.spacing[1:])
    return 1.0 if 1 / NEAR <= factor <= NEAR else factor


def _square(pixel: tuple[float, float], scale: float) -> tuple[float, float]:
    """Return by what rows and columns are enlarged so that pixels are square, and as large as asked for."""
    smaller = min(pixel)
    if max(pixel) <= smaller * (1 + _SQUARE):
        return scale, scale
    return scale * pixel[0] / smaller, scale * pixel[1] / smaller


def _batch_pixels(memory: int | None) -> int:
    room = usual_memory() if memory is None else memory
    return int(max(256**2, min(BATCH_PIXELS, (room - _SLAB_BYTES) // _BYTES_PER_PIXEL)))


def _stored(
    stack: contextlib.ExitStack, target: Path_, shape: tuple[int, int, int], dtype: type[np.generic]
) -> NDArray[Any]:
    """Return a volume on the disk to fill in any order, which goes away with the stack."""
    folder = stack.enter_context(scratch_folder(target))
    return np.lib.format.open_memmap(folder / "volume.npy", mode="w+", dtype=dtype, shape=shape)


def _slabs(shape: tuple[int, int, int]) -> Iterator[tuple[int, int]]:
    depth = max(1, _SLAB_BYTES // (4 * shape[1] * shape[2]))
    for z0 in range(0, shape[0], depth):
        yield z0, min(z0 + depth, shape[0])


def _write_labels(
    target: Path_,
    drawn: NDArray[np.uint16],
    counts: NDArray[np.int64],
    axis: int,
    spacing: tuple[float, float, float],
    force: bool,
) -> None:
    """Number the labels on from section to section and write them."""
    total = int(counts.sum())
    dtype = compact_dtype(total)
    before = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(dtype)
    shape = (drawn.shape[0], drawn.shape[1], drawn.shape[2])
    with VolumeWriter(Path(target), shape, dtype, spacing=spacing, labels=True, force=force) as writer:
        for z0, z1 in _slabs(shape):
            slab = drawn[z0:z1].astype(dtype)
            offset = before[z0:z1] if axis == 0 else before
            ahead = np.broadcast_to(np.expand_dims(offset, tuple({0, 1, 2} - {axis})), slab.shape)
            writer.write(z0, np.where(slab > 0, slab + ahead, 0).astype(dtype))
