"""Draw docs/images/phases.png: what measures of phases mean, on one slice.

python tools/make_phases_picture.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import ListedColormap
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from electrodej.morphology import intrusion, local_thickness

mpl.use("Agg")
import matplotlib.pyplot as plt

Array = NDArray[Any]
SHAPE = (120, 170)
PORE, BINDER, PARTICLE = 0, 1, 2
COLOURS = ("#56b4e9", "#5f5f5f", "#e69f00")
DEAD, ALONE, SOLID, MARK = "#9467bd", "#d55e00", "#edf0f3", "#d1495b"


def scene() -> Array:
    """Particles with binder in some seams, all else pore."""
    noise = np.random.default_rng(31)
    bodies = gaussian_filter(noise.normal(size=SHAPE), 6)
    phases = np.where(bodies > np.quantile(bodies, 0.6), PARTICLE, PORE)
    seams = (bodies > np.quantile(bodies, 0.5)) & (phases == PORE)
    where = gaussian_filter(noise.normal(size=SHAPE), 9)
    phases[seams & (where > 0)] = BINDER
    return phases


def potential(pore: Array) -> Array:
    """1 at the left and 0 at the right edge, NaN where no current goes."""
    labels, _ = label(pore)
    both = np.intersect1d(labels[:, 0], labels[:, -1])
    inside = np.isin(labels, both[both > 0])
    number = np.cumsum(inside).reshape(SHAPE) - 1
    count = int(inside.sum())
    rows, columns, entries = [], [], []
    diagonal, right = np.zeros(count), np.zeros(count)
    for one, other in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        joined = inside[one] & inside[other]
        i, j = number[one][joined], number[other][joined]
        rows += [i, j]
        columns += [j, i]
        entries += [-np.ones(2 * i.size)]
        np.add.at(diagonal, np.concatenate([i, j]), 1)
    for edge, value in ((0, 1.0), (-1, 0.0)):
        ends = number[:, edge][inside[:, edge]]
        diagonal[ends] += 2
        right[ends] += 2 * value
    every = np.arange(count)
    matrix = coo_array(
        (
            np.concatenate([*entries, diagonal]),
            (np.concatenate([*rows, every]), np.concatenate([*columns, every])),
        )
    )
    found = np.full(SHAPE, np.nan)
    found[inside] = spsolve(matrix.tocsc(), right)
    return found


def reach(pore: Array) -> Array:
    """Pore that percolates along x: 1, that only touches an edge: 2, that touches none: 3, all else: 0."""
    labels, _ = label(pore)
    edges = [labels[:, 0], labels[:, -1], labels[0], labels[-1]]
    through = np.intersect1d(edges[0], edges[1])
    touching = np.unique(np.concatenate(edges))
    kinds = np.where(np.isin(labels, through), 1, np.where(np.isin(labels, touching), 2, 3))
    return np.where(pore, kinds, 0)


def triple_points(phases: Array) -> Array:
    """Corners of pixels at which all three phases meet, as (y, x)."""
    around = np.stack([phases[:-1, :-1], phases[1:, :-1], phases[:-1, 1:], phases[1:, 1:]])
    meet = np.logical_and.reduce([(around == phase).any(axis=0) for phase in (PORE, BINDER, PARTICLE)])
    return np.argwhere(meet) + 0.5


def show(axes: Any, image: Array, title: str, **how: Any) -> Any:
    axes.set_title(title, fontsize=10)
    axes.set_axis_off()
    return axes.imshow(image, interpolation="nearest", **how)


def main() -> None:
    phases = scene()
    pore = phases == PORE
    figure, panels = plt.subplots(2, 3, figsize=(11, 5.6), layout="constrained")
    (first, second, third), (fourth, fifth, sixth) = panels
    show(first, phases, "Share, Area: pore, binder, particle", cmap=ListedColormap(COLOURS))
    show(
        second,
        reach(pore),
        "Percolating_pore_x; dead end; Isolated_pore",
        cmap=ListedColormap([SOLID, COLOURS[0], DEAD, ALONE]),
        vmin=0,
        vmax=3,
    )
    field = potential(pore)
    show(
        third,
        np.where(pore, 1, 0),
        "Tau_pore_x: lines of equal potential",
        cmap=ListedColormap([SOLID, "#dbe9f4"]),
    )
    third.contour(field, levels=np.linspace(0.03, 0.97, 30), colors="#0b3c68", linewidths=0.7)
    mask = pore[np.newaxis].astype(np.uint8)
    thick, entered = (work(mask, spacing=(1, 1, 1))[0] for work in (local_thickness, intrusion))
    most = int(thick.max())
    for axes, radii, title in (
        (fourth, thick, "Thickness_pore: largest disc"),
        (fifth, entered, "Intrusion_pore: that comes in from the edges"),
    ):
        shown = np.ma.masked_where(radii == 0, 2 * radii.astype(float))
        show(axes, np.zeros(SHAPE), title, cmap=ListedColormap([SOLID]))
        drawn = show(axes, shown, title, cmap="viridis", vmin=0, vmax=2 * most)
        figure.colorbar(drawn, ax=axes, shrink=0.8, label="diameter (pixels)")
    show(sixth, phases, "TPB: where three phases meet", cmap=ListedColormap(COLOURS), alpha=0.45)
    places = triple_points(phases)
    sixth.plot(places[:, 1], places[:, 0], "o", color=MARK, markersize=3.5)
    out = Path(__file__).parents[1] / "docs" / "images" / "phases.png"
    figure.savefig(out, dpi=110)
    print(out)


if __name__ == "__main__":
    main()
