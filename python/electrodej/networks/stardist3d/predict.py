"""From a grey volume to the bodies in it: brought to size, in tiles, thinned, chosen."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.models.grey import FloatArray, measure_levels, scale
from electrodej.models.memory_errors import is_out_of_memory
from electrodej.models.tiles import Span, TileNeeds, reflected, spans_along
from electrodej.networks.stardist3d.borders import learn_twice
from electrodej.networks.stardist3d.greys import Greys
from electrodej.networks.stardist3d.model import SolidModel
from electrodej.networks.stardist3d.rays import make_rays
from electrodej.networks.stardist3d.resample import bring, brought_shape
from electrodej.networks.stardist3d.shapes import Bodies, Drawn, choose, look_up
from electrodej.run import Run
from electrodej.vocabulary import Shape, Spacing
from electrodej.volume import Volume

# Bytes that a voxel takes in the network for each filter of its first level: 136 to 157 for 32 filters and a
# grid of 2 in OpenVINO; a grid of 1 is taken to need four times as much for the levels behind the grid.
_BYTES_PER_FILTER, _BYTES_AT_FULL_SIZE = 4, 16
_LEAST_REACH = 1e-3
# How far from a body's centre the network is asked about its surface, in shortest edges.
_FARTHEST = 24.0
# In how many directions it is: with 64, the true shapes themselves have an F1 of 0.4 at IoU 0.9.
_DIRECTIONS = 256
# Of a volume brought to size, kept in memory up to so many bytes, else in a file.
_MOST_HELD = 2**30
# Of the run's memory, what a tile may take.
_SHARE = 0.6


@dataclass(frozen=True)
class Found:
    """The particles of a volume.

    Attributes
    ----------
    drawn
        Their labels, slab by slab.
    bodies
        In voxels of what the network saw.
    candidates
        How many the network offered.
    shown
        Voxels of what the network saw.
    tiles
        In how many tiles.
    factor
        Voxels (z, y, x) of the volume for one of these.
    greys
        What the scan is like at their borders; None where nobody asked.
    levels
        Its grey values that are 0 and 1 there.
    """

    drawn: Drawn
    bodies: Bodies
    candidates: int
    shown: Shape
    tiles: int
    factor: tuple[float, float, float]
    greys: Greys | None
    levels: tuple[float, float]


def find_solids(
    volume: Volume,
    model: SolidModel,
    *,
    voxel: float | None = None,
    probability: float | None = None,
    overlap: float | None = None,
    borders: bool = True,
    folder: Path | None = None,
    run: Run | None = None,
) -> Found:
    """Find the particles of a grey volume.

    Parameters
    ----------
    volume
        Grey values with bright particles, axes ZYX, its voxel size known.
    model
        The network.
    voxel
        Shortest edge in micrometres of the voxels that the network is to see; by default the training's.
    probability, overlap
        Other thresholds than the model's.
    borders
        Whether what the scan is like at their borders is looked at, which moving them needs.
    folder
        Where a scratch file may lie; None keeps everything in memory.
    run
        Memory, cores, and who is told.
    """
    run = run or Run()
    shown = brought_shape(volume.shape, scales_for(volume.require_spacing(), model, voxel))
    z, y, x = (before / after for before, after in zip(volume.shape, shown, strict=True))
    with _Room(math.prod(shown) * 4, folder) as held:
        grey = held.array(shown)
        for z0, slab in bring(volume, shown):
            grey[z0 : z0 + len(slab)] = slab
            run.progress(0.2 * (z0 + len(slab)) / shown[0], 1, "bring the volume to size")
        measured = measure_levels(grey, model.info.percentiles, count=len(grey))
        levels = measured.low, measured.high
        offered, tiles = predict_bodies(grey, model, run, probability=probability, levels=levels)
        chosen = choose(offered, overlap=model.overlap_threshold if overlap is None else overlap)
        greys = learn_twice(grey, Drawn(chosen, shown), model.spacing, levels=levels) if borders else None
    drawn = Drawn(chosen, volume.shape, (z, y, x))
    return Found(drawn, chosen, len(offered), shown, tiles, (z, y, x), greys, levels)


def scales_for(spacing: Spacing, model: SolidModel, voxel: float | None) -> tuple[float, float, float]:
    """Return by what a volume is enlarged along each axis, below 1 reduced, to be as the network knows it."""
    trained = model.spacing
    wanted = min(trained) if voxel is None else voxel
    z, y, x = (length / (edge / min(trained) * wanted) for length, edge in zip(spacing, trained, strict=True))
    return z, y, x


def predict_bodies(
    grey: NDArray[np.float32],
    model: SolidModel,
    run: Run | None = None,
    *,
    probability: float | None = None,
    levels: tuple[float, float] | None = None,
) -> tuple[Bodies, int]:
    """Run the network over a volume that is as it knows them; return what it offers, and in how many tiles.

    ``levels`` are the grey values that become 0 and 1, by default the volume's percentiles. Where the memory
    does not do, it goes on with smaller tiles.
    """
    run = run or Run()
    if levels is None:
        measured = measure_levels(grey, model.info.percentiles, count=len(grey))
        levels = measured.low, measured.high
    threshold = model.probability_threshold if probability is None else probability
    most = tile_voxels(model, run.room)
    while True:
        spans = plan_spans(_shape(grey), model, most)
        try:
            return _predicted(grey, model, spans, threshold, levels, run)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            smaller = plan_spans(_shape(grey), model, most // 2)
            if _largest(smaller) >= _largest(spans):
                raise InputError(
                    "there is not enough memory for the smallest tile; end other programs, or use a network "
                    "of fewer filters"
                ) from error
            run.note("the memory did not do for tiles of this size; going on with smaller ones")
            most //= 2


def tile_voxels(model: SolidModel, memory: int) -> int:
    """Return how many voxels go through the network at once."""
    # A first level at full size keeps what otherwise lies on a coarser grid.
    each = _BYTES_PER_FILTER + _BYTES_AT_FULL_SIZE / math.prod(model.plan.halvings.grid)
    return max(1, int(_SHARE * memory / (each * model.plan.filters)))


def plan_spans(shape: Shape, model: SolidModel, voxels: int) -> tuple[tuple[Span, ...], ...]:
    """Cut a volume into tiles of about so many voxels, the longest axis first.

    Tiles overlap by how far the network looks, and how far from a centre it is asked again, so that each
    particle is seen with all that matters around it.
    """
    steps, farthest = model.plan.halvings.divisor, _FARTHEST * min(model.spacing)
    # A place stands on a cell of the grid.
    reaches = [
        reach + math.ceil(farthest / length) + cell
        for reach, length, cell in zip(
            model.plan.halvings.reach, model.spacing, model.plan.halvings.grid, strict=True
        )
    ]
    margins = [-(-each // step) * step for each, step in zip(reaches, steps, strict=True)]
    inner = [-(-length // step) * step for length, step in zip(shape, steps, strict=True)]

    def planned() -> tuple[tuple[Span, ...], ...]:
        return tuple(
            spans_along(length, size, margin, TileNeeds(step, each, 1))
            for length, size, margin, step, each in zip(shape, inner, margins, steps, reaches, strict=True)
        )

    spans = planned()
    while _largest(spans) > voxels:
        sides = [along[0].stop - along[0].start for along in spans]
        # The axis along which a cut costs least: where a tile is longest beside its margins.
        order = sorted(range(3), key=lambda axis: -sides[axis] / margins[axis])
        axis = next((axis for axis in order if inner[axis] > steps[axis]), None)
        if axis is None:
            return spans
        inner[axis] = max(steps[axis], -(-inner[axis] // 2 // steps[axis]) * steps[axis])
        spans = planned()
    return spans


def _largest(spans: tuple[tuple[Span, ...], ...]) -> int:
    return math.prod(along[0].stop - along[0].start for along in spans)


def _predicted(
    grey: NDArray[np.float32],
    model: SolidModel,
    spans: tuple[tuple[Span, ...], ...],
    threshold: float,
    levels: tuple[float, float],
    run: Run,
) -> tuple[Bodies, int]:
    tiles = list(itertools.product(*spans))
    found = []
    for number, tile in enumerate(tiles):
        places = [
            reflected(np.arange(span.start, span.stop), n) for span, n in zip(tile, grey.shape, strict=True)
        ]
        part = scale(grey[np.ix_(*places)], *levels)
        both = model.engine.run(part[np.newaxis, ..., np.newaxis])[0]
        found.append(_offered(both, tile, model, threshold))
        run.progress(0.2 + 0.8 * (number + 1) / len(tiles), 1, "find particles")
    shortest = min(model.spacing)
    z, y, x = (length / shortest for length in model.spacing)
    return (
        Bodies(
            np.concatenate([centres for centres, _, _ in found]).astype(np.float64),
            np.concatenate([chance for _, chance, _ in found]),
            np.concatenate([reach for _, _, reach in found]),
            (z, y, x),
        ).ordered(),
        len(tiles),
    )


def _offered(
    both: FloatArray, tile: tuple[Span, ...], model: SolidModel, threshold: float
) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
    """Return the candidates in what is kept of a tile: cells more probable than all around them.

    A particle of a thousand cells would else offer a hundred bodies that are nearly one. Their surfaces are
    what places on the way there say.
    """
    from scipy import ndimage

    from electrodej.networks.stardist3d.kernels.closer import look_closer, spread_rays

    grid = model.plan.halvings.grid
    chance = both[..., 0]
    highest = chance >= ndimage.maximum_filter(chance, size=3, mode="constant", cval=0.0)
    highest &= chance > threshold
    kept = tuple(span.part(step) for span, step in zip(tile, grid, strict=True))
    first = np.array([span.cells(step).start for span, step in zip(tile, grid, strict=True)])
    # What is not finite is no distance.
    at = np.argwhere((highest & np.isfinite(both).all(axis=-1))[kept])
    cells = at + np.array([part.start for part in kept])
    chosen = both[tuple(cells.T)]
    lengths = np.array(model.spacing) / min(model.spacing)
    directions, table = (
        make_rays(max(_DIRECTIONS, model.plan.rays)).directions,
        look_up(model.plan.rays).table,
    )
    reach = np.empty((len(at), len(directions)), np.float32)
    spread_rays(np.maximum(chosen[:, 1:], np.float32(_LEAST_REACH)), directions, table, reach)
    look_closer(both, cells, np.array(grid), lengths, directions, table, _FARTHEST, reach)
    return (at + first) * np.array(grid), chosen[:, 0], np.maximum(reach, np.float32(_LEAST_REACH))


def _shape(array: NDArray[Any]) -> Shape:
    return array.shape[0], array.shape[1], array.shape[2]


class _Room:
    """Where a volume brought to size is kept: in memory, or in a file that goes with the work."""

    def __init__(self, nbytes: int, folder: Path | None) -> None:
        self._on_disk = folder is not None and nbytes > _MOST_HELD
        self._folder = folder
        self._file: Any = None

    def __enter__(self) -> _Room:
        return self

    def array(self, shape: Shape) -> NDArray[np.float32]:
        """Return an array to fill."""
        if not self._on_disk:
            return np.empty(shape, np.float32)
        import tempfile

        # Gone when it is closed, also where the process is killed.
        self._file = tempfile.TemporaryFile(dir=self._folder, prefix="electrodej-")  # noqa: SIM115 - closed below
        self._file.truncate(math.prod(shape) * 4)
        return np.memmap(self._file, np.float32, "r+", shape=shape)

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
