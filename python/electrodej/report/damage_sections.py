"""The damage part of a report: sections with text, pictures and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from electrodej.report.content import Section
from electrodej.report.damage_figures import comparison_drawing, damage_drawings
from electrodej.report.drawings import as_figure
from electrodej.report.network_figures import evolution_drawing, network_drawings
from electrodej.report.numbers import readable

if TYPE_CHECKING:
    from electrodej.damage import Comparison, Contacts, DamageResult, Evolution, NetworkResult


def damage_section(result: DamageResult, *, title: str = "What explains the damage") -> Section:
    """Return what a table tells of its damage, for `ReportContent.sections`.

    Parameters
    ----------
    result
        From `electrodej.damage.explain_damage`; without a model the section says what can be said.
    title
        Heading.
    """
    body = "\n\n".join([_lead(result), *result.notes])
    if result.model is None:
        correlation = result.description.correlation
        return Section(
            title,
            body,
            table={
                "Attribute": list(correlation),
                "Rank correlation with damage": [
                    float("nan") if value is None else value for value in correlation.values()
                ],
            },
        )
    model = result.model
    names = result.ranking
    return Section(
        title,
        body,
        figures=[as_figure(drawing) for drawing in damage_drawings(result)],
        table={
            "Attribute": names,
            "Contribution": [model.contribution[name] for name in names],
            "Mean over seeds": [model.seeds[name].mean for name in names],
            "SD over seeds": [model.seeds[name].deviation for name in names],
            **(
                {
                    "Mean over draws": [model.draws[name].mean for name in names],
                    "SD over draws": [model.draws[name].deviation for name in names],
                }
                if model.draws
                else {}
            ),
            "Permutation": [model.evaluation.permutation[name].mean for name in names],
            "Curve": [model.curves[name].shape for name in names],
        },
    )


def comparison_section(comparison: Comparison) -> Section:
    """Return what changed from one electrode to another."""
    changes = comparison.changes
    return Section(
        f"From {comparison.first} to {comparison.other}",
        "\n\n".join(
            ["Confidence is that the change has its sign; p is after Holm's correction.", *comparison.notes]
        ),
        figures=[as_figure(comparison_drawing(comparison))],
        table={
            "Attribute": [change.attribute for change in changes],
            f"In {comparison.first}": [change.first for change in changes],
            f"In {comparison.other}": [change.other for change in changes],
            "Change": [change.change for change in changes],
            "Standard error": [change.error for change in changes],
            "Confidence": [change.confidence for change in changes],
            "p": [change.p_holm for change in changes],
        },
    )


def network_section(result: DamageResult, contacts: Contacts, network: NetworkResult) -> Section:
    """Return the contact network of an electrode and how damage lies in it."""
    pair, degree = network.damage_assortativity, network.degree_damage
    body = [
        f"{network.particles} particles with {network.contacts} contacts: a particle touches "
        f"{readable(network.degree.mean, 3)} others (SD {readable(network.degree.deviation, 3)}), "
        f"{network.isolated} touch none. {readable(100 * network.largest_share, 3)} % of the particles hang "
        f"together; the clustering coefficient is {readable(network.clustering, 3)}.",
        f"Correlation of the damage of particles that touch: "
        f"{_chance(pair.value, pair.low, pair.high, pair.p)}. "
        f"Rank correlation of damage and number of contacts: "
        f"{_chance(degree.value, degree.low, degree.high, degree.p)}.",
        *network.notes,
    ]
    drawings = network_drawings(result.table, contacts, network)
    return Section("The contact network", "\n\n".join(body), figures=[as_figure(each) for each in drawings])


def evolution_section(evolutions: Mapping[str, Evolution]) -> Section:
    """Return how electrodes of this network would go through their cycles, by the model."""
    lines = [
        "A model of load that is handed from particle to particle, run on the measured network; its "
        "parameters are chosen, not fitted, so it shows a mechanism and predicts no lifetime."
    ]
    for name, evolution in evolutions.items():
        when = evolution.synchronous_from
        last = evolution.config.cycles
        severe = evolution.curves["severe"]
        lines.append(
            f"{name}: not synchronous within {last} cycles; {_percent(severe[-1])} of the particles are "
            "severely damaged by then."
            if when is None
            else f"{name}: synchronous from cycle {when} on, with {_percent(severe[when - 1])} of the "
            "particles severely damaged."
        )
    return Section(
        "Evolution of the network (model)",
        "\n\n".join(lines),
        figures=[as_figure(evolution_drawing(evolutions))],
    )


def damage_sections(
    results: Sequence[DamageResult],
    comparisons: Sequence[Comparison] = (),
    *,
    contacts: Contacts | None = None,
    network: NetworkResult | None = None,
    evolutions: Mapping[str, Evolution] | None = None,
) -> list[Section]:
    """Return all sections of a damage report, in order."""
    sections = [
        damage_section(
            result,
            title="What explains the damage"
            if len(results) == 1
            else f"What explains the damage: {result.table.name}",
        )
        for result in results
    ]
    sections += [comparison_section(comparison) for comparison in comparisons]
    if network is not None and contacts is not None:
        sections.append(network_section(results[0], contacts, network))
    if evolutions:
        sections.append(evolution_section(evolutions))
    return sections


def _lead(result: DamageResult) -> str:
    description = result.description
    numbers = description.damage
    lead = f"{description.particles} particles"
    if numbers:
        lead += (
            f" with a damage of {readable(numbers['mean'], 3)} on average (SD {readable(numbers['sd'], 3)}, "
            f"median {readable(numbers['median'], 3)}, largest {readable(numbers['largest'], 3)})"
        )
    if result.model is None:
        return lead + "."
    first = ", ".join(result.ranking[:3])
    return f"{lead}. The largest contributions: {first}. {result.model.evaluation.verdict}"


def _chance(value: float | None, low: float | None, high: float | None, p: float | None) -> str:
    if value is None:
        return "undefined"
    return (
        f"{readable(value, 3)} (chance gives {readable(low, 2)} to {readable(high, 2)}, p {readable(p, 2)})"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
