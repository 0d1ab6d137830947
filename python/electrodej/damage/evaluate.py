"""How good the fit is, said honestly: cross-validation beside simple rivals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.damage.config import DamageConfig
from electrodej.damage.forest import new_forest, on_cores
from electrodej.damage.table import Floats
from electrodej.extras import require
from electrodej.run import Run

SURE = 0.975
"""Two comparisons are made, so each has to be surer than 0.975 for 0.95 in all."""

_WHAT = "judging the fit"


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation of something repeated."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, values: NDArray[Any]) -> Spread:
        """Take it over the values given."""
        numbers = np.asarray(values, dtype=float)
        return cls(float(numbers.mean()), float(numbers.std(ddof=1)) if numbers.size > 1 else 0.0)

    def as_dict(self) -> dict[str, float]:
        """Return it as JSON has it."""
        return {"mean": self.mean, "sd": self.deviation}


@dataclass(frozen=True)
class Evaluation:
    """What cross-validation says of the forest and its rivals.

    Attributes
    ----------
    r2, mae
        Model to R2 and mean absolute error on particles that were not fitted, over the repeats. The
        models: forest, linear (ridge on standardised attributes), boosting, mean, median.
    beats_mean
        Confidence that the forest's squared error is below that of predicting the mean.
    beats_median
        Confidence that its absolute error is below that of predicting the median.
    permutation
        Attribute to the rise of the mean absolute error when it is shuffled among held-out particles.
    folds, repeats, particles
        How it was done.
    """

    r2: Mapping[str, Spread]
    mae: Mapping[str, Spread]
    beats_mean: float
    beats_median: float
    permutation: Mapping[str, Spread]
    folds: int
    repeats: int
    particles: int

    @property
    def better_than_a_constant(self) -> bool:
        """Whether the attributes say anything on the damage of a particle that was not fitted."""
        return max(self.beats_mean, self.beats_median) >= SURE

    @property
    def verdict(self) -> str:
        """One sentence for the reader."""
        r2, mae, flat = self.r2["forest"], self.mae["forest"], self.mae["mean"]
        figures = (
            f"on particles that were not fitted R2 is {r2.mean:.2f} (1 is all of it, 0 nothing; SD "
            f"{r2.deviation:.2f} over {self.repeats} repeats) and the mean absolute error {mae.mean:.3g}, "
            f"against {flat.mean:.3g} for predicting the mean. Confidence to do better than the mean: "
            f"{_confidence(self.beats_mean)}, than the median: {_confidence(self.beats_median)}"
        )
        if self.better_than_a_constant:
            return f"The attributes explain part of the damage: {figures}. {self._rivals}"
        return (
            f"The fit is no better than predicting the mean, so the contributions may be chance: {figures}."
        )

    @property
    def _rivals(self) -> str:
        forest, linear, boosting = (self.r2[name] for name in ("forest", "linear", "boosting"))
        said = f"R2 of a linear model is {linear.mean:.2f}, of gradient boosting {boosting.mean:.2f}"
        if linear.mean >= forest.mean - forest.deviation:
            return f"{said}: the forest found nothing that a straight line does not say as well."
        return f"{said}."

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "r2": {name: spread.as_dict() for name, spread in self.r2.items()},
            "mae": {name: spread.as_dict() for name, spread in self.mae.items()},
            "beats_mean": self.beats_mean,
            "beats_median": self.beats_median,
            "better_than_a_constant": self.better_than_a_constant,
            "verdict": self.verdict,
            "permutation": {name: spread.as_dict() for name, spread in self.permutation.items()},
            "folds": self.folds,
            "repeats": self.repeats,
            "particles": self.particles,
        }


def _confidence(share: float) -> str:
    """A confidence in words that claim no certainty."""
    if share > 0.999:
        return "above 0.999"
    return "below 0.001" if share < 0.001 else f"{share:.3f}"


def evaluate(
    values: Floats, damage: Floats, attributes: tuple[str, ...], config: DamageConfig, run: Run | None = None
) -> Evaluation:
    """Cross-validate the forest, a linear model and gradient boosting, several times over.

    Parameters
    ----------
    values, damage
        (n, attributes) and (n,).
    attributes
        Names of the columns.
    config
        Folds, repeats and the forest.
    run
        Cores, on which no result depends, and progress over the folds.
    """
    run = run or Run()
    model_selection = require("sklearn.model_selection", what=_WHAT, extra="damage")
    makers = _makers(config)
    folds = min(config.folds, len(damage) // 2)
    squared = {name: np.zeros((config.repeats, folds)) for name in makers}
    absolute = {name: np.zeros((config.repeats, folds)) for name in makers}
    sizes = np.zeros((config.repeats, folds))
    shuffled = []
    for repeat in range(config.repeats):
        splits = model_selection.KFold(folds, shuffle=True, random_state=config.seed + repeat)
        for fold, (seen, unseen) in enumerate(splits.split(values)):
            sizes[repeat, fold] = unseen.size
            for name, make in makers.items():
                model = make(config.seed + repeat)
                with _one_thread(), on_cores(run.cores):
                    model.fit(values[seen], damage[seen])
                error = damage[unseen] - model.predict(values[unseen])
                squared[name][repeat, fold] = (error**2).mean()
                absolute[name][repeat, fold] = np.abs(error).mean()
                if name == "forest" and repeat == 0:
                    shuffled.append(
                        permutation_rise(model, values[unseen], damage[unseen], seed=config.seed + fold)
                    )
            run.progress(repeat * folds + fold + 1, config.repeats * folds, "cross-validation")
    mean_squared = (squared["mean"] * sizes).sum(axis=1)
    rises = np.concatenate(shuffled, axis=1)
    return Evaluation(
        r2={
            name: Spread.of(1 - (values * sizes).sum(axis=1) / mean_squared)
            for name, values in squared.items()
        },
        mae={
            name: Spread.of((values * sizes).sum(axis=1) / sizes.sum(axis=1))
            for name, values in absolute.items()
        },
        beats_mean=confidence_of_gain(squared["mean"] - squared["forest"]),
        beats_median=confidence_of_gain(absolute["median"] - absolute["forest"]),
        permutation={name: Spread.of(rise) for name, rise in zip(attributes, rises, strict=True)},
        folds=folds,
        repeats=config.repeats,
        particles=len(damage),
    )


def confidence_of_gain(gains: Floats) -> float:
    """Return the confidence that the mean gain is above 0, by the corrected resampled t-test.

    Folds share most of what they were fitted to, so their spread is too small by itself. Nadeau and Bengio
    (Machine Learning 52, 2003) add n_test / n_train = 1 / (folds - 1) to the 1 / J of a mean of J values.

    Parameters
    ----------
    gains
        (repeats, folds) of error less than the rival's.

    Examples
    --------
    >>> import numpy as np
    >>> round(confidence_of_gain(np.array([[1.0, -1.0], [-1.0, 1.0]])), 3)
    0.5
    """
    from scipy.stats import t as student

    mean, variance = float(gains.mean()), float(gains.var(ddof=1))
    if variance == 0:
        return float(np.sign(mean) / 2 + 0.5)
    folds = gains.shape[1]
    return float(student.cdf(mean / math.sqrt(variance * (1 / gains.size + 1 / (folds - 1))), gains.size - 1))


def _makers(config: DamageConfig) -> dict[str, Callable[[int], Any]]:
    """The forest and its rivals, each made from a seed."""
    dummy = require("sklearn.dummy", what=_WHAT, extra="damage")
    ensemble = require("sklearn.ensemble", what=_WHAT, extra="damage")
    linear = require("sklearn.linear_model", what=_WHAT, extra="damage")
    pipeline = require("sklearn.pipeline", what=_WHAT, extra="damage")
    preprocessing = require("sklearn.preprocessing", what=_WHAT, extra="damage")
    penalties = np.logspace(-2, 4, 13)
    return {
        "forest": lambda seed: new_forest(config, seed=seed),
        "linear": lambda seed: pipeline.make_pipeline(  # noqa: ARG005 - has no chance in it
            preprocessing.StandardScaler(), linear.RidgeCV(alphas=penalties)
        ),
        "boosting": lambda seed: ensemble.HistGradientBoostingRegressor(
            max_leaf_nodes=8, early_stopping=False, random_state=seed
        ),
        "mean": lambda seed: dummy.DummyRegressor(strategy="mean"),  # noqa: ARG005
        "median": lambda seed: dummy.DummyRegressor(strategy="median"),  # noqa: ARG005
    }


def _one_thread() -> AbstractContextManager[Any]:
    """Keep boosting and linear algebra to one core.

    A step of theirs takes less than a millisecond here, and threads that wait for each other at every step
    double the time where other work is on the machine.
    """
    limits: AbstractContextManager[Any] = require(
        "threadpoolctl", what=_WHAT, extra="damage"
    ).threadpool_limits(1)
    return limits


def permutation_rise(model: Any, values: Floats, damage: Floats, *, seed: int, shuffles: int = 5) -> Floats:
    """Return the rise of the mean absolute error when one attribute is shuffled, (attributes, shuffles).

    All shuffled copies go through the forest at once, which takes a tenth of the time of one call for each.
    """
    generator = np.random.default_rng(seed)
    count, attributes = values.shape
    copies = np.tile(values, (attributes, shuffles, 1, 1))
    for place in range(attributes):
        for shuffle in range(shuffles):
            copies[place, shuffle, :, place] = generator.permutation(values[:, place])
    predicted = model.predict(copies.reshape(-1, attributes)).reshape(attributes, shuffles, count)
    error = float(np.abs(damage - model.predict(values)).mean())
    return np.asarray(np.abs(damage - predicted).mean(axis=2) - error)
