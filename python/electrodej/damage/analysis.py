"""One table explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from electrodej.damage.config import DamageConfig
from electrodej.damage.dependence import Curve, dependence
from electrodej.damage.describe import Description, describe
from electrodej.damage.evaluate import Evaluation, Spread, evaluate
from electrodej.damage.forest import Forest, fit_forest, interaction_strengths, shap_values
from electrodej.damage.robust import contributions, contributions_over_draws, drawn_rows, shap_over_seeds
from electrodej.damage.table import DamageTable, Floats
from electrodej.run import Run

_TOP_PAIRS = 10


@dataclass(frozen=True)
class Model:
    """The forest and all that it says.

    Attributes
    ----------
    forest
        The forest that is shown, and its fit.
    base
        What it predicts before it knows anything: SHAP's base value.
    shap
        (n, attributes) SHAP values: base + sum of a row = prediction.
    prediction
        (n,) predicted damage.
    contribution
        Attribute to mean absolute SHAP value, over all particles.
    seeds, draws
        The same in forests of other seeds, and in forests of some of the particles.
    draw_size
        How many particles a draw has.
    curves
        Attribute to its dependence curve.
    interactions
        (attributes, attributes) mean absolute interaction, the diagonal is the main effect; None where
        they were not asked for.
    evaluation
        How good the fit is.
    """

    forest: Forest
    base: float
    shap: Floats
    prediction: Floats
    contribution: Mapping[str, float]
    seeds: Mapping[str, Spread]
    draws: Mapping[str, Spread]
    draw_size: int
    curves: Mapping[str, Curve]
    interactions: Floats | None
    evaluation: Evaluation


@dataclass(frozen=True)
class DamageResult:
    """What a table tells of its damage.

    Attributes
    ----------
    table
        What was read.
    description
        What needs no model.
    model
        None where there were too few particles for one, or all were damaged alike.
    notes
        What the reader should know.
    config
        The settings.
    """

    table: DamageTable
    description: Description
    model: Model | None
    notes: tuple[str, ...]
    config: DamageConfig

    @property
    def ranking(self) -> list[str]:
        """The attributes, the largest contribution (mean over the seeds) first; empty without a model."""
        if self.model is None:
            return []
        seeds = self.model.seeds
        return sorted(seeds, key=lambda name: -seeds[name].mean)

    def top_pairs(self, most: int = _TOP_PAIRS) -> list[tuple[str, str, float]]:
        """Return the pairs of attributes that interact most, and how much."""
        if self.model is None or self.model.interactions is None:
            return []
        strengths, names = self.model.interactions, self.table.attributes
        rows, columns = np.triu_indices(len(names), 1)
        order = np.argsort(-strengths[rows, columns], kind="stable")[:most]
        return [
            (names[rows[k]], names[columns[k]], float(strengths[rows[k], columns[k]])) for k in order.tolist()
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return everything but the values of single particles, as JSON has it."""
        found: dict[str, Any] = {
            "name": self.table.name,
            "table": self.table.as_dict(),
            "description": self.description.as_dict(),
            "modelled": self.model is not None,
            "contribution": {},
            "notes": list(self.notes),
            "settings": self.config.as_dict(),
        }
        if self.model is None:
            return found
        model, evaluation = self.model, self.model.evaluation
        return found | {
            "contribution": dict(model.contribution),
            "ranking": self.ranking,
            "seeds": {name: spread.as_dict() for name, spread in model.seeds.items()},
            "draws": {name: spread.as_dict() for name, spread in model.draws.items()},
            "draw_size": model.draw_size,
            "base": model.base,
            "fit": {
                "oob_r2": model.forest.oob_r2,
                "held_out": int(model.forest.held_out.sum()),
                "held_out_r2": model.forest.held_out_r2,
                "held_out_mae": model.forest.held_out_mae,
            },
            "evaluation": evaluation.as_dict(),
            "dependence": {name: curve.as_dict() for name, curve in model.curves.items()},
            "interactions": [
                {"attributes": [first, second], "strength": strength}
                for first, second, strength in self.top_pairs()
            ],
        }


def explain_damage(
    table: DamageTable, config: DamageConfig | None = None, run: Run | None = None
) -> DamageResult:
    """Fit a random forest to the damage of the particles, explain it with SHAP and judge it.

    Parameters
    ----------
    table
        From `make_table`.
    config
        Settings; the defaults are the reference program's.
    run
        Cores, on which no result depends, and progress over every step.

    Returns
    -------
    DamageResult
        Without a model where there are fewer than ``config.fewest`` particles or all have the same damage.

    Examples
    --------
    >>> from electrodej.damage import ATTRIBUTES, make_table
    >>> few = make_table({name: np.arange(10.0) for name in (*ATTRIBUTES, "Damage")})
    >>> result = explain_damage(few)
    >>> result.model is None, result.notes[-1]
    (True, 'There is no model: 10 particles are too few for one, which takes 50.')
    """
    config, run = config or DamageConfig(), run or Run()
    description = describe(table)
    reason = _why_not(table, config)
    if reason:
        return DamageResult(table, description, None, (*table.notes, f"There is no model: {reason}."), config)
    rows = drawn_rows(len(table), config.most_rows, seed=config.seed)
    some, some_damage = table.values[rows], table.damage[rows]
    forest = fit_forest(table.values, table.damage, config, run, seed=config.seed)
    base, shap = shap_values(forest.model, table.values, run)
    over_seeds = shap_over_seeds(some, some_damage, config, run)
    by_seed = np.stack([contributions(each) for each in over_seeds])
    draw_size, by_draw = contributions_over_draws(table.values, table.damage, config, run)
    model = Model(
        forest=forest,
        base=base,
        shap=shap,
        prediction=np.asarray(forest.model.predict(table.values)),
        contribution=dict(zip(table.attributes, contributions(shap).tolist(), strict=True)),
        seeds=_spreads(table, by_seed),
        draws=_spreads(table, by_draw) if config.draws else {},
        draw_size=draw_size,
        curves={
            name: dependence(some[:, place], over_seeds[:, :, place])
            for place, name in enumerate(table.attributes)
        },
        interactions=_interactions(forest, table, config, run),
        evaluation=evaluate(some, some_damage, table.attributes, config, run),
    )
    notes = (*table.notes, *_model_notes(table, description, model, len(rows)))
    return DamageResult(table, description, model, notes, config)


def _why_not(table: DamageTable, config: DamageConfig) -> str:
    if len(table) < config.fewest:
        return f"{len(table)} particles are too few for one, which takes {config.fewest}"
    if np.ptp(table.damage) == 0:
        return f"all particles have the same damage, {table.damage[0]:.4g}"
    return ""


def _spreads(table: DamageTable, found: Floats) -> dict[str, Spread]:
    return {name: Spread.of(each) for name, each in zip(table.attributes, found.T, strict=True)}


def _interactions(forest: Forest, table: DamageTable, config: DamageConfig, run: Run) -> Floats | None:
    if not config.interaction_rows or len(table.attributes) < 2:
        return None
    rows = drawn_rows(len(table), config.interaction_rows, seed=config.seed)
    return interaction_strengths(forest.model, table.values[rows], run)


def _model_notes(table: DamageTable, description: Description, model: Model, drawn: int) -> list[str]:
    notes = []
    if drawn < len(table):
        notes.append(
            f"The forest and its SHAP values are of all {len(table)} particles; seeds, curves, "
            f"cross-validation and comparison are of {drawn} drawn by chance. A contribution in fewer "
            "particles differs by more than the spread over the seeds."
        )
    if not model.evaluation.better_than_a_constant:
        notes.append(f"WARNING: {model.evaluation.verdict}")
    if description.alike:
        pairs = ", ".join(f"{first} and {second}" for first, second, _ in description.alike)
        notes.append(
            f"These go together so closely that a forest cannot tell them apart, and their contributions are "
            f"to be read together: {pairs}."
        )  # fmt: skip
    return notes
