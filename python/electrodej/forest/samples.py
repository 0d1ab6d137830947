"""Labelled voxels of images, and the measures at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.forest.bank import Bank
from electrodej.forest.features import Grid, box_measures, read_scaled, with_halo
from electrodej.forest.tiles import Tile, tile_shape, tiles_of
from electrodej.run import Run
from electrodej.vocabulary import UNLABELLED, Spacing
from electrodej.volume import Volume, check_opened, check_spacing

# Evenly spread slices whose grey values stand for all.
_SECTIONS = 16
_QUANTILES = 101


@dataclass(frozen=True)
class Labelled:
    """An image and what somebody labelled of it.

    Attributes
    ----------
    grey
        Its grey values.
    classes
        uint8 of the same shape (Z, Y, X): the class of each voxel, 255 where nobody said.
    spacing
        Voxel size (z, y, x) in micrometres, or None.
    name
        What messages call it.
    """

    grey: Volume
    classes: NDArray[np.uint8]
    spacing: Spacing | None = None
    name: str = "the image"


def make_labelled(
    grey: Volume, classes: NDArray[Any], *, spacing: Spacing | None = None, name: str = ""
) -> Labelled:
    """Check an image and its labels.

    Parameters
    ----------
    grey
        The image.
    classes
        Two (YX) or three (ZYX) dimensions, of the image's size: whole numbers from 0 to 254, and 255 where
        nobody labelled.

    Raises
    ------
    electrodej.errors.InputError
        Sizes differ, or the labels are no classes.
    """
    check_opened(grey, "grey")
    check_opened(classes, "classes")
    called = name or str(grey.path)
    labels = classes[np.newaxis] if classes.ndim == 2 else classes
    if labels.shape != grey.shape:
        shapes = [" x ".join(map(str, shape)) for shape in (grey.shape, labels.shape)]
        raise InputError(f"{called} has {shapes[0]} voxels and its labels have {shapes[1]}; give one size")
    whole = labels.dtype.kind in "bui" or (
        labels.dtype.kind == "f" and bool((labels == np.rint(labels)).all())
    )
    if not whole or labels.min() < 0 or labels.max() > UNLABELLED:
        raise InputError(
            f"the labels of {called} are no classes: these are whole numbers from 0 to 254, and {UNLABELLED} "
            "where nobody labelled; give phases, not grey values and not numbered particles"
        )
    size = check_spacing(spacing) if spacing is not None else grey.spacing
    return Labelled(grey, labels.astype(np.uint8), size, called)


@dataclass(frozen=True)
class Samples:
    """Measures at labelled voxels.

    Attributes
    ----------
    measures
        Shape (voxels, measures).
    classes
        The class of each, as in the images.
    counts
        How many voxels of each class were labelled in all, by class.
    grey
        Quantiles of the scaled grey values of all images.
    """

    measures: Grid
    classes: NDArray[np.uint8]
    counts: dict[int, int]
    grey: tuple[float, ...]


def grey_levels(volume: Volume, percentiles: tuple[float, float]) -> tuple[float, float]:
    """Return the grey values at two percentiles, of evenly spread slices."""
    low, high = np.percentile(_some_grey(volume), percentiles)
    return float(low), float(high)


def grey_quantiles(volume: Volume, levels: tuple[float, float]) -> NDArray[np.float64]:
    """Return quantiles of grey values that are scaled so that ``levels`` become 0 and 1."""
    low, high = levels
    values = np.quantile(_some_grey(volume), np.linspace(0, 1, _QUANTILES))
    return np.asarray((values - low) / (high - low) if high > low else np.zeros(_QUANTILES))


def _some_grey(volume: Volume) -> NDArray[Any]:
    from electrodej.volume import check_grey

    sections = sorted({int(z) for z in np.linspace(0, volume.shape[0] - 1, _SECTIONS)})
    parts = [check_grey(volume[z : z + 1], volume.path, start=z)[:, ::2, ::2].ravel() for z in sections]
    return np.concatenate(parts)


def take_samples(
    images: Sequence[Labelled],
    *,
    bank_of: Any,
    most: int,
    evenness: float,
    percentiles: tuple[float, float],
    seed: int,
    run: Run,
) -> Samples:
    """Choose labelled voxels and measure at them.

    Parameters
    ----------
    bank_of
        Gives the measures for a voxel size.
    most
        Voxels to choose at most.
    evenness
        0: each class as often as it was labelled; 1: as many of each.
    """
    counts = {value: n for value, n in enumerate(_counts(images).tolist()) if n and value != UNLABELLED}
    if len(counts) < 2:
        what = f"only class {next(iter(counts))}" if counts else "nothing"
        raise InputError(
            f"the images label {what}; a forest needs voxels of two classes at least "
            f"({UNLABELLED} means not labelled)"
        )
    shares = _shares(counts, most, evenness)
    measures, classes, greys = [], [], []
    random = np.random.default_rng(seed)
    for number, image in enumerate(images):
        levels = grey_levels(image.grey, percentiles)
        greys.append(grey_quantiles(image.grey, levels))
        chosen = _choose(image.classes, shares, random)
        part = run.part(number, len(images), image.name)
        for found, at in _measured(image, chosen, bank_of(image.spacing), levels, part):
            measures.append(found)
            classes.append(image.classes.ravel()[at])
    grey = tuple(float(value) for value in np.mean(greys, axis=0))
    return Samples(np.concatenate(measures), np.concatenate(classes), counts, grey)


def _counts(images: Sequence[Labelled]) -> NDArray[np.int64]:
    return sum(
        (np.bincount(section.ravel(), minlength=256) for image in images for section in image.classes),
        np.zeros(256, np.int64),
    )


def _shares(counts: Mapping[int, int], most: int, evenness: float) -> dict[int, float]:
    """Return which share of each class's voxels is taken.

    The share is proportional to ``count ^ -evenness``; a class that has too few for that is taken whole.

    >>> _shares({0: 100, 1: 900}, 200, 0.0)
    {0: 0.2, 1: 0.2}
    >>> _shares({0: 100, 1: 900}, 400, 1.0)
    {0: 1.0, 1: 0.3333333333333333}
    """
    wanted = {value: float(n) ** (1 - evenness) for value, n in counts.items()}
    shares: dict[int, float] = {}
    left = float(most)
    while wanted:
        factor = left / sum(wanted.values())
        full = [value for value in wanted if wanted[value] * factor >= counts[value]]
        if not full:
            shares |= {value: wanted[value] * factor / counts[value] for value in wanted}
            break
        for value in full:
            shares[value] = 1.0
            left -= counts[value]
            del wanted[value]
    return dict(sorted(shares.items()))


def _choose(
    classes: NDArray[np.uint8], shares: Mapping[int, float], random: np.random.Generator
) -> NDArray[np.int64]:
    chosen = []
    flat = classes.ravel()
    for value, share in shares.items():
        at = np.flatnonzero(flat == value)
        count = min(at.size, max(1, round(at.size * share)))
        chosen.append(at if share >= 1 else random.choice(at, count, replace=False))
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def _measured(
    image: Labelled, chosen: NDArray[np.int64], bank: Bank, levels: tuple[float, float], run: Run
) -> Iterator[tuple[Grid, NDArray[np.int64]]]:
    """Yield measures at chosen voxels and where these are, tile by tile; tiles without any are not read."""
    shape = image.grey.shape
    z, y, x = np.unravel_index(chosen, shape)
    tasks: list[tuple[Any, ...]] = []
    edges = tile_shape(shape, bank, run.room // (2 * run.cores))
    for tile in tiles_of(shape, edges):
        inside = np.ones(chosen.size, bool)
        for part, at in zip(tile, (z, y, x), strict=True):
            inside &= (at >= part.start) & (at < part.stop)
        if inside.any():
            tasks.append((image, tile, bank, levels, chosen[inside]))
    with run.workers() as workers:
        for done, (_, found) in enumerate(workers.run(_measure_tile, tasks), start=1):
            run.progress(done, len(tasks), f"measuring {image.name}")
            yield found


def _measure_tile(
    image: Labelled, tile: Tile, bank: Bank, levels: tuple[float, float], chosen: NDArray[np.int64]
) -> tuple[Grid, NDArray[np.int64]]:
    outer = with_halo(tile, bank, image.grey.shape)
    found = box_measures(read_scaled(image.grey, outer, levels), bank, outer, tile)
    at = np.unravel_index(chosen, image.grey.shape)
    local: Any = tuple(index - part.start for index, part in zip(at, tile, strict=True))
    return np.ascontiguousarray(found[(slice(None), *local)].T), chosen
