"""``electrodej segment particles`` with a Mask R-CNN."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import InputError, UsageError
from electrodej.run import Run
from electrodej.verb import Outcome
from electrodej.vocabulary import PathLike, counted

if TYPE_CHECKING:
    from electrodej.inspection import Ready
    from electrodej.networks.maskrcnn.model import MaskRCNNModel
    from electrodej.networks.maskrcnn.views import RegionsResult
    from electrodej.networks.stardist.settings import ViewSettings
    from electrodej.verbs.segment.particles import ParticlesOptions
    from electrodej.vocabulary import Spacing


def region_particles(options: ParticlesOptions, run: Run) -> Outcome:
    """Find the particles on every section of a view, and write what is asked for."""
    from electrodej.inspection import known_look, look_first
    from electrodej.models.libraries import use_threads
    from electrodej.networks.maskrcnn.model import load_maskrcnn
    from electrodej.networks.maskrcnn.views import predict_regions
    from electrodej.verbs.segment.intact import outlined
    from electrodej.volume import check_grey, open_volume

    files = _targets(options, run)
    use_threads(run.cores)
    model = load_maskrcnn(options.model, engine=options.engine)
    with open_volume(options.image, spacing=options.spacing) as grey:
        size = grey.require_spacing()
        check_grey(grey[:1, :1, :1], grey.path)
        if grey.is_2d and options.settings.view != "xy":
            raise InputError(f"{grey.path} is a single section; it has no {options.settings.view} view")
        ready = look_first(
            grey,
            [known_look(options.model, model.info.spacing)],
            run,
            scale=options.settings.scale,
            as_is=options.as_is,
        )
        settings = replace(options.settings, scale=ready.scales()[options.settings.view])
        with outlined(options, ready.volume, run) as drawn:
            found = predict_regions(ready.volume, model, settings, run, spacing=size, labels=drawn)
        if options.explain is not None:
            _explain(options.explain, ready, model, size, settings, run)
    if options.confidence is not None:
        # Slices are those of the file: those of another view are none.
        sliced = settings.view == "xy"
        _write_confidence(options.confidence, found, run, sliced=sliced)
    chosen = model.selection(least=settings.probability_threshold, overlap=settings.overlap_threshold)
    return Outcome(
        {
            "model": os.fspath(options.model),
            "engine": model.network.engine,
            "view": settings.view,
            "sections": found.sections,
            "outlines": found.particles,
            "scale": list(found.scale),
            "probability_threshold": chosen.least,
            "overlap_threshold": chosen.overlap,
            "labels": os.fspath(options.out),
            "spacing_um": list(size),
            "look": ready.as_plain(),
        },
        f"{counted(found.particles, 'outline')} in {counted(found.sections, settings.view + ' section')} "
        f"in {options.out}",
        files,
    )


def _targets(options: ParticlesOptions, run: Run) -> dict[str, PathLike]:
    """Return what is written, once it is sure that it may be; refuse what such a model does not do."""
    from electrodej.files import check_target
    from electrodej.files.targets import check_folder_target
    from electrodej.volume.write import check_volume_target

    for name in ("probability", "refine"):
        if getattr(options, name) is not None:
            raise UsageError(f"--{name} is for StarDist models; leave it out with a Mask R-CNN")
    if run.scheduler is not None:
        raise UsageError("--scheduler is for StarDist models; leave it out with a Mask R-CNN")
    check_volume_target(options.out, force=run.force, inputs=[options.image])
    files: dict[str, PathLike] = {"labels": options.out}
    if options.confidence is not None:
        check_target(options.confidence, force=run.force, inputs=[options.image], file=True)
        files["confidence"] = options.confidence
    if options.explain is not None:
        check_folder_target(options.explain, ours=_is_explanation, force=run.force)
        files["pictures"] = options.explain
    return files


def _is_explanation(path: Path) -> bool:
    from electrodej.networks.maskrcnn.explain import NAMES

    return path.is_dir() and all(entry.name in NAMES for entry in path.iterdir())


def _write_confidence(path: PathLike, found: RegionsResult, run: Run, *, sliced: bool) -> None:
    """Write a row for each particle: its slice from 0, its label, and how sure the network is."""
    from electrodej.files import whole_file

    with whole_file(path, force=run.force) as part, part.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["Slice", "Label", "Confidence"] if sliced else ["Label", "Confidence"])
        label = 0
        for section, count in enumerate(found.counts.tolist()):
            for _ in range(count):
                row = [label + 1, round(float(found.confidence[label]), 6)]
                writer.writerow([section, *row] if sliced else row)
                label += 1


def _explain(
    folder: PathLike, ready: Ready, model: MaskRCNNModel, size: Spacing, settings: ViewSettings, run: Run
) -> None:
    """Draw the steps on the middle section."""
    from electrodej.files import whole_directory
    from electrodej.networks.maskrcnn.explain import explain
    from electrodej.networks.maskrcnn.views import finder_for, sections_for, shown_section

    sections = sections_for(ready.volume, model, size, settings)
    section: Any = next(sections.slabs(1, start=sections.count // 2))[1][0]
    with whole_directory(folder, ours=_is_explanation, force=run.force) as part:
        explain(finder_for(model, sections, settings, run), shown_section(sections, section, model), part)
