"""The page that sets many images beside one another, and their groups against each other."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from electrodej.damage.table_file import TableFile
from electrodej.errors import ElectrodeJError
from electrodej.files import described
from electrodej.run import Run
from electrodej.vocabulary import PathLike, counted

if TYPE_CHECKING:
    from electrodej.damage import Group
    from electrodej.report import KeyNumber, Section
    from electrodej.verbs.run.batch import Done

_PACKAGES = ("numpy", "scipy", "scikit-learn", "shap")
# The column of the table of groups that says which images are of one sample.
_SAMPLE = "sample"
# Groups whose numbers have room at the head of the page.
_MOST_AT_HEAD = 6


def group_samples(
    done: Sequence[Done], tables: Mapping[int, TableFile], *, by: str
) -> tuple[list[Group], str]:
    """Return the groups in the order of their values, and what was left out, in a note.

    Without a column to go by, each image is a group of its own. Samples have the names that the column sample
    gives them, and the images of one sample are one sample; where there is no such name, or it is the groups'
    own, each image is a sample.
    """
    from electrodej.damage import Group, Sample

    found: dict[str, dict[str, list[Mapping[str, NDArray[Any]]]]] = {}
    left_out = []
    for number, table in tables.items():
        job = done[number].job
        named = job.about.get(_SAMPLE, "") if by not in ("", _SAMPLE) else ""
        value = job.about.get(by, "") if by else job.folder.name
        if value:
            found.setdefault(value, {}).setdefault(named or job.folder.name, []).append(table.columns)
        else:
            left_out.append(job.image.name)
    note = f"no {by} is known of {', '.join(left_out)}, left out of the comparison" if left_out else ""
    groups = [
        Group(value, [Sample(name, _joined(images)) for name, images in samples.items()])
        for value, samples in found.items()
    ]
    return sorted(groups, key=lambda group: _in_order(group.name)) if by else groups, note


def _in_order(value: str) -> tuple[bool, float, str]:
    """Numbers by their size, before texts: 10 cycles come before 50, and 50 before 100."""
    try:
        return False, float(value), value
    except ValueError:
        return True, 0.0, value


def write_comparison(
    path: Path,
    done: Sequence[Done],
    tables: Mapping[int, TableFile],
    run: Run,
    *,
    by: str,
    damage: Mapping[str, Any] | None,
) -> None:
    """Write the page.

    Parameters
    ----------
    path
        Where to.
    done
        All images.
    tables
        Of those whose particles were measured, by their place in ``done``.
    by
        The column whose groups are compared; "" for one image against the other, where there are two.
    damage
        Settings of the verb damage, by which each group's is explained; None: it is not.
    run
        How the work is done.
    """
    from electrodej.damage import compare_electrodes
    from electrodej.report import ReportContent, write_report
    from electrodej.report.electrode_sections import electrode_sections
    from electrodej.report.methods import methods_section

    groups, note = group_samples(done, tables, by=by)
    compared = len(groups) > 1 and (bool(by) or len(groups) == 2)
    quiet = run.quiet()
    comparisons = compare_electrodes(groups, quiet) if compared else ()
    units = {name: unit for table in tables.values() for name, unit in table.units.items()}
    failed = [f"{each.job.image.name}: {each.failure}" for each in done if each.failure]
    notes = [*(f"Failed: {text}" for text in failed), *([note] if note else [])]
    explained: list[Section] = []
    if compared and damage is not None:
        explained, said = _explained(groups, damage, quiet)
        notes += said
    inputs: list[PathLike] = [table.path for table in tables.values()]
    made = described(inputs=inputs, packages=_PACKAGES if explained else _PACKAGES[:2])
    content = ReportContent(
        title=counted(len(done), "image") + (f" by {by}" if by else ""),
        subtitle="Measured by electrodej run",
        grey=None,
        labels=None,
        spacing=None,
        table={},
        key_numbers=_head(done, groups, by),
        notes=notes,
        provenance=made,
        sections=[
            _images(done, path.parent),
            *electrode_sections(groups, comparisons, units=units),
            *explained,
            methods_section(
                {}, damage=bool(explained), compared=bool(comparisons), versions=made.get("versions", {})
            ),
        ],
    )
    write_report(path, content, force=True, progress=replace(run, notes=[]).progress)


def _head(done: Sequence[Done], groups: Sequence[Group], by: str) -> list[KeyNumber]:
    """Return how many images there are, and the numbers of each group."""
    from electrodej.features.sizes import size_at
    from electrodej.report import KeyNumber
    from electrodej.report.electrode_sections import sized
    from electrodej.report.numbers import percent, readable

    failed = sum(bool(each.failure) for each in done)
    numbers = [KeyNumber("Images", str(len(done)), "", f"{failed} failed" if failed else "all done")]
    for group in groups if len(groups) <= _MOST_AT_HEAD else ():
        columns = _pooled(group)
        told = [counted(len(group.samples), "sample")] if by else []
        told.append(f"D50 {readable(float(size_at(*sized(columns))[1]), 3)} µm")
        damage = np.asarray(columns.get("Damage", ()), np.float64)
        if np.isfinite(damage).any():
            told.append(f"mean damage {percent(float(np.nanmean(damage)))} %")
        name = f"{by} {group.name}" if by else group.name
        numbers.append(KeyNumber(name, str(len(columns["Label"])), "particles", ", ".join(told)))
    return numbers


def _images(done: Sequence[Done], folder: Path) -> Section:
    """Return the images, each with the way to its own page."""
    from markupsafe import Markup

    from electrodej.report import Section

    rows = []
    for each in done:
        page = each.found.files.get("report")
        name: str | Markup = each.job.image.name
        if page is not None and page.exists():
            place = quote(page.absolute().relative_to(folder.absolute()).as_posix())
            name = Markup('<a href="{}">{}</a>').format(place, name)
        about = ", ".join(f"{head} {value}" for head, value in each.job.about.items())
        count = "" if each.found.particles is None else each.found.particles
        state = "failed" if each.failure else "done"
        rows.append(
            Markup('<tr><td>{}</td><td>{}</td><td class="num">{}</td><td>{}</td></tr>').format(
                name, about, count, state
            )
        )
    head = Markup(
        '<tr><th scope="col">Image</th><th scope="col">Of</th><th scope="col" class="num">Particles</th>'
        '<th scope="col">State</th></tr>'
    )
    table = Markup(
        '<div class="scroll"><table class="plain"><thead>{}</thead><tbody>{}</tbody></table></div>'
    )
    return Section("Images", table.format(head, Markup("").join(rows)))


def _explained(
    groups: Sequence[Group], settings: Mapping[str, Any], run: Run
) -> tuple[list[Section], list[str]]:
    """Return what explains the damage in each group and what of it changed, and notes."""
    if not all(importlib.util.find_spec(name) for name in ("sklearn", "shap", "networkx")):
        return [], []
    from electrodej.damage import compare_damage, explain_damage, make_table
    from electrodej.report.damage.sections import damage_sections
    from electrodej.verbs.damage import VERB, DamageOptions
    from electrodej.verbs.damage.flat import leave_out_in_2d

    options = VERB.make(tables=("groups",), out="damage", **settings)
    assert isinstance(options, DamageOptions)
    try:
        tables = []
        for group in groups:
            columns = _pooled(group)
            left_out = options.leave_out if "Volume" in columns else leave_out_in_2d(options.leave_out)
            tables.append(
                make_table(
                    columns, name=group.name, exclude_border=options.exclude_border, leave_out=left_out
                )
            )
        results = tuple(explain_damage(table, options.config, run) for table in tables)
        comparisons, notes = compare_damage(results, run)
    except ElectrodeJError as error:
        return [], [f"What explains the damage of each group was not found: {error}"]
    return damage_sections(results, comparisons), list(notes)


def _pooled(group: Group) -> dict[str, NDArray[Any]]:
    """Return the particles of all samples in one table, those columns that every sample has."""
    columns = _joined([sample.columns for sample in group.samples])
    counts = [len(sample.columns["Label"]) for sample in group.samples]
    return columns | {"Image": np.repeat([sample.name for sample in group.samples], counts)}


def _joined(tables: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """Return tables below one another, those columns that every one of them has."""
    shared = [name for name in tables[0] if all(name in table for table in tables)]
    return {name: np.concatenate([np.asarray(table[name]) for table in tables]) for name in shared}
