"""Pictures of the contact network: the graph, damage over distance, and the evolution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.report.drawings import HALF, WHOLE, Drawing
from electrodej.report.figures import PALETTE
from electrodej.report.numbers import readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

    from electrodej.damage import Contacts, DamageTable, Evolution, NetworkResult

_MOST_PARTICLES = 3000
"""More in one picture cannot be told apart."""

_PANELS = (
    ("asynchrony", "Asynchrony of the load"),
    ("active", "Active share"),
    ("damage", "Mean damage"),
    ("severe", "Severely damaged particles"),
)


@dataclass(frozen=True)
class LabelPlane:
    """A slice of the label volume, to show damage on.

    Attributes
    ----------
    labels
        (Y, X), 0 is background.
    particles
        (n,) labels of the particles that the damage is known of.
    spacing
        Pixel size (y, x) in micrometres.
    height
        Where it lies along z, in micrometres.
    """

    labels: NDArray[Any]
    particles: NDArray[np.int64]
    spacing: tuple[float, float]
    height: float


def network_drawings(table: DamageTable, contacts: Contacts, network: NetworkResult) -> list[Drawing]:
    """Return the drawings of the contact network.

    Parameters
    ----------
    table, contacts
        The particles and which of them touch.
    network
        From `electrodej.damage.analyse_network`.
    """
    shown = shown_particles(table)
    caption = "Each dot is a particle, seen along z where positions are known; lines join those that touch."
    if len(shown) < len(table):
        caption += (
            f" Shown are {len(shown)} of the {len(table)} particles, those nearest to the middle height."
            if np.isfinite(table.positions).all()
            else f" Shown are the first {len(shown)} of the {len(table)} particles."
        )
    return [
        Drawing(
            "network",
            "The contact network",
            f"{caption} Colour: damage.",
            lambda: graph_figure(table, contacts, shown),
        ),
        Drawing(
            "damage-over-distance",
            "Damage of particles that are near each other",
            "Moran's I by distance; grey: 95 % of what is found when damage is shuffled among the particles.",
            lambda: correlation_figure(network),
        ),
    ]


def evolution_drawing(evolutions: Mapping[str, Evolution]) -> Drawing:
    """Return the drawing of how electrodes go through their cycles, given by name."""
    return Drawing(
        "evolution",
        "Evolution of the network (model)",
        "A model, not a measurement: see docs/damage.md. Dots: the load is synchronous from there on. Band: "
        "10th to 90th percentile of the particles.",
        lambda: evolution_figure(evolutions),
        wide=True,
    )


def map_drawing(evolutions: Mapping[str, Evolution], plane: LabelPlane) -> Drawing:
    """Return the drawing of the model's damage on a slice of the volume."""
    return Drawing(
        "damage-map",
        "Damage on the volume after the last cycle (model)",
        f"The slice at z = {readable(plane.height)} µm, all electrodes in the same colours; white: no "
        "particle of the table. The whole volumes are beside this page, as damage-...tif.",
        lambda: map_figure(evolutions, plane),
        wide=True,
    )


def shown_particles(table: DamageTable) -> NDArray[np.intp]:
    """Return the rows that are drawn: all, or of too many those in a layer around the middle height."""
    if len(table) <= _MOST_PARTICLES or not np.isfinite(table.positions).all():
        return np.arange(min(len(table), _MOST_PARTICLES))
    height = table.positions[:, 0]
    nearest = np.argsort(np.abs(height - np.median(height)), kind="stable")
    return np.sort(nearest[:_MOST_PARTICLES])


def graph_figure(
    table: DamageTable, contacts: Contacts, shown: NDArray[np.intp] | None = None
) -> MatplotlibFigure:
    """Return the particles and their contacts, seen along z; ``shown`` are rows of the table."""
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    shown = np.arange(len(table)) if shown is None else shown
    drawn = np.zeros(len(table), dtype=bool)
    drawn[shown] = True
    everywhere = _places(table, contacts)
    places = everywhere[shown]
    pairs = contacts.pairs[drawn[contacts.pairs].all(axis=1)]
    width, height = np.maximum(np.ptp(places, axis=0), 1e-9)
    # Compressed, because the aspect is fixed: the constrained layout then cuts labels off.
    figure = Figure(figsize=(HALF, float(np.clip(5.0 * height / width, 2.5, 8))), layout="compressed")
    axes = figure.subplots()
    axes.add_collection(
        LineCollection(list(everywhere[pairs]), colors="#8c8c8c", linewidths=0.7, alpha=0.7, rasterized=True)
    )
    size = float(np.clip(8000 / max(1, len(shown)), 2, 60))
    order = np.argsort(table.damage[shown])
    points = axes.scatter(
        places[order, 0],
        places[order, 1],
        c=table.damage[shown][order],
        cmap="cividis",
        s=size,
        edgecolors="#000000",
        linewidths=0.3,
        zorder=2,
        rasterized=len(shown) > 2000,
    )
    axes.set_aspect("equal")
    axes.margins(0.03)
    if np.isfinite(table.positions).all():
        axes.invert_yaxis()
        axes.set_xlabel("X (µm)")
        axes.set_ylabel("Y (µm)")
    else:
        axes.set_axis_off()
    figure.colorbar(points, ax=axes, label="Damage", shrink=0.8)
    return figure


def correlation_figure(network: NetworkResult) -> MatplotlibFigure:
    """Return the correlation of damage over contacts and over distance."""
    from matplotlib.figure import Figure

    shown = [(network.by_hops, "Contacts between two particles")]
    if network.by_distance is not None:
        shown.append((network.by_distance, "Distance of centroids (µm)"))
    figure = Figure(figsize=(HALF, 2.6 * len(shown)), layout="constrained")
    panels = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
    for axes, (curve, label) in zip(panels, shown, strict=True):
        axes.fill_between(curve.distance, curve.low, curve.high, color="#d9d9d9", linewidth=0)
        axes.axhline(0, color="#000000", linewidth=0.6)
        axes.plot(curve.distance, curve.correlation, "-o", color=PALETTE[0], markersize=4)
        axes.set_xlabel(label)
        axes.set_ylabel("Moran's I of damage")
    return figure


def evolution_figure(evolutions: Mapping[str, Evolution]) -> MatplotlibFigure:
    """Return the curves of several electrodes over the cycles."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WHOLE, 6.2), layout="constrained")
    panels = figure.subplots(2, 2).ravel()
    for (name, evolution), colour, line in zip(
        evolutions.items(), PALETTE * len(evolutions), ("-", "--", "-.", ":") * len(evolutions), strict=False
    ):
        for axes, (curve, _) in zip(panels, _PANELS, strict=True):
            _curve(axes, evolution, curve, colour, line, name)
    for axes, (_, label) in zip(panels, _PANELS, strict=True):
        axes.set_xlabel("Cycle")
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
    panels[0].legend()
    return figure


def map_figure(evolutions: Mapping[str, Evolution], plane: LabelPlane) -> MatplotlibFigure:
    """Return a slice for each electrode, every particle in the colour of its damage."""
    from matplotlib.figure import Figure

    from electrodej.damage import paint_damage

    height, width = (length * size for length, size in zip(plane.labels.shape, plane.spacing, strict=True))
    tall = float(np.clip(WHOLE / len(evolutions) * height / width, 2.0, 9.0))
    figure = Figure(figsize=(WHOLE, 0.8 + tall), layout="constrained")
    panels = figure.subplots(1, len(evolutions), squeeze=False, sharex=True, sharey=True)[0]
    most = max(float(evolution.damage.max()) for evolution in evolutions.values()) or 1.0
    for axes, (name, evolution) in zip(panels, evolutions.items(), strict=True):
        damage = paint_damage(plane.labels, plane.particles, evolution.damage)
        shown = np.ma.masked_where((plane.labels == 0) | np.isnan(damage), damage)
        picture = axes.imshow(
            shown,
            cmap="cividis",
            vmin=0,
            vmax=most,
            extent=(0.0, width, height, 0.0),
            interpolation="nearest",
        )
        axes.set_title(f"{name}, cycle {evolution.config.cycles}")
        axes.set_xlabel("X (µm)")
    panels[0].set_ylabel("Y (µm)")
    figure.colorbar(picture, ax=list(panels), label="Damage", shrink=0.8)
    return figure


def _curve(axes: Axes, evolution: Evolution, curve: str, colour: str, line: str, name: str) -> None:
    values = evolution.curves[curve]
    cycles = np.arange(1, len(values) + 1)
    if curve == "damage":
        low, high = evolution.curves["damage_low"], evolution.curves["damage_high"]
        axes.fill_between(cycles, low, high, color=colour, alpha=0.2, linewidth=0)
    axes.plot(cycles, values, line, color=colour, linewidth=1.6, label=name)
    when = evolution.synchronous_from
    if when is not None:
        axes.plot(when, values[when - 1], "o", color=colour, markersize=6)


def _places(table: DamageTable, contacts: Contacts) -> NDArray[Any]:
    """Where the particles are drawn, (n, 2): X and Y, or what a layout of the graph makes of it."""
    if np.isfinite(table.positions).all():
        return table.positions[:, ::-1][:, :2]
    from electrodej.damage import contact_graph

    if len(table) > 1500:
        # A layout of so many takes minutes and shows a ball of wool.
        turn = 2 * np.pi * np.arange(len(table)) / len(table)
        return np.stack([np.cos(turn), np.sin(turn)], axis=1)
    import networkx

    layout = networkx.spring_layout(contact_graph(table, contacts), seed=0)
    return np.array([layout[row] for row in range(len(table))])
