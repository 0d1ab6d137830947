"""Levels of ever coarser cells, and one cycle over them that nearly solves the conduction problem."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from electrodej.transport.kernels.operators import Operator
from electrodej.vocabulary import Shape

Floats = NDArray[np.float32]

# In-row smoothing uses old values; below 1 keeps the sweeps convergent where rows are the only way.
_DAMPING = 0.9
# Cells of the level that is solved outright.
_COARSEST = 200
# Levels of fewer cells are not worth handing to threads.
_SMALL = 1 << 15


class Crew:
    """Threads that share the slices of a field."""

    def __init__(self, cores: int, tick: Callable[[], None] = lambda: None) -> None:
        self._cores = cores
        self._pool = ThreadPoolExecutor(cores, thread_name_prefix="electrodej") if cores > 1 else None
        self._tick = tick

    def over(self, shape: Shape, work: Callable[[int, int], Any]) -> None:
        """Call ``work(z0, z1)`` so that all slices are covered once."""
        self._tick()
        slices = shape[0]
        if self._pool is None or math.prod(shape) < _SMALL or slices < 2:
            work(0, slices)
            return
        # More parts than threads, for cores that others use too.
        parts = min(slices, 4 * self._cores)
        edges = [slices * part // parts for part in range(parts + 1)]
        for done in [self._pool.submit(work, *pair) for pair in pairwise(edges)]:
            done.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True)
class Level:
    """One level of the hierarchy.

    Attributes
    ----------
    op
        Its conductances.
    shape
        Its cells.
    factors
        How many of them make a cell of the next level along each axis.
    right, field
        Room for the right side and the solution; empty on the finest level, whose callers have their own.
    """

    op: Operator
    shape: Shape
    factors: Shape
    right: Floats
    field: Floats


class Multigrid:
    """Approximates the inverse of a conduction operator by one cycle over coarser and coarser levels.

    The conductances of a coarse level are sums of the finer ones (Galerkin's for constant values in each
    cell), divided by the factor along their axis, as the distance between cells grows. Every level is
    smoothed once before and once after its coarse correction, in opposite order, so that the whole is
    symmetric and may precondition conjugate gradients.
    """

    def __init__(self, op: Operator, crew: Crew, spacing: tuple[float, float, float]) -> None:
        self._crew = crew
        self.levels = list(_levels(op, crew, spacing))
        last = self.levels[-1]
        self._direct = _Direct(last.op, last.shape) if math.prod(last.shape) <= _COARSEST else None

    def cycle(self, right: Floats, field: Floats) -> None:
        """Put into ``field`` what nearly solves A field = right."""
        self._cycle(0, right, field)

    def _cycle(self, number: int, right: Floats, field: Floats) -> None:
        from electrodej.transport.kernels.operators import prolong, restrict

        level = self.levels[number]
        if number + 1 == len(self.levels):
            self._coarsest(level, right, field)
            return
        self._crew.over(level.shape, lambda z0, z1: field[z0:z1].fill(0))
        self._sweep(level, right, field, (0, 1))
        below = self.levels[number + 1]
        self._crew.over(
            below.shape,
            lambda z0, z1: restrict(level.op, right, field, below.right, level.factors, z0, z1),
        )
        self._cycle(number + 1, below.right, below.field)
        self._crew.over(level.shape, lambda z0, z1: prolong(field, below.field, level.factors, z0, z1))
        self._sweep(level, right, field, (1, 0))

    def _sweep(self, level: Level, right: Floats, field: Floats, colours: tuple[int, int]) -> None:
        from electrodej.transport.kernels.operators import smooth

        for colour in colours:
            half = partial(smooth, level.op, right, field, colour, _DAMPING)
            self._crew.over(level.shape, half)

    def _coarsest(self, level: Level, right: Floats, field: Floats) -> None:
        if self._direct is not None:
            self._direct.solve(right, field)
            return
        field.fill(0)
        for _ in range(4):
            self._sweep(level, right, field, (0, 1))
        for _ in range(4):
            self._sweep(level, right, field, (1, 0))


class _Direct:
    """Cholesky's factors of a small level."""

    def __init__(self, op: Operator, shape: Shape) -> None:
        from scipy.linalg import cho_factor

        from electrodej.transport.kernels.operators import apply

        n = math.prod(shape)
        matrix = np.empty((n, n), np.float64)
        unit, out, dots = np.zeros(shape, np.float32), np.empty(shape, np.float32), np.empty(shape[0])
        for column in range(n):
            unit.flat[column] = 1
            apply(op, unit, out, 0, shape[0], dots)
            matrix[column] = out.ravel()
            unit.flat[column] = 0
        matrix = (matrix + matrix.T) / 2
        idle = np.flatnonzero(np.diag(matrix) <= 0)
        matrix[idle, idle] = 1
        self._factors = cho_factor(matrix, lower=True, overwrite_a=True)

    def solve(self, right: Floats, field: Floats) -> None:
        from scipy.linalg import cho_solve

        field[:] = cho_solve(self._factors, right.ravel().astype(np.float64)).reshape(field.shape)


def _levels(op: Operator, crew: Crew, spacing: tuple[float, float, float]) -> Any:
    from electrodej.transport.kernels.coarse import coarsen, coarsen_ends

    shape: Shape = op.classes.shape
    empty = np.empty((0, 0, 0), np.float32)
    right = field = empty
    while True:
        factors = coarsening(shape, spacing)
        yield Level(op, shape, factors, right, field)
        if math.prod(shape) <= _COARSEST or factors == (1, 1, 1):
            return
        z, y, x = (-(-n // f) for n, f in zip(shape, factors, strict=True))
        smaller: Shape = (z, y, x)
        coarse = op._replace(
            classes=np.empty((0, 0, 0), np.uint8),
            gz=np.empty(smaller, np.float32),
            gy=np.empty(smaller, np.float32),
            gx=np.empty(smaller, np.float32),
            first=np.empty(smaller[1:], np.float32),
            last=np.empty(smaller[1:], np.float32),
        )
        scale = np.array([1 / f for f in factors], np.float32)
        crew.over(smaller, partial(coarsen, op, shape, factors, scale, coarse))
        coarsen_ends(op, shape, factors, scale, coarse)
        a, b, c = (s * f for s, f in zip(spacing, factors, strict=True))
        spacing = (a, b, c)
        op, shape = coarse, smaller
        right, field = np.empty(shape, np.float32), np.empty(shape, np.float32)


def coarsening(shape: Shape, spacing: tuple[float, float, float]) -> Shape:
    """Return by how much each axis is coarsened: where cells are shorter than twice the shortest.

    Where voxels are no cubes, only the axes along which they are joined strongly are coarsened, until the
    cells are about as long as wide.

    >>> coarsening((8, 8, 8), (1, 1, 1)), coarsening((8, 8, 8), (10, 1, 1))
    ((2, 2, 2), (1, 2, 2))
    """
    shortest = min((s for s, n in zip(spacing, shape, strict=True) if n > 1), default=0.0)
    z, y, x = (2 if n > 1 and s < 1.9 * shortest else 1 for s, n in zip(spacing, shape, strict=True))
    return z, y, x
