"""Cut planes into tiles, run a network over them, and put the results together without seams.

The poolings of a network make it sensitive to where its image begins: moved by one pixel, the result is
another one; moved by a multiple of its step (8 or 16 pixels), it is the same, moved. And a result depends on
the image as far as the network's reach. So tiles begin at multiples of the step and carry a margin of at
least the reach where another tile lies beside them, which is cut off afterwards. Past its border a plane goes
on as in a mirror, up to the next multiple of the step and by a `lead` beyond: where the tiles are cut changes
nothing but rounding. A network for one size of image has no such reach; its tiles overlap by half and are
blended.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.models.engines.base import Engine, FloatArray
from electrodej.models.memory_errors import is_out_of_memory

Say = Callable[[str], None]
Result = TypeVar("Result")

DEFAULT_MEMORY = 2 * 2**30
_MOST_BATCH = 16


@dataclass(frozen=True)
class TileNeeds:
    """What a network needs of the tiles that it is given.

    Attributes
    ----------
    step
        Heights and widths are multiples of it.
    reach
        How many pixels away the image can change a result.
    pixel_bytes
        Bytes that a pixel takes on its way through the network.
    fixed
        Side of the only image that it takes; None: any.
    lead
        Pixels by which a plane goes on past its border before it ends.
    """

    step: int
    reach: int
    pixel_bytes: int
    fixed: int | None = None
    lead: int = 0


@dataclass(frozen=True)
class Span:
    """A tile along one axis.

    Attributes
    ----------
    start, stop
        What the network sees; outside the plane its reflection.
    first, last
        What is kept of the result.
    """

    start: int
    stop: int
    first: int
    last: int

    def cells(self, grid: int) -> slice:
        """Return what is kept, in cells of a network's grid."""
        return slice(self.first // grid, -(-self.last // grid))

    def part(self, grid: int) -> slice:
        """Return where that is in the tile's own result."""
        offset = self.start // grid
        kept = self.cells(grid)
        return slice(kept.start - offset, kept.stop - offset)


@dataclass(frozen=True)
class Tile:
    """A tile of a plane."""

    rows: Span
    columns: Span

    def cut(self, plane: FloatArray) -> FloatArray:
        """Return what the network sees of a plane."""
        rows, columns = self.rows, self.columns
        if rows.start >= 0 and columns.start >= 0:
            inside = plane[rows.start : rows.stop, columns.start : columns.stop]
            if inside.shape == (rows.stop - rows.start, columns.stop - columns.start):
                return inside
        places = [
            reflected(np.arange(span.start, span.stop), length)
            for span, length in zip((rows, columns), plane.shape, strict=True)
        ]
        return plane[np.ix_(*places)]

    def grid(self, result: FloatArray) -> tuple[int, int]:
        """Return how many rows and columns of the tile a result (Y, X, ...) has one value for."""
        rows, columns = self.rows.stop - self.rows.start, self.columns.stop - self.columns.start
        if result.shape[0] > rows or result.shape[1] > columns:
            raise InputError(
                f"the network gives {result.shape[0]} x {result.shape[1]} results for {rows} x {columns} "
                "pixels; one that enlarges its image cannot be used here"
            )
        return rows // result.shape[0], columns // result.shape[1]

    def cells(self, grid: tuple[int, int]) -> tuple[slice, slice]:
        """Return where the result of the tile belongs, in cells of the plane."""
        return self.rows.cells(grid[0]), self.columns.cells(grid[1])

    def kept(self, result: FloatArray) -> FloatArray:
        """Return the part of its result that belongs there."""
        down, right = self.grid(result)
        return result[self.rows.part(down), self.columns.part(right)]


@dataclass(frozen=True)
class TilePlan:
    """How planes of one size are cut.

    Attributes
    ----------
    rows, columns
        The tiles along both axes, all of one size.
    margin
        Pixels that are cut off a tile where another one lies beside it.
    batch
        Tiles in a batch.
    blended
        Whether overlapping tiles are blended, not laid beside each other.
    """

    rows: tuple[Span, ...]
    columns: tuple[Span, ...]
    margin: int
    batch: int
    blended: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of a tile."""
        return self.rows[0].stop - self.rows[0].start, self.columns[0].stop - self.columns[0].start

    @property
    def tiles(self) -> list[Tile]:
        """Return all tiles of a plane."""
        return [Tile(rows, columns) for rows in self.rows for columns in self.columns]


def plan_tiles(
    shape: Sequence[int], needs: TileNeeds, *, memory: int = DEFAULT_MEMORY, tile: int = 0
) -> TilePlan:
    """Choose tiles as large as the memory allows: the larger, the less is computed twice.

    Parameters
    ----------
    shape
        Rows and columns of a plane.
    needs
        Of the network.
    memory
        Bytes that may be used.
    tile
        Largest side of a tile in pixels without its margins; 0: by the memory.
    """
    pixels = max(1, memory // 2 // needs.pixel_bytes)
    if needs.fixed is not None:
        spans = [_blended_spans(length, needs.fixed) for length in shape]
        batch = max(1, min(_MOST_BATCH, pixels // needs.fixed**2))
        return TilePlan(spans[0], spans[1], 0, batch, True)
    margin = _up(needs.reach, needs.step)
    inner = max(needs.step, (tile or int(math.sqrt(pixels)) - 2 * margin) // needs.step * needs.step)
    spans = [spans_along(length, inner, margin, needs) for length in shape]
    plan = TilePlan(spans[0], spans[1], margin, 1)
    return replace(plan, batch=max(1, min(_MOST_BATCH, pixels // math.prod(plan.size))))


def smaller_plan(plan: TilePlan, needs: TileNeeds, shape: Sequence[int]) -> TilePlan | None:
    """Return a plan that needs about half the memory; None where there is none."""
    if plan.batch > 1:
        return replace(plan, batch=plan.batch // 2)
    inner = max(plan.size) - 2 * plan.margin
    while not plan.blended and inner > needs.step:
        inner = max(needs.step, inner // 2)
        smaller = plan_tiles(shape, needs, tile=inner)
        if math.prod(smaller.size) < math.prod(plan.size):
            return replace(smaller, batch=1)
    return None


def run_tiles(
    planes: FloatArray, engine: Engine, plan: TilePlan, tell: Callable[[float], None] | None = None
) -> Iterator[tuple[int, Tile, FloatArray]]:
    """Run a network over planes (plane, row, column); yield what it says of each tile.

    Yields
    ------
    number, tile, result
        Of which plane, the tile, and the network's whole output for it (Y / grid, X / grid, channels).
    """
    work = [(number, tile) for tile in plan.tiles for number in range(len(planes))]
    for first in range(0, len(work), plan.batch):
        batch = work[first : first + plan.batch]
        images = np.stack([tile.cut(planes[number]) for number, tile in batch])
        found = engine.run(images[..., np.newaxis])
        for (number, tile), result in zip(batch, found, strict=True):
            yield number, tile, result
        if tell is not None:
            tell((first + len(batch)) / len(work))


def predict_planes(
    planes: FloatArray, engine: Engine, plan: TilePlan, tell: Callable[[float], None] | None = None
) -> FloatArray:
    """Return the network's output (plane, row, column, channel) for scaled planes (plane, row, column)."""
    shape = planes.shape[1:]
    result = np.zeros((len(planes), *shape, engine.channels), np.float32)
    window = _window(plan.size) if plan.blended else None
    weight = np.zeros((*shape, 1), np.float32)
    for number, tile, output in run_tiles(planes, engine, plan, tell):
        place = tile.cells((1, 1))
        if window is None:
            result[number][place] = tile.kept(output)
            continue
        part = tile.kept(window)
        result[number][place] += tile.kept(output) * part
        if number == 0:
            weight[place] += part
    if window is not None:
        result /= np.maximum(weight, np.float32(1e-6))
    return result


def within_memory(
    work: Callable[[TilePlan], Result], plan: TilePlan, needs: TileNeeds, shape: Sequence[int], say: Say
) -> tuple[Result, TilePlan]:
    """Do work by a plan, with smaller tiles where the memory does not do; return the plan that did, too.

    Parameters
    ----------
    work
        Done anew from its start with each plan.
    plan, needs, shape
        The first plan, and what it was made of.
    say
        Told of the smaller tiles.
    """
    while True:
        try:
            return work(plan), plan
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            smaller = smaller_plan(plan, needs, shape)
            if smaller is None:
                raise InputError(
                    "there is not enough memory for the smallest tile; end other programs, or use a network "
                    "of fewer filters"
                ) from error
            sizes = [f"{each.batch} of {each.size[0]} x {each.size[1]} pixels" for each in (plan, smaller)]
            say(f"the memory did not do for tiles, {sizes[0]} at once; going on with {sizes[1]}")
            plan = smaller


def spans_along(length: int, inner: int, margin: int, needs: TileNeeds) -> tuple[Span, ...]:
    """Cut an axis into tiles of one length.

    All cuts of one length begin at the same place before its first pixel and end at the same one behind its
    last: there the network itself fills up with zeros, which must not depend on the tiles.
    """
    first, last = -needs.lead, _up(length, needs.step) + needs.lead
    if last - first <= inner + 2 * margin:
        return (Span(first, last, 0, length),)
    count = -(-(last - first - 2 * margin) // inner)
    side = _up(-(-(last - first - 2 * margin) // count), needs.step) + 2 * margin
    starts = list(
        dict.fromkeys(min(first + number * (side - 2 * margin), last - side) for number in range(count))
    )
    # What is kept of a tile begins where that of the one before it ends, so that no place is kept twice.
    ends = [start + side - margin for start in starts[:-1]]
    return tuple(
        Span(start, start + side, before, min(length, after))
        for start, before, after in zip(starts, [0, *ends], [*ends, last], strict=True)
    )


def _blended_spans(length: int, fixed: int) -> tuple[Span, ...]:
    half = fixed // 2
    whole = max(fixed, _up(length, half) + half)
    starts = range(-(half // 2), whole - fixed + 1 - half // 2, half)
    return tuple(Span(start, start + fixed, max(0, start), min(length, start + fixed)) for start in starts)


def reflected(positions: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Bring positions beyond an axis back into it, as in mirrors at its first and last pixel."""
    if length == 1:
        return np.zeros_like(positions)
    period = 2 * (length - 1)
    turned = np.abs(positions) % period
    return np.where(turned < length, turned, period - turned)


def _window(size: Sequence[int]) -> FloatArray:
    """Return weights of a tile's pixels that fall towards its edges and add up to one where tiles overlap."""
    y, x = (np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2 for side in size)
    return np.asarray(np.outer(y, x)[..., np.newaxis], np.float32)


def _up(length: int, step: int) -> int:
    return -(-length // step) * step
