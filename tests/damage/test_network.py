"""The contact network against numbers known by hand, by brute force and from networkx."""

from __future__ import annotations

from typing import Any

import networkx
import numpy as np
import pytest

from electrodej.damage import analyse_network, contact_graph, make_contacts, make_table
from electrodej.damage.correlogram import distance_correlogram, hop_correlogram
from electrodej.damage.network import _orders
from electrodej.errors import InputError


@pytest.fixture
def table_of(columns_of: Any) -> Any:
    """A table with labels 10, 20, ... and the damage and places given."""

    def make(damage: list[float], places: Any = None) -> Any:
        columns = columns_of(len(damage))
        columns["Label"] = 10 * np.arange(1, len(damage) + 1)
        columns["Damage"] = np.array(damage)
        if places is not None:
            columns["Z"], columns["Y"], columns["X"] = np.asarray(places, dtype=float).T
        return make_table(columns, name="t.csv")

    return make


def contacts_of(table: Any, *pairs: tuple[int, int]) -> Any:
    ends = np.array(pairs).reshape(-1, 2)
    return make_contacts({"Label1": ends[:, 0], "Label2": ends[:, 1]}, table, name="c.csv")


def test_a_triangle_with_a_tail_has_the_numbers_of_the_textbook(table_of: Any) -> None:
    table = table_of([0.1, 0.2, 0.3, 0.4, 0.5])
    network = analyse_network(table, contacts_of(table, (10, 20), (20, 30), (10, 30), (30, 40)))
    assert (network.particles, network.contacts) == (5, 4)
    assert network.degrees == (1, 1, 2, 1)
    assert network.degree.mean == pytest.approx(8 / 5)
    assert (network.isolated, network.components, network.largest_share) == (1, 2, 0.8)
    # Local clustering: 1, 1, 1/3, 0 and 0.
    assert network.clustering == pytest.approx((1 + 1 + 1 / 3) / 5)


def test_assortativities_are_those_of_networkx(table_of: Any) -> None:
    generator = np.random.default_rng(3)
    graph = networkx.gnm_random_graph(30, 60, seed=2)
    table = table_of(generator.random(30).tolist())
    network = analyse_network(
        table, contacts_of(table, *((10 * a + 10, 10 * b + 10) for a, b in graph.edges))
    )
    networkx.set_node_attributes(graph, dict(enumerate(table.damage.tolist())), "damage")
    assert network.degree_assortativity == pytest.approx(
        networkx.degree_pearson_correlation_coefficient(graph)
    )
    ends = np.array([(table.damage[a], table.damage[b]) for a, b in graph.edges])
    both = np.concatenate([ends, ends[:, ::-1]])
    assert network.damage_assortativity.value == pytest.approx(np.corrcoef(both.T)[0, 1])
    assert contact_graph(table, contacts_of(table, (10, 20))).nodes[1] == {
        "label": 20,
        "damage": table.damage[1],
    }


def test_damage_that_alternates_along_a_chain_alternates_over_the_contacts(table_of: Any) -> None:
    table = table_of([0.0, 1.0] * 10)
    chain = contacts_of(table, *((10 * k, 10 * k + 10) for k in range(1, 20)))
    network = analyse_network(table, chain)
    np.testing.assert_allclose(network.by_hops.correlation, [-1, 1, -1, 1, -1, 1])
    assert network.by_hops.pairs.tolist() == [2 * (20 - hops) for hops in range(1, 7)]
    assert network.damage_assortativity.value == pytest.approx(-1)
    assert network.damage_assortativity.p == pytest.approx(1 / 200)
    assert network.by_hops.low[0] < 0 < network.by_hops.high[0]


def test_damage_without_a_pattern_stays_in_the_band_of_chance(table_of: Any) -> None:
    generator = np.random.default_rng(8)
    graph = networkx.gnm_random_graph(80, 200, seed=4)
    table = table_of(generator.random(80).tolist())
    network = analyse_network(
        table, contacts_of(table, *((10 * a + 10, 10 * b + 10) for a, b in graph.edges))
    )
    inside = (network.by_hops.low <= network.by_hops.correlation) & (
        network.by_hops.correlation <= network.by_hops.high
    )
    assert inside[:3].all()
    assert network.damage_assortativity.p is not None
    assert network.damage_assortativity.p > 0.05


def test_pairs_by_contacts_are_those_of_breadth_first_search() -> None:
    graph = networkx.gnm_random_graph(40, 55, seed=5)
    damage = np.random.default_rng(0).random(40)
    curve = hop_correlogram(np.array(graph.edges), _orders(damage, 0))
    z = (damage - damage.mean()) / damage.std()
    lengths = dict(networkx.all_pairs_shortest_path_length(graph))
    for hops, count, correlation in zip(curve.distance, curve.pairs, curve.correlation, strict=True):
        pairs = [(a, b) for a in graph for b, length in lengths[a].items() if length == hops]
        assert count == len(pairs)
        assert correlation == pytest.approx(np.mean([z[a] * z[b] for a, b in pairs]))


def test_two_large_particles_with_256_small_ones_between_them_are_two_contacts_apart() -> None:
    small = np.arange(2, 258)
    ends = np.concatenate([np.stack([np.full(256, large), small], axis=1) for large in (0, 1)])
    curve = hop_correlogram(ends, _orders(np.random.default_rng(0).random(258), 0))
    # By two contacts: the large ones from each other, and every small one from all other small ones.
    assert curve.distance.tolist() == [1, 2]
    assert curve.pairs.tolist() == [2 * 512, 2 + 256 * 255]


def test_pairs_by_distance_are_those_of_all_pairs() -> None:
    places = np.random.default_rng(1).random((40, 3))
    damage = np.random.default_rng(0).random(40)
    curve = distance_correlogram(places, _orders(damage, 0))
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    width = np.median(distances.min(axis=1))
    z = (damage - damage.mean()) / damage.std()
    for place in range(7):
        a, b = np.nonzero((distances >= place * width) & (distances < (place + 1) * width))
        at = int(np.argmin(np.abs(curve.distance - distances[a, b].mean())))
        assert curve.pairs[at] == len(a)
        assert curve.correlation[at] == pytest.approx(float(np.mean(z[a] * z[b])))


def test_a_gradient_of_damage_is_seen_over_the_distance(table_of: Any) -> None:
    places = np.stack(np.meshgrid(range(4), range(4), range(8), indexing="ij"), axis=-1).reshape(-1, 3)
    table = table_of((places[:, 2] / 10).tolist(), places)
    network = analyse_network(table, contacts_of(table))
    assert network.by_distance is not None
    assert network.by_distance.correlation[0] > network.by_distance.high[0]
    assert network.by_distance.correlation[-1] < network.by_distance.low[-1]
    assert network.by_hops.distance.size == 0
    assert network.damage_assortativity.value is None
    assert network.isolated == 128


def test_damage_that_is_all_alike_correlates_with_nothing(table_of: Any) -> None:
    table = table_of([0.2] * 4)
    network = analyse_network(table, contacts_of(table, (10, 20), (20, 30)))
    assert np.isnan(network.by_hops.correlation).all()
    assert network.degree_damage.value is None
    assert network.by_distance is None
    assert any("lacks X, Y or Z" in note for note in network.notes)


def test_contacts_of_particles_that_are_not_in_the_table_are_counted(table_of: Any) -> None:
    table = table_of([0.1, 0.2, 0.3])
    contacts = contacts_of(table, (10, 20), (20, 10), (20, 99), (30, 30))
    assert contacts.pairs.tolist() == [[0, 1]]
    assert contacts.notes == ("2 of 4 contacts name a particle that is not modelled.",)


def pair(first: int, second: int) -> dict[str, Any]:
    return {"Label1": np.array([first]), "Label2": np.array([second])}


def test_bad_contacts_are_named(table_of: Any, columns_of: Any) -> None:
    table = table_of([0.1, 0.2, 0.3])
    with pytest.raises(InputError, match=r"c\.csv: the column Label2 is missing"):
        make_contacts({"Label1": np.array([1])}, table, name="c.csv")
    with pytest.raises(InputError, match="Label2 holds something that is no whole number"):
        make_contacts({"Label1": np.array([1]), "Label2": np.array(["x"])}, table)
    with pytest.raises(InputError, match=r"c\.csv: Area holds something that is no number"):
        make_contacts({**pair(10, 20), "Area": np.array(["big"])}, table, name="c.csv")
    with pytest.raises(InputError, match="no contact is of two particles"):
        make_contacts(pair(7, 8), table, name="c.csv")
    columns = columns_of(3)
    columns["Label"] = np.array([1, 1, 2])
    with pytest.raises(InputError, match="a label occurs twice"):
        contacts_of(make_table(columns), (1, 2))
    empty = make_table({name: values[:0] for name, values in columns.items()})
    with pytest.raises(InputError, match="no particle"):
        analyse_network(empty, contacts_of(empty))
