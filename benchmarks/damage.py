"""How well known drivers of damage are found, and what it costs, beside shap on scikit-learn alone.

    python benchmarks/damage.py [--particles 2000] [--tables 5] [--jobs 2] [--large 100000]

First, tables with four drivers among 21 attributes, at several levels of noise: whether the four lead the
ranking, the largest decoy over the weakest driver, and how often a table without any driver is taken for
one that has some. Then the cost of the whole study over that of one forest with SHAP values by
scikit-learn and shap, in the same run. With --large, what a table of so many rows takes, step by step: the
criterion of the splits, the network, and the page.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial import KDTree

from electrodej.damage import (
    ATTRIBUTES,
    DamageConfig,
    analyse_network,
    explain_damage,
    make_contacts,
    make_table,
)
from electrodej.damage.evaluate import evaluate
from electrodej.damage.forest import fit_forest, shap_values
from electrodej.damage.robust import contributions, drawn_rows, shap_over_seeds
from electrodej.report import ReportContent, write_report

DRIVERS = ("Contact", "Edensity", "Volume", "PDensity")


def make_columns(count: int, *, seed: int, noise: float) -> dict[str, Any]:
    """Damage that rises with Contact, has a valley in Edensity, and an interaction of Volume and PDensity."""
    generator = np.random.default_rng(seed)
    columns: dict[str, Any] = {name: generator.random(count) for name in ATTRIBUTES}
    damage = 0.05 + 0.1 * columns["Contact"] + 0.4 * (columns["Edensity"] - 0.5) ** 2
    damage += 0.1 * (columns["Volume"] > 0.5) * (columns["PDensity"] > 0.5)
    columns["Damage"] = damage + noise * damage.std() * generator.standard_normal(count)
    return columns


def recovery(particles: int, tables: int, config: DamageConfig) -> None:
    """Print how the drivers fare at several levels of noise."""
    print(f"{particles} particles, {tables} tables of 3 seeds; noise in SD of what the drivers make")
    print("noise  drivers lead  largest decoy / weakest driver")
    for noise in (0.2, 0.5, 1.0, 2.0):
        lead, ratios = 0, []
        for seed in range(tables):
            table = make_table(make_columns(particles, seed=seed, noise=noise))
            for shap in shap_over_seeds(table.values, table.damage, replace(config, seeds=3, seed=10 * seed)):
                found = dict(zip(ATTRIBUTES, contributions(shap).tolist(), strict=True))
                decoys = max(value for name, value in found.items() if name not in DRIVERS)
                ratios.append(decoys / min(found[name] for name in DRIVERS))
                lead += ratios[-1] < 1
        print(
            f"{noise:5.1f}  {lead:5d} of {3 * tables:<3d}  {np.mean(ratios):.2f} (largest {max(ratios):.2f})"
        )


def false_alarms(tables: int, config: DamageConfig) -> None:
    """Print how often a table of 150 particles without a driver is said to have some."""
    said = 0
    for seed in range(tables):
        columns = make_columns(150, seed=seed, noise=0)
        columns["Damage"] = np.random.default_rng(1000 + seed).gamma(2.0, 0.02, 150)
        table = make_table(columns)
        found = evaluate(table.values, table.damage, table.attributes, replace(config, seed=seed))
        said += found.better_than_a_constant
    print(f"tables without a driver that were said to have one: {said} of {tables} (5 % are allowed)")


def cost(particles: int, config: DamageConfig) -> None:
    """Print the time of a study over that of one forest and its SHAP values."""
    from sklearn.ensemble import RandomForestRegressor

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap
    table = make_table(make_columns(particles, seed=0, noise=0.5))
    start = time.perf_counter()
    forest = RandomForestRegressor(
        40, criterion="absolute_error", max_leaf_nodes=30, max_features="sqrt", random_state=0,
        n_jobs=config.jobs, oob_score=True,
    ).fit(table.values, table.damage)  # fmt: skip
    shap.TreeExplainer(forest).shap_values(table.values)
    once = time.perf_counter() - start
    start = time.perf_counter()
    explain_damage(table, config)
    whole = time.perf_counter() - start
    print(
        f"{particles} particles: one forest and SHAP {once:.1f} s, the whole study {whole:.1f} s "
        f"({whole / once:.0f} times, for {1 + config.seeds + config.draws} forests explained and "
        f"{config.folds * config.repeats} cross-validated beside two rivals)"
    )


def criterion(config: DamageConfig) -> None:
    """Print how the time of a forest grows with the rows, which is what makes a large table usable or not."""
    print("rows     forest, s of one core   per row, us")
    for rows in (5_000, 10_000, 20_000, 40_000):
        table = make_table(make_columns(rows, seed=0, noise=0.5))
        start = time.process_time()
        fit_forest(table.values, table.damage, config, seed=0)
        taken = time.process_time() - start
        print(f"{rows:6d}   {taken:8.2f}                {1e6 * taken / rows:8.1f}")


def large(rows: int, config: DamageConfig) -> None:
    """Print what each step takes for a large table, in seconds of one core, and the size of the page."""
    columns = make_columns(rows, seed=0, noise=0.5)
    side = (rows * 500.0) ** (1 / 3)
    generator = np.random.default_rng(1)
    columns |= {axis: side * generator.random(rows) for axis in "XYZ"} | {"Label": np.arange(1, rows + 1)}
    start = time.process_time()
    table = make_table(columns)
    start = _told("table checked", start)
    forest = fit_forest(table.values, table.damage, config, seed=0)
    start = _told("forest", start)
    shap_values(forest.model, table.values)
    start = _told("SHAP values of all", start)
    some = drawn_rows(rows, config.most_rows, seed=0)
    shap_over_seeds(table.values[some], table.damage[some], replace(config, seeds=2))
    start = _told(f"one seed, of {len(some)} rows, and another", start)
    nearest = np.asarray(KDTree(table.positions).query(table.positions, k=7)[1])[:, 1:]
    ends = np.stack([np.repeat(np.arange(rows), 6), nearest.ravel()], axis=1) + 1
    contacts = make_contacts({"Label1": ends[:, 0], "Label2": ends[:, 1]}, table)
    start = time.process_time()
    analyse_network(table, contacts)
    start = _told(f"network of {len(contacts.pairs)} contacts", start)
    content = ReportContent("Large", None, None, None, table=columns)
    with tempfile.TemporaryDirectory() as folder:
        size = write_report(Path(folder) / "large.html", content).stat().st_size
    _told(f"page of {len(columns)} columns, {size / 1e6:.1f} MB", start)


def _told(what: str, start: float) -> float:
    print(f"{time.process_time() - start:8.1f} s  {what}")
    return time.process_time()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--particles", type=int, default=2000)
    parser.add_argument("--tables", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--large", type=int, default=0, help="rows of a large table, and nothing else")
    options = parser.parse_args()
    config = DamageConfig(jobs=options.jobs)
    if options.large:
        criterion(config)
        large(options.large, config)
        return
    recovery(options.particles, options.tables, config)
    false_alarms(4 * options.tables, config)
    cost(options.particles, config)


if __name__ == "__main__":
    main()
