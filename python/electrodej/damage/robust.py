"""What of the contributions stays when chance plays differently."""

from __future__ import annotations

import numpy as np

from electrodej.damage.config import DamageConfig
from electrodej.damage.forest import fit_forest, shap_values
from electrodej.damage.table import Floats
from electrodej.run import Run


def contributions(shap: Floats) -> Floats:
    """Return the overall contribution of each attribute: the mean absolute SHAP value, in damage.

    >>> contributions(np.array([[0.1, -0.2], [-0.3, 0.0]])).round(3).tolist()
    [0.2, 0.1]
    """
    return np.asarray(np.abs(shap).mean(axis=0))


def drawn_rows(count: int, most: int, *, seed: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return all rows, or ``most`` of them drawn by chance, in order."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def shap_over_seeds(values: Floats, damage: Floats, config: DamageConfig, run: Run | None = None) -> Floats:
    """Return the SHAP values of all particles in forests of different seeds, (seeds, n, attributes).

    The seed decides which particles are held out, which each tree sees and which attributes it may split
    by, as in the reference program.
    """
    run = run or Run()
    found = np.empty((config.seeds, *values.shape))
    for place in range(config.seeds):
        seed = config.seed + place
        forest = fit_forest(values, damage, config, run.quiet(), seed=seed)
        found[place] = shap_values(forest.model, values)[1]
        run.progress(place + 1, config.seeds, "seeds")
    return found


def contributions_over_draws(
    values: Floats, damage: Floats, config: DamageConfig, run: Run | None = None
) -> tuple[int, Floats]:
    """Return the size of a draw and the contributions in each, (draws, attributes).

    Draws are of 500 particles in the reference program; of a table with fewer than 625 a draw has four
    fifths, because draws of all particles would be the same.
    """
    size = min(config.draw_size, 4 * len(damage) // 5)
    return size, contributions_of(size, values, damage, config, run, draws=config.draws)


def contributions_of(
    size: int, values: Floats, damage: Floats, config: DamageConfig, run: Run | None = None, *, draws: int
) -> Floats:
    """Return the contributions in forests of ``size`` particles drawn by chance, (draws, attributes)."""
    run = run or Run()
    found = np.empty((draws, values.shape[1]))
    for place in range(draws):
        seed = config.seed + place
        rows = drawn_rows(len(damage), size, seed=seed)
        forest = fit_forest(values[rows], damage[rows], config, run.quiet(), seed=seed)
        found[place] = contributions(shap_values(forest.model, values[rows])[1])
        run.progress(place + 1, draws, "draws")
    return found


def bootstrap_contributions(
    size: int, values: Floats, damage: Floats, config: DamageConfig, run: Run | None = None
) -> Floats:
    """Return the contributions in forests of resampled particles and other seeds, (resamples, attributes).

    ``size`` particles are drawn with replacement, and each forest is explained on those drawn.
    For tables of one kind the spread found so is as large as that from table to table or larger, up to
    twice for attributes without a part in the damage, so it errs on the side of caution.
    """
    generator = np.random.default_rng(config.seed)
    run = run or Run()
    found = np.empty((config.resamples, values.shape[1]))
    for place in range(config.resamples):
        rows = generator.integers(0, len(damage), size)
        forest = fit_forest(values[rows], damage[rows], config, run.quiet(), seed=config.seed + place)
        found[place] = contributions(shap_values(forest.model, values[rows])[1])
        run.progress(place + 1, config.resamples, "resampling")
    return found
