"""Draw docs/images/features.png: every attribute on one slice through a few particles.

python tools/make_attribute_picture.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Arc, Rectangle
from numpy.typing import NDArray
from scipy import ndimage

mpl.use("Agg")
import matplotlib.pyplot as plt

Array = NDArray[Any]
SIZE, RADIUS = 200, 10
NOTHING, BODY, MARK, SECOND, FAINT = "#ffffff", "#b9c4d0", "#d1495b", "#1f78b4", "#edf0f3"


def scene() -> tuple[Array, Array]:
    """Labels and grey of a slice; particle 1 is cracked and touches 2 and 3."""
    y, x = np.mgrid[:SIZE, :SIZE]
    rng = np.random.default_rng(3)
    labels = np.zeros((SIZE, SIZE), int)
    for label, (cy, cx, a, b, turn) in enumerate(
        [(100, 95, 50, 36, 0.5), (60, 158, 28, 24, 0), (147, 138, 30, 22, 1.2), (28, 60, 26, 20, 2.7),
         (160, 30, 24, 20, 0.2), (30, 112, 18, 15, 1), (100, 188, 16, 13, 1)], start=1
    ):  # fmt: skip
        u = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)
        v = (y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)
        ripple = 1 + 0.04 * np.sin(9 * np.arctan2(v, u) + label)
        labels[((u / a) ** 2 + (v / b) ** 2 < ripple) & (labels == 0)] = label
    crack = np.abs(y - 98 - 7 * np.sin(x / 9)) < 2.5
    labels[crack & (x > 70) & (labels == 1)] = 0
    labels[((y - 115) ** 2 + (x - 85) ** 2 < 30) & (labels == 1)] = 0
    smooth = ndimage.gaussian_filter(rng.normal(size=(SIZE, SIZE)), 2)
    return labels, np.where(labels > 0, 180, 60) + 90 * smooth


def closed(raw: Array) -> Array:
    """``fill`` of a slice."""
    wide = ndimage.distance_transform_edt(~np.pad(raw, 20)) <= RADIUS
    return ndimage.binary_fill_holes(ndimage.distance_transform_edt(wide) > RADIUS)[20:-20, 20:-20]


def rim(body: Array) -> Array:
    """Surface pixels."""
    return body & ~ndimage.binary_erosion(body)


def show(axis: Any, layers: list[tuple[Array, str]], title: str) -> None:
    """Paint masks one over another."""
    axis.set_title(title, fontsize=9)
    axis.set_axis_off()
    for mask, colour in layers:
        axis.imshow(np.where(mask, 1.0, np.nan), cmap=ListedColormap([colour]), interpolation="nearest")
    axis.set_xlim(0, SIZE)
    axis.set_ylim(SIZE, 0)


def draw() -> None:
    """All panels."""
    labels, grey = scene()
    raw, others = labels == 1, labels > 1
    fill = closed(raw)
    centres = np.array(ndimage.center_of_mass(labels > 0, labels, range(1, 8)))
    figure, axes = plt.subplots(3, 4, figsize=(11, 8.6), layout="constrained")
    panel = iter(axes.ravel())
    rest = (others, FAINT)

    show(
        next(panel),
        [rest, (raw, BODY), (fill & ~raw, MARK)],
        "Volume: all that is coloured\nDamage: the red share of it",
    )
    show(
        next(panel),
        [rest, (raw, BODY), (rim(raw), MARK), (ndimage.binary_dilation(rim(fill)) & raw, SECOND)],
        "SurfOuter (blue)\nSurfInner (red)",
    )
    rng = np.random.default_rng(1)
    ragged = ndimage.distance_transform_edt(fill) > 6 * ndimage.zoom(rng.random((40, 40)), SIZE / 40, order=0)
    smooth = ndimage.uniform_filter(ragged.astype(float), 9) > 0.5
    show(
        next(panel),
        [rest, (smooth, BODY), (rim(ragged), MARK), (rim(smooth), SECOND)],
        "RoughOuter, RoughInner: surface after a\nmedian (blue) over the surface before (red)",
    )
    axis = next(panel)
    show(axis, [], "Edensity, Homogeneity: mean and\ndeviation of the grey inside fill")
    axis.imshow(np.where(fill, grey, np.nan), cmap="gray")

    axis = next(panel)
    points = np.argwhere(raw)
    values, vectors = np.linalg.eigh(np.cov(points.T))
    show(
        axis,
        [rest, (raw, BODY)],
        "X Y Z, axes; Elongation: long over short\nRoll Pitch Yaw: turns of the axes",
    )
    for value, vector, colour in zip(values, vectors.T, (SECOND, MARK), strict=True):
        tip = 2 * np.sqrt(value) * vector
        axis.plot(*np.stack([centres[0] - tip, centres[0] + tip]).T[::-1], color=colour, lw=2)
    axis.plot(*centres[0][::-1], "ko", ms=4)
    angle = np.degrees(np.arctan2(*vectors[:, 1]))
    axis.add_patch(
        Arc((centres[0][1], centres[0][0]), 50, 50, theta1=min(0, angle), theta2=max(0, angle), lw=1.5)
    )
    axis.plot([centres[0][1], centres[0][1] + 45], [centres[0][0]] * 2, "k:", lw=1)

    y, x = np.mgrid[:SIZE, :SIZE]
    ball = (y - 100) ** 2 + (x - 52) ** 2 < 40**2
    star = np.hypot(y - 100, x - 148) < 36 + 9 * np.sin(11 * np.arctan2(y - 100, x - 148))
    show(
        next(panel),
        [(ball | star, BODY), (rim(ball), SECOND), (rim(star), MARK)],
        "Sphericity, Vsratio: volume against\nsurface; high (blue), low (red)",
    )
    shell = (ndimage.distance_transform_edt(~fill) <= RADIUS) & ~fill
    show(
        next(panel),
        [rest, (fill, BODY), (shell, "#bcd9ee"), (shell & others, MARK)],
        "Contact: share of the shell (blue)\nthat is other particles (red)",
    )
    axis = next(panel)
    show(axis, [(others, BODY), (raw, SECOND)], "PDensity: labelled share of the box\ngrown by 10 um")
    low, high = points.min(axis=0), points.max(axis=0)
    for grow, style in ((0, ":"), (28, "-")):
        corner, extent = low - grow, high - low + 2 * grow
        axis.add_patch(Rectangle(corner[::-1], *extent[::-1], fill=False, ls=style, lw=1.5, ec=MARK))

    axis = next(panel)
    show(axis, [(others, BODY), (raw, SECOND)], "DisNearest: mean distance to the\n6 nearest centroids")
    for centre in centres[1:]:
        axis.plot(*np.stack([centres[0], centre]).T[::-1], "o-", color=MARK, lw=1, ms=3)
    axis = next(panel)
    show(axis, [(raw, FAINT)], "locVolume, locOri, locElongation,\nlocSphericity: how much the 6 differ")
    sizes = np.bincount(labels.ravel())
    axis.imshow(np.where(others, sizes[labels], np.nan), cmap="viridis")

    depth = ndimage.distance_transform_edt(fill)
    thirds = np.minimum(depth / depth.max() * 3, 2.99).astype(int)
    colours = ("#dbe6ee", "#b4cadb", "#8aabc5")
    show(
        next(panel),
        [(fill & (thirds == third), colours[third]) for third in range(3)] + [(fill & ~raw, MARK)],
        "CrackOuter, CrackMiddle, CrackInner,\nCrackWidth: cracks by depth, the widest",
    )
    axis = next(panel)
    ends = points[[points.sum(axis=1).argmin(), points.sum(axis=1).argmax()]]
    touching = ndimage.binary_dilation(raw) & others
    show(
        axis,
        [(others, FAINT), (raw, BODY), (touching, MARK)],
        "Feret: longest extent (blue)\nNeighbours: touching faces (red)",
    )
    axis.plot(*ends.T[::-1], "o-", color=SECOND, lw=2, ms=4)
    figure.savefig(
        Path(__file__).resolve().parent.parent / "docs" / "images" / "features.png",
        dpi=90,
        metadata={"Software": None},
    )


if __name__ == "__main__":
    draw()
