"""The damage part of a report: sections with text, pictures and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from electrodej.report.content import Section
from electrodej.report.damage.comparison import comparison_drawing
from electrodej.report.damage.figures import damage_drawings
from electrodej.report.damage.network import LabelPlane, evolution_drawing, map_drawing, network_drawings
from electrodej.report.drawings import Drawing, as_figure
from electrodej.report.numbers import percent, readable
from electrodej.report.plain_words import PLAIN_WORDS
from electrodej.vocabulary import counted

if TYPE_CHECKING:
    from electrodej.damage import Comparison, Contacts, DamageResult, Evolution, NetworkResult


@dataclass(frozen=True)
class DamageDrawings:
    """The drawings of a study, so that files and page share them and each is drawn once.

    Attributes
    ----------
    tables
        Of each table.
    comparisons
        Of each comparison.
    network
        Of the contact network.
    evolution
        Of the model.
    """

    tables: Sequence[Sequence[Drawing]]
    comparisons: Sequence[Drawing] = ()
    network: Sequence[Drawing] = ()
    evolution: Sequence[Drawing] = ()

    @property
    def all(self) -> list[Drawing]:
        """One after the other."""
        of_tables = [drawing for drawings in self.tables for drawing in drawings]
        return [*of_tables, *self.comparisons, *self.network, *self.evolution]


def all_drawings(
    results: Sequence[DamageResult],
    comparisons: Sequence[Comparison] = (),
    *,
    contacts: Contacts | None = None,
    network: NetworkResult | None = None,
    evolutions: Mapping[str, Evolution] | None = None,
    plane: LabelPlane | None = None,
) -> DamageDrawings:
    """Return the drawings of everything that is given, with names that differ."""
    of_model = [evolution_drawing(evolutions)] if evolutions else []
    if evolutions and plane is not None:
        of_model.append(map_drawing(evolutions, plane))
    return DamageDrawings(
        tables=[
            damage_drawings(result, suffix=_suffix(place, results)) for place, result in enumerate(results)
        ],
        comparisons=[
            comparison_drawing(comparison, suffix=_suffix(place, comparisons))
            for place, comparison in enumerate(comparisons)
        ],
        network=()
        if network is None or contacts is None
        else network_drawings(results[0].table, contacts, network),
        evolution=of_model,
    )


def _suffix(place: int, of: Sequence[object]) -> str:
    return f"-{place + 1}" if len(of) > 1 else ""


def damage_section(
    result: DamageResult,
    *,
    title: str = "What explains the damage",
    drawings: Sequence[Drawing] | None = None,
) -> Section:
    """Return what a table tells of its damage, for `ReportContent.sections`.

    Parameters
    ----------
    result
        From `electrodej.damage.explain_damage`; without a model the section says what can be said.
    title
        Heading.
    drawings
        Those of the result, where they are there already.
    """
    body = "\n\n".join(text for text in (_lead(result), _pairs(result), *result.notes) if text)
    if result.model is None:
        correlation = result.description.correlation
        return Section(
            title,
            body,
            table={
                "Attribute": list(correlation),
                "Meaning": [PLAIN_WORDS[name] for name in correlation],
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
        figures=[as_figure(each) for each in (damage_drawings(result) if drawings is None else drawings)],
        table={
            "Attribute": names,
            "Meaning": [PLAIN_WORDS[name] for name in names],
            "Contribution, mean of seeds": [model.seeds[name].mean for name in names],
            "SD of seeds": [model.seeds[name].deviation for name in names],
            **(
                {
                    "Mean of draws": [model.draws[name].mean for name in names],
                    "SD of draws": [model.draws[name].deviation for name in names],
                }
                if model.draws
                else {}
            ),
            "Error rise when shuffled": [model.evaluation.permutation[name].mean for name in names],
            "Curve": [model.curves[name].shape for name in names],
        },
    )


def comparison_section(comparison: Comparison, drawing: Drawing) -> Section:
    """Return what changed from one electrode to another."""
    changes = comparison.changes
    return Section(
        f"From {comparison.first} to {comparison.other}",
        "\n\n".join(
            ["Confidence is that the change has its sign; p is after Holm's correction.", *comparison.notes]
        ),
        figures=[as_figure(drawing)],
        table={
            "Attribute": [change.attribute for change in changes],
            "Meaning": [PLAIN_WORDS[change.attribute] for change in changes],
            f"In {comparison.first}": [change.first for change in changes],
            f"In {comparison.other}": [change.other for change in changes],
            "Change": [change.change for change in changes],
            "Standard error": [change.error for change in changes],
            "Confidence": [change.confidence for change in changes],
            "p": [change.p_holm for change in changes],
        },
    )


def network_section(network: NetworkResult, drawings: Sequence[Drawing]) -> Section:
    """Return the contact network of an electrode and how damage lies in it."""
    pair, degree = network.damage_assortativity, network.degree_damage
    body = [
        f"{counted(network.particles, 'particle')} with {counted(network.contacts, 'contact')}: a particle "
        f"touches {readable(network.degree.mean, 3)} others (SD {readable(network.degree.deviation, 3)}), "
        f"{network.isolated} touch none. {readable(100 * network.largest_share, 3)} % of the particles are "
        f"connected in one part; the clustering coefficient is {readable(network.clustering, 3)}.",
        f"Correlation of the damage of particles that touch: "
        f"{_chance(pair.value, pair.low, pair.high, pair.p)}. "
        f"Rank correlation of damage and number of contacts: "
        f"{_chance(degree.value, degree.low, degree.high, degree.p)}.",
        *network.notes,
    ]
    return Section("The contact network", "\n\n".join(body), figures=[as_figure(each) for each in drawings])


def evolution_section(evolutions: Mapping[str, Evolution], drawings: Sequence[Drawing]) -> Section:
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
        figures=[as_figure(drawing) for drawing in drawings],
    )


def damage_sections(
    results: Sequence[DamageResult],
    comparisons: Sequence[Comparison] = (),
    *,
    contacts: Contacts | None = None,
    network: NetworkResult | None = None,
    evolutions: Mapping[str, Evolution] | None = None,
    drawings: DamageDrawings | None = None,
) -> list[Section]:
    """Return all sections of a damage report, in order; ``drawings`` are those of `all_drawings`, if made."""
    if drawings is None:
        drawings = all_drawings(
            results, comparisons, contacts=contacts, network=network, evolutions=evolutions
        )
    title = "What explains the damage"
    sections = [
        damage_section(
            result,
            title=title if len(results) == 1 else f"{title}: {result.table.name}",
            drawings=drawn,
        )
        for result, drawn in zip(results, drawings.tables, strict=True)
    ]
    sections += [
        comparison_section(comparison, drawn)
        for comparison, drawn in zip(comparisons, drawings.comparisons, strict=True)
    ]
    if network is not None and contacts is not None:
        sections.append(network_section(network, drawings.network))
    if evolutions:
        sections.append(evolution_section(evolutions, drawings.evolution))
    return sections


def _lead(result: DamageResult) -> str:
    description = result.description
    numbers = description.damage
    lead = counted(description.particles, "particle")
    if numbers:
        lead += (
            f" with a mean damage of {percent(numbers['mean'])} % (SD "
            f"{percent(numbers['sd'])} %, median {percent(numbers['median'])} %, "
            f"largest {percent(numbers['largest'])} %)"
        )
    if result.model is None:
        return lead + "."
    first = ", ".join(f"{name} ({PLAIN_WORDS[name]})" for name in result.ranking[:3])
    return f"{lead}. The largest contributions: {first}. {result.model.evaluation.verdict}"


def _pairs(result: DamageResult) -> str:
    """The pairs of attributes that act together most."""
    pairs = [
        f"{first} with {second} ({readable(strength, 2)})"
        for first, second, strength in result.top_pairs(3)
        if strength > 0
    ]
    return f"Pairs that interact most, in damage: {', '.join(pairs)}." if pairs else ""


def _chance(value: float | None, low: float | None, high: float | None, p: float | None) -> str:
    if value is None:
        return "undefined"
    return (
        f"{readable(value, 3)} (chance gives {readable(low, 2)} to {readable(high, 2)}, p {readable(p, 2)})"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
