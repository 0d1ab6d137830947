"""Pictures of what explains damage: contributions, SHAP values, curves and the fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from electrodej.report.drawings import HALF, WHOLE, Drawing, new_axes
from electrodej.report.figures import PALETTE
from electrodej.report.numbers import unit_text, within_fences

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

    from electrodej.damage import DamageResult

Floats = NDArray[np.float64]

_MOST_POINTS = 3000
_BLUE, _ORANGE, _GREEN, _PURPLE, _RED, _GREY = *PALETTE[:4], PALETTE[5], "#8c8c8c"


def damage_drawings(result: DamageResult, *, suffix: str = "") -> list[Drawing]:
    """Return the drawings of one explained table; none where there is no model.

    Parameters
    ----------
    result
        From `electrodej.damage.explain_damage`.
    suffix
        Added to the files' names, to tell several tables apart.
    """
    model = result.model
    if model is None:
        return []
    drawings = [
        Drawing(
            f"contribution{suffix}",
            "Contribution of each attribute",
            "Mean absolute SHAP value: 0.01 means that the attribute moves the expected damage by one "
            "percent of the particle (its volume; in 2D its area), on average. "
            f"Bars: mean and SD over {result.config.seeds} seeds."
            + (
                f" Diamonds: mean and SD over {result.config.draws} draws of {model.draw_size} particles."
                if model.draws
                else ""
            ),
            lambda: contribution_figure(result),
        ),
        Drawing(
            f"beeswarm{suffix}",
            "SHAP value of every particle",
            "Each dot is a particle. Right of zero the attribute makes the forest expect more damage, left "
            "of it less. Colour: whether the particle's value of the attribute is low or high among all.",
            lambda: beeswarm_figure(result),
        ),
        Drawing(
            f"dependence{suffix}",
            "How the contribution runs over the value",
            "The six attributes that contribute most. Points: particles, those far off left out. Line and "
            "band: mean in bins, and SD over the seeds.",
            lambda: dependence_figure(result),
            wide=True,
        ),
        Drawing(
            f"fit{suffix}",
            "Predicted and measured damage",
            "Held-out particles were not seen by the forest.",
            lambda: fit_figure(result),
        ),
    ]
    if model.interactions is not None:
        drawings.append(
            Drawing(
                f"interactions{suffix}",
                "Interactions of the attributes",
                "Mean absolute SHAP interaction of two attributes, in damage.",
                lambda: interaction_figure(result),
            )
        )
    drawings.append(
        Drawing(
            f"evaluation{suffix}",
            "How good the fit is",
            "Left: error on particles that were not fitted, mean and SD over the repeats of the "
            "cross-validation; shorter is better. Right: by how much that error rises when one "
            "attribute is shuffled.",
            lambda: evaluation_figure(result),
            wide=True,
        )
    )
    return drawings


def contribution_figure(result: DamageResult) -> MatplotlibFigure:
    """Return the bars of the contributions with their spread."""
    assert result.model is not None
    seeds, draws = result.model.seeds, result.model.draws
    names = result.ranking[::-1]
    figure, axes = new_axes(HALF, height_for(len(names)))
    places = np.arange(len(names))
    axes.barh(
        places,
        [seeds[name].mean for name in names],
        xerr=[seeds[name].deviation for name in names],
        color=_BLUE,
        height=0.7,
        error_kw={"ecolor": "#000000", "capsize": 2, "linewidth": 1},
        label="seeds",
    )
    if draws:
        axes.errorbar(
            [draws[name].mean for name in names],
            places,
            xerr=[draws[name].deviation for name in names],
            fmt="D",
            color=_ORANGE,
            markersize=4,
            linewidth=1,
            label="draws",
        )
    axes.set_yticks(places, names)
    axes.set_xlim(left=0)
    axes.locator_params(axis="x", nbins=5)
    axes.set_ylim(-0.7, len(names) - 0.3)
    axes.set_xlabel("Mean |SHAP| (damage)")
    axes.legend(loc="lower right")
    return figure


def beeswarm_figure(result: DamageResult) -> MatplotlibFigure:
    """Return the SHAP values of the particles, one row for each attribute."""
    assert result.model is not None
    names = result.ranking
    rows = _some_rows(len(result.table))
    figure, axes = new_axes(HALF, height_for(len(names)))
    columns = [result.table.attributes.index(name) for name in names]
    limits = result.model.shap[rows][:, columns]
    width = float(np.ptp(limits)) or 1.0
    points = None
    for place, column in enumerate(columns):
        shap = result.model.shap[rows, column]
        values = result.table.values[rows, column]
        heights = len(names) - 1 - place + _swarm(shap, width)
        rank = _ranks(values)
        points = axes.scatter(
            shap, heights, c=rank, cmap="cividis", vmin=0, vmax=1, s=7, linewidths=0, rasterized=True
        )
    axes.axvline(0, color=_GREY, linewidth=1, zorder=0)
    axes.set_yticks(np.arange(len(names))[::-1], names)
    axes.set_ylim(-0.7, len(names) - 0.3)
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel("SHAP value (damage)")
    if points is not None:
        bar = figure.colorbar(points, ax=axes, ticks=[0, 1], pad=0.02, aspect=40)
        bar.ax.set_yticklabels(["low", "high"])
        bar.set_label("Value of the attribute", labelpad=-14)
    return figure


def dependence_figure(result: DamageResult, most: int = 6) -> MatplotlibFigure:
    """Return the SHAP value over the value of the attributes that contribute most."""
    from matplotlib.figure import Figure as MatplotlibFigure

    assert result.model is not None
    names = result.ranking[:most]
    units = _units()
    across = min(3, len(names))
    down = -(-len(names) // across)
    figure = MatplotlibFigure(figsize=(WHOLE, 2.9 * down), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    rows = _some_rows(len(result.table))
    for axes, name in zip(panels, names, strict=False):
        column = result.table.attributes.index(name)
        curve = result.model.curves[name]
        axes.plot(
            result.table.values[rows, column],
            result.model.shap[rows, column],
            ".",
            color=_GREY,
            alpha=0.6,
            markersize=_dot(rows.size),
            mew=0,
            rasterized=True,
        )
        axes.fill_between(
            curve.centre,
            curve.mean - curve.deviation,
            curve.mean + curve.deviation,
            color=_ORANGE,
            alpha=0.4,
            linewidth=0,
        )
        axes.plot(curve.centre, curve.mean, "-o", color=_RED, markersize=3, linewidth=1.5)
        axes.axhline(0, color="#000000", linewidth=0.6)
        axes.set_xlim(*_shown_range(result.table.values[:, column]))
        axes.set_xlabel(f"{name} ({units[name]})" if units.get(name) else name)
        axes.set_title(curve.shape, fontsize=10)
    for axes in panels[:: max(1, across)]:
        axes.set_ylabel("SHAP (damage)")
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    return figure


def fit_figure(result: DamageResult) -> MatplotlibFigure:
    """Return predicted over measured damage."""
    assert result.model is not None
    rows = _some_rows(len(result.table))
    held_out = result.model.forest.held_out[rows]
    measured, predicted = result.table.damage[rows], result.model.prediction[rows]
    figure, axes = new_axes(HALF, 5.0)
    for chosen, colour, mark, size, label in (
        (~held_out, _GREY, ".", _dot(rows.size), "fitted"),
        (held_out, _RED, "D", 4.0, "held out"),
    ):
        axes.plot(
            measured[chosen],
            predicted[chosen],
            mark,
            color=colour,
            markersize=size,
            mew=0,
            alpha=0.7,
            label=label,
            rasterized=True,
        )
    ends = [min(measured.min(), predicted.min()), max(measured.max(), predicted.max())]
    axes.plot(ends, ends, color="#000000", linewidth=0.8)
    axes.set_xlabel("Measured damage")
    axes.set_ylabel("Predicted damage")
    axes.legend()
    return figure


def evaluation_figure(result: DamageResult) -> MatplotlibFigure:
    """Return the error of the forest and its rivals, and the permutation importance."""
    from matplotlib.figure import Figure as MatplotlibFigure

    assert result.model is not None
    evaluation = result.model.evaluation
    figure = MatplotlibFigure(figsize=(WHOLE, 4.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    models = list(evaluation.mae)[::-1]
    _bars(
        left,
        models,
        [evaluation.mae[name].mean for name in models],
        [evaluation.mae[name].deviation for name in models],
        [_BLUE if name == "forest" else _GREY for name in models],
    )
    left.set_xlabel("Mean absolute error (damage)")
    rises = evaluation.permutation
    names = sorted(rises, key=lambda name: rises[name].mean)[-12:]
    _bars(
        right,
        names,
        [rises[name].mean for name in names],
        [rises[name].deviation for name in names],
        [_GREEN] * len(names),
    )
    right.axvline(0, color="#000000", linewidth=0.8)
    right.locator_params(axis="x", nbins=5)
    right.set_xlabel("Rise of the error when shuffled (damage)")
    return figure


def interaction_figure(result: DamageResult, most: int = 10) -> MatplotlibFigure:
    """Return the interactions of the attributes that contribute most, as a map."""
    assert result.model is not None
    assert result.model.interactions is not None
    names = result.ranking[:most]
    columns = [result.table.attributes.index(name) for name in names]
    strengths = result.model.interactions[np.ix_(columns, columns)].copy()
    np.fill_diagonal(strengths, np.nan)
    figure, axes = new_axes(HALF, 5.0)
    picture = axes.imshow(strengths, cmap="cividis", vmin=0)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    figure.colorbar(picture, ax=axes, label="Mean |interaction| (damage)", shrink=0.85)
    return figure


def _units() -> dict[str, str]:
    from electrodej.features import listing

    return {attribute["name"]: unit_text(attribute["unit"]) for attribute in listing()}


def height_for(attributes: int) -> float:
    """Height in inches of a picture with a line for each attribute."""
    return 1.0 + 0.26 * attributes


def _shown_range(values: Floats) -> tuple[float, float]:
    """The range of an axis with a little room; a value far off would squeeze all others together."""
    low, high = within_fences(values)
    room = 0.04 * (high - low) or 0.5
    return low - room, high + room


def _bars(
    axes: Axes, names: list[str], lengths: list[float], spreads: list[float], colours: list[str]
) -> None:
    axes.barh(
        range(len(names)),
        lengths,
        xerr=spreads,
        color=colours,
        height=0.7,
        error_kw={"ecolor": "#000000", "capsize": 2, "linewidth": 1},
    )
    axes.set_yticks(range(len(names)), names)


def _dot(count: int) -> float:
    """Size of the dots of a cloud: few are to be seen, many are not to hide each other."""
    return 7.0 if count <= 300 else 4.0


def _some_rows(count: int) -> NDArray[np.intp]:
    """Rows that are drawn: all, or as many as an eye can tell apart."""
    if count <= _MOST_POINTS:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, _MOST_POINTS, replace=False))


def _swarm(values: Floats, width: float) -> Floats:
    """Heights from -0.4 to 0.4 that keep points of about the same value apart."""
    bins = np.round(values / width * 120).astype(int)
    order = np.argsort(bins, kind="stable")
    within = np.arange(len(values)) - np.searchsorted(bins[order], bins[order])
    # 0, 1, -1, 2, -2, ... in each bin
    steps = np.where(within % 2 == 1, (within + 1) // 2, -(within // 2))
    heights = np.empty(len(values))
    heights[order] = steps
    most = np.abs(heights).max() if heights.size else 0
    return heights * min(0.08, 0.4 / most) if most else heights


def _ranks(values: Floats) -> Floats:
    """Ranks from 0 to 1; equal values share theirs."""
    here, place, count = np.unique(values, return_inverse=True, return_counts=True)
    if len(here) < 2:
        return np.full(len(values), 0.5)
    middle = np.cumsum(count) - (count + 1) / 2
    return np.asarray(middle[place.ravel()] / max(1, len(values) - 1))
