"""Slabs of a view on the workers of a cluster."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from electrodej.models.far import FarModel, FarVolume, parts, use_worker_threads
from electrodej.models.grey import FloatArray, Levels, scale
from electrodej.models.sections import Sections
from electrodej.models.tiles import plan_tiles, predict_planes
from electrodej.networks.semantic.model import SemanticModel, load_model
from electrodej.run import Run
from electrodej.vocabulary import View


def far_slabs(
    sections: Sections,
    model: SemanticModel,
    levels: Levels,
    sizes: tuple[int, int],
    run: Run,
    start: int,
) -> Iterator[tuple[int, int, FloatArray]]:
    """Yield the network's output for slabs of a view's planes, each slab shared out among all workers.

    Parameters
    ----------
    sections
        Of a volume that is a file.
    model
        One that was loaded from a file or a folder.
    levels
        Of the volume.
    sizes
        Planes in a slab, and the largest tile or 0.
    run
        With a scheduler. Tiles are those that its memory leads to here, so that the bytes are the same.
    start
        First plane.
    """
    depth, tile = sizes
    image = FarVolume.of(sections.volume)
    place = FarModel.of(model.place, model.engine, model.name)
    with run.workers() as workers:
        for first in range(start, sections.count, depth):
            last = min(first + depth, sections.count)
            tasks = [
                (image, place, (sections.view, sections.scale), levels, part, (run.room, tile))
                for part in parts(first, last, workers.count)
            ]
            found: list[FloatArray | None] = [None] * len(tasks)
            for number, result in workers.run(segment_part, tasks):
                found[number] = result
                done = sum(each is not None for each in found)
                share = (first + done / len(tasks) * (last - first)) / sections.count
                run.progress(share, 1.0, f"segmenting {sections.view} planes")
            yield first, last, np.concatenate([each for each in found if each is not None])


def segment_part(
    image: FarVolume,
    place: FarModel,
    seen: tuple[View, tuple[float, float]],
    levels: Levels,
    part: tuple[int, int],
    sizes: tuple[int, int],
) -> FloatArray:
    """Return the network's output for some planes; done by a worker."""
    use_worker_threads()
    model = _loaded(place)
    sections = Sections(image.open(), *seen)
    memory, tile = sizes
    first, last = part
    _, slab = next(sections.slabs(last - first, start=first))
    planes = sections.prepared(slab, lambda section: scale(section, levels.low, levels.high))
    plan = plan_tiles(sections.shown, model.needs, memory=memory, tile=tile)
    return predict_planes(planes, place.asked(model.engine), plan, lambda _: None)


@functools.lru_cache(maxsize=4)
def _loaded(place: FarModel) -> SemanticModel:
    model: SemanticModel = place.load(load_model)
    return model
