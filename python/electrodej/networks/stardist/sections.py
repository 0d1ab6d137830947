"""The network on sections of any size: padded, cut into tiles that overlap enough, put together again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodej.networks.stardist.model import StarDistModel

FloatArray = NDArray[np.float32]

# Candidates nearer to the border of the padded section than this many cells of the grid are not taken, as in
# StarDist.
_RIM = 2
# Pixels that go through the network at once; a network of 32 filters takes some 600 bytes for each.
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
    model: StarDistModel, images: FloatArray, *, threshold: float, batch_pixels: int = BATCH_PIXELS
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
    """
    padded, (height, width) = _padded(images, model.info.size_divisor)
    tiles = _tiles(padded.shape[1:], model, batch_pixels)
    down, right = model.info.grid
    cells = (-(-height // down), -(-width // right))
    all_cells = (padded.shape[1] // down, padded.shape[2] // right)
    end = (min(cells[0], all_cells[0] - _RIM), min(cells[1], all_cells[1] - _RIM))
    probability = np.zeros((len(images), *all_cells), np.float32)
    found: list[list[Candidates]] = [[] for _ in images]
    for tile in tiles:
        together = max(1, batch_pixels // tile.pixels)
        for first in range(0, len(images), together):
            chosen = slice(first, first + together)
            near, far = model.run(np.ascontiguousarray(padded[(chosen, *tile.read)]))
            for number, (chance, rays) in enumerate(zip(near, far, strict=True), first):
                chance, rays = chance[tile.keep(down, right)], rays[tile.keep(down, right)]
                at = tile.write(down, right)
                probability[(number, *at)] = chance
                found[number].append(
                    _above(chance, rays, threshold, (at[0].start, at[1].start), end, (down, right))
                )
    return [
        Prediction(chance[: cells[0], : cells[1]], _joined(parts))
        for chance, parts in zip(probability, found, strict=True)
    ]


@dataclass(frozen=True)
class _Tile:
    """A part of the section: what is kept of it, and what is read for that."""

    start: tuple[int, int]
    stop: tuple[int, int]
    read_start: tuple[int, int]
    read_stop: tuple[int, int]

    @property
    def pixels(self) -> int:
        return (self.read_stop[0] - self.read_start[0]) * (self.read_stop[1] - self.read_start[1])

    @property
    def read(self) -> tuple[slice, slice]:
        return (
            slice(self.read_start[0], self.read_stop[0]),
            slice(self.read_start[1], self.read_stop[1]),
        )

    def keep(self, down: int, right: int) -> tuple[slice, slice]:
        """What is kept of the tile's result, in cells."""
        return (
            slice((self.start[0] - self.read_start[0]) // down, (self.stop[0] - self.read_start[0]) // down),
            slice(
                (self.start[1] - self.read_start[1]) // right, (self.stop[1] - self.read_start[1]) // right
            ),
        )

    def write(self, down: int, right: int) -> tuple[slice, slice]:
        """Where it belongs, in cells."""
        return (
            slice(self.start[0] // down, self.stop[0] // down),
            slice(self.start[1] // right, self.stop[1] // right),
        )


def _padded(images: FloatArray, divisor: int) -> tuple[FloatArray, tuple[int, int]]:
    """Go on at the lower and right border as in a mirror, up to the next size that the network takes."""
    height, width = images.shape[1:]
    room = [(0, 0), (0, -height % divisor), (0, -width % divisor)]
    if not any(after for _, after in room):
        return images, (height, width)
    return np.pad(images, room, mode="reflect"), (height, width)


def _tiles(shape: tuple[int, ...], model: StarDistModel, batch_pixels: int) -> list[_Tile]:
    divisor = model.info.size_divisor
    halo = -(-model.context // divisor) * divisor
    edge = max(divisor, int(batch_pixels**0.5) // divisor * divisor)
    rows = _cuts(shape[0], edge, halo, divisor)
    columns = _cuts(shape[1], edge, halo, divisor)
    return [
        _Tile((y0, x0), (y1, x1), (ry0, rx0), (ry1, rx1))
        for y0, y1, ry0, ry1 in rows
        for x0, x1, rx0, rx1 in columns
    ]


def _cuts(length: int, edge: int, halo: int, divisor: int) -> list[tuple[int, int, int, int]]:
    """Cut a length into parts that with their halo are about ``edge`` long: start, stop, read from and to."""
    if length <= edge + 2 * halo:
        return [(0, length, 0, length)]
    core = max(divisor, edge - 2 * halo)
    count = -(-length // core)
    core = -(-length // count)
    core += -core % divisor
    return [
        (start, min(start + core, length), max(0, start - halo), min(length, start + core + halo))
        for start in range(0, length, core)
    ]


def _above(
    chance: FloatArray,
    rays: FloatArray,
    threshold: float,
    corner: tuple[int, int],
    end: tuple[int, int],
    grid: tuple[int, int],
) -> Candidates:
    at = np.argwhere(chance > threshold) + corner
    inside = np.all((at >= _RIM) & (at < end), axis=1)
    at = at[inside]
    local = tuple((at - corner).T)
    return Candidates(at * np.array(grid), chance[local], np.maximum(rays[local], 1e-3))


def _joined(parts: list[Candidates]) -> Candidates:
    points = np.concatenate([part.points for part in parts])
    probability = np.concatenate([part.probability for part in parts])
    distances = np.concatenate([part.distances for part in parts])
    # Ties by place, so that the tiles make no difference.
    order = np.lexsort((points[:, 1], points[:, 0], -probability))
    return Candidates(points[order], probability[order], distances[order])
