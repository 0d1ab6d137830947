"""The pictures of cracks: how much of the particles they are, and how they go with the packing density."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from electrodej.report.drawings import HALF, WHOLE, Drawing, new_axes
from electrodej.report.figures import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

    from electrodej.morphology import Relation

Floats = NDArray[np.float64]

_GREY, _RED, _BLUE = "#8c8c8c", PALETTE[5], PALETTE[0]
_MOST_POINTS = 3000
LIMITS = (0.01, 0.05, 0.1)
"""Shares of crack that particles are counted above."""


def crack_drawing(packing: Floats, share: Floats, relations: Mapping[str, Relation]) -> Drawing:
    """Return the drawing of how cracks go with the packing density.

    Parameters
    ----------
    packing, share
        Of each particle.
    relations
        Of crack measures with the packing density, by their names; ``CrackShare`` among them.
    """
    return Drawing(
        "cracks-packing",
        "Cracks and packing density",
        "Left: each particle, and the mean crack share in bins of as many particles each, with its 95 % "
        "bootstrap interval. Right: Spearman's rank correlation of each crack measure with the packing "
        "density, with its 95 % interval.",
        lambda: crack_figure(packing, share, relations),
        wide=True,
    )


def share_drawing(share: Floats) -> Drawing:
    """Return the drawing of how many particles have more than how much of crack.

    Parameters
    ----------
    share
        Share of crack in the volume of each particle.
    """
    return Drawing(
        "cracks-share",
        "How much of a particle is crack",
        "How many particles have more than that share of their volume as crack. Dots: "
        + ", ".join(f"{100 * limit:g} %" for limit in LIMITS)
        + ". Dashed: half of the particles.",
        lambda: share_figure(share),
    )


def share_figure(share: Floats) -> MatplotlibFigure:
    """Return the number of particles over the share that they exceed."""
    known = np.sort(share[np.isfinite(share)])
    figure, axes = new_axes(HALF, 3.6)
    # Those above a value are those that come after it.
    left = known.size - np.arange(1, known.size + 1)
    axes.step(
        100 * np.concatenate([[0.0], known]), np.concatenate([[known.size], left]), where="post", color=_BLUE
    )
    axes.plot(
        [100 * limit for limit in LIMITS], [int((known > limit).sum()) for limit in LIMITS], "o", color=_RED
    )
    axes.axhline(known.size / 2, color="#000000", linewidth=0.8, linestyle="--")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Crack share (%)")
    axes.set_ylabel("Particles with more")
    return figure


def crack_figure(packing: Floats, share: Floats, relations: Mapping[str, Relation]) -> MatplotlibFigure:
    """Return crack share over packing density, and all rank correlations."""
    from matplotlib.figure import Figure as MatplotlibFigure

    figure = MatplotlibFigure(figsize=(WHOLE, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.3, 1])
    _draw_bins(left, packing, share, relations["CrackShare"])
    _draw_correlations(right, relations)
    return figure


def _draw_bins(axes: Axes, packing: Floats, share: Floats, relation: Relation) -> None:
    known = np.flatnonzero(np.isfinite(packing) & np.isfinite(share))
    if known.size > _MOST_POINTS:
        known = np.random.default_rng(0).choice(known, _MOST_POINTS, replace=False)
    axes.plot(
        packing[known], share[known], ".", color=_GREY, alpha=0.6, markersize=4 if known.size > 300 else 7,
        mew=0, label="particles", rasterized=known.size > 300,
    )  # fmt: skip
    bins = relation.bins
    if bins:
        means = np.array([each.mean for each in bins])
        ends = np.array([[each.mean_low for each in bins], [each.mean_high for each in bins]])
        # A resampled mean may lie beside its percentiles by rounding; lengths are not below 0.
        reach = np.maximum(np.abs(ends - means), 0)
        axes.errorbar(
            [each.centre for each in bins], means, yerr=reach, fmt="-o", color=_RED, markersize=4,
            linewidth=1.5, capsize=3, label="mean, 95 % interval",
        )  # fmt: skip
    axes.set_xlabel("Packing density")
    axes.set_ylabel("Crack share")
    # Room below, so that particles without cracks are seen.
    axes.set_ylim(bottom=-0.03 * axes.get_ylim()[1])
    axes.legend(loc="best")


def _draw_correlations(axes: Axes, relations: Mapping[str, Relation]) -> None:
    names = list(relations)[::-1]
    for place, name in enumerate(names):
        found = relations[name]
        if found.correlation is None or found.correlation_low is None or found.correlation_high is None:
            continue
        axes.plot([found.correlation_low, found.correlation_high], [place, place], color=_BLUE, linewidth=1.5)
        axes.plot(found.correlation, place, "o", color=_BLUE, markersize=5)
    axes.axvline(0, color="#000000", linewidth=0.8)
    axes.set_xlim(-1, 1)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("Rank correlation with packing density")
