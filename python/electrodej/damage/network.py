"""The network of touching particles: its shape, and how damage lies in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.damage.correlogram import Correlogram, distance_correlogram, hop_correlogram
from electrodej.damage.describe import rank_correlations
from electrodej.damage.evaluate import Spread
from electrodej.damage.table import DamageTable, Floats
from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.run import Run

PERMUTATIONS = 199
"""With the measured order 200, so a share of 5 % is 10 of them."""


@dataclass(frozen=True)
class Contacts:
    """Which particles of a table touch.

    Attributes
    ----------
    pairs
        (m, 2) rows of the table, each pair once.
    area
        (m,) of the shared faces in um^2, 1 where the table does not say.
    notes
        What was left out.
    """

    pairs: NDArray[np.int64]
    area: Floats
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chance:
    """A number, and how it compares with chance.

    Attributes
    ----------
    value
        What was found; None where it is undefined.
    low, high
        95 % of what is found when the damage of the particles is shuffled.
    p
        Two-sided p-value of the permutation test.
    """

    value: float | None
    low: float | None
    high: float | None
    p: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return dict(vars(self))


@dataclass(frozen=True)
class NetworkResult:
    """The contact network of an electrode.

    Attributes
    ----------
    particles, contacts
        Nodes and edges.
    degree
        Mean and SD of the number of particles that a particle touches.
    degrees
        Number of particles with 0, 1, 2, ... contacts.
    isolated
        Particles that touch none.
    components, largest_share
        Parts of the network, and the share of the particles in the largest.
    clustering
        Mean local clustering coefficient.
    degree_assortativity
        Correlation of the degrees at the two ends of a contact; None where all are alike.
    damage_assortativity
        Correlation of the damage at the two ends of a contact, with chance.
    degree_damage
        Spearman's rank correlation of degree and damage, with chance.
    by_hops, by_distance
        Correlation of damage over the number of contacts between two particles and over the distance of
        their centroids; the latter None without positions.
    notes
        What the reader should know.
    """

    particles: int
    contacts: int
    degree: Spread
    degrees: tuple[int, ...]
    isolated: int
    components: int
    largest_share: float
    clustering: float
    degree_assortativity: float | None
    damage_assortativity: Chance
    degree_damage: Chance
    by_hops: Correlogram
    by_distance: Correlogram | None
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "particles": self.particles,
            "contacts": self.contacts,
            "degree": self.degree.as_dict(),
            "degrees": list(self.degrees),
            "isolated": self.isolated,
            "components": self.components,
            "largest_share": self.largest_share,
            "clustering": self.clustering,
            "degree_assortativity": self.degree_assortativity,
            "damage_assortativity": self.damage_assortativity.as_dict(),
            "degree_damage": self.degree_damage.as_dict(),
            "by_hops": self.by_hops.as_dict(),
            "by_distance": None if self.by_distance is None else self.by_distance.as_dict(),
            "notes": list(self.notes),
        }


def make_contacts(
    columns: Mapping[str, NDArray[Any]], table: DamageTable, *, name: str = "contacts"
) -> Contacts:
    """Find the rows of a table that a table of contacts names.

    Parameters
    ----------
    columns
        ``Label1``, ``Label2`` and, if it is there, ``Area``: what `measure` writes beside its table.
    table
        The particles; each label may occur once.
    name
        What the contacts are called in messages.
    """
    missing = [each for each in ("Label1", "Label2") if each not in columns]
    if missing:
        raise InputError(
            f"{name}: the column {missing[0]} is missing; give the table of contacts, which "
            "electrodej measure writes beside its table"
        )
    labels = _whole(table.labels, f"{table.name}: Label")
    if len(np.unique(labels)) < len(labels):
        raise InputError(
            f"{table.name}: a label occurs twice, so its contacts are unclear; give the table of one image"
        )
    ends = np.stack([_whole(columns[each], f"{name}: {each}") for each in ("Label1", "Label2")], axis=1)
    area = _areas(columns, name) if "Area" in columns else np.ones(len(ends))
    order = np.argsort(labels)
    place = np.minimum(np.searchsorted(labels[order], ends), max(0, len(labels) - 1))
    known = (labels[order][place] == ends).all(axis=1) & (ends[:, 0] != ends[:, 1])
    pairs, first = np.unique(np.sort(order[place[known]], axis=1), axis=0, return_index=True)
    unknown = int(np.count_nonzero(~known))
    if unknown and not known.any() and len(labels):
        raise InputError(
            f"{name}: no contact is of two particles of {table.name}; give the contacts that "
            "electrodej measure wrote beside that table"
        )
    notes = (f"{unknown} of {len(ends)} contacts name a particle that is not modelled.",) if unknown else ()
    return Contacts(pairs.astype(np.int64), area[known][first], notes)


def _areas(columns: Mapping[str, NDArray[Any]], name: str) -> Floats:
    try:
        return np.asarray(columns["Area"]).astype(np.float64)
    except ValueError as error:
        raise InputError(f"{name}: Area holds something that is no number ({error})") from None


def _whole(values: NDArray[Any], what: str) -> NDArray[np.int64]:
    try:
        numbers = np.asarray(values).astype(np.float64)
    except ValueError:
        numbers = np.array([np.nan])
    if not np.isfinite(numbers).all() or (numbers != np.round(numbers)).any():
        raise InputError(f"{what} holds something that is no whole number; contacts need plain labels")
    return numbers.astype(np.int64)


def contact_graph(table: DamageTable, contacts: Contacts) -> Any:
    """Return the network as a networkx.Graph.

    Nodes are rows of the table, with ``label`` and ``damage``; edges have ``area`` in um^2.
    """
    networkx = require("networkx", what="the contact network", extra="damage")
    graph = networkx.Graph()
    graph.add_nodes_from(
        (row, {"label": label, "damage": damage})
        for row, (label, damage) in enumerate(zip(table.labels.tolist(), table.damage.tolist(), strict=True))
    )
    graph.add_edges_from(
        (first, second, {"area": area})
        for (first, second), area in zip(contacts.pairs.tolist(), contacts.area.tolist(), strict=True)
    )
    return graph


def analyse_network(
    table: DamageTable, contacts: Contacts, run: Run | None = None, *, seed: int = 0
) -> NetworkResult:
    """Describe the contact network and how damage lies in it.

    Every comparison with chance shuffles the damage among the particles 199 times and leaves the network
    as it is.

    Parameters
    ----------
    table, contacts
        Of one image.
    seed
        Of the shuffling.
    run
        Progress, step by step.
    """
    run = run or Run()
    if not len(table):
        raise InputError(f"{table.name}: there is no particle, so no network")
    networkx = require("networkx", what="the contact network", extra="damage")
    graph = contact_graph(table, contacts)
    degree = np.array([graph.degree(row) for row in range(len(table))])
    parts = [len(part) for part in networkx.connected_components(graph)]
    run.progress(1, 4, "network")
    orders = _orders(table.damage, seed)
    ends = np.concatenate([contacts.pairs, contacts.pairs[:, ::-1]])
    clustering = float(networkx.average_clustering(graph))
    run.progress(2, 4, "network")
    by_hops = hop_correlogram(contacts.pairs, orders, seed=seed)
    run.progress(3, 4, "network")
    placed = bool(np.isfinite(table.positions).all())
    by_distance = distance_correlogram(table.positions, orders, seed=seed) if placed else None
    run.progress(4, 4, "network")
    notes = contacts.notes
    if not placed:
        notes = (*notes, "The table lacks X, Y or Z, so there is no correlation over distance.")
    return NetworkResult(
        particles=len(table),
        contacts=len(contacts.pairs),
        degree=Spread.of(degree),
        degrees=tuple(np.bincount(degree).tolist()),
        isolated=int(np.count_nonzero(degree == 0)),
        components=len(parts),
        largest_share=max(parts) / len(table),
        clustering=clustering,
        degree_assortativity=_correlation(degree[ends[:, 0]], degree[ends[:, 1]]),
        damage_assortativity=_against_chance(
            np.array([_number(_correlation(order[ends[:, 0]], order[ends[:, 1]])) for order in orders.T])
        ),
        degree_damage=_against_chance(_rank_correlation_with(degree, orders)),
        by_hops=by_hops,
        by_distance=by_distance,
        notes=notes,
    )


def _orders(damage: Floats, seed: int) -> Floats:
    """The damage as measured and then shuffled, (n, 1 + PERMUTATIONS)."""
    generator = np.random.default_rng(seed)
    return np.stack([damage, *(generator.permutation(damage) for _ in range(PERMUTATIONS))], axis=1)


def _correlation(first: NDArray[Any], second: NDArray[Any]) -> float | None:
    if first.size < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _rank_correlation_with(degree: NDArray[Any], orders: Floats) -> Floats:
    return rank_correlations(np.column_stack([degree, orders]))[0, 1:]


def _against_chance(found: Floats) -> Chance:
    """Set the first value against the others; undefined ones do not count."""
    others = found[1:][np.isfinite(found[1:])]
    if not np.isfinite(found[0]) or not others.size:
        return Chance(None, None, None, None)
    low, high = np.quantile(others, (0.025, 0.975)).tolist()
    middle = others.mean()
    further = int(np.count_nonzero(np.abs(others - middle) >= abs(found[0] - middle)))
    return Chance(float(found[0]), low, high, (1 + further) / (1 + others.size))
