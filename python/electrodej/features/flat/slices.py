"""All particles of one slice."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from electrodej.features.attributes import GREY_BY_DEPTH
from electrodej.features.ball import steps_within
from electrodej.features.density import SURROUNDINGS
from electrodej.features.flat import shapes
from electrodej.features.flat.columns import NAMES
from electrodej.features.neighbours import nearest, spread_over
from electrodej.features.results import ratio
from electrodej.features.typing import Array, Floats, Ints

Contacts = dict[str, Array]
_OF_SHAPE = {"Perimeter", "PerimeterInner", "Circularity", "Solidity", "Feret"}


@dataclass(frozen=True)
class Slice:
    """A slice to be measured.

    Attributes
    ----------
    grey, labels
        Shape (Y, X), cropped.
    pixel
        Its size (y, x) in um.
    radius
        Of the disc, in um.
    crop
        Pixels that were left out at each edge, for places count from the whole slice's corner.
    """

    grey: Array
    labels: Array
    pixel: shapes.Pixel
    radius: float
    crop: int


def measure_slice(view: Slice, wanted: Collection[str]) -> tuple[dict[str, Array], Contacts]:
    """Measure the particles of a slice.

    Parameters
    ----------
    view
        The slice.
    wanted
        Names of columns; what takes long is worked out only where it is among them.

    Returns
    -------
    columns, contacts
        Every column of `NAMES` and ``Label``, one row for each label in order; pairs that share pixel edges.
    """
    from scipy import ndimage

    ids, dense = np.unique(view.labels, return_inverse=True)
    dense = dense.reshape(view.labels.shape)
    if not len(ids) or ids[0] != 0:
        ids, dense = np.concatenate([[0], ids]), dense + 1
    boxes: list[tuple[slice, slice]] = [(box[0], box[1]) for box in ndimage.find_objects(dense)]
    columns = {name: np.full(len(boxes), np.nan) for name in NAMES}
    for row, box in enumerate(boxes):
        for name, value in _particle(view, dense, row + 1, box, wanted).items():
            columns[name][row] = value
    pairs, edges = _edges(dense)
    places = np.stack([columns["Y"], columns["X"]], axis=1)
    near, away = nearest(places)
    columns["DisNearest"] = away.mean(axis=1) if away.shape[1] else np.full(len(boxes), np.nan)
    columns["locArea"] = spread_over(columns["Area"], near)
    columns["locElongation"] = spread_over(columns["Elongation"], near)
    columns["PDensity"] = _density(view, dense, columns)
    columns["Neighbours"] = np.bincount(pairs.ravel() - 1, minlength=len(boxes)).astype(np.float64)
    columns["Label"] = ids[1:].astype(np.int64)
    height, width = view.pixel
    touching: Contacts = {
        "Label1": ids[pairs[:, 0]].astype(np.int64),
        "Label2": ids[pairs[:, 1]].astype(np.int64),
        "Length": edges[:, 0] * width + edges[:, 1] * height,
        "Edges": edges.sum(axis=1),
    }
    return columns, touching


def _particle(
    view: Slice, dense: Array, number: int, box: tuple[slice, slice], wanted: Collection[str]
) -> dict[str, float]:
    """Measure what one particle shows by itself."""
    pixel, radius = view.pixel, view.radius
    area = pixel[0] * pixel[1]
    rims = [2 * steps + 2 for steps in shapes.reach_of(radius, pixel)]
    marks = _cut(dense, box, rims, -1)
    shade = _cut(view.grey, box, rims, 0)
    raw = marks == number
    fill = shapes.closed(raw, radius, pixel)
    pixels, filled = int(raw.sum()), int(fill.sum())
    y, x = np.nonzero(dense[box] == number)
    (y0, y1), (x0, x1) = ((part.start, part.stop) for part in box)
    long, short, angle = shapes.axes_of(raw, pixel)
    shell = shapes.dilated(fill, radius, pixel) & ~fill & (marks >= 0)
    size = dense.shape
    found = {
        "X": (x.mean() + x0 + view.crop) * pixel[1],
        "Y": (y.mean() + y0 + view.crop) * pixel[0],
        "Orientation": angle,
        "Area": filled * area,
        "Elongation": long / short,
        "Contact": float(np.mean(marks[shell] > 0)) if shell.any() else math.nan,
        "Damage": (filled - pixels) / filled,
        "Pixels": pixels,
        "RawArea": pixels * area,
        "RadiusA": long,
        "RadiusB": short,
        "BoxY0": y0 + view.crop,
        "BoxY1": y1 + view.crop,
        "BoxX0": x0 + view.crop,
        "BoxX1": x1 + view.crop,
        "TouchesBorder": y0 == 0 or x0 == 0 or y1 == size[0] or x1 == size[1],
        "EqDiameter": math.sqrt(4 * filled * area / math.pi),
        "Pieces": _pieces(raw),
    }
    found |= _grey(shade, raw, fill)
    if _OF_SHAPE.intersection(wanted):
        border, whole = shapes.perimeter(fill, pixel), shapes.perimeter(raw, pixel)
        found |= {
            "Perimeter": border,
            "PerimeterInner": whole - border,
            "Circularity": 4 * math.pi * filled * area / border**2,
            "Solidity": shapes.solidity(fill),
            "Feret": shapes.feret(raw, pixel),
        }
    names = ("CrackOuter", "CrackMiddle", "CrackInner", "CrackWidth")
    if any(name in wanted for name in names):
        found |= zip(names, shapes.crack_shares(fill, fill & ~raw, pixel), strict=True)
    if any(name in wanted for name in GREY_BY_DEPTH):
        thirds = shapes.grey_by_depth(fill, raw, shade, pixel, 3)
        fifths = shapes.grey_by_depth(fill, raw, shade, pixel, 5)
        found |= zip(GREY_BY_DEPTH, (thirds[0], thirds[2], *fifths), strict=True)
    return found


def _cut(plane: Array, box: tuple[slice, slice], rims: list[int], outside: int) -> Array:
    """Return the part of a plane around a box, as wide as asked for beyond the plane's edges too."""
    low = [part.start - rim for part, rim in zip(box, rims, strict=True)]
    high = [part.stop + rim for part, rim in zip(box, rims, strict=True)]
    inner = tuple(slice(max(a, 0), min(b, n)) for a, b, n in zip(low, high, plane.shape, strict=True))
    pad = [(part.start - a, b - part.stop) for part, a, b in zip(inner, low, high, strict=True)]
    return np.pad(plane[inner].astype(np.int64) if outside else plane[inner], pad, constant_values=outside)


def _pieces(raw: Array) -> int:
    from scipy import ndimage

    return int(ndimage.label(raw, np.ones((3, 3)))[1])


def _grey(shade: Array, raw: Array, fill: Array) -> dict[str, float]:
    inside = shade[fill].astype(np.float64)
    inside = inside[inside != 0]
    mean, deviation = _mean_deviation(shade[raw].astype(np.float64))
    density, spread = _mean_deviation(inside)
    return {"GreyMean": mean, "GreyDeviation": deviation, "Edensity": density, "Homogeneity": spread}


def _mean_deviation(values: Floats) -> tuple[float, float]:
    if not values.size or not np.isfinite(values).all():
        return math.nan, math.nan
    return float(values.mean()), float(values.std(ddof=1)) if values.size > 1 else math.nan


def _edges(dense: Array) -> tuple[Ints, Ints]:
    """Return the pairs of particles that share pixel edges, (n, 2), and how many edges along x and y each."""
    found = []
    for axis in range(2):
        a, b = (dense[:-1], dense[1:]) if axis == 0 else (dense[:, :-1], dense[:, 1:])
        meet = (a != b) & (a > 0) & (b > 0)
        pairs = np.sort(np.stack([a[meet], b[meet]], axis=1), axis=1)
        found.append(np.column_stack([pairs, np.full((len(pairs), 1), axis)]))
    every = np.concatenate(found).astype(np.int64)
    pairs, place = np.unique(every[:, :2], axis=0, return_inverse=True)
    edges = np.zeros((len(pairs), 2), np.int64)
    np.add.at(edges, (place.ravel(), every[:, 2]), 1)
    return pairs.reshape(-1, 2), edges


def _density(view: Slice, dense: Array, columns: dict[str, Array]) -> Floats:
    """Return the share of labelled pixels around each particle, from sums over all corners."""
    sums = np.zeros((dense.shape[0] + 1, dense.shape[1] + 1), np.int64)
    sums[1:, 1:] = np.cumsum(np.cumsum(dense > 0, axis=0), axis=1)
    grown = {}
    for axis, name in enumerate("YX"):
        steps = steps_within(SURROUNDINGS, view.pixel[axis])
        low = columns[f"Box{name}0"] - view.crop - steps
        high = columns[f"Box{name}1"] - view.crop + steps
        grown[name] = (
            np.maximum(low, 0).astype(np.int64),
            np.minimum(high, dense.shape[axis]).astype(np.int64),
        )
    (y0, y1), (x0, x1) = grown["Y"], grown["X"]
    inside = sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]
    return ratio(inside, (y1 - y0) * (x1 - x0))
