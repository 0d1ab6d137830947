"""A forest over a volume of any size, slab by slab and without seams."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.forest.bank import Bank
from electrodej.forest.features import Grid, box_measures, read_scaled, with_halo
from electrodej.forest.model import Forest, Trees
from electrodej.forest.samples import grey_levels, grey_quantiles
from electrodej.forest.tiles import Tile, tile_shape, tiles_of
from electrodej.models.entropy import entropy_of
from electrodej.run import Run
from electrodej.vocabulary import Spacing
from electrodej.volume import Volume
from electrodej.workers import Threads

# Voxel sizes that differ by less are taken as one.
SAME_SIZE = 1.15
_FINEST = 0.5


@dataclass(frozen=True)
class Found:
    """What a forest says of a slab.

    Attributes
    ----------
    z0, z1
        First slice, and the one after the last.
    probability
        float32, shape (z1 - z0, Y, X, classes): the mean of what the trees' leaves hold.
    doubt
        float32, shape (z1 - z0, Y, X): how far the trees disagree, 0 to 1. It is the entropy of the mean less
        the mean of the entropies: what another label there could settle. Where all trees say half and half,
        grey values alone do not tell the classes apart; entropy is high, doubt is low.
    """

    z0: int
    z1: int
    probability: NDArray[np.float32]
    doubt: NDArray[np.float32]


def predict_slabs(
    volume: Volume,
    forest: Forest,
    run: Run | None = None,
    *,
    levels: tuple[float, float] | None = None,
    spacing: Spacing | None = None,
    start: int = 0,
) -> Generator[Found, None, None]:
    """Yield what a forest says of a volume, slab by slab.

    Parameters
    ----------
    volume
        Grey values.
    forest
        See `electrodej.forest.train_forest` and `electrodej.forest.load_forest`.
    levels
        Grey values that become 0 and 1; by default those at the forest's percentiles.
    spacing
        Voxel size (z, y, x) in micrometres; the volume's own by default. Where it is known and differs from
        that of the training, the scales of the measures are as much longer or shorter in voxels.
    start
        First slice.
    run
        Memory and threads; where the voxel size is another one, it is told.
    """
    run = run or Run()
    size = spacing or volume.spacing
    bank = bank_for(forest, size, run)
    low_high = levels or grey_levels(volume, forest.percentiles)
    memory = run.room // (2 * run.cores)
    edge = tile_shape(volume.shape, bank, memory)
    depth = _slab_depth(volume, edge[0], len(forest.ids), run)
    workers = Threads(run.jobs)
    for z0 in range(start, volume.shape[0], depth):
        z1 = min(z0 + depth, volume.shape[0])
        slab = np.empty((z1 - z0, *volume.shape[1:], len(forest.ids) + 1), np.float32)
        tasks: list[tuple[Any, ...]] = [
            (volume, forest.trees, bank, low_high, tile, slab, z0)
            for tile in tiles_of(volume.shape, edge, (z0, z1))
        ]
        for done, _ in enumerate(workers.run(_predict_tile, tasks), start=1):
            run.progress(z0 + (z1 - z0) * done / len(tasks), volume.shape[0], "asking the forest")
        probability = np.ascontiguousarray(slab[..., :-1])
        yield Found(z0, z1, probability, np.maximum(entropy_of(probability) - slab[..., -1], 0))


def predict_array(grey: NDArray[Any], forest: Forest, *, run: Run | None = None) -> Found:
    """Return what a forest says of an array (YX or ZYX) that fits the memory.

    Examples
    --------
    ``predict_array(grey, forest).probability.argmax(-1)`` are the channels of the classes ``forest.ids``.
    """
    from electrodej.volume import ArrayVolume

    parts = list(predict_slabs(ArrayVolume(grey, spacing=None), forest, run))
    return Found(
        0,
        parts[-1].z1,
        np.concatenate([part.probability for part in parts]),
        np.concatenate([part.doubt for part in parts]),
    )


def unlikeness(volume: Volume, forest: Forest) -> float:
    """Return how far the scaled grey values of a volume lie from those of the training, on average.

    The mean distance of their quantiles, between 0 and 1; 0 where the forest does not know its own.
    """
    if not forest.grey:
        return 0.0
    here = grey_quantiles(volume, grey_levels(volume, forest.percentiles))
    return float(np.abs(np.clip(here, 0, 1) - np.clip(np.array(forest.grey), 0, 1)).mean())


def bank_for(forest: Forest, spacing: Spacing | None, run: Run) -> Bank:
    """Return the measures of a forest at the scale of an image, telling it where it is another one."""
    bank = forest.bank(spacing)
    if spacing is None or forest.spacing is None:
        return bank
    # As in `Forest.bank`: scales hold along the finest edge, in a slice that of its pixels.
    flat = forest.dimensions == 2
    here, there = (min(size[1:] if flat else size) for size in (spacing, forest.spacing))
    factor = there / here
    if 1 / SAME_SIZE <= factor <= SAME_SIZE:
        return bank
    sigmas = tuple(sigma * factor for sigma in forest.sigmas)
    run.note(
        f"{forest.name or 'the forest'} learnt from pixels of {there:g} um and these are of {here:g} um: "
        f"its measures are taken at scales {factor:.3g} times as many pixels"
        + ("; the finest are lost between pixels, look at the result" if sigmas[0] < _FINEST else "")
    )
    return replace(bank, sigmas=sigmas)


def _slab_depth(volume: Volume, edge: int, classes: int, run: Run) -> int:
    plane = volume.shape[1] * volume.shape[2] * 4 * (2 * classes + 4)
    fits = max(1, run.room // 4 // plane)
    return max(1, fits - fits % edge) if fits >= edge else fits


def _predict_tile(
    volume: Volume, trees: Trees, bank: Bank, levels: tuple[float, float], tile: Tile, slab: Grid, z0: int
) -> None:
    """Write what the leaves hold, for the voxels of a tile, into its place in the slab."""
    outer = with_halo(tile, bank, volume.shape)
    found = box_measures(read_scaled(volume, outer, levels), bank, outer, tile)
    out = trees.ask(found.reshape(len(found), -1))
    here = (slice(tile[0].start - z0, tile[0].stop - z0), tile[1], tile[2])
    slab[here] = out.reshape(*found.shape[1:], -1)
