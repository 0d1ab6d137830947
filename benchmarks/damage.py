"""How well known drivers of damage are found, and what it costs, beside shap on scikit-learn alone.

    python benchmarks/damage.py [--particles 2000] [--tables 5] [--jobs 2]
    python benchmarks/damage.py --large 100000 --jobs 1
    python benchmarks/damage.py --coverage 20 --particles 300

First, tables with four drivers among 21 attributes, at several levels of noise: whether the four lead the
ranking, the largest decoy over the weakest driver, and how often a table without any driver is taken for
one that has some. Then the cost of the whole study over that of one forest with SHAP values by
scikit-learn and shap, in the same run. With --large, what a whole study of a table of so many rows takes,
step by step. With --coverage, how often the interval of a change from table to table holds the true change.
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
import pandas
from scipy.spatial import KDTree

from electrodej.damage import (
    ATTRIBUTES,
    DamageConfig,
    compare_damage,
    explain_damage,
    make_table,
)
from electrodej.damage.evaluate import evaluate
from electrodej.damage.forest import fit_forest
from electrodej.damage.robust import contributions, shap_over_seeds
from electrodej.machine import available_cores
from electrodej.run import Run
from electrodej.verbs.damage import DamageOptions
from electrodej.verbs.damage.study import study_damage

DRIVERS = ("Contact", "Edensity", "Volume", "PDensity")
CYCLES = 20


def make_columns(count: int, *, seed: int, noise: float, slope: float = 0.1) -> dict[str, Any]:
    """Damage that rises with Contact, has a valley in Edensity, and an interaction of Volume and PDensity."""
    generator = np.random.default_rng(seed)
    columns: dict[str, Any] = {name: generator.random(count) for name in ATTRIBUTES}
    damage = 0.05 + slope * columns["Contact"] + 0.4 * (columns["Edensity"] - 0.5) ** 2
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
        n_jobs=available_cores(), oob_score=True,
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


class Steps:
    """Seconds of one core by step of a long work: what passes until a step speaks is its own."""

    def __init__(self) -> None:
        self.last = time.process_time()
        self.seconds: dict[str, float] = {}

    def __call__(self, done: float, total: float, what: str) -> None:  # noqa: ARG002 - told like any progress
        now = time.process_time()
        self.seconds[what] = self.seconds.get(what, 0.0) + now - self.last
        self.last = now


def large(rows: int, config: DamageConfig) -> None:
    """Print what a whole study of a large table takes, step by step, and the sizes of what it writes."""
    columns = make_columns(rows, seed=0, noise=0.5)
    side = (rows * 500.0) ** (1 / 3)
    generator = np.random.default_rng(1)
    columns |= {axis: side * generator.random(rows) for axis in "XYZ"}
    columns = {"Image": np.full(rows, "an electrode.tif"), "Label": np.arange(1, rows + 1)} | columns
    places = np.stack([columns[axis] for axis in "ZYX"], axis=1)
    nearest = np.asarray(KDTree(places).query(places, k=7)[1])[:, 1:]
    ends = np.stack([np.repeat(np.arange(rows), 6), nearest.ravel()], axis=1) + 1
    ends = np.unique(np.sort(ends, axis=1), axis=0)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        pandas.DataFrame(columns).to_csv(folder / "t.csv", index=False)
        pandas.DataFrame(ends, columns=["Label1", "Label2"]).to_csv(folder / "c.csv", index=False)
        steps = Steps()
        options = DamageOptions(
            tables=(folder / "t.csv",),
            out=folder / "out",
            config=config,
            contacts=folder / "c.csv",
            evolve=True,
            cycles=CYCLES,
        )
        study_damage(options, Run(jobs=1, progress=steps))
        steps(1, 1, "summary")
        for what, seconds in steps.seconds.items():
            print(f"{seconds:8.1f} s  {what}")
        whole = sum(steps.seconds.values())
        print(f"{whole:8.1f} s  all of {rows} particles with {len(ends)} contacts, one core")
        print(f"the model of the network's evolution was run for {CYCLES} cycles of two electrodes")
        for name in ("report.html", "shap.csv"):
            print(f"{(folder / 'out' / name).stat().st_size / 1e6:8.1f} MB {name}")


def coverage(pairs: int, particles: int, config: DamageConfig) -> None:
    """Print how often the interval of a change holds the true one, and how often a change is called one."""
    config = replace(config, draws=0, folds=2, repeats=1, interaction_rows=0)
    print(f"{pairs} pairs of tables of {particles} particles; 95 % intervals of 21 attributes each")
    for what, slope in (("no change", 0.1), ("Contact counts three times as much", 0.3)):
        found = []
        for pair in range(pairs):
            results = [
                explain_damage(
                    make_table(make_columns(particles, seed=1000 + 2 * pair + place, noise=0.5, slope=each)),
                    config,
                )
                for place, each in enumerate((0.1, slope))
            ]
            found.append(compare_damage(results)[0][0].changes)
        change = np.array([[each.change for each in changes] for changes in found])
        low, high = (
            np.array([[getattr(each, end) for each in changes] for changes in found])
            for end in ("low", "high")
        )
        sure = np.array([[each.p_holm < 0.05 for each in changes] for changes in found])
        # Without a change the true one is 0; else the mean over all pairs stands for it.
        true = np.zeros(21) if slope == 0.1 else change.mean(axis=0)
        held = (low <= true) & (true <= high)
        driver = np.isin(ATTRIBUTES, DRIVERS)
        contact = ATTRIBUTES.index("Contact")
        others = np.delete(sure, contact, 1).any(axis=1).sum()
        print(
            f"  {what}: intervals hold the true change in {100 * held[:, driver].mean():.0f} % (drivers) and "
            f"{100 * held[:, ~driver].mean():.0f} % (the others); Contact is called changed in "
            f"{sure[:, contact].sum()} of {pairs}, any other attribute in {others}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--particles", type=int, default=2000)
    parser.add_argument("--tables", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--large", type=int, default=0, help="rows of a large table, and nothing else")
    parser.add_argument(
        "--coverage", type=int, default=0, help="pairs of tables to compare, and nothing else"
    )
    options = parser.parse_args()
    config = DamageConfig()
    if options.large:
        criterion(config)
        large(options.large, config)
        return
    if options.coverage:
        coverage(options.coverage, options.particles, config)
        return
    recovery(options.particles, options.tables, config)
    false_alarms(4 * options.tables, config)
    cost(options.particles, config)


if __name__ == "__main__":
    main()
