"""Particle labels and cracks on disk to a table of each particle's cracks, and how they go with packing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej import __version__
from electrodej.errors import InputError
from electrodej.files import check_target, whole_file
from electrodej.files.tables import check_table_target, checksum, write_table
from electrodej.progress import Progress, silent
from electrodej.run import Run

if TYPE_CHECKING:
    from electrodej.features import FeatureTable
    from electrodej.morphology import Relation
    from electrodej.report import Section
    from electrodej.report.drawings import Drawing
    from electrodej.volume import Volume

PathLike = str | os.PathLike[str]
Triple = tuple[float, float, float]
Columns = dict[str, NDArray[Any]]

PACKING = "PDensity"
RELATED = ("CrackShare", "CrackLength", "CrackWidth", "CrackDepth", "CrackPieces")
_PACKING_TEXT = (
    "share of labelled voxels, cracks included, in the particle's bounding box grown by 10 um on each side "
    "and cut to the volume"
)


@dataclass(frozen=True)
class CrackStudy:
    """The cracks of a volume's particles, and how they go with packing.

    Attributes
    ----------
    table
        One row for each particle, see `electrodej.morphology.measure_cracks`, and ``PDensity``.
    relations
        Of crack measures with ``PDensity``, by their names.
    result
        Files, counts, the relations as numbers, voxel size and notes, as JSON has them.
    """

    table: Columns
    relations: dict[str, Relation]
    result: dict[str, Any]

    @cached_property
    def drawing(self) -> Drawing:
        """The picture, drawn once for its files and all pages."""
        from electrodej.report.crack_figures import crack_drawing

        return crack_drawing(self.table[PACKING], self.table["CrackShare"], self.relations)

    def section(self) -> Section:
        """Return the part of a report that tells of this study."""
        from electrodej.report.crack_sections import crack_section

        return crack_section(self.table, self.relations, self.drawing)


def measure_with_cracks(
    grey: PathLike,
    labels: PathLike,
    cracks: PathLike,
    out: PathLike,
    *,
    value: int | None = None,
    spacing: Triple | None = None,
    radius: float = 0.7,
    crop: int = 0,
    exclude_border: bool = False,
    jobs: int | None = None,
    force: bool = False,
    progress: Progress = silent,
    **options: Any,
) -> tuple[FeatureTable, CrackStudy]:
    """Measure particles as `electrodej.jobs.measure.measure_particles` does, and their cracks.

    ``T.csv`` comes with ``T_cracks.csv`` and what `crack_table` writes beside it.

    Parameters
    ----------
    grey, labels, out, spacing, radius, crop, exclude_border, jobs, force, progress, options
        As `electrodej.jobs.measure.measure_particles` has them.
    cracks, value
        As `crack_table` has them.

    Returns
    -------
    table, cracks
        The particles, and what `crack_table` returns.
    """
    from electrodej.jobs.measure import measure_particles
    from electrodej.volume import open_volume

    target = crack_target(out)
    # Whatever is wrong is said before the long work.
    check_crack_targets(target, force=force, inputs=[grey, labels, cracks])
    with open_volume(labels, spacing=spacing) as particles, open_volume(cracks, spacing=spacing) as phases:
        _size_of(particles, phases, crop)
    common: dict[str, Any] = {
        "spacing": spacing,
        "radius": radius,
        "crop": crop,
        "exclude_border": exclude_border,
        "jobs": jobs,
        "force": force,
        "progress": progress,
    }
    table = measure_particles(grey, labels, out, **common, **options)
    return table, crack_table(labels, cracks, target, value=value, **common)


def crack_target(out: PathLike) -> Path:
    """Return the crack table's name beside a table of particles: ``T.csv`` gives ``T_cracks.csv``."""
    table = Path(out)
    return table.with_name(f"{table.stem}_cracks{table.suffix}")


def check_crack_targets(out: PathLike, *, force: bool, inputs: list[PathLike]) -> dict[str, Path]:
    """Return the files that `crack_table` writes, once it is sure that each may be."""
    paths = check_table_target(out, beside=("packing",), force=force, inputs=inputs)
    for form in ("png", "svg", "html"):
        paths[form] = check_target(Path(out).with_suffix(f".{form}"), force=force, inputs=inputs, file=True)
    return paths


def crack_table(
    labels: PathLike,
    cracks: PathLike,
    out: PathLike,
    *,
    value: int | None = None,
    spacing: Triple | None = None,
    radius: float = 0.7,
    crop: int = 0,
    exclude_border: bool = False,
    jobs: int | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> CrackStudy:
    """Measure the cracks of every particle, relate them to the packing density, and write it all.

    ``C.csv`` comes with its description ``C.json``, the means in bins of the packing density
    ``C_packing.csv``, their picture ``C.png`` and ``C.svg``, and the page ``C.html``.

    Parameters
    ----------
    labels
        Particles. Crack voxels that have no label are given to the nearest particle within ``radius``.
    cracks
        Where cracks are: an image of phases, or of 0 and another number.
    out
        The table, ``.csv`` or ``.parquet``.
    value
        Number of the cracks in ``cracks``; by default whatever is not 0, where there is one such number.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the one in the file.
    radius
        How far from a particle, in micrometres, a crack voxel without a label may lie to be its own.
    crop
        Voxels left out at each face.
    exclude_border
        Leave out particles that touch a face.
    jobs
        Threads of the packing density; all cores by default.
    force
        Replace outputs that exist.
    progress
        Told of each particle.
    """
    from electrodej.features import features
    from electrodej.morphology import CRACK_COLUMNS, add_cracks, measure_cracks, relate

    paths = check_crack_targets(out, force=force, inputs=[labels, cracks])
    particles, mask, size = _read(labels, cracks, value=value, spacing=spacing, crop=crop)
    outlines = add_cracks(particles, mask, spacing=size, reach=radius, progress=progress)
    del particles
    outside = float((mask & (outlines == 0)).sum() / max(1, mask.sum()))
    table = measure_cracks(outlines, mask, spacing=size, progress=progress)
    packing = features(
        outlines,
        outlines,
        spacing=size,
        attributes=[PACKING],
        exclude_border=exclude_border,
        run=Run(jobs=jobs),
    )
    kept = np.isin(table["Label"], packing["Label"])
    table = {name: column[kept] for name, column in table.items()} | {PACKING: packing[PACKING]}
    relations = {name: relate(table[PACKING], np.asarray(table[name], np.float64)) for name in RELATED}
    named = dict(CRACK_COLUMNS) | {PACKING: ("", _PACKING_TEXT)}
    description = {
        "columns": {name: {"unit": unit, "definition": text} for name, (unit, text) in named.items()},
        "parameters": {
            "value": value,
            "radius": radius,
            "crop": crop,
            "exclude_border": exclude_border,
        },
        "crack_share_outside_particles": outside,
        "relation_to_packing": {name: found.as_dict() for name, found in relations.items()},
        "spacing_um": list(size),
        "inputs": {
            name: {"file": Path(path).name, "checksum": checksum(path)}
            for name, path in (("labels", labels), ("cracks", cracks))
        },
        "made_with": f"ElectrodeJ {__version__}",
    }
    image = np.full(len(table["Label"]), Path(labels).name, object)
    result = {
        "table": os.fspath(out),
        "files": [os.fspath(path) for path in paths.values()],
        "particles": len(table["Label"]),
        "cracked": int((table["CrackVolume"] > 0).sum()),
        "crack_share_outside_particles": outside,
        "relation_to_packing": description["relation_to_packing"],
        "spacing_um": list(size),
        "notes": _notes(outside, radius),
    }
    study = CrackStudy(table, relations, result)
    _write_pictures(paths, study, named, description, force=force)
    write_table(
        out,
        {"Image": image, **table},
        description=description,
        beside={"packing": _bins(relations)},
        force=force,
    )
    return study


def _size_of(particles: Volume, cracks: Volume, crop: int) -> Triple:
    """Return the voxel size of both, once it is sure that they are of one image and something is left."""
    from electrodej.volume import common_spacing

    size = common_spacing(particles, cracks)
    if min(particles.shape) <= 2 * crop:
        raise InputError(f"{particles.path}: nothing is left of it without {crop} voxels at each face")
    return size


def _read(
    labels: PathLike, cracks: PathLike, *, value: int | None, spacing: Triple | None, crop: int
) -> tuple[NDArray[Any], NDArray[np.bool_], Triple]:
    """Return the labels, where cracks are, and the voxel size."""
    from electrodej.volume import check_labels, open_volume

    with open_volume(labels, spacing=spacing) as particles, open_volume(cracks, spacing=spacing) as phases:
        size = _size_of(particles, phases, crop)
        z, y, x = (slice(crop, length - crop) for length in particles.shape)
        outlines = check_labels(particles[z, y, x])
        found = phases[z, y, x]
    if value is None:
        others = np.unique(found)
        others = others[others != 0]
        if len(others) > 1:
            raise InputError(
                f"{os.fspath(cracks)} holds the numbers {', '.join(str(n) for n in others[:5])}; "
                "say which is crack with --crack-class"
            )
    mask = found != 0 if value is None else found == value
    if not mask.any():
        what = "a number other than 0" if value is None else f"class {value}"
        raise InputError(f"{os.fspath(cracks)} holds no voxel of {what}; check --cracks and --crack-class")
    return outlines, mask, size


def _bins(relations: Mapping[str, Relation]) -> Columns:
    rows = [(name, each) for name, found in relations.items() for each in found.bins]
    numbers = {
        "PackingLow": [each.low for _, each in rows],
        "PackingHigh": [each.high for _, each in rows],
        "PackingMean": [each.centre for _, each in rows],
        "Particles": [each.count for _, each in rows],
        "Mean": [each.mean for _, each in rows],
        "MeanLow": [each.mean_low for _, each in rows],
        "MeanHigh": [each.mean_high for _, each in rows],
    }
    measures: Columns = {"Measure": np.array([name for name, _ in rows], object)}
    return measures | {name: np.array(values) for name, values in numbers.items()}


def _write_pictures(
    paths: Mapping[str, Path],
    study: CrackStudy,
    named: Mapping[str, tuple[str, str]],
    description: Mapping[str, Any],
    *,
    force: bool,
) -> None:
    from electrodej.report import ReportContent, write_report
    from electrodej.report.drawings import render
    from electrodej.report.numbers import unit_text

    for form in ("png", "svg"):
        with whole_file(paths[form], force=force) as part:
            part.write_bytes(render(study.drawing, form))
    content = ReportContent(
        title=f"Cracks of the particles: {paths['table'].name}",
        grey=None,
        labels=None,
        spacing=None,
        table=study.table,
        units={name: unit_text(unit) for name, (unit, _) in named.items() if unit},
        definitions={name: text for name, (_, text) in named.items()},
        provenance={name: entry for name, entry in description.items() if name != "columns"},
        sections=[study.section()],
    )
    write_report(paths["html"], content, force=force)


def _notes(outside: float, radius: float) -> list[str]:
    if outside < 0.05:
        return []
    return [
        f"{100 * outside:.0f} % of the crack voxels lie more than {radius:g} um from every particle and are "
        "left out; if they are cracks of particles, give a larger --radius"
    ]
