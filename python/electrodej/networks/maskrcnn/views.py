"""A Mask R-CNN over every section of a view: labels, and how sure it is of each."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.files import check_target
from electrodej.models.grey import FloatArray, normalise
from electrodej.models.images import ImageLike, opened
from electrodej.models.sections import Sections, section_scale
from electrodej.networks.drawn import canvas, numbered
from electrodej.networks.maskrcnn.finding import SMALLEST, TILE, Finder
from electrodej.networks.maskrcnn.instances import Instances, draw
from electrodej.networks.maskrcnn.model import MaskRCNNModel
from electrodej.networks.maskrcnn.settings import DIVISOR
from electrodej.networks.stardist.settings import ViewSettings
from electrodej.run import Run
from electrodej.vocabulary import PathLike, Spacing, across
from electrodej.volume import VolumeWriter, compact_dtype


@dataclass(frozen=True)
class RegionsResult:
    """What was found.

    Attributes
    ----------
    sections
        How many sections there are in this view.
    counts
        How many particles each has.
    confidence
        Of each particle, in the order of the labels, how sure the network is.
    scale
        By what rows and columns were enlarged before the network.
    labels
        The labels of the sections, ZYX, where no file was asked for.
    """

    sections: int
    counts: NDArray[np.int64]
    confidence: FloatArray
    scale: tuple[float, float]
    labels: NDArray[Any] | None = None

    @property
    def particles(self) -> int:
        """How many there are in all sections together."""
        return int(self.counts.sum())


def predict_regions(
    image: ImageLike,
    model: MaskRCNNModel,
    settings: ViewSettings | None = None,
    run: Run | None = None,
    *,
    spacing: Spacing | None = None,
    labels: PathLike | None = None,
) -> RegionsResult:
    """Find particles on every section of a view.

    Parameters
    ----------
    image
        Grey values: an array (ZYX or YX), an open volume, or a path. Each section is normalised by itself.
    model
        A loaded model.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the one that the image knows.
    settings
        View and thresholds.
    labels
        Where to write the labels, in ZYX order. They are numbered on from section to section.
    run
        Memory, whether outputs may be replaced, and who is told of each section.
    """
    settings, run = settings or ViewSettings(), run or Run()
    with opened(image, spacing) as (grey, size), contextlib.ExitStack() as stack:
        if labels is not None:
            check_target(labels, force=run.force, inputs=[grey.path])
        sections = sections_for(grey, model, size, settings)
        finder = finder_for(model, sections, settings, run)
        drawn = canvas(stack, labels, grey.shape, np.uint16)
        counts = np.zeros(sections.count, np.int64)
        sure: list[FloatArray] = []
        stage = f"finding particles ({settings.view})"
        for first, slab in sections.slabs():
            for number, section in enumerate(slab, first):
                run.progress(number, sections.count, stage)
                found = _at_full_size(finder.find(shown_section(sections, section, model)), sections)
                drawn[sections.place(number)], kept = draw(found, sections.shape)
                counts[number] = len(kept)
                sure.append(found.scores[kept])
        run.progress(sections.count, sections.count, stage)
        confidence = np.concatenate(sure)
        result = RegionsResult(sections.count, counts, confidence, sections.scale)
        if labels is None:
            every = np.concatenate([slab for _, slab in numbered(drawn, counts, sections.axis)])
            return RegionsResult(sections.count, counts, confidence, sections.scale, every)
        dtype = compact_dtype(result.particles)
        with VolumeWriter(
            Path(labels), grey.shape, dtype, spacing=size, labels=True, force=run.force
        ) as writer:
            for z0, part in numbered(drawn, counts, sections.axis):
                writer.write(z0, part)
        del drawn
    return result


def sections_for(grey: Any, model: MaskRCNNModel, size: Spacing, settings: ViewSettings) -> Sections:
    """Return the sections of a view as large as the network knows them."""
    plain = Sections(grey, settings.view)
    scale = section_scale(across(size, plain.axis), model.info.spacing, settings.scale)
    return Sections(grey, settings.view, scale)


def finder_for(model: MaskRCNNModel, sections: Sections, settings: ViewSettings, run: Run) -> Finder:
    """Return what finds the particles of such sections: in one tile, where they fit into it."""
    edge = max(-(-length // DIVISOR) * DIVISOR for length in sections.shown)
    chosen = model.selection(least=settings.probability_threshold, overlap=settings.overlap_threshold)
    return Finder(model.network, chosen, tile=max(SMALLEST, min(TILE, edge)), say=run.note)


def shown_section(sections: Sections, section: NDArray[Any], model: MaskRCNNModel) -> FloatArray:
    """Return one section as the network sees it."""
    whole = sections.prepared(section[np.newaxis], lambda grey: normalise(grey, model.info.percentiles))
    return np.asarray(whole[0])


def _at_full_size(found: Instances, sections: Sections) -> Instances:
    """Return particles on the section as it is stored."""
    down, across_ = sections.step
    factor = np.array([down, across_, down, across_], np.float32)
    return Instances(found.boxes * factor, found.scores, found.masks)
