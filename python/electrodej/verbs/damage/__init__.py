"""``electrodej damage``: what explains the damage of the particles."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from electrodej.damage.config import DamageConfig
from electrodej.errors import UsageError
from electrodej.options import (
    Image,
    Names,
    PathTo,
    Settings,
    Whole,
    argument,
    flag,
    nested,
    option,
    output,
)
from electrodej.run import Run
from electrodej.verb import Menu, Outcome, Verb
from electrodej.vocabulary import PathLike, counted

if TYPE_CHECKING:
    from electrodej.verbs.damage.study import DamageStudy

_NETWORK = "the contact network, of one table"
_ATTRIBUTES_SHOWN = 8
_TABLES = (".csv", ".parquet")


@dataclass(frozen=True, kw_only=True)
class DamageOptions(Settings):
    """Which tables are explained, and how."""

    tables: tuple[PathLike, ...] = argument(
        PathTo(suffixes=_TABLES),
        "table of particles, .csv or .parquet, one per electrode",
        word="table",
        many=True,
        title="Table of particles",
    )
    config: DamageConfig = nested(DamageConfig)
    leave_out: tuple[str, ...] = option((), Names(), "attributes that are not to explain, by name")
    exclude_border: bool = flag(
        "leave out particles that touch a face of the volume (column TouchesBorder)",
        title="Leave out particles at the border",
    )
    contacts: PathLike | None = option(
        None,
        PathTo(metavar="CONTACTS", suffixes=_TABLES),
        "the table of touching particles that measure wrote beside it",
        group=_NETWORK,
    )
    evolve: bool = flag(
        "cycle the network in a model, well formed and poorly formed; needs --contacts", group=_NETWORK
    )
    cycles: int | None = option(
        None, Whole(1), "cycles of the model; with --evolve", usual="600", group=_NETWORK
    )
    labels: Any = option(
        None,
        Image(metavar="LABELS", labels=True),
        "the label volume, to paint the model's damage on; with --evolve",
        group=_NETWORK,
    )
    out: PathLike = output("the folder to make", role="folder", title="Folder to make")

    def check(self) -> None:
        if self.evolve and self.contacts is None:
            raise UsageError("--evolve needs --contacts, the table of touching particles that measure wrote")
        for name, given in (("--cycles", self.cycles), ("--labels", self.labels)):
            if given is not None and not self.evolve:
                raise UsageError(f"{name} is for --evolve; give that too, or leave it out")
        if self.contacts is not None and len(self.tables or ()) > 1:
            raise UsageError("--contacts belongs to one table; give that table alone")


def damage(options: DamageOptions, run: Run) -> Outcome:
    """Explain, write and show the ranking."""
    from electrodej.verbs.damage.study import study_damage

    study = study_damage(options, run)
    folder = os.fspath(options.out)
    numbers = {"folder": folder, **study.as_dict()}
    return Outcome(numbers, _text(study, folder), {"folder": folder}, result=study)


def _text(study: DamageStudy, folder: str) -> str:
    parts = []
    for result in study.results:
        lines = [f"{result.table.name}: {counted(len(result.table), 'particle')}"]
        if result.model is None:
            lines.append("described, not modelled: see the notes")
        else:
            lines.append(result.model.evaluation.verdict)
            seeds = result.model.seeds
            width = max(len(name) for name in result.ranking)
            lines += [f"  {'attribute':<{width}}  contribution      SD over seeds"]
            lines += [
                f"  {name:<{width}}  {seeds[name].mean:<12.4g}      {seeds[name].deviation:.2g}"
                for name in result.ranking[:_ATTRIBUTES_SHOWN]
            ]
        parts.append("\n".join(lines))
    parts += [_comparison_text(each) for each in study.comparisons]
    if study.network is not None:
        network = study.network
        parts.append(
            f"network: {counted(network.contacts, 'contact')}, {network.degree.mean:.2f} for each particle; "
            f"clustering {network.clustering:.3f}"
        )
    for name, evolution in study.evolutions.items():
        when, last = evolution.synchronous_from, float(evolution.curves["damage"][-1])
        parts.append(
            f"evolution, {name}: "
            + ("not synchronous" if when is None else f"synchronous from cycle {when} on")
            + f", {100 * last:.1f} % damage after {evolution.config.cycles} cycles"
        )
    return "\n\n".join([*parts, f"everything in {folder}, to look at: {folder}/report.html"])


def _comparison_text(comparison: Any) -> str:
    sure = [change for change in comparison.changes if change.p_holm < 0.05]
    head = f"from {comparison.first} to {comparison.other}: "
    if not sure:
        return head + "no contribution changes beyond chance"
    rows = [f"  {each.attribute}: {each.change:+.3g} (p {each.p_holm:.2g})" for each in sure]
    return "\n".join([head + "contributions that change beyond chance", *rows])


VERB = Verb(
    name="damage",
    summary="explain the damage of the particles, and compare electrodes",
    help="""Explain the damage of the particles in a table: a random forest on the 21 attributes, SHAP values,
how much of it is chance, and whether the fit is any good. Two or more tables (10 and 50 cycles) are compared.
With the contacts that measure wrote, the contact network too. What each figure means: docs/damage.md.""",
    example="electrodej damage particles.csv --contacts particles_contacts.csv --evolve --out damage",
    options=DamageOptions,
    work=damage,
    takes=("force", "jobs"),
    menu=Menu(
        "Explain Damage",
        ("tables", "exclude_border", "contacts", "out"),
        further=("leave_out", "trees", "leaves", "seed"),
    ),
)
