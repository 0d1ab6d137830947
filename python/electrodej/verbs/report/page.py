"""From the files of an electrode to its page."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from electrodej.errors import InputError
from electrodej.files import input_files, read_json, versions
from electrodej.files.tables import table_beside
from electrodej.run import Run
from electrodej.verbs.damage.folder import SUMMARY
from electrodej.verbs.measure.cracks import PACKING, RELATED
from electrodej.verbs.report.same import check_same
from electrodej.vocabulary import UNLABELLED, PathLike

if TYPE_CHECKING:
    from electrodej.damage.table_file import TableFile
    from electrodej.report import Section
    from electrodej.verbs.report import ReportOptions
    from electrodej.volume import Volume


@dataclass(frozen=True)
class Story:
    """What is known of how the files came about, and no file says.

    Attributes
    ----------
    stages
        Name, seconds and file of what was done.
    notes
        What the reader must not miss.
    subtitle
        A line below the heading.
    provenance
        Further entries of how it was made.
    """

    stages: Sequence[tuple[str, float, str]] = ()
    notes: Sequence[str] = ()
    subtitle: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)


def write_page(options: ReportOptions, run: Run, story: Story | None = None) -> dict[str, Any]:
    """Write the page; return where it lies and how many particles it tells of."""
    from electrodej.files import check_target
    from electrodej.report import ReportContent, write_report
    from electrodej.volume import common_spacing, open_volume

    story = story or Story()
    check_target(options.out, force=run.force, inputs=_inputs(options).values(), file=True)
    table = None if options.table is None else _read_table(options.table)
    scores = [_read_json(path) for path in options.scores]
    compared = [] if table is None else compare_sections([table, *map(_read_table, options.compare)], run)
    made = _provenance(options, story)
    with contextlib.ExitStack() as stack:
        grey = labels = spacing = None
        if options.grey is not None:
            grey = stack.enter_context(open_volume(options.grey, spacing=options.spacing))
            labels = stack.enter_context(open_volume(options.labels, spacing=options.spacing))
            spacing = common_spacing(grey, labels)
            if table is not None:
                check_same(options.table, table.columns, labels, spacing)
        phases, cracks = (
            None if each is None else stack.enter_context(open_volume(each, spacing=options.spacing))
            for each in (options.phases, options.cracks)
        )
        content = ReportContent(
            title=options.title or _title(options),
            subtitle=story.subtitle,
            grey=grey,
            labels=labels,
            phase_image=phases,
            crack_image=cracks,
            phase_names=dict(enumerate(options.names)),
            spacing=spacing,
            table={} if table is None else table.columns,
            units={} if table is None else table.units,
            definitions={} if table is None else table.definitions,
            scores=next((each for each in scores if "thresholds" in each), None),
            stages=story.stages,
            provenance=made,
            notes=list(dict.fromkeys([*story.notes, *_notes(options)])),
        )
        # Whether all images go together is sure from here on.
        sections = [
            *compared,
            *_sizes(table, options),
            *_sections(options, scores, grey, phases, cracks),
            _methods(options, story, made),
        ]
        write_report(options.out, replace(content, sections=sections), force=run.force, progress=run.progress)
    return {"report": str(Path(options.out).absolute()), "particles": content.rows}


def _title(options: ReportOptions) -> str:
    first = next(each for each in (*_inputs(options).values(),) if each is not None)
    return Path(getattr(first, "path", first)).stem


def _inputs(options: ReportOptions) -> dict[str, Any]:
    """Return what is read, by its role."""
    roles = ("grey", "labels", "table", "phases", "cracks", "morphology", "damage")
    given = {role: getattr(options, role) for role in roles if getattr(options, role) is not None}
    given |= {f"compared {number + 1}": path for number, path in enumerate(options.compare)}
    return given | {f"scores {number + 1}": path for number, path in enumerate(options.scores)}


def _read_table(path: Any) -> TableFile:
    from electrodej.damage.table_file import read_table_file

    table = read_table_file(path)
    if "Label" not in table.columns:
        raise InputError(f"{path} has no column Label; give the table that electrodej measure wrote")
    return table


def _methods(options: ReportOptions, story: Story, made: Mapping[str, Any]) -> Section:
    from electrodej.report.methods import methods_section

    return methods_section(
        {} if options.table is None else _described(options.table),
        commands=story.provenance.get("commands", ()),
        damage=_has_model(options.damage),
        compared=bool(options.compare),
        versions=made.get("versions", {}),
    )


def _has_model(folder: PathLike | None) -> bool:
    """Whether the damage was modelled: of few particles it is described only."""
    if folder is None:
        return False
    tables = _read_json(Path(folder) / SUMMARY).get("tables") or ()
    return any(each.get("modelled") for each in tables)


def _sizes(table: TableFile | None, options: ReportOptions) -> list[Section]:
    """Return sizes, and the grey by depth unless samples are compared, which tells of it too."""
    from electrodej.report.profile import profile_section
    from electrodej.report.sizes import size_section

    if table is None:
        return []
    by_depth = None if options.compare else profile_section({Path(table.path).stem: table.columns})
    return [section for section in (size_section(table.columns), by_depth) if section is not None]


def compare_sections(tables: Sequence[TableFile], run: Run) -> list[Section]:
    """Return the parts of the page that set several tables beside one another; none for a single one."""
    if len(tables) < 2:
        return []
    from electrodej.damage import Group, Sample, compare_electrodes
    from electrodej.report.electrode_sections import electrode_sections

    names = _sample_names([Path(table.path) for table in tables])
    groups = [Group(name, [Sample(name, table.columns)]) for name, table in zip(names, tables, strict=True)]
    units = {name: unit for table in tables for name, unit in table.units.items()}
    return electrode_sections(groups, compare_electrodes(groups, run), units=units)


def _sample_names(paths: Sequence[Path]) -> list[str]:
    """Return the tables' names, with their folders' before them where two are the same."""
    stems = [path.stem for path in paths]
    if len(set(stems)) < len(stems):
        stems = [f"{path.absolute().parent.name}/{path.stem}" for path in paths]
    if len(set(stems)) < len(stems):
        stems = [f"{stem} ({number + 1})" for number, stem in enumerate(stems)]
    return stems


def _read_json(path: Any) -> dict[str, Any]:
    try:
        found = read_json(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error}); give what electrodej wrote") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} holds no scores; give the .json that electrodej score wrote")
    return found


def _described(path: Any) -> Mapping[str, Any]:
    """Return the description beside a table; nothing where there is none."""
    beside_it = Path(path).with_suffix(".json")
    return _read_json(beside_it) if beside_it.is_file() else {}


def _provenance(options: ReportOptions, story: Story) -> dict[str, Any]:
    """Return how the table was made, what the page was made from, and what the story adds."""
    of_table = {} if options.table is None else dict(_described(options.table))
    for name in ("columns", "notes", "inputs"):
        of_table.pop(name, None)
    of_damage = {} if options.damage is None else _read_json(Path(options.damage) / SUMMARY)
    known = of_damage.get("provenance", {})
    return {
        **of_table,
        "inputs": input_files(_inputs(options)),
        "versions": {**versions(), **of_table.get("versions", {}), **known.get("versions", {})},
        **story.provenance,
    }


def _notes(options: ReportOptions) -> list[str]:
    """Return what the description of the table notes."""
    if options.table is None:
        return []
    return [str(note) for note in _described(options.table).get("notes", [])]


def _sections(
    options: ReportOptions,
    scores: Sequence[Mapping[str, Any]],
    grey: Volume | None,
    phases: Volume | None,
    cracks: Volume | None,
) -> list[Section]:
    sections: list[Section] = []
    if options.damage is not None:
        from electrodej.report.stored import read_sections

        folder = Path(options.damage)
        sections += read_sections(_read_json(folder / SUMMARY).get("sections", []), folder)
    if options.table is not None and (table := table_beside(options.table, "cracks")).is_file():
        sections.append(_crack_section(table))
    if phases is not None and grey is not None:
        sections.append(_phase_section(options, scores, grey, phases, cracks))
    return sections


def _crack_section(path: Path) -> Section:
    from electrodej.damage.table_file import read_table_file
    from electrodej.morphology import relate
    from electrodej.report.cracks.sections import crack_section

    table = dict(read_table_file(path).columns)
    relations = {name: relate(table[PACKING], np.asarray(table[name], np.float64)) for name in RELATED}
    return crack_section(table, relations)


def _phase_section(
    options: ReportOptions,
    scores: Sequence[Mapping[str, Any]],
    grey: Volume,
    phases: Volume,
    cracks: Volume | None,
) -> Section:
    from electrodej.morphology import phase_names
    from electrodej.report.phases import phase_section
    from electrodej.report.structure import structure_drawings

    middle = (slice(grey.shape[0] // 2, grey.shape[0] // 2 + 1), slice(None), slice(None))
    spacing = phases.spacing or grey.require_spacing()
    shown = phases[middle][0]
    highest = int(shown[shown < UNLABELLED].max(initial=0))
    names = phase_names(range(max(len(options.names), highest + 1)), dict(enumerate(options.names)))
    return phase_section(
        grey[middle][0],
        shown,
        names=list(names.values()),
        measures={} if options.morphology is None else _measures(options.morphology),
        spacing=spacing[1:],
        cracks=None if cracks is None else cracks[middle][0] > 0,
        note=_phase_note(scores),
        curves=[] if options.morphology is None else structure_drawings(_beside(Path(options.morphology))),
    )


def _beside(table: Path) -> dict[str, Mapping[str, Any]]:
    """Return the tables of sizes and statistics that lie beside one of phases."""
    from electrodej.damage.table_file import read_table_file
    from electrodej.report.structure import TABLES

    paths = {name: table.with_name(f"{table.stem}_{name}{table.suffix}") for name in TABLES}
    return {name: dict(read_table_file(path).columns) for name, path in paths.items() if path.is_file()}


def _measures(path: Any) -> dict[str, tuple[float, str, str]]:
    """Return value, unit and definition of the measures in the first row of a table of phases."""
    from electrodej.damage.table_file import read_table_file

    table = read_table_file(path)
    return {
        name: (float(values[0]), table.units.get(name, ""), table.definitions.get(name, ""))
        for name, values in table.columns.items()
        if name not in ("Image", "Of") and len(values)
    }


def _phase_note(scores: Sequence[Mapping[str, Any]]) -> str:
    """Say how right the phases and the cracks are, where they were compared with a known truth."""
    parts = []
    for found in scores:
        classes = found.get("classes")
        if not classes:
            continue
        if len(classes) == 2 and str(classes[0]["name"]).startswith("no "):
            parts.append(f"Dice coefficient {classes[1]['dice']:.2f} for {classes[1]['name']}s")
        else:
            words = ", ".join(f"{entry['iou']:.2f} for {entry['name']}" for entry in classes)
            parts.append(f"intersection over union {words}")
    return f"Against the known truth: {'; '.join(parts)}." if parts else ""
