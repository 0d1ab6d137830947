"""Tables whose damage is made from known attributes, and a model of one that the tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from electrodej.damage import ATTRIBUTES, DamageConfig, DamageResult, explain_damage, make_table

DRIVERS = ("Contact", "Edensity", "Volume", "PDensity")
QUICK = DamageConfig(
    trees=20, seeds=3, draws=3, draw_size=200, folds=3, repeats=2, resamples=6, interaction_rows=50
)

Columns = dict[str, np.ndarray[Any, Any]]


def make_columns(count: int, *, seed: int = 0, slope: float = 0.1, noise: float = 0.005) -> Columns:
    """21 independent attributes, 0 to 1. Damage rises with Contact, falls and rises with Edensity, and is
    there where both Volume and PDensity are large; the other 17 have no part in it."""
    generator = np.random.default_rng(seed)
    columns: Columns = {name: generator.random(count) for name in ATTRIBUTES}
    damage = 0.05 + slope * columns["Contact"]
    damage += 0.4 * (columns["Edensity"] - 0.5) ** 2
    damage += 0.1 * (columns["Volume"] > 0.5) * (columns["PDensity"] > 0.5)
    columns["Damage"] = damage + noise * generator.standard_normal(count)
    columns["Label"] = np.arange(1, count + 1)
    return columns


@pytest.fixture(scope="session")
def drivers() -> tuple[str, ...]:
    return DRIVERS


@pytest.fixture(scope="session")
def quick() -> DamageConfig:
    return QUICK


@pytest.fixture(scope="session")
def columns_of() -> Callable[..., Columns]:
    return make_columns


@pytest.fixture(scope="session")
def known() -> DamageResult:
    """A table of 300 particles, explained."""
    return explain_damage(make_table(make_columns(300), name="known.csv"), QUICK)


@pytest.fixture(scope="session")
def chance() -> DamageResult:
    """A table whose damage has nothing to do with the attributes."""
    columns = make_columns(150, seed=5)
    columns["Damage"] = np.random.default_rng(6).gamma(2.0, 0.02, 150)
    return explain_damage(make_table(columns, name="chance.csv"), QUICK)
