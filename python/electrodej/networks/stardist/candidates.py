"""The outlines that a network offers for sections of any size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodej.models.grey import FloatArray
from electrodej.models.tiles import Tile, TilePlan, plan_tiles, run_tiles, within_memory
from electrodej.networks.stardist.model import PIXEL_BYTES, StarDistModel

# Candidates nearer to the border of the padded section than this many cells of the grid are not taken, as in
# StarDist.
_RIM = 2
# Pixels that go through the network at once; more make it no faster.
BATCH_PIXELS = 2**21


@dataclass(frozen=True)
class Candidates:
    """Outlines that the network offers for one section, the most probable first.

    Attributes
    ----------
    points
        Centres, (n, 2) as row and column in pixels.
    probability
        Of each.
    distances
        From the centre to the outline along each ray, (n, rays) in pixels.
    """

    points: NDArray[np.int64]
    probability: FloatArray
    distances: FloatArray

    def those(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> Candidates:
        """Return some of them."""
        return Candidates(self.points[kept], self.probability[kept], self.distances[kept])


@dataclass(frozen=True)
class Prediction:
    """What the network says of one section.

    Attributes
    ----------
    probability
        On the network's grid, for cells that lie at least half inside the section.
    candidates
        Outlines above the threshold.
    """

    probability: FloatArray
    candidates: Candidates


def predict_sections(
    model: StarDistModel,
    images: FloatArray,
    *,
    threshold: float,
    batch_pixels: int = BATCH_PIXELS,
    say: Callable[[str], None] | None = None,
) -> list[Prediction]:
    """Run the network over sections of one size.

    Parameters
    ----------
    model
        The model.
    images
        Normalised grey values (N, Y, X).
    threshold
        Least probability of a candidate.
    batch_pixels
        Pixels, overlaps and padding included, that go through the network at once.
    say
        Told when the memory did not do, and with what tiles it goes on.
    """
    shape = images.shape[1:]
    plan = plan_tiles(shape, model.needs, memory=2 * batch_pixels * PIXEL_BYTES)

    def work(plan: TilePlan) -> list[Prediction]:
        return _predicted(model, images, threshold, plan)

    return within_memory(work, plan, model.needs, shape, say or (lambda _: None))[0]


def _predicted(
    model: StarDistModel, images: FloatArray, threshold: float, plan: TilePlan
) -> list[Prediction]:
    grid, step = model.info.grid, model.info.size_divisor
    cells, end = [], []
    for length, cell in zip(images.shape[1:], grid, strict=True):
        cells.append(-(-length // cell))
        end.append(min(cells[-1], -(-length // step) * step // cell - _RIM))
    probability = np.zeros((len(images), *cells), np.float32)
    found: list[list[Candidates]] = [[] for _ in images]
    for number, tile, both in run_tiles(images, model.engine, plan):
        probability[number][tile.cells(grid)] = tile.kept(both)[..., 0]
        found[number].append(_above(both, tile, threshold, grid, (end[0], end[1])))
    farthest = float(sum(images.shape[1:]))
    return [
        Prediction(chance, _joined(parts, farthest)) for chance, parts in zip(probability, found, strict=True)
    ]


def _above(
    both: FloatArray, tile: Tile, threshold: float, grid: tuple[int, int], end: tuple[int, int]
) -> Candidates:
    """Return the candidates of a tile; ``end`` is the first row and column of cells that has none."""
    kept = tile.kept(both)
    rows, columns = tile.cells(grid)
    corner = np.array([rows.start, columns.start])
    at = np.argwhere(kept[..., 0] > threshold) + corner
    at = at[np.all((at >= _RIM) & (at < end), axis=1)]
    chosen = kept[tuple((at - corner).T)]
    return Candidates(at * np.array(grid), chosen[:, 0], np.maximum(chosen[:, 1:], np.float32(1e-3)))


def _joined(parts: list[Candidates], farthest: float) -> Candidates:
    """Return the candidates of all tiles. None reaches farther than any place in the section is.

    A damaged network may say so, or that distances are NaN, on which the library that draws outlines ends the
    whole process.
    """
    points = np.concatenate([part.points for part in parts])
    probability = np.concatenate([part.probability for part in parts])
    distances = np.concatenate([part.distances for part in parts])
    # Ties by place, so that the tiles make no difference.
    order = np.lexsort((points[:, 1], points[:, 0], -probability))
    every = Candidates(points, probability, np.minimum(distances, np.float32(farthest)))
    return every.those(order[np.isfinite(distances[order]).all(axis=1)])
