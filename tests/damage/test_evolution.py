"""The evolution model: what must hold in every electrode, and what is known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from electrodej.damage import POORLY_FORMED, WELL_FORMED, EvolutionConfig, evolve, paint_damage
from electrodej.errors import InputError

NOBODY = np.empty((0, 2), dtype=int)


def packing(count: int = 120, seed: int = 0) -> tuple[Any, Any]:
    """Pairs of near particles and volumes of a random packing."""
    from scipy.spatial import KDTree

    generator = np.random.default_rng(seed)
    places = generator.random((count, 3)) * count ** (1 / 3)
    return KDTree(places).query_pairs(1.05, output_type="ndarray"), np.exp(generator.normal(0, 0.8, count))


@pytest.mark.parametrize(
    ("load", "exponent", "rate"), [(1.0, 4.0, 0.002), (1.5, 2.0, 0.01), (0.5, 1.0, 0.03)]
)
def test_a_particle_alone_is_damaged_as_the_formula_says(load: float, exponent: float, rate: float) -> None:
    config = EvolutionConfig(cycles=80, load=load, exponent=exponent, damage=rate)
    found = evolve(NOBODY, np.array([3.7]), config)
    cycles = np.arange(1, 81)
    np.testing.assert_allclose(found.curves["damage"], 1 - np.exp(-rate * load**exponent * cycles), rtol=1e-9)
    assert found.load[0] == pytest.approx(load)


def test_particles_that_touch_nobody_carry_their_own_due_whatever_their_connection() -> None:
    config = EvolutionConfig(cycles=20, unevenness=1.5)
    found = evolve(NOBODY, np.array([1.0, 5.0, 0.1]), config)
    np.testing.assert_allclose(found.load, 1, rtol=1e-6)
    assert found.curves["asynchrony"].max() < 1e-6


@settings(max_examples=25)
@given(
    seed=st.integers(0, 1000),
    count=st.integers(2, 15),
    hand_over=st.floats(0, 5),
    quality=st.floats(0.01, 2),
    unevenness=st.floats(0, 2),
)
def test_load_is_conserved_and_damage_only_grows(
    seed: int, count: int, hand_over: float, quality: float, unevenness: float
) -> None:
    generator = np.random.default_rng(seed)
    pairs = generator.integers(0, count, (2 * count, 2))
    volume = generator.random(count) + 0.05
    before = np.zeros(count)
    for cycles in (1, 2, 5):
        config = EvolutionConfig(
            cycles=cycles, hand_over=hand_over, quality=quality, unevenness=unevenness, damage=0.05, load=1.3
        )
        found = evolve(pairs, volume, config)
        assert (found.load * volume).sum() / volume.sum() == pytest.approx(1.3, rel=1e-9)
        assert found.load.min() > -1e-6
        assert (found.damage >= before - 1e-12).all()
        assert (found.damage <= 1).all()
        assert (np.diff(found.curves["damage"]) >= 0).all()
        assert (np.diff(found.curves["active"]) >= 0).all()
        before = found.damage


def test_without_handing_over_all_carry_their_due() -> None:
    pairs, volume = packing()
    found = evolve(pairs, volume, EvolutionConfig(cycles=10, hand_over=0, unevenness=1.0))
    np.testing.assert_allclose(found.load, 1, rtol=1e-6)


def test_with_free_handing_over_load_goes_with_ability() -> None:
    # Two that touch: 1 is connected better. With no resistance between them, load divides as their activity.
    config = EvolutionConfig(cycles=1, hand_over=1e6, unevenness=1.0, damage=0.0, activation=0.0)
    found = evolve(np.array([[0, 1]]), np.array([1.0, 1.0]), config)
    active = 1 - np.exp(-config.formation * found.connection)
    np.testing.assert_allclose(found.load, 2 * active / active.sum(), rtol=1e-4)


def test_load_of_two_that_touch_solves_the_circuit() -> None:
    # Shares 1/2 each, abilities c, exchange g = 1/2: (c + g) e - g e' = 1/2 for each of the two.
    config = EvolutionConfig(cycles=1, unevenness=0.7, damage=0.0, activation=0.0, seed=3)
    found = evolve(np.array([[0, 1]]), np.array([2.0, 2.0]), config)
    c = (1 - np.exp(-config.formation * found.connection)) / 2
    e = np.linalg.solve(np.array([[c[0] + 0.5, -0.5], [-0.5, c[1] + 0.5]]), [0.5, 0.5])
    np.testing.assert_allclose(found.load, 2 * c * e, rtol=1e-6)


def test_particles_that_are_alike_stay_alike() -> None:
    ring = np.array([(k, (k + 1) % 6) for k in range(6)])
    found = evolve(ring, np.full(6, 2.0), EvolutionConfig(cycles=30, unevenness=0))
    np.testing.assert_allclose(found.damage, found.damage[0], rtol=1e-6)
    assert found.synchronous_from == 1


def test_a_pair_listed_twice_or_with_itself_counts_once() -> None:
    config = EvolutionConfig(cycles=5, unevenness=1.0)
    once = evolve(np.array([[0, 1], [1, 2]]), np.ones(3), config)
    twice = evolve(np.array([[0, 1], [1, 0], [1, 2], [2, 2]]), np.ones(3), config)
    np.testing.assert_allclose(once.damage, twice.damage, rtol=1e-12)


def test_damage_before_the_first_cycle_is_where_it_starts() -> None:
    config = EvolutionConfig(cycles=10, damage=0.01)
    found = evolve(NOBODY, np.array([1.0]), config, damage=np.array([0.3]))
    assert found.damage[0] == pytest.approx(1 - 0.7 * np.exp(-0.1))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_a_well_formed_electrode_is_synchronous_early_and_a_poorly_formed_one_late_and_hurt(
    seed: int,
) -> None:
    pairs, volume = packing(seed=seed)
    well, poor = (evolve(pairs, volume, config) for config in (WELL_FORMED, POORLY_FORMED))
    assert well.synchronous_from is not None
    assert well.synchronous_from < 60
    assert well.curves["severe"][well.synchronous_from - 1] == 0
    assert poor.synchronous_from is None or poor.synchronous_from > 5 * well.synchronous_from
    when = poor.synchronous_from or poor.config.cycles
    assert poor.curves["severe"][when - 1] > 0.25
    assert poor.curves["asynchrony"][0] > 2 * poor.curves["asynchrony"][-1]
    assert (poor.curves["damage_high"] - poor.curves["damage_low"])[99] > 0.1


def test_bad_electrodes_are_refused() -> None:
    with pytest.raises(InputError, match="volume above 0"):
        evolve(NOBODY, np.array([1.0, 0.0]), WELL_FORMED)
    with pytest.raises(InputError, match="not there"):
        evolve(np.array([[0, 5]]), np.ones(2), WELL_FORMED)


@pytest.mark.parametrize(
    "changes", [{"cycles": 0}, {"load": -1.0}, {"load": 0.0}, {"spreading": 1.5}, {"damage": float("nan")}]
)
def test_settings_that_make_no_sense_are_named(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(changes))):
        EvolutionConfig(**changes)


def test_paint_gives_each_voxel_its_particles_damage() -> None:
    labels = np.array([[[0, 70_000, 3], [3, 9, 0]]], np.uint32)
    found = paint_damage(labels, np.array([70_000, 3]), np.array([0.5, 0.25]))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [[[0, 0.5, 0.25], [0.25, np.nan, 0]]])
    np.testing.assert_array_equal(paint_damage(np.zeros((2, 2), int), np.array([], int), np.array([])), 0)
