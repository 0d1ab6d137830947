"""The random forest and its SHAP values."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.damage.config import DamageConfig
from electrodej.damage.table import Floats
from electrodej.extras import require
from electrodej.run import Run

_WHAT = "explaining damage"
# SHAP holds the interpreter while it works, so a call stays short.
_SHAP_ROWS = 1000
_INTERACTION_ROWS = 25
_MANY_ROWS = 20_000


@dataclass(frozen=True)
class Forest:
    """A fitted forest and what it says.

    Attributes
    ----------
    model
        scikit-learn's RandomForestRegressor.
    held_out
        (n,) True for the particles that it did not see.
    oob_r2
        R2 out of bag: each particle predicted by the trees that did not see it. None where a particle
        was seen by all trees.
    held_out_r2, held_out_mae
        On the particles held out; R2 against the mean of those that were not, None below two.
    """

    model: Any
    held_out: NDArray[np.bool_]
    oob_r2: float | None
    held_out_r2: float | None
    held_out_mae: float


def import_shap() -> Any:
    """Import shap, whose plots make matplotlib warn of what it will once take away."""
    require("sklearn", what=_WHAT, extra="damage")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return require("shap", what=_WHAT, extra="damage")


def new_forest(config: DamageConfig, *, seed: int, oob: bool = False) -> Any:
    """Return a forest that is yet to be fitted."""
    ensemble = require("sklearn.ensemble", what=_WHAT, extra="damage")
    return ensemble.RandomForestRegressor(
        n_estimators=config.trees,
        criterion="absolute_error",
        max_leaf_nodes=config.leaves,
        max_features="sqrt",
        min_impurity_decrease=config.min_decrease,
        oob_score=oob,
        random_state=seed,
    )


@contextmanager
def on_cores(cores: int) -> Iterator[None]:
    """Fit on so many cores within the block.

    A forest that predicts on several adds its trees up in the order in which they come, so the last digits
    would change from run to run; it predicts outside the block.
    """
    joblib = require("joblib", what=_WHAT, extra="damage")
    shown = warnings.showwarning

    def show(message: Warning | str, *where: Any, **more: Any) -> None:
        # scikit-learn's threads empty the filters of warnings for each other, and then one warns of that.
        if "sklearn.utils.parallel" not in str(message):
            shown(message, *where, **more)

    warnings.showwarning = show
    try:
        with joblib.parallel_config(backend="threading", n_jobs=cores):
            yield
    finally:
        warnings.showwarning = shown


def fit_forest(
    values: Floats,
    damage: Floats,
    config: DamageConfig,
    run: Run | None = None,
    *,
    seed: int,
    in_steps_from: int = _MANY_ROWS,
) -> Forest:
    """Fit the forest to all particles but those held out.

    Parameters
    ----------
    values
        (n, attributes).
    damage
        (n,).
    config
        Its settings.
    seed
        Says which particles are held out and how the trees differ.
    run
        Cores, on which no result depends, and progress over the trees.
    in_steps_from
        So many particles take so long that the forest is grown a few trees at a time, to tell how far it is.
    """
    run = run or Run()
    model_selection = require("sklearn.model_selection", what=_WHAT, extra="damage")
    seen, unseen = model_selection.train_test_split(
        np.arange(len(damage)), test_size=config.held_out, random_state=seed
    )
    model = new_forest(config, seed=seed, oob=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with on_cores(run.cores):
            _grow(model, values[seen], damage[seen], config, run, in_steps=len(seen) >= in_steps_from)
    left_in = any("OOB" in str(warning.message) for warning in caught)
    held_out = np.zeros(len(damage), dtype=bool)
    held_out[unseen] = True
    error = damage[unseen] - model.predict(values[unseen])
    spread = damage[unseen] - damage[seen].mean()
    known = unseen.size >= 2 and bool((spread**2).sum() > 0)
    return Forest(
        model=model,
        held_out=held_out,
        oob_r2=None if left_in else float(model.oob_score_),
        held_out_r2=float(1 - (error**2).sum() / (spread**2).sum()) if known else None,
        held_out_mae=float(np.abs(error).mean()),
    )


def _grow(
    model: Any, values: Floats, damage: Floats, config: DamageConfig, run: Run, *, in_steps: bool
) -> None:
    """Fit, if need be a few trees at a time; the trees are the same."""
    if not in_steps:
        model.fit(values, damage)
        return
    model.set_params(warm_start=True, oob_score=False)
    for grown in range(0, config.trees, run.cores):
        number = min(config.trees, grown + run.cores)
        model.set_params(n_estimators=number, oob_score=number == config.trees)
        model.fit(values, damage)
        run.progress(number, config.trees, "forest")


def shap_values(model: Any, values: Floats, run: Run | None = None) -> tuple[float, Floats]:
    """Return the base value and the SHAP value of each attribute for each particle.

    Exact Shapley values of the trees, path-dependent (Lundberg et al., Nature Machine Intelligence 2,
    2020): base + sum of a row = the forest's prediction for that particle.

    Parameters
    ----------
    model
        A fitted forest.
    values
        (n, attributes).
    run
        Progress, over the particles.
    """
    run = run or Run()
    explainer = import_shap().TreeExplainer(model)
    parts = []
    for start in range(0, len(values), _SHAP_ROWS):
        parts.append(np.asarray(explainer.shap_values(values[start : start + _SHAP_ROWS])))
        run.progress(min(start + _SHAP_ROWS, len(values)), len(values), "SHAP")
    base = float(np.ravel(explainer.expected_value)[0])
    return base, np.concatenate(parts) if parts else np.empty((0, values.shape[1]))


def interaction_strengths(model: Any, values: Floats, run: Run | None = None) -> Floats:
    """Return the mean absolute SHAP interaction of each pair of attributes, both halves together.

    Shape (attributes, attributes), symmetric; the diagonal is the mean absolute main effect.
    """
    run = run or Run()
    explainer = import_shap().TreeExplainer(model)
    total = np.zeros((values.shape[1], values.shape[1]))
    for start in range(0, len(values), _INTERACTION_ROWS):
        part = explainer.shap_interaction_values(values[start : start + _INTERACTION_ROWS])
        total += np.abs(np.asarray(part)).sum(axis=0)
        run.progress(min(start + _INTERACTION_ROWS, len(values)), len(values), "interactions")
    strengths = total / max(1, len(values))
    # SHAP gives each of the two attributes half of what they do together.
    return np.where(np.eye(len(strengths), dtype=bool), strengths, strengths + strengths.T)
