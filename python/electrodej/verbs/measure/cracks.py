"""The cracks of particles: a table of them, and how they go with the packing density."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.files import check_target, described, whole_file
from electrodej.files.tables import check_table_target, table_beside, write_table
from electrodej.run import Run
from electrodej.vocabulary import Spacing, counted

if TYPE_CHECKING:
    from electrodej.morphology import Relation
    from electrodej.report import Section
    from electrodej.report.drawings import Drawing
    from electrodej.verbs.measure import MeasureOptions
    from electrodej.volume import Volume

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

    @property
    def text(self) -> str:
        """The result in a line."""
        found = self.result
        return f"{found['cracked']} of {found['particles']} particles are cracked: {found['table']}"

    @cached_property
    def drawing(self) -> Drawing:
        """The picture, drawn once for its files and all pages."""
        from electrodej.report.cracks.figures import crack_drawing

        return crack_drawing(self.table[PACKING], self.table["CrackShare"], self.relations)

    def section(self) -> Section:
        """Return the part of a report that tells of this study."""
        from electrodej.report.cracks.sections import crack_section

        return crack_section(self.table, self.relations, self.drawing)


def check_cracks(options: MeasureOptions, run: Run) -> dict[str, Path]:
    """Return the files that `measure_cracks` writes, once it is sure that it can work."""
    from electrodej.volume import open_volume

    with (
        open_volume(options.labels, spacing=options.spacing) as particles,
        open_volume(options.cracks, spacing=options.spacing) as phases,
    ):
        _size_of(particles, phases, options.settings.crop)
    return _targets(options, run)


def measure_cracks(options: MeasureOptions, run: Run) -> CrackStudy:
    """Measure the cracks of every particle, relate them to the packing density, and write it all.

    ``T.csv`` comes with ``T_cracks.csv``, its description ``T_cracks.json``, the means in bins of the
    packing density ``T_cracks_packing.csv``, their picture ``.png`` and ``.svg``, and the page ``.html``.
    Crack voxels that have no label are given to the nearest particle within the radius.
    """
    from electrodej.features import features
    from electrodej.morphology import CRACK_COLUMNS, add_cracks, relate
    from electrodej.morphology import measure_cracks as crack_columns

    settings = options.settings
    paths = _targets(options, run)
    particles, mask, size = _read(options)
    outlines = add_cracks(particles, mask, run, spacing=size, reach=settings.radius)
    del particles
    outside = float((mask & (outlines == 0)).sum() / max(1, mask.sum()))
    table = crack_columns(outlines, mask, run, spacing=size)
    packing = features(
        outlines,
        outlines,
        Run(jobs=run.jobs),
        spacing=size,
        attributes=[PACKING],
        exclude_border=settings.exclude_border,
    )
    rows = np.isin(table["Label"], packing["Label"])
    table = {name: column[rows] for name, column in table.items()} | {PACKING: packing[PACKING]}
    relations = {name: relate(table[PACKING], np.asarray(table[name], np.float64)) for name in RELATED}
    named = dict(CRACK_COLUMNS) | {PACKING: ("", _PACKING_TEXT)}
    description = described(
        columns=named,
        parameters={
            "value": options.crack_class,
            "radius": settings.radius,
            "crop": settings.crop,
            "exclude_border": settings.exclude_border,
        },
        spacing=size,
        inputs={"labels": options.labels, "cracks": options.cracks},
        crack_share_outside_particles=outside,
        relation_to_packing={name: found.as_dict() for name, found in relations.items()},
    )
    notes = _notes(outside, settings.radius)
    run.note(*notes)
    result = {
        "table": str(paths["table"]),
        "files": [str(path) for path in paths.values()],
        "particles": len(table["Label"]),
        "cracked": int((table["CrackVolume"] > 0).sum()),
        "crack_share_outside_particles": outside,
        "relation_to_packing": description["relation_to_packing"],
        "spacing_um": list(size),
        "notes": notes,
    }
    study = CrackStudy(table, relations, result)
    _write_pictures(paths, study, named, description, run)
    image = np.full(len(table["Label"]), Path(getattr(options.labels, "path", options.labels)).name, object)
    write_table(
        paths["table"],
        {"Image": image, **table},
        description=description,
        beside={"packing": _bins(relations)},
        force=run.force,
    )
    return study


def _targets(options: MeasureOptions, run: Run) -> dict[str, Path]:
    """Return the files that are written beside the table of particles, once it is sure that each may be."""
    assert options.out is not None
    target = table_beside(options.out, "cracks")
    inputs = [options.grey, options.labels, options.cracks]
    paths = check_table_target(target, beside=("packing",), force=run.force, inputs=inputs)
    for form in ("png", "svg", "html"):
        paths[form] = check_target(target.with_suffix(f".{form}"), force=run.force, inputs=inputs, file=True)
    return paths


def _size_of(particles: Volume, cracks: Volume, crop: int) -> Spacing:
    """Return the voxel size of both, once it is sure that they are of one image and something is left."""
    from electrodej.volume import common_spacing

    size = common_spacing(particles, cracks)
    if min(particles.shape) <= 2 * crop:
        raise InputError(
            f"{particles.path}: nothing is left of it without {counted(crop, 'voxel')} at each face"
        )
    return size


def _read(options: MeasureOptions) -> tuple[NDArray[Any], NDArray[np.bool_], Spacing]:
    """Return the labels, where cracks are, and the voxel size."""
    from electrodej.volume import check_labels, open_volume

    crop, value = options.settings.crop, options.crack_class
    with (
        open_volume(options.labels, spacing=options.spacing) as particles,
        open_volume(options.cracks, spacing=options.spacing) as phases,
    ):
        size, name = _size_of(particles, phases, crop), phases.path
        z, y, x = (slice(crop, length - crop) for length in particles.shape)
        outlines = check_labels(particles[z, y, x])
        found = phases[z, y, x]
    if value is None:
        others = np.unique(found)
        others = others[others != 0]
        if len(others) > 1:
            raise InputError(
                f"{name} holds the numbers {', '.join(str(n) for n in others[:5])}; "
                "say which is crack with --crack-class"
            )
    mask = found != 0 if value is None else found == value
    if not mask.any():
        what = "a number other than 0" if value is None else f"class {value}"
        raise InputError(f"{name} holds no voxel of {what}; check --cracks and --crack-class")
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
    run: Run,
) -> None:
    from electrodej.report import ReportContent, write_report
    from electrodej.report.drawings import render
    from electrodej.report.numbers import unit_text

    for form in ("png", "svg"):
        with whole_file(paths[form], force=run.force) as part:
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
    write_report(paths["html"], content, force=run.force)


def _notes(outside: float, radius: float) -> list[str]:
    if outside < 0.05:
        return []
    return [
        f"{100 * outside:.0f} % of the crack voxels lie more than {radius:g} um from every particle and are "
        "left out; if they are cracks of particles, give a larger --radius"
    ]
