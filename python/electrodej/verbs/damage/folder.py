"""What the verb damage leaves behind: tables, figures, a page and one JSON with everything."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.files import read_json
from electrodej.files.plain import plain
from electrodej.files.tables import write_table
from electrodej.progress import Progress, silent

if TYPE_CHECKING:
    from electrodej.damage import Comparison, DamageResult, Evolution
    from electrodej.damage.table_file import TableFile
    from electrodej.verbs.damage.study import DamageStudy

SUMMARY, PAGE, FIGURES = "damage.json", "report.html", "figures"
_TABLES = ("contribution", "shap", "predictions", "comparison", "evolution", "evolution_curves")
_MAPS = ("damage-well-formed.tif", "damage-poorly-formed.tif")
_OURS = {SUMMARY, PAGE, FIGURES, *_MAPS, *(f"{name}{end}" for name in _TABLES for end in (".csv", ".json"))}


def is_ours(folder: Path) -> bool:
    """Whether a folder holds what the verb writes and nothing else."""
    if not (folder / SUMMARY).is_file() or not {entry.name for entry in folder.iterdir()} <= _OURS:
        return False
    figures = folder / FIGURES
    return not figures.exists() or {entry.name for entry in figures.iterdir()} <= _figures(folder / SUMMARY)


def _figures(summary: Path) -> set[str]:
    """The pictures that an earlier study says it drew."""
    try:
        names = read_json(summary)["figures"]
        return {f"{name}.{form}" for name in names for form in ("png", "svg", "csv")}
    except (OSError, InputError, KeyError, TypeError):
        return set()


def fill_folder(
    folder: Path, study: DamageStudy, files: Sequence[TableFile], *, progress: Progress = silent
) -> None:
    """Write everything about a study into an empty folder; the JSON comes last."""
    from electrodej.report.drawings import write_drawings
    from electrodej.report.stored import plain_sections

    _write_tables(folder, study)
    if study.drawings.all:
        (folder / FIGURES).mkdir()
        write_drawings(folder / FIGURES, study.drawings.all, progress=progress)
    _write_page(folder / PAGE, study, files, progress)
    sections = plain_sections(study.sections(), study.drawings.all, folder=FIGURES)
    summary = {**study.as_dict(), "sections": sections}
    text = json.dumps(plain(summary), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / SUMMARY).write_text(text + "\n", encoding="utf-8")


def _write_tables(folder: Path, study: DamageStudy) -> None:
    tables = {"contribution": contribution_columns(study.results)}
    if any(result.model for result in study.results):
        tables["shap"] = _stacked([_shap_columns(result) for result in study.results if result.model])
        tables["predictions"] = _stacked(
            [_prediction_columns(result) for result in study.results if result.model]
        )
    if study.comparisons:
        tables["comparison"] = _stacked([_comparison_columns(each) for each in study.comparisons])
    if study.evolutions:
        tables["evolution"] = _evolution_columns(study.results[0], study.evolutions)
        tables["evolution_curves"] = _stacked(
            [_curve_columns(name, evolution) for name, evolution in study.evolutions.items()]
        )
    for name, columns in tables.items():
        described = {column: _DEFINITIONS[column] for column in columns if column in _DEFINITIONS}
        write_table(
            folder / f"{name}.csv",
            columns,
            description={
                "columns": {
                    column: {"unit": "", "definition": described.get(column, _VALUES[name])}
                    for column in columns
                },
                **study.provenance,
            },
        )


_VALUES = {
    "contribution": "",
    "shap": "SHAP value of the attribute for the particle, in damage.",
    "predictions": "",
    "comparison": "",
    "evolution": "Damage of the particle after the last cycle, by the model.",
    "evolution_curves": "Of the electrode after the cycle, by the model; see docs/damage.md.",
}
_DEFINITIONS = {
    "Table": "The table that the row is about.",
    "Image": "As in the table that was read.",
    "Label": "As in the table that was read; its row where it has no labels.",
    "Attribute": "Attribute that explains damage.",
    "Contribution": "Mean absolute SHAP value over all particles, in damage.",
    "SeedsMean": "Mean of the contribution over forests of different seeds.",
    "SeedsSD": "Sample standard deviation of the same.",
    "DrawsMean": "Mean of the contribution over forests of drawn particles.",
    "DrawsSD": "Sample standard deviation of the same.",
    "Permutation": "Rise of the mean absolute error on held-out particles when the attribute is shuffled.",
    "PermutationSD": "Sample standard deviation of the same over folds and shuffles.",
    "Correlation": "Spearman's rank correlation with damage.",
    "Curve": "How the SHAP value runs over the value of the attribute.",
    "Base": "SHAP's base value: what the forest expects of a particle that it knows nothing of.",
    "Predicted": "Damage that the forest predicts: Base and the SHAP values of the row, summed.",
    "Damage": "Measured damage.",
    "HeldOut": "1 where the forest did not see the particle, else 0.",
    "First": "The table that is compared with.",
    "Other": "The table that is compared.",
    "ContributionFirst": "Contribution in the first, mean over the seeds.",
    "ContributionOther": "Contribution in the other, mean over the seeds.",
    "Change": "ContributionOther - ContributionFirst.",
    "Error": "Standard error of the change, from resampled particles and seeds.",
    "Low": "Lower end of the 95 % interval of the change.",
    "High": "Upper end of the 95 % interval of the change.",
    "Confidence": "That the change has its sign.",
    "P": "Two-sided p-value of the change.",
    "PHolm": "The same after Holm's correction for the number of attributes.",
    "Electrode": "The settings of the model.",
    "Cycle": "Counted from 1.",
}


def contribution_columns(results: Sequence[DamageResult]) -> dict[str, NDArray[Any]]:
    """Return one row for each table and attribute; what a table without a model lacks is empty."""
    rows: list[list[Any]] = []
    for result in results:
        for name in result.ranking or result.table.attributes:
            row: list[Any] = [result.table.name, name]
            model = result.model
            if model is None:
                row += [math.nan] * 7
            else:
                draws = model.draws.get(name)
                rise = model.evaluation.permutation[name]
                row += [model.contribution[name], model.seeds[name].mean, model.seeds[name].deviation]
                row += [math.nan, math.nan] if draws is None else [draws.mean, draws.deviation]
                row += [rise.mean, rise.deviation]
            correlation = result.description.correlation[name]
            row += [
                math.nan if correlation is None else correlation,
                "" if model is None else model.curves[name].shape,
            ]
            rows.append(row)
    heads = (
        "Table", "Attribute", "Contribution", "SeedsMean", "SeedsSD", "DrawsMean", "DrawsSD", "Permutation",
        "PermutationSD", "Correlation", "Curve",
    )  # fmt: skip
    text = ("Table", "Attribute", "Curve")
    return {
        head: np.array(values, dtype=object if head in text else float)
        for head, values in zip(heads, zip(*rows, strict=True), strict=True)
    }


def _particle_columns(result: DamageResult) -> dict[str, NDArray[Any]]:
    table = result.table
    return {
        "Table": np.full(len(table), table.name, dtype=object),
        "Image": table.images,
        "Label": table.labels,
    }


def _shap_columns(result: DamageResult) -> dict[str, NDArray[Any]]:
    assert result.model is not None
    values = dict(zip(result.table.attributes, result.model.shap.T, strict=True))
    base = np.full(len(result.table), result.model.base)
    return _particle_columns(result) | {"Base": base} | values | {"Predicted": result.model.prediction}


def _prediction_columns(result: DamageResult) -> dict[str, NDArray[Any]]:
    assert result.model is not None
    return _particle_columns(result) | {
        "Damage": result.table.damage,
        "Predicted": result.model.prediction,
        "HeldOut": result.model.forest.held_out,
    }


def _comparison_columns(comparison: Comparison) -> dict[str, NDArray[Any]]:
    changes = comparison.changes
    numbers = {
        "ContributionFirst": "first", "ContributionOther": "other", "Change": "change", "Error": "error",
        "Low": "low", "High": "high", "Confidence": "confidence", "P": "p", "PHolm": "p_holm",
    }  # fmt: skip
    return {
        "First": np.full(len(changes), comparison.first, dtype=object),
        "Other": np.full(len(changes), comparison.other, dtype=object),
        "Attribute": np.array([change.attribute for change in changes], dtype=object),
        **{head: np.array([getattr(each, name) for each in changes]) for head, name in numbers.items()},
    }


def _evolution_columns(result: DamageResult, evolutions: Mapping[str, Evolution]) -> dict[str, NDArray[Any]]:
    return {
        "Label": result.table.labels,
        "Damage": result.table.damage,
        **{name: evolution.damage for name, evolution in evolutions.items()},
    }


def _curve_columns(name: str, evolution: Evolution) -> dict[str, NDArray[Any]]:
    cycles = evolution.config.cycles
    return {
        "Electrode": np.full(cycles, name, dtype=object),
        "Cycle": np.arange(1, cycles + 1),
        **evolution.curves,
    }


def _stacked(tables: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    return {head: np.concatenate([table[head] for table in tables]) for head in tables[0]}


def _write_page(path: Path, study: DamageStudy, files: Sequence[TableFile], progress: Progress) -> None:
    from electrodej.report import ReportContent, write_report

    units: dict[str, str] = {}
    definitions: dict[str, str] = {}
    for file in files:
        units |= dict(file.units)
        definitions |= dict(file.definitions)
    names = ", ".join(result.table.name for result in study.results)
    content = ReportContent(
        title=f"Damage of the particles: {names}",
        subtitle="What explains the damage, and how sure that is",
        grey=None,
        labels=None,
        spacing=None,
        table=_page_columns(study.results),
        units=units,
        definitions={name: text for name, text in definitions.items() if text},
        provenance=study.provenance,
        # The sections say the others.
        notes=[note for note in study.warnings if note in study.notes or "WARNING" in note],
        sections=study.sections(),
    )
    write_report(path, content, progress=progress)


def _page_columns(results: Sequence[DamageResult]) -> dict[str, NDArray[Any]]:
    """The particles of all tables, with what is predicted, for the page's table."""
    tables = []
    shared = [
        name
        for name in results[0].table.attributes
        if all(name in result.table.attributes for result in results)
    ]
    for result in results:
        table, model = result.table, result.model
        columns: dict[str, NDArray[Any]] = {"Label": table.labels, "Damage": table.damage}
        columns["Predicted"] = np.full(len(table), np.nan) if model is None else model.prediction
        for name in shared:
            columns[name] = table.measured(name)
        if len(results) > 1:
            columns["Table"] = np.full(len(table), table.name, dtype=object)
        if any(table.images):
            columns["Image"] = table.images
        tables.append(columns)
    heads = [head for head in tables[0] if all(head in table for table in tables)]
    return _stacked([{head: table[head] for head in heads} for table in tables])
