"""The conduction problem in a volume of voxels, solved to a known error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.machine import memory_text
from electrodej.run import Run
from electrodej.transport.gradients import Gradients, iterate
from electrodej.transport.multigrid import Crew
from electrodej.vocabulary import Spacing
from electrodej.volume import check_spacing

# Fields of 32 bits on the finest level (potential, imbalance, direction, and one more), its classes twice;
# five arrays on the coarse ones, which have a seventh of the cells together.
_BYTES_PER_VOXEL = 4 * 4 + 2 + 5 * 4 / 7


@dataclass(frozen=True)
class Conduction:
    """What a solution comes to.

    Attributes
    ----------
    effective
        Effective conductivity, in the unit of the phases' conductivities; 0 where nothing percolates.
    mean
        Mean of the conductivity over all voxels.
    bound
        Relative error of ``effective`` that remains.
    percolating
        Share of the conducting voxels that lie in clusters from electrode to electrode.
    flux
        Current through each slice over their mean; all 1 in the exact solution.
    steps
        Of the conjugate gradients.
    """

    effective: float
    mean: float
    bound: float
    percolating: float
    flux: NDArray[np.float64]
    steps: int

    @property
    def tortuosity(self) -> float:
        """Tortuosity factor: mean over effective conductivity; infinite where nothing percolates."""
        return self.mean / self.effective if self.effective > 0 else math.inf

    @property
    def macmullin(self) -> float:
        """MacMullin number of a single phase of conductivity 1: 1 / effective."""
        return 1 / self.effective if self.effective > 0 else math.inf


def memory_needed(shape: Sequence[int]) -> int:
    """Return the bytes that `solve_conduction` takes for a volume, the volume itself not counted."""
    return int(math.prod(shape) * _BYTES_PER_VOXEL) + (64 << 20)


def check_memory(shape: Sequence[int], run: Run) -> None:
    """Raise an InputError where a volume of this shape is too large to be solved for."""
    needed = memory_needed(shape)
    if needed > run.room:
        raise InputError(
            f"solving for the current through {' x '.join(map(str, shape))} voxels takes "
            f"{memory_text(needed)} of memory, and {memory_text(run.room)} may be used; allow more with "
            "--memory, or give a part of the volume"
        )


def solve_conduction(
    classes: NDArray[np.uint8],
    conductivities: Sequence[float],
    *,
    spacing: Spacing,
    axis: int = 0,
    periodic: bool = False,
    tolerance: float = 1e-4,
    run: Run | None = None,
) -> Conduction:
    """Solve div(k grad u) = 0 between electrodes at the first and last face along an axis.

    Parameters
    ----------
    classes
        Which of the conductivities each voxel has, shape (Z, Y, X). Class 0 does not conduct.
    conductivities
        Of class 0, which is 0, and of the others.
    spacing
        Voxel size (z, y, x) in micrometres.
    axis
        Direction of the current.
    periodic
        Whether the other faces repeat; else they are sealed.
    tolerance
        Relative error of the effective conductivity at which to stop.
    run
        Threads, memory and progress.

    Notes
    -----
    Finite volumes: between the centres of two voxels the conductance is the harmonic mean of their
    conductivities times face area over distance; the electrodes lie on the outer faces, half a voxel from the
    first centres. Voxels that are not connected to both electrodes carry no current and are left out. The
    effective conductivity is the power E(u) = sum g (du)^2 of the solution at a voltage of 1, times length
    over area. E(u) of any u is above that of the exact solution, by r . A^-1 r with the imbalance r; that is
    at most r . M r over the smallest eigenvalue of M A, M being the multigrid cycle. The eigenvalue is taken
    from the conjugate gradients' own coefficients (Lanczos). So the error falls with the square of the
    imbalance, and 32 bits for the fields are enough.

    Raises
    ------
    InputError
        The memory does not suffice, which is found before the work; or a conductivity is below 0.

    Examples
    --------
    >>> half = np.zeros((4, 4, 4), np.uint8)
    >>> half[:, :2] = 1
    >>> found = solve_conduction(half, (0, 1), spacing=(1, 1, 1))
    >>> round(found.effective, 6), round(found.tortuosity, 6)
    (0.5, 1.0)
    """
    run = run or Run()
    step = check_spacing(spacing)
    values = _checked(classes, conductivities)
    order = (axis, *(other for other in range(3) if other != axis))
    turned = (step[order[0]], step[order[1]], step[order[2]])
    check_memory(classes.shape, run)
    kept = np.array(np.moveaxis(classes, axis, 0), np.uint8, order="C")
    kept[np.isin(kept, np.flatnonzero(values == 0))] = 0
    counts = np.bincount(kept.ravel(), minlength=len(values))
    mean = float(counts @ values) / max(1, kept.size)
    share = _trim(kept, periodic)
    if share == 0:
        return Conduction(0.0, mean, 0.0, 0.0, np.zeros(kept.shape[0]), 0)
    largest = values.max()
    power, bound, flux, steps = _solve(kept, values / largest, turned, periodic, tolerance, run)
    length, area = kept.shape[0] * turned[0], kept.shape[1] * turned[1] * kept.shape[2] * turned[2]
    effective = float(power * largest * length / area)
    return Conduction(effective, mean, bound, share, flux / flux.mean(), steps)


def _checked(classes: NDArray[np.uint8], conductivities: Sequence[float]) -> NDArray[np.float64]:
    values = np.array(conductivities, np.float64)
    if classes.ndim != 3 or classes.dtype != np.uint8:
        raise InputError(
            f"conducting classes are 8-bit numbers of shape (Z, Y, X), not {classes.dtype} {classes.shape}"
        )
    if len(values) < 2 or values[0] != 0 or not np.all(np.isfinite(values)) or values.min() < 0:
        raise InputError(f"conductivities are 0 and numbers from 0, not {list(conductivities)}")
    if values.max() == 0 or classes.max() >= len(values):
        raise InputError("each class has a conductivity, and one of them is above 0")
    return values


def _trim(kept: NDArray[np.uint8], periodic: bool) -> float:
    """Clear what is not connected to both electrodes; return the share that remains."""
    from electrodej.morphology import find_clusters

    clusters = find_clusters(kept, wraps=(periodic, periodic))
    through = clusters.through(0)
    clusters.clear(kept, through)
    return float(clusters.sizes[through].sum() / max(1, clusters.voxels))


def make_operator(
    kept: NDArray[np.uint8],
    values: NDArray[np.float64],
    spacing: Spacing,
    periodic: bool,
    ends: tuple[bool, bool] = (True, True),
) -> Any:
    """Return the conductances of a volume of classes, with electrodes at the ends where said."""
    from electrodej.transport.kernels.operators import Operator

    z, y, x = spacing
    total = np.add.outer(values, values)
    pairs = 2 * np.multiply.outer(values, values) / np.where(total > 0, total, 1)
    tables = np.multiply.outer(np.array([y * x / z, z * x / y, z * y / x]), pairs).astype(np.float32)
    none, flat = np.empty((0, 0, 0), np.float32), np.empty((0, 0), np.float32)
    # A periodic axis of one or two voxels would join a voxel to itself, or to another one twice.
    wraps = np.array([periodic and kept.shape[1] > 2, periodic and kept.shape[2] > 2])
    return Operator(kept, tables, wraps, np.array(ends), none, none, none, flat, flat)


def _start(work: Gradients) -> tuple[float, NDArray[np.float64]]:
    """Begin from the potential that there is; return its power and the current through each slice."""
    from electrodej.transport.kernels.fields import energies, imbalance
    from electrodej.transport.kernels.operators import apply

    op, x, r, over, shape = work.op, work.x, work.r, work.crew.over, work.shape
    flux = np.empty(shape[0])
    over(shape, lambda z0, z1: energies(op, x, z0, z1, work.dots, flux))
    power = float(work.dots.sum())
    over(shape, lambda z0, z1: apply(op, x, r, z0, z1, work.dots))
    over(shape, lambda z0, z1: imbalance(op, r, z0, z1))
    return power, flux


def _solve(
    kept: NDArray[np.uint8],
    values: NDArray[np.float64],
    spacing: Spacing,
    periodic: bool,
    tolerance: float,
    run: Run,
) -> tuple[float, float, NDArray[np.float64], int]:
    """Return the power at a voltage of 1, its relative error, the current through each slice, the steps."""
    from electrodej.transport.kernels.fields import ramp

    told: list[Any] = [0.0, "setting up the solver"]
    op = make_operator(kept, values, spacing, periodic)

    def tick() -> None:
        run.progress(told[0], 1.0, told[1])

    with Crew(run.cores, tick) as crew:
        work = Gradients(op, crew, spacing)
        crew.over(work.shape, lambda z0, z1: ramp(work.x, z0, z1))
        first, _ = _start(work)
        work.begin()
        bound, steps = iterate(work, lambda: first - work.gained, tolerance, told, run)
        power, flux = _start(work)
    return power, bound, flux, steps
