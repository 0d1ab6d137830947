"""Every section of a volume in one of its three views: labels and probabilities, at any size."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.files import check_target
from electrodej.models.far import FarModel, FarVolume, use_worker_threads
from electrodej.models.grey import FloatArray, normalise
from electrodej.models.images import ImageLike, opened
from electrodej.models.sections import SLAB_BYTES, Sections, section_scale
from electrodej.networks.drawn import canvas, numbered, slabs
from electrodej.networks.stardist.candidates import BATCH_PIXELS, Prediction, predict_sections
from electrodej.networks.stardist.instances import choose, draw
from electrodej.networks.stardist.model import PIXEL_BYTES, StarDistModel, load_stardist
from electrodej.networks.stardist.settings import ViewSettings
from electrodej.run import Run
from electrodej.vocabulary import PathLike, Spacing, View, across
from electrodej.volume import VolumeWriter, compact_dtype

# Of all sections: from here on outlines are so many that telling them apart first pays.
_MANY_PIXELS = 2**20


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
    labels, probability
        Where no files were asked for: the labels of the sections, and the probability as uint8 with 255 for
        1, both ZYX.
    """

    sections: int
    outlines: int
    scale: tuple[float, float]
    labels: NDArray[Any] | None = None
    probability: NDArray[np.uint8] | None = None


def predict_view(
    image: ImageLike,
    model: StarDistModel | PathLike,
    settings: ViewSettings | None = None,
    run: Run | None = None,
    *,
    spacing: Spacing | None = None,
    labels: PathLike | None = None,
    probability: PathLike | None = None,
) -> ViewResult:
    """Run a StarDist model over every section of a view.

    Parameters
    ----------
    image
        Grey values: an array (ZYX or YX), an open volume, or a path. Each section is normalised by its own
        percentiles, as Fiji does it.
    model
        A loaded model, a bundled name, or a path, see `load_stardist`.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the one that the image knows. Sections whose pixels
        are not square are enlarged along one edge until they are.
    settings
        View and thresholds.
    labels
        Where to write the labels of the sections, in the volume's ZYX order. Labels are numbered on from
        section to section: no two sections share one.
    probability
        Where to write the probability, uint8 with 255 for 1, in ZYX order.
    run
        Memory, cores, whether outputs may be replaced, and who is told of each batch of sections.

    Returns
    -------
    result
        With arrays where neither ``labels`` nor ``probability`` is given.
    """
    settings, run = settings or ViewSettings(), run or Run()
    with opened(image, spacing) as (grey, size):
        for target in (labels, probability):
            if target is not None:
                check_target(target, force=run.force, inputs=[grey.path])
        loaded = load_stardist(model)
        scale = section_scale(
            across(size, Sections(grey, settings.view).axis), loaded.info.spacing, settings.scale
        )
        finder = _Finder(Sections(grey, settings.view, scale), loaded, settings, run)
        with contextlib.ExitStack() as stack:
            drawn = shown = None
            in_memory = labels is None and probability is None
            if labels is not None or in_memory:
                drawn = canvas(stack, labels, grey.shape, np.uint16)
            if probability is not None or in_memory:
                shown = canvas(stack, probability, grey.shape, np.uint8)
            counts = finder.fill(drawn, shown)
            found = ViewResult(finder.sections.count, int(counts.sum()), scale)
            if in_memory and drawn is not None:
                every = [slab for _, slab in numbered(drawn, counts, finder.sections.axis)]
                return ViewResult(found.sections, found.outlines, scale, np.concatenate(every), shown)
            if labels is not None and drawn is not None:
                dtype = compact_dtype(found.outlines)
                with VolumeWriter(
                    Path(labels), grey.shape, dtype, spacing=size, labels=True, force=run.force
                ) as writer:
                    for z0, slab in numbered(drawn, counts, finder.sections.axis):
                        writer.write(z0, slab)
            if probability is not None and shown is not None:
                with VolumeWriter(probability, grey.shape, np.uint8, spacing=size, force=run.force) as writer:
                    for z0, z1 in slabs(grey.shape):
                        writer.write(z0, shown[z0:z1])
            del drawn, shown
    return found


@dataclass(frozen=True)
class FarSections:
    """What a worker found in some sections: labels, probability as uint8, and how many outlines each has."""

    labels: NDArray[np.uint16]
    probability: NDArray[np.uint8]
    counts: NDArray[np.int64]


def look_far(
    image: FarVolume,
    place: FarModel,
    view: View,
    part: tuple[int, int],
    how: tuple[tuple[float, float], ViewSettings, int, bool, bool],
) -> FarSections:
    """Look at some sections; done by a worker."""
    use_worker_threads()
    scale, settings, memory, labels, probability = how
    finder = _Finder(Sections(image.open(), view, scale), _loaded(place), settings, Run(memory=memory))
    return finder.look(*part, labels=labels, probability=probability)


@functools.lru_cache(maxsize=4)
def _loaded(place: FarModel) -> StarDistModel:
    model: StarDistModel = place.load(load_stardist)
    return model


class _Finder:
    """The sections of a view, and what becomes of each."""

    def __init__(self, sections: Sections, model: StarDistModel, settings: ViewSettings, run: Run) -> None:
        self.sections, self.model, self.run = sections, model, run
        self.batch_pixels = int(max(256**2, min(BATCH_PIXELS, (run.room - SLAB_BYTES) // PIXEL_BYTES)))
        self.settings = settings
        self.threshold = settings.probability_threshold or model.probability_threshold
        self.overlap = settings.overlap_threshold or model.overlap_threshold
        self.many = sections.count * sections.shown[0] * sections.shown[1] >= _MANY_PIXELS

    def fill(
        self, labels: NDArray[np.uint16] | None, probability: NDArray[np.uint8] | None
    ) -> NDArray[np.int64]:
        """Draw all sections into the volumes; return how many outlines each has."""
        counts = np.zeros(self.sections.count, np.int64)
        if self.run.scheduler is not None:
            self._fill_far(labels, probability, counts)
            return counts

        def put(number: int, prediction: Prediction) -> None:
            if labels is not None:
                counts[number] = self._draw(prediction, labels[self.sections.place(number)])
            if probability is not None:
                self._show(prediction, probability[self.sections.place(number)])

        # One thread: the network needs the cores for longer.
        with ThreadPoolExecutor(1) as pool:
            waiting: list[Future[None]] = []
            for first, predictions in self._predictions():
                for future in waiting:
                    future.result()
                waiting = [pool.submit(put, number, each) for number, each in enumerate(predictions, first)]
            for future in waiting:
                future.result()
        return counts

    def _fill_far(
        self,
        labels: NDArray[np.uint16] | None,
        probability: NDArray[np.uint8] | None,
        counts: NDArray[np.int64],
    ) -> None:
        """Have the workers of a cluster look at the sections, as many at a time as are looked at here."""
        sections, stage = self.sections, f"finding outlines ({self.sections.view})"
        image = FarVolume.of(sections.volume)
        place = FarModel.of(self.model.place, self.model.engine, self.model.name)
        ranges = self._batches()
        how = (sections.scale, self.settings, self.run.room, labels is not None, probability is not None)
        with self.run.workers() as workers:
            tasks = [(image, place, sections.view, part, how) for part in ranges]
            for done, (number, found) in enumerate(workers.run(look_far, tasks)):
                where = sections.place(*ranges[number])
                if labels is not None:
                    labels[where] = np.moveaxis(found.labels, 0, sections.axis)
                    counts[slice(*ranges[number])] = found.counts
                if probability is not None:
                    probability[where] = np.moveaxis(found.probability, 0, sections.axis)
                self.run.progress(done + 1, len(tasks), stage)

    def look(self, first: int, last: int, *, labels: bool, probability: bool) -> FarSections:
        """Return what some sections show, first axis the sections."""
        sections, count = self.sections, last - first
        _, slab = next(sections.slabs(count, start=first))
        images = sections.prepared(slab, self._normalised)
        drawn = np.zeros((count, *sections.shape) if labels else (count, 0, 0), np.uint16)
        shown = np.zeros((count, *sections.shape) if probability else (count, 0, 0), np.uint8)
        counts = np.zeros(count, np.int64)
        for number, prediction in enumerate(self._predict(images)):
            if labels:
                counts[number] = self._draw(prediction, drawn[number])
            if probability:
                self._show(prediction, shown[number])
        return FarSections(drawn, shown, counts)

    def _together(self) -> int:
        """How many sections the network sees at once.

        One for each core: the network looks at these while outlines are drawn in those before.
        """
        fitting = self.batch_pixels // (self.sections.shown[0] * self.sections.shown[1])
        return max(1, min(fitting, self.run.cores))

    def _batches(self) -> list[tuple[int, int]]:
        """The sections that are predicted together, as `_predictions` has them."""
        depth, together = self.sections.depth, self._together()
        return [
            (first, min(first + together, start + depth, self.sections.count))
            for start in range(0, self.sections.count, depth)
            for first in range(start, min(start + depth, self.sections.count), together)
        ]

    def _predict(self, images: FloatArray) -> list[Prediction]:
        return predict_sections(
            self.model,
            images,
            threshold=self.threshold,
            batch_pixels=self.batch_pixels,
            say=self.run.note,
        )

    def _predictions(self) -> Iterator[tuple[int, list[Prediction]]]:
        """Yield the predictions of consecutive sections, with the number of the first."""
        sections, stage = self.sections, f"finding outlines ({self.sections.view})"
        together = self._together()
        self.run.progress(0, sections.count, stage)
        for start, slab in sections.slabs():
            for first in range(0, len(slab), together):
                images = sections.prepared(slab[first : first + together], self._normalised)
                yield start + first, self._predict(images)
                self.run.progress(start + first + len(images), sections.count, stage)

    def _normalised(self, section: NDArray[Any]) -> FloatArray:
        return normalise(section, self.model.info.percentiles)

    def _draw(self, prediction: Prediction, labels: NDArray[np.uint16]) -> int:
        chosen = choose(prediction.candidates, overlap=self.overlap, many=self.many)
        labels[...] = draw(chosen, self.sections.shape, factor=self.sections.step)
        return len(chosen.points)

    def _show(self, prediction: Prediction, probability: NDArray[np.uint8]) -> None:
        from electrodej.networks.stardist.kernels.enlarge import enlarge

        (down, right), step = self.model.info.grid, self.sections.step
        probability[...] = enlarge(
            prediction.probability, *self.sections.shape, down * step[0], right * step[1]
        )
