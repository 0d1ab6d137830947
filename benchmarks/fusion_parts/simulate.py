"""What a network would say of a phantom's sections, view by view, with its faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Faults:
    """What goes wrong in each view on its own.

    Attributes
    ----------
    lost, missed
        Shares of the slices and of the sections that are not seen.
    split, merged
        Shares of the sections that come out in two pieces, and of the neighbours that run together, as in
        benchmarks/linking.py.
    waver
        How far outlines wander, pixels.
    noise, blur
        Of the probability: share of the full one; pixels of the grid.
    grid
        Every which pixel the probability is of.
    """

    lost: float = 0.08
    missed: float = 0.08
    split: float = 0.03
    merged: float = 0.02
    waver: float = 0.5
    noise: float = 0.04
    blur: float = 0.5
    grid: int = 2


FAULTS = {"all": Faults(), "missing": Faults(split=0, merged=0, waver=0, noise=0, blur=0, grid=1)}


@dataclass(frozen=True)
class SeenView:
    """One view of a volume, axes ZYX.

    Attributes
    ----------
    probability
        uint8, 0 to 255 for 0 to 1.
    sections
        The sections that the network draws: each with its own number within its slice, where it is seen.
    """

    probability: NDArray[np.uint8]
    sections: NDArray[Any]


def see(labels: NDArray[Any], axis: int, seed: int, faults: Faults) -> SeenView:
    """Return one view of ``labels`` with these faults.

    Some slices and sections are missing, some sections come out in two pieces, some neighbours as one;
    outlines waver; noise and blur are added. Sections and probability have the same faults: where two
    neighbours run together the probability is that of their union, and across a section in two pieces it
    falls to half of what the whole one has there.
    """
    random = np.random.default_rng((seed, axis))
    seen = SeenView(np.zeros(labels.shape, np.uint8), np.zeros(labels.shape, labels.dtype))
    for section, probability, drawn in zip(
        *(np.moveaxis(array, axis, 0) for array in (labels, seen.probability, seen.sections)), strict=True
    ):
        probability[:], drawn[:] = _see_section(np.ascontiguousarray(section), random, faults)
    return seen


def lose(view: SeenView, axis: int, seed: int, faults: Faults) -> None:
    """Take slices and sections out of a view."""
    random = np.random.default_rng((seed, axis))
    for probability, drawn in zip(
        *(np.moveaxis(array, axis, 0) for array in (view.probability, view.sections)), strict=True
    ):
        numbers = np.unique(drawn[drawn > 0])
        gone = np.isin(drawn, numbers[random.random(len(numbers)) < faults.missed])
        gone |= random.random() < faults.lost
        probability[gone], drawn[gone] = 0, 0


def _see_section(
    section: NDArray[Any], random: np.random.Generator, faults: Faults
) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """The probability of one section, and the outlines that it is of."""
    from scipy import ndimage

    rows, columns = np.indices(section.shape)
    shown = np.zeros_like(section)
    if random.random() >= faults.lost:
        shift = [ndimage.gaussian_filter(random.standard_normal(section.shape), 6) for _ in range(2)]
        at = [
            grid + faults.waver * part / part.std() for grid, part in zip((rows, columns), shift, strict=True)
        ]
        shown = ndimage.map_coordinates(section, at, order=0, mode="nearest")
        numbers = np.unique(shown[shown > 0])
        shown[np.isin(shown, numbers[random.random(len(numbers)) < faults.missed])] = 0
        _merge_neighbours(shown, random, faults.merged)
    drawn = _split(shown, random, faults.split)
    coarse = ((_depth(shown) + _depth(drawn)) / 2)[:: faults.grid, :: faults.grid]
    coarse = ndimage.gaussian_filter(coarse, faults.blur)
    # Networks are surest of the background.
    doubt = 0.15 + (ndimage.maximum_filter(coarse, 3) > 0.02)
    noise = ndimage.gaussian_filter(random.standard_normal(coarse.shape), 0.7) * 2.5 * faults.noise
    coarse = np.clip(coarse + noise * doubt, 0, 1)
    fine = ndimage.map_coordinates(
        coarse, [rows / faults.grid, columns / faults.grid], order=1, mode="nearest"
    )
    return np.rint(255 * fine).astype(np.uint8), drawn


def _depth(shown: NDArray[Any]) -> NDArray[np.float32]:
    """Each section's distance to its border over its largest value."""
    import edt

    depth = edt.edt(shown)
    most = np.zeros(int(shown.max()) + 1)
    np.maximum.at(most, shown.ravel(), depth.ravel())
    relative: NDArray[np.float32] = depth / np.maximum(most, 1e-6)[shown] * (shown > 0)
    return relative


def _merge_neighbours(shown: NDArray[Any], random: np.random.Generator, share: float) -> None:
    """Give some of the pairs that touch one number."""
    pairs = []
    for one, other in ((shown[1:], shown[:-1]), (shown[:, 1:], shown[:, :-1])):
        touching = (one != other) & (one > 0) & (other > 0)
        pairs.append(np.sort(np.stack([one[touching], other[touching]], axis=1), axis=1))
    for first, second in np.unique(np.concatenate(pairs), axis=0):
        if random.random() < share:
            shown[shown == first] = second


def _split(shown: NDArray[Any], random: np.random.Generator, share: float) -> NDArray[Any]:
    """Cut some sections by a line two pixels wide through a point near their middle."""
    drawn = shown.copy()
    number = int(shown.max()) + 1
    for label in np.unique(shown[shown > 0]):
        if random.random() >= share:
            continue
        at = np.argwhere(shown == label)
        middle = at.mean(axis=0) + random.normal(0, 0.15, 2) * np.sqrt(len(at))
        angle = random.uniform(0, np.pi)
        side = (at - middle) @ (np.cos(angle), np.sin(angle))
        for inside, name in ((np.abs(side) <= 1, 0), (side > 1, number)):
            drawn[tuple(at[inside].T)] = name
        number += 1
    return drawn
