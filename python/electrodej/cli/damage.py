"""``electrodej damage``: what explains the damage of the particles."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from electrodej.cli.context import Context
from electrodej.cli.options import add_common, whole_from

if TYPE_CHECKING:
    from electrodej.damage import DamageConfig, EvolutionConfig
    from electrodej.jobs.damage import DamageStudy

HELP = """Explain the damage of the particles in a table: a random forest on the 21 attributes, SHAP values,
how much of it is chance, and whether the fit is any good. Two or more tables (10 and 50 cycles) are compared.
With the contacts that measure wrote, the contact network too. What each figure means: docs/damage.md."""
EXAMPLE = "electrodej damage particles.csv --contacts particles_contacts.csv --evolve --out damage"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    parser.add_argument(
        "tables", metavar="TABLE", nargs="+", help="table of particles, .csv or .parquet, one per electrode"
    )
    parser.add_argument(
        "--trees", metavar="N", type=whole_from(1), default=40, help="trees of the forest (default: 40)"
    )
    parser.add_argument(
        "--leaves", metavar="N", type=whole_from(2), default=30, help="most leaves of a tree (default: 30)"
    )
    parser.add_argument(
        "--seeds",
        metavar="N",
        type=whole_from(2),
        default=10,
        help="seeds that the spread of the contributions is taken over (default: 10)",
    )
    parser.add_argument(
        "--draws",
        metavar="N",
        type=whole_from(0),
        default=10,
        help="draws of particles that it is taken over beside (default: 10)",
    )
    parser.add_argument(
        "--draw-size",
        metavar="N",
        type=whole_from(20),
        default=500,
        help="particles in a draw, four fifths of the table at most (default: 500)",
    )
    parser.add_argument(
        "--repeats",
        metavar="N",
        type=whole_from(1),
        default=5,
        help="repeats of the 5-fold cross-validation (default: 5)",
    )
    parser.add_argument(
        "--leave-out", metavar="A,B,...", default="", help="attributes that are not to explain, by name"
    )
    parser.add_argument(
        "--exclude-border",
        action="store_true",
        help="leave out particles that touch a face of the volume (column TouchesBorder)",
    )
    group = parser.add_argument_group("the contact network, of one table")
    group.add_argument(
        "--contacts", metavar="CONTACTS", help="the table of touching particles that measure wrote beside it"
    )
    group.add_argument(
        "--evolve",
        action="store_true",
        help="cycle the network in a model, well formed and poorly formed; needs --contacts",
    )
    group.add_argument(
        "--cycles", metavar="N", type=whole_from(1), help="cycles of the model (default: 600); with --evolve"
    )
    group.add_argument(
        "--labels", metavar="LABELS", help="the label volume, to paint the model's damage on; with --evolve"
    )
    add_common(parser, "out", "force", "jobs", "seed", out="the folder to make (required)")


def run(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Explain, write and show the ranking."""
    _check_usage(options)
    from electrodej.jobs.damage import study_damage

    study = study_damage(
        options.tables,
        options.out,
        config=_config(options),
        exclude_border=options.exclude_border,
        leave_out=[name.strip() for name in options.leave_out.split(",") if name.strip()],
        contacts=options.contacts,
        evolutions=_evolutions(options) if options.evolve else None,
        labels=options.labels,
        force=options.force,
        progress=context.progress,
    )
    for note in study.warnings:
        context.note(note if note.startswith("WARNING") else f"note: {note}")
    context.finish_progress()
    context.say(_text(study, options.out))
    return {"folder": options.out} | study.as_dict()


def _check_usage(options: argparse.Namespace) -> None:
    from electrodej.errors import UsageError

    if options.out is None:
        raise UsageError("say which folder to make with --out, e.g. --out damage")
    if options.evolve and options.contacts is None:
        raise UsageError("--evolve needs --contacts, the table of touching particles that measure wrote")
    for name, given in (("--cycles", options.cycles), ("--labels", options.labels)):
        if given is not None and not options.evolve:
            raise UsageError(f"{name} is for --evolve; give that too, or leave it out")
    if options.contacts is not None and len(options.tables) > 1:
        raise UsageError("--contacts belongs to one table; give that table alone")


def _config(options: argparse.Namespace) -> DamageConfig:
    from electrodej.damage import DamageConfig

    return DamageConfig(
        trees=options.trees,
        leaves=options.leaves,
        seed=options.seed or 0,
        seeds=options.seeds,
        draws=options.draws,
        draw_size=options.draw_size,
        repeats=options.repeats,
        jobs=options.jobs,
    )


def _evolutions(options: argparse.Namespace) -> dict[str, EvolutionConfig]:
    from dataclasses import replace

    from electrodej.damage import POORLY_FORMED, WELL_FORMED

    changes = {"seed": options.seed or 0} | ({} if options.cycles is None else {"cycles": options.cycles})
    return {
        "well-formed": replace(WELL_FORMED, **changes),
        "poorly-formed": replace(POORLY_FORMED, **changes),
    }


def _text(study: DamageStudy, folder: str) -> str:
    parts = []
    for result in study.results:
        lines = [f"{result.table.name}: {len(result.table)} particles"]
        if result.model is None:
            lines.append("described, not modelled: see the notes")
        else:
            lines.append(result.model.evaluation.verdict)
            seeds = result.model.seeds
            width = max(len(name) for name in result.ranking)
            lines += [f"  {'attribute':<{width}}  contribution      SD over seeds"]
            lines += [
                f"  {name:<{width}}  {seeds[name].mean:<12.4g}      {seeds[name].deviation:.2g}"
                for name in result.ranking[:8]
            ]
        parts.append("\n".join(lines))
    parts += [_comparison_text(each) for each in study.comparisons]
    if study.network is not None:
        network = study.network
        parts.append(
            f"network: {network.contacts} contacts, {network.degree.mean:.2f} for each particle; "
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
