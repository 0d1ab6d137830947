"""Where another label would help most."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.forest.features import smoothed
from electrodej.forest.model import Forest
from electrodej.forest.predict import predict_slabs
from electrodej.forest.samples import Labelled
from electrodej.run import Run
from electrodej.vocabulary import UNLABELLED

# A stroke of labels is about as wide; what one voxel alone would teach does not count.
_STROKE = 4.0
# Places next to what is labelled are not asked for again.
_AWAY = 8


@dataclass(frozen=True)
class Place:
    """A place to label.

    Attributes
    ----------
    z, y, x
        The voxel.
    doubt
        How far the trees disagree about it and its surroundings, 0 to 1.
    classes
        The two classes that it most likely is one of, as channels, the likelier first.
    """

    z: int
    y: int
    x: int
    doubt: float
    classes: tuple[int, int]


def where_to_label(
    doubt: NDArray[np.float32],
    probability: NDArray[np.float32],
    *,
    labelled: NDArray[np.bool_] | None = None,
    count: int = 10,
    apart: int = 24,
) -> list[Place]:
    """Return places where another label would help most, the best first.

    Parameters
    ----------
    doubt, probability
        As `electrodej.forest.Found` has them.
    labelled
        Where labels are already, shape (Z, Y, X); none there or beside them is asked for.
    count
        How many places at most.
    apart
        Least distance between two places, in pixels along each axis, so that each teaches something else.

    Examples
    --------
    >>> doubt = np.zeros((1, 64, 64), np.float32)
    >>> doubt[0, 20:30, 40:50] = 0.5
    >>> places = where_to_label(doubt, np.full((1, 64, 64, 2), 0.5, np.float32), count=1)
    >>> [(round(place.y, -1), round(place.x, -1)) for place in places]
    [(20, 40)]
    """
    if doubt.shape != probability.shape[:3]:
        raise InputError(f"doubt is {doubt.shape} and the probability {probability.shape}; give one slab's")
    help_map = smoothed(doubt, (0.0, _STROKE, _STROKE))
    if labelled is not None:
        from scipy.ndimage import binary_dilation

        help_map = np.where(
            binary_dilation(labelled, np.ones((1, 3, 3), np.bool_), iterations=_AWAY), 0, help_map
        )
    places: list[Place] = []
    while len(places) < count:
        z, y, x = (int(n) for n in np.unravel_index(int(np.argmax(help_map)), help_map.shape))
        value = float(help_map[z, y, x])
        if value <= 0:
            break
        first, second = (int(k) for k in np.argsort(probability[z, y, x])[::-1][:2])
        places.append(Place(z, y, x, value, (first, second)))
        around: Any = tuple(slice(max(at - apart, 0), at + apart + 1) for at in (z, y, x))
        help_map[around] = 0
    return places


def suggest(
    image: Labelled, forest: Forest, *, count: int = 10, run: Run | None = None
) -> tuple[list[Place], dict[int, NDArray[np.float32]]]:
    """Run a forest over an image that it learnt from; return where another label would help most.

    Returns
    -------
    places
        At most ``count``, the best first.
    doubts
        Of each slice on which one lies, by its number: the doubt, shape (Y, X).
    """
    best: list[Place] = []
    doubts: dict[int, NDArray[np.float32]] = {}
    for found in predict_slabs(image.grey, forest, run, spacing=image.spacing):
        labelled = image.classes[found.z0 : found.z1] != UNLABELLED
        for place in where_to_label(found.doubt, found.probability, labelled=labelled, count=count):
            best.append(replace(place, z=place.z + found.z0))
            doubts[best[-1].z] = found.doubt[place.z].copy()
        best = sorted(best, key=lambda place: -place.doubt)[:count]
        kept = {place.z for place in best}
        doubts = {z: doubt for z, doubt in doubts.items() if z in kept}
    return best, doubts


def help_picture(
    grey: NDArray[Any], doubt: NDArray[np.float32], places: list[Place], *, z: int = 0
) -> NDArray[np.uint8]:
    """Return a picture of one slice: its grey values, doubt in red, and a ring about each place to label.

    Parameters
    ----------
    grey
        The slice, YX.
    doubt
        The same slice of `Found.doubt`.
    places
        See `where_to_label`; those on slice ``z`` are drawn.

    Returns
    -------
    picture
        uint8, shape (Y, X, 3).
    """
    low, high = np.percentile(grey, (1, 99.8))
    level = np.clip((grey.astype(np.float32) - low) / max(high - low, 1e-6), 0, 1)
    red = np.clip(smoothed(doubt[np.newaxis], (0.0, 1.0, 1.0))[0] / max(float(doubt.max()), 1e-6), 0, 1)
    picture = np.stack([level + (1 - level) * red, level * (1 - red), level * (1 - red)], axis=-1)
    rows, columns = np.ogrid[: grey.shape[0], : grey.shape[1]]
    for place in places:
        if place.z == z:
            distance = np.hypot(rows - place.y, columns - place.x)
            picture[np.abs(distance - 2.5 * _STROKE) < 1.2] = (1.0, 0.9, 0.1)
    return np.asarray(np.rint(picture * 255), np.uint8)
