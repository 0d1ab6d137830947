"""What kernels do to a row of voxels: in functions of their own, so that several voxels are done at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrodej.compiled import compiled_inline
from electrodej.filters.kernels.exponential import decay

Row = NDArray[np.float32]

_ZERO = np.float32(0)


@compiled_inline
def add(total: Row, row: Row, n: int) -> None:
    """Add a row to another."""
    for x in range(n):
        total[x] += row[x]


@compiled_inline
def add_square(total: Row, here: Row, there: Row, n: int) -> None:
    """Add the squared differences of two rows."""
    for x in range(n):
        d = here[x] - there[x]
        total[x] += d * d


@compiled_inline
def weigh_patches(
    values: Row,
    squares: Row,
    total: Row,
    weights: Row,
    n: int,
    share: np.float32,
    noise: np.float32,
    scale: np.float32,
) -> None:
    """Add values, and their weights exp(-max(squares * share - noise, 0) * scale)."""
    for x in range(n):
        w = decay(max(squares[x] * share - noise, _ZERO) * scale)
        total[x] += w * values[x]
        weights[x] += w


@compiled_inline
def weigh_values(
    values: Row, here: Row, total: Row, weights: Row, n: int, near: np.float32, scale: np.float32
) -> None:
    """Add values, and their weights near * exp(-(values - here)^2 * scale)."""
    for x in range(n):
        d = values[x] - here[x]
        w = near * decay(d * d * scale)
        total[x] += w * values[x]
        weights[x] += w


@compiled_inline
def divide(out: Row, total: Row, weights: Row, n: int) -> None:
    """Write total over weights."""
    for x in range(n):
        out[x] = total[x] / weights[x]
