"""The attributes: what each is called, what it means and the formula that gives it.

``raw`` is a particle's own voxels, ``fill`` the particle closed with a ball of the radius r and its
holes filled, v the volume of a voxel. Surface voxels are those that an erosion with the
6-neighbourhood removes; each counts as v^(2/3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from electrodej.features.kernels.layers import LAYERS
from electrodej.features.needs import Need
from electrodej.features.neighbours import spread_over
from electrodej.features.results import Results, ratio
from electrodej.features.typing import Array, Floats

Group = Literal["basic", "damage", "extras", "own"]


@dataclass(frozen=True)
class Attribute:
    """One column of the table.

    ``function`` works out the column of all particles at once from the `Results` of the passes;
    undefined values are NaN.
    """

    name: str
    unit: str
    dtype: Literal["float64", "int64"]
    definition: str
    groups: tuple[Group, ...]
    needs: Need
    function: Callable[[Results], Array]


_DAMAGE: tuple[Group, ...] = ("damage",)
_BOTH: tuple[Group, ...] = ("basic", "damage")
_BASIC: tuple[Group, ...] = ("basic",)
_EXTRA: tuple[Group, ...] = ("extras",)
_NAN = np.nan


def _damage(r: Results) -> Floats:
    return ratio(r.count("fill") - r.count("raw"), r.count("fill"))


def _grey_mean(r: Results) -> Floats:
    return np.where(np.isfinite(r.measured.grey[:, 1]), r.measured.grey[:, 1], _NAN)


def _grey_deviation(r: Results) -> Floats:
    n, square = r.measured.grey[:, 0], r.measured.grey[:, 2]
    return _deviation(n, np.where(np.isfinite(r.measured.grey[:, 1]), square, _NAN))


def _deviation(n: Floats, square: Floats) -> Floats:
    good = (n > 1) & np.isfinite(square)
    return np.where(good, np.sqrt(np.maximum(square, 0) / np.maximum(n - 1, 1)), _NAN)


def _finite_mean(r: Results) -> Floats:
    return np.where(np.isfinite(r.scanned.grey_mean), r.scanned.grey_mean, _NAN)


def _finite_deviation(r: Results) -> Floats:
    return _deviation(r.scanned.count.astype(float), r.scanned.grey_squares)


def _sphericity(r: Results) -> Floats:
    return 36 * np.pi * r.volume**2 / r.surface**3


def _sphericity_crofton(r: Results) -> Floats:
    return ratio(np.cbrt(np.pi) * np.cbrt(6 * r.volume) ** 2, r.areas[1])


def _elongation(r: Results) -> Floats:
    return ratio(r.axis_lengths[:, 0], r.axis_lengths[:, 2])


def _rough_inner(r: Results) -> Floats:
    return ratio(r.count("edge_smooth_raw") - r.count("edge_smooth_fill"), r.inner_edge)


def _mean_distance(r: Results) -> Floats:
    away = r.nearest[1]
    return away.mean(axis=1) if away.shape[1] else np.full(len(away), _NAN)


def _orientation_spread(r: Results) -> Floats:
    """The largest that is defined."""
    spreads = np.stack([spread_over(angle, r.nearest[0]) for angle in r.angles])
    largest = np.max(np.where(np.isnan(spreads), -1.0, spreads), axis=0)
    return np.where(largest < 0, _NAN, largest)


def _depth_share(name: str) -> Attribute:
    third = name.removeprefix("Crack")
    return Attribute(
        name,
        "",
        "float64",
        f"Share of crack (fill without raw) in the {third.lower()} third of fill by depth, the distance of "
        "a voxel's centre to the nearest voxel centre outside fill, up to the particle's largest depth.",
        _EXTRA,
        Need.FILL | Need.DEPTH,
        lambda r: r.length("crack_" + third.lower()),
    )


def _grey_by_depth(name: str, which: str, first: int, last: int) -> Attribute:
    return Attribute(
        name,
        "grey",
        "float64",
        f"Mean grey of raw in the {which} of fill by depth (the distance of a voxel's centre to the nearest "
        "voxel centre outside fill, up to the particle's largest depth).",
        _EXTRA,
        Need.FILL | Need.DEPTH | Need.DEPTH_GREY,
        lambda r: r.layer_grey(first, last),
    )


def _box_edge(name: str, axis: str, column: int) -> Attribute:
    first = column % 2 == 0
    return Attribute(
        name,
        "voxel",
        "int64",
        f"{'First' if first else 'One past the last'} index of raw along {axis}.",
        _BASIC,
        Need.NOTHING,
        lambda r: r.scanned.boxes[:, column] + r.crop,
    )


def _radius(name: str, which: str, axis: int) -> Attribute:
    return Attribute(
        name,
        "um",
        "float64",
        f"{which} radius of the ellipsoid with the covariance of raw: sqrt(5 eigenvalue).",
        _BASIC,
        Need.NOTHING,
        lambda r: r.axis_lengths[:, axis] / 2,
    )


def _touches_border(r: Results) -> Array:
    low = r.scanned.boxes[:, 0::2] == 0
    high = r.scanned.boxes[:, 1::2] == np.asarray(r.shape)
    return np.asarray(np.any(low | high, axis=1), dtype=np.int64)


_FIFTHS = ("outermost", "second", "third", "fourth", "innermost")
GREY_BY_DEPTH = {
    "GreyRim": ("outer third", 0, LAYERS // 3),
    "GreyCore": ("inner third", LAYERS - LAYERS // 3, LAYERS),
    **{
        f"GreyDepth{k + 1}": (f"{which} fifth", k * LAYERS // 5, (k + 1) * LAYERS // 5)
        for k, which in enumerate(_FIFTHS)
    },
}
"""Columns of the grey by depth: which part of the depth, its first layer and the one after its last."""
_TURN = "Axes longest first, rotation Rz(Yaw) Ry(Pitch) Rx(Roll); see the docs for signs."

ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute(
        "X", "um", "float64", "Centroid of raw along x: mean index times voxel size.",
        _BOTH, Need.NOTHING, lambda r: r.centroid[:, 2],
    ),
    Attribute(
        "Y", "um", "float64", "Centroid of raw along y: mean index times voxel size.",
        _BOTH, Need.NOTHING, lambda r: r.centroid[:, 1],
    ),
    Attribute(
        "Z", "um", "float64", "Centroid of raw along z: mean index times voxel size.",
        _BOTH, Need.NOTHING, lambda r: r.centroid[:, 0],
    ),
    Attribute(
        "Roll", "degree", "float64", f"Turn of the two shorter axes of raw around the longest. {_TURN}",
        _BOTH, Need.NOTHING, lambda r: r.angles[0],
    ),
    Attribute(
        "Pitch", "degree", "float64", f"Dip of the longest axis of raw out of the xy plane. {_TURN}",
        _BOTH, Need.NOTHING, lambda r: r.angles[1],
    ),
    Attribute(
        "Yaw", "degree", "float64", f"Heading of the longest axis of raw in the xy plane. {_TURN}",
        _BOTH, Need.NOTHING, lambda r: r.angles[2],
    ),
    Attribute(
        "Edensity", "grey", "float64", "Mean of the non-zero grey values inside fill.",
        _DAMAGE, Need.FILL | Need.FILL_GREY, _grey_mean,
    ),
    Attribute(
        "Homogeneity", "grey", "float64",
        "Sample standard deviation (n - 1) of the non-zero grey values inside fill.",
        _DAMAGE, Need.FILL | Need.FILL_GREY, _grey_deviation,
    ),
    Attribute(
        "SurfInner", "um^2", "float64", "Surface voxels of raw minus those of fill, times v^(2/3).",
        _DAMAGE, Need.FILL | Need.EDGES, lambda r: r.inner_edge * r.face,
    ),
    Attribute(
        "SurfOuter", "um^2", "float64", "Surface voxels of fill, times v^(2/3).",
        _DAMAGE, Need.FILL, lambda r: r.count("edge_fill") * r.face,
    ),
    Attribute("Volume", "um^3", "float64", "Volume of fill.", _DAMAGE, Need.FILL, lambda r: r.volume),
    Attribute(
        "Elongation", "", "float64",
        "Longest over shortest principal axis of raw; axis length 2 sqrt(5 eigenvalue) of the covariance "
        "of the voxel centres plus spacing^2 / 12.",
        _BOTH, Need.NOTHING, _elongation,
    ),
    Attribute(
        "Sphericity", "", "float64", "36 pi V^2 / S^3 with V of fill and S all surface voxels of raw.",
        _DAMAGE, Need.FILL | Need.EDGES, _sphericity,
    ),
    Attribute(
        "Vsratio", "", "float64", "V^(1/3) / S^(1/2) with V of fill and S all surface voxels of raw.",
        _DAMAGE, Need.FILL | Need.EDGES, lambda r: np.cbrt(r.volume) / np.sqrt(r.surface),
    ),
    Attribute(
        "RoughInner", "", "float64",
        "Inner surface after a 3x3x3 median of raw and of fill, over the inner surface; empty where there "
        "is no inner surface.",
        _DAMAGE, Need.FILL | Need.EDGES | Need.ROUGH, _rough_inner,
    ),
    Attribute(
        "RoughOuter", "", "float64",
        "Surface voxels of fill after a 3x3x3 binary median (at least 14 of 27), over those of fill.",
        _DAMAGE, Need.FILL | Need.ROUGH, lambda r: ratio(r.count("edge_smooth_fill"), r.count("edge_fill")),
    ),
    Attribute(
        "Contact", "", "float64",
        "Share of the shell (fill dilated by r, minus fill, inside the volume) that is other particles.",
        _DAMAGE, Need.FILL | Need.CONTACT, lambda r: ratio(r.count("shell_other"), r.count("shell")),
    ),
    Attribute(
        "PDensity", "", "float64",
        "Share of labelled voxels in the bounding box grown by 10 um (whole voxels, rounded down) on each "
        "side and cut to the volume.",
        _DAMAGE, Need.DENSITY, lambda r: ratio(r.dense, r.around),
    ),
    Attribute(
        "DisNearest", "um", "float64", "Mean distance to the 6 nearest centroids (fewer where fewer exist).",
        _DAMAGE, Need.NOTHING, _mean_distance,
    ),
    Attribute(
        "locVolume", "um^3", "float64", "Sample standard deviation of Volume over the 6 nearest.",
        _DAMAGE, Need.FILL, lambda r: spread_over(r.volume, r.nearest[0]),
    ),
    Attribute(
        "locOri", "degree", "float64",
        "Largest of the sample standard deviations of Roll, Pitch and Yaw over the 6 nearest.",
        _DAMAGE, Need.NOTHING, _orientation_spread,
    ),
    Attribute(
        "locElongation", "", "float64", "Sample standard deviation of Elongation over the 6 nearest.",
        _DAMAGE, Need.NOTHING, lambda r: spread_over(_elongation(r), r.nearest[0]),
    ),
    Attribute(
        "locSphericity", "", "float64", "Sample standard deviation of Sphericity over the 6 nearest.",
        _DAMAGE, Need.FILL | Need.EDGES, lambda r: spread_over(_sphericity(r), r.nearest[0]),
    ),
    Attribute("Damage", "", "float64", "(fill - raw) / fill, by volume.", _DAMAGE, Need.FILL, _damage),
    Attribute(
        "Voxels", "voxel", "int64", "Number of voxels of raw.",
        _BASIC, Need.NOTHING, lambda r: r.scanned.count,
    ),
    Attribute(
        "RawVolume", "um^3", "float64", "Volume of raw.",
        _BASIC, Need.NOTHING, lambda r: r.scanned.count * r.voxel,
    ),
    Attribute(
        "GreyMean", "grey", "float64", "Mean of all grey values inside raw.", _BASIC, Need.GREY, _finite_mean
    ),
    Attribute(
        "GreyDeviation", "grey", "float64", "Sample standard deviation (n - 1) of all grey inside raw.",
        _BASIC, Need.GREY, _finite_deviation,
    ),
    _radius("RadiusA", "Longest", 0),
    _radius("RadiusB", "Middle", 1),
    _radius("RadiusC", "Shortest", 2),
    _box_edge("BoxZ0", "z", 0),
    _box_edge("BoxZ1", "z", 1),
    _box_edge("BoxY0", "y", 2),
    _box_edge("BoxY1", "y", 3),
    _box_edge("BoxX0", "x", 4),
    _box_edge("BoxX1", "x", 5),
    Attribute(
        "TouchesBorder", "", "int64", "1 where raw has a voxel at a face of the (cropped) volume, else 0.",
        _BASIC, Need.NOTHING, _touches_border,
    ),
    Attribute(
        "EqDiameter", "um", "float64", "Diameter of the ball with the Volume: (6 V / pi)^(1/3).",
        _EXTRA, Need.FILL, lambda r: np.cbrt(6 * r.volume / np.pi),
    ),
    Attribute(
        "AreaRaw", "um^2", "float64", "Surface area of raw by Crofton's formula with 13 directions.",
        _EXTRA, Need.FILL | Need.SURFACE, lambda r: r.areas[0],
    ),
    Attribute(
        "AreaFill", "um^2", "float64", "Surface area of fill by Crofton's formula with 13 directions.",
        _EXTRA, Need.FILL | Need.SURFACE, lambda r: r.areas[1],
    ),
    Attribute(
        "SphericityCrofton", "", "float64",
        "Sphericity of the outline as Wadell defined it: pi^(1/3) (6 V)^(2/3) / AreaFill with V of fill, 1 "
        "for a ball. (Sphericity counts surface voxels, inner ones too, and can exceed 1.)",
        _EXTRA, Need.FILL | Need.SURFACE, _sphericity_crofton,
    ),
    Attribute(
        "Feret", "um", "float64", "Largest distance between two corners of voxels of raw.",
        _EXTRA, Need.FERET, lambda r: r.length("feret"),
    ),
    Attribute(
        "Pieces", "", "int64", "Number of 26-connected pieces of raw.",
        _EXTRA, Need.PIECES, lambda r: r.count("pieces"),
    ),
    _depth_share("CrackOuter"),
    _depth_share("CrackMiddle"),
    _depth_share("CrackInner"),
    Attribute(
        "CrackWidth", "um", "float64",
        "Largest crack width: twice the largest distance from the centre of a crack voxel (fill without "
        "raw) to the nearest voxel centre that is not crack; 0 without a crack.",
        _EXTRA, Need.FILL | Need.DEPTH, lambda r: r.length("crack_width"),
    ),
    *(_grey_by_depth(name, *part) for name, part in GREY_BY_DEPTH.items()),
    Attribute(
        "Neighbours", "", "int64", "Number of other particles that share a voxel face with raw.",
        _EXTRA, Need.FACES, lambda r: r.neighbour_count,
    ),
)  # fmt: skip
"""In the order of the table. The first 24 are the 21 attributes, X, Y and the target Damage."""
