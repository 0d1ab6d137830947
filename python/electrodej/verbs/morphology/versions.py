"""Versions of one phase image: their measures, and the mean and spread of these."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.files import check_target, described, scratch_folder, whole_set
from electrodej.files.tables import check_table_target, write_table
from electrodej.progress import Progress, silent
from electrodej.run import Run
from electrodej.verbs.morphology.further import (
    Columns,
    Further,
    check_room,
    measure_further,
    table_columns,
    tables_of,
)
from electrodej.verbs.morphology.simulation import write_bpx
from electrodej.vocabulary import PathLike, Spacing

if TYPE_CHECKING:
    from electrodej.morphology import Measure
    from electrodej.verbs.morphology import MorphologyOptions

Change = Callable[[NDArray[Any]], NDArray[Any]]
# What it is called, whether it is LABELS or a PREDICTION, and its measures.
Row = tuple[str, str, "list[Measure]"]

LABELS, PREDICTION = "labels", "prediction"


@dataclass(frozen=True)
class Phases:
    """What all versions have in common: voxel size, and the names of the phases by their numbers."""

    spacing: Spacing
    names: Mapping[int, str]


@dataclass(frozen=True)
class Version:
    """One way to draw the phases: an image, and what is changed in each of its slices.

    Attributes
    ----------
    image
        The phase image.
    change
        From slices to slices; None for the image as it is.
    title
        What the table calls it.
    """

    image: Any
    change: Change | None
    title: str


def measure_versions(options: MorphologyOptions, run: Run) -> dict[str, Any]:
    """Measure phase images and write the table; of several versions, their mean and spread too.

    Returns
    -------
    result
        The table's files, the measures of each version, and their spread.
    """
    from electrodej.morphology import PhaseImage

    several = len(options.phases) > 1 or options.border is not None
    tables_wanted = tables_of(options.further, options.particles is not None)
    beside = (*(("spread",) if several else ()), *tables_wanted)
    targets = check_table_target(options.out, beside=beside, force=run.force, inputs=options.inputs)
    bpx = options.simulation.bpx
    if bpx is not None:
        targets["bpx"] = check_target(bpx, force=run.force, inputs=options.inputs, file=True)
    phases = _look(options, run)
    particles = _particles(options, phases, run)
    versions = _versions(options, phases.names)
    rows: list[Row] = []
    tables: dict[str, list[Columns]] = {}
    for number, version in enumerate(versions):
        which = f"version {number + 1} of {len(versions)}: " if several else ""
        here = run.part(number, len(versions), which)
        measures = _measures(version, phases, options, here)
        more = particles
        if options.further:  # which need the whole image
            image = PhaseImage(
                np.concatenate([slab for _, slab in _slabs(version, options.spacing, run.memory)]),
                spacing=phases.spacing,
                names=phases.names,
                ids=phases.names,
            )
            more += measure_further(image, options.further, transport=options.transport, run=here)
        rows.append((version.title, LABELS, [*measures, *more.measures]))
        for name, table in more.tables.items():
            titles = np.full(len(next(iter(table.values()))), version.title, object)
            tables.setdefault(name, []).append({"Image": titles, **table})
        if options.grey is not None:
            found, notes = _trained(version, phases, options, here)
            rows.append((version.title, PREDICTION, found))
            run.note(*(f"{version.title}: {note}" for note in notes))
    with whole_set(*targets.values(), force=run.force):
        result = write_versions(
            options.out,
            rows,
            run,
            phases=phases,
            inputs=options.inputs,
            border=options.border or 0.0,
            several=several,
            tables=tables,
        )
        if bpx is not None:
            direction = options.transport.directions[0]
            result |= write_bpx(rows[0][2], options.simulation, direction, run)
    return {
        "table": os.fspath(options.out),
        "files": result.pop("spread_files"),
        **result,
        "notes": run.notes,
    }


def write_versions(
    out: PathLike,
    rows: Sequence[Row],
    run: Run,
    *,
    phases: Phases,
    inputs: Sequence[Any],
    border: float = 0.0,
    several: bool = True,
    tables: Mapping[str, Sequence[Columns]] | None = None,
) -> dict[str, Any]:
    """Write the measures of versions, and their mean and spread beside them.

    Parameters
    ----------
    out
        The table.
    rows
        Of each version.
    run
        Whether what exists is replaced.
    phases, inputs, border
        For the description: what the versions share, images read, pixels that borders were moved by.
    several
        Whether mean and spread are written.
    tables
        Further ones, by the names that are added to the file's, in parts that follow one another.

    Returns
    -------
    result
        ``spread_files``, ``versions``, ``spread`` and ``spacing_um``, ready for JSON.
    """
    from electrodej.morphology import spread

    beside = {
        name: {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}
        for name, parts in (tables or {}).items()
    }
    if several:
        kinds = list(dict.fromkeys(kind for _, kind, _ in rows))
        parts = [(kind, spread([found for _, of, found in rows if of == kind])) for kind in kinds]
        beside["spread"] = {
            "Of": np.concatenate([np.full(len(part["Measure"]), kind, object) for kind, part in parts]),
            **{name: np.concatenate([part[name] for _, part in parts]) for name in parts[0][1]},
        }
    description = _description(rows, phases, inputs, border) | table_columns(tables or ())
    paths = write_table(out, _columns(rows), description=description, beside=beside, force=run.force)
    columns = beside.get("spread", {})
    return {
        "spread_files": [os.fspath(path) for path in paths.values()],
        "versions": [
            {"name": title, "of": kind, **{measure.name: measure.value for measure in found}}
            for title, kind, found in rows
        ],
        "spread": [
            dict(zip(columns, row, strict=True))
            for row in zip(*(column.tolist() for column in columns.values()), strict=True)
        ],
        "spacing_um": list(phases.spacing),
    }


def _look(options: MorphologyOptions, run: Run) -> Phases:
    """Return what the versions share, once it is sure that they are of one image."""
    from electrodej.morphology import find_phases, phase_names
    from electrodej.transport import check_phase_names
    from electrodej.volume import common_spacing, open_volume

    ids: set[int] = set()
    with open_volume(options.phases[0], spacing=options.spacing) as first:
        size = first.require_spacing()
        check_room(first.shape, options.further, run)
        for image in options.images[1:]:
            with open_volume(image, spacing=options.spacing) as other:
                common_spacing(first, other)
    for image in options.phases:
        with open_volume(image, spacing=options.spacing) as volume:
            slabs = (slab for _, _, slab in volume.slabs())
            found = find_phases(slabs, run.progress, volume.shape[0])
            if not found or not 0 <= found[0] <= found[-1] <= 254:
                raise InputError(
                    f"{volume.path} is no phase image: phases are numbers from 0 to 254, 255 is not "
                    "labelled, and something must be labelled"
                )
            ids |= set(found)
    names = phase_names(sorted(ids), dict(enumerate(options.names)))
    if "transport" in options.further:
        check_phase_names(names.values(), options.transport)
    nameless = [name for value, name in names.items() if value >= len(options.names)]
    if options.names and nameless:
        run.note(f"--names has {len(options.names)} names; {', '.join(nameless)} in the image had none")
    return Phases(size, names)


def _particles(options: MorphologyOptions, phases: Phases, run: Run) -> Further:
    """Measure the particles, which are the same for all versions."""
    from electrodej.morphology import size_table
    from electrodej.verbs.morphology.particles import particle_sizes
    from electrodej.volume import open_volume

    if options.particles is None:
        return Further()
    with open_volume(options.particles, spacing=options.spacing) as labels:
        measures, shares = particle_sizes(labels, run, spacing=phases.spacing)
    return Further(measures, {"sizes": size_table(shares)})


def _versions(options: MorphologyOptions, names: Mapping[int, str]) -> list[Version]:
    from electrodej.morphology import move_border

    paths = [Path(getattr(image, "path", image)) for image in options.phases]
    titles = [path.name for path in paths]
    if len(set(titles)) < len(titles):
        titles = [str(path) for path in paths]
    versions, moved = [], options.border or 0.0
    for title, image in zip(titles, options.phases, strict=True):
        versions.append(Version(image, None, title))
        for value in names if moved else ():
            for pixels in (moved, -moved):

                def change(slab: NDArray[Any], value: int = value, pixels: float = pixels) -> NDArray[Any]:
                    return move_border(slab, value, pixels)

                versions.append(Version(image, change, f"{title}, {names[value]} {pixels:+g} px"))
    return versions


def _slabs(
    version: Version, spacing: Spacing | None, memory: int | None
) -> Iterator[tuple[float, NDArray[Any]]]:
    from electrodej.volume import open_volume

    with open_volume(version.image, spacing=spacing) as volume:
        for _, z1, slab in volume.slabs(memory=memory):
            yield z1 / volume.shape[0], slab if version.change is None else version.change(slab)


def _measures(version: Version, phases: Phases, options: MorphologyOptions, run: Run) -> list[Measure]:
    """Measure one version: here, or on a cluster if it is the image as it is."""
    from electrodej.morphology import phase_measures
    from electrodej.verbs.morphology.far import far_counts
    from electrodej.volume import open_volume

    if run.scheduler is None or version.change is not None:
        return _measured(_slabs(version, options.spacing, run.memory), phases, run.progress)
    with open_volume(version.image, spacing=options.spacing) as volume:
        counts = far_counts(volume, tuple(phases.names), run)
    return phase_measures(counts, spacing=phases.spacing, names=phases.names)


def _measured(
    slabs: Iterator[tuple[float, NDArray[Any]]], phases: Phases, progress: Progress
) -> list[Measure]:
    from electrodej.morphology import PairCounts, phase_measures

    counts = PairCounts(tuple(phases.names))
    for share, slab in slabs:
        counts.add(slab)
        progress(share, 1.0, "measuring phases")
    return phase_measures(counts, spacing=phases.spacing, names=phases.names)


def _trained(
    version: Version, phases: Phases, options: MorphologyOptions, run: Run
) -> tuple[list[Measure], list[str]]:
    """Train a network on a version, and measure what it predicts of the grey image."""
    from electrodej.models.libraries import use_threads
    from electrodej.networks import RunSettings
    from electrodej.networks.semantic import (
        LrcsConfig,
        SemanticSettings,
        make_sample,
        predict_slabs,
        train_semantic,
    )
    from electrodej.networks.semantic.predict import measure_volume
    from electrodej.volume import open_volume

    sizes = options.training
    settings = SemanticSettings(
        run=RunSettings(epochs=sizes["epochs"], seed=options.seed),
        patch=sizes["patch"],
        batch=sizes["batch"],
        steps=sizes["steps"],
    )
    use_threads(run.cores)
    labelled = np.concatenate([slab for _, slab in _slabs(version, options.spacing, run.memory)])
    with (
        open_volume(options.grey, spacing=options.spacing) as image,
        scratch_folder(options.out) as scratch,
    ):
        trained = train_semantic(
            [make_sample(image.read(), labelled, name=version.title, spacing=phases.spacing)],
            scratch / "model",
            settings,
            Run(progress=run.progress),
            config=LrcsConfig(n_filters=sizes["filters"]),
            names=phases.names,
        )
        levels, _ = measure_volume(image, trained.model)
        found = predict_slabs(
            image,
            trained.model,
            levels=levels,
            run=Run(memory=run.memory, progress=run.progress),
        )
        classes = trained.model.classes
        slabs = ((z1 / image.shape[0], classes.phases(chances.argmax(axis=-1))) for _, z1, chances in found)
        return _measured(slabs, phases, silent), list(trained.notes)


def _columns(rows: Sequence[Row]) -> dict[str, NDArray[Any]]:
    return {
        "Image": np.array([title for title, _, _ in rows], object),
        "Of": np.array([kind for _, kind, _ in rows], object),
        **{
            measure.name: np.array([found[place].value for _, _, found in rows], np.float64)
            for place, measure in enumerate(rows[0][2])
        },
    }


def _description(rows: Sequence[Row], phases: Phases, inputs: Sequence[Any], border: float) -> dict[str, Any]:
    from electrodej.morphology import SPREAD_COLUMNS

    columns = {
        "Image": {"unit": "", "definition": "the file, and how its borders were moved"},
        "Of": {"unit": "", "definition": "labels: the image itself; prediction: of a network trained on it"},
    }
    columns |= {
        measure.name: {"unit": measure.unit, "definition": measure.definition} for measure in rows[0][2]
    }
    classes = {str(value): name for value, name in phases.names.items()}
    return described(
        columns=columns,
        parameters={"border_pixels": border, "classes": classes},
        spacing=phases.spacing,
        inputs=inputs,
        spread_columns=SPREAD_COLUMNS,
    )
