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
from electrodej.transport.multigrid import Crew, Multigrid
from electrodej.vocabulary import Shape, Spacing
from electrodej.volume import check_spacing

_MOST_STEPS = 500
_LEAST_STEPS = 4
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
    needed = memory_needed(classes.shape)
    if needed > run.room:
        raise InputError(
            f"solving for the current through {' x '.join(map(str, classes.shape))} voxels takes "
            f"{memory_text(needed)} of memory, and {memory_text(run.room)} may be used; allow more with "
            "--memory, or give a part of the volume"
        )
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


def _operator(kept: NDArray[np.uint8], values: NDArray[np.float64], spacing: Spacing, periodic: bool) -> Any:
    from electrodej.transport.kernels.operators import Operator

    z, y, x = spacing
    total = np.add.outer(values, values)
    pairs = 2 * np.multiply.outer(values, values) / np.where(total > 0, total, 1)
    tables = np.multiply.outer(np.array([y * x / z, z * x / y, z * y / x]), pairs).astype(np.float32)
    none, flat = np.empty((0, 0, 0), np.float32), np.empty((0, 0), np.float32)
    # A periodic axis of one or two voxels would join a voxel to itself, or to another one twice.
    wraps = np.array([periodic and kept.shape[1] > 2, periodic and kept.shape[2] > 2])
    return Operator(kept, tables, wraps, none, none, none, flat, flat)


class _Gradients:
    """Conjugate gradients on A e = b - A x, with what they tell of the error."""

    def __init__(self, op: Any, crew: Crew, spacing: Spacing) -> None:
        from electrodej.transport.kernels.fields import ramp

        self.op, self.crew = op, crew
        self.shape: Shape = op.classes.shape
        self.grid = Multigrid(op, crew, spacing)
        self.x, self.r, self.p, self.q = (np.empty(self.shape, np.float32) for _ in range(4))
        self.dots = np.empty(self.shape[0])
        self.flux = np.empty(self.shape[0])
        crew.over(self.shape, lambda z0, z1: ramp(self.x, z0, z1))
        self.restart()

    def restart(self) -> None:
        """Begin anew from the potential that there is, with its true imbalance."""
        from electrodej.transport.kernels.fields import energies, imbalance
        from electrodej.transport.kernels.operators import apply

        over, op, shape = self.crew.over, self.op, self.shape
        over(shape, lambda z0, z1: energies(op, self.x, z0, z1, self.dots, self.flux))
        self.power = float(self.dots.sum())
        over(shape, lambda z0, z1: apply(op, self.x, self.r, z0, z1, self.dots))
        over(shape, lambda z0, z1: imbalance(op, self.r, z0, z1))
        over(shape, lambda z0, z1: self.p[z0:z1].fill(0))
        self.lengths: list[float] = []
        self.turns: list[float] = []
        self.balance = self._precondition()

    def _precondition(self) -> float:
        """Put M r into q and return r . M r."""
        from electrodej.transport.kernels.fields import dot

        self.grid.cycle(self.r, self.q)
        self.crew.over(self.shape, lambda z0, z1: dot(self.r, self.q, z0, z1, self.dots))
        return float(self.dots.sum())

    def step(self) -> None:
        from electrodej.transport.kernels.fields import advance, turn
        from electrodej.transport.kernels.operators import apply

        beta = self.turns[-1] if self.turns else 0.0
        over, shape = self.crew.over, self.shape
        over(shape, lambda z0, z1: turn(self.p, self.q, beta, z0, z1))
        over(shape, lambda z0, z1: apply(self.op, self.p, self.q, z0, z1, self.dots))
        length = self.balance / float(self.dots.sum())
        over(shape, lambda z0, z1: advance(self.x, self.r, self.p, self.q, length, z0, z1))
        self.power -= length * self.balance
        self.lengths.append(length)
        before, self.balance = self.balance, self._precondition()
        self.turns.append(self.balance / before)

    def error(self) -> float:
        """Relative error of the power that may remain."""
        return self.balance / (_smallest_eigenvalue(self.lengths, self.turns) * self.power)


def _smallest_eigenvalue(lengths: list[float], turns: list[float]) -> float:
    """Of M A, from the coefficients of the conjugate gradients (Golub, Meurant)."""
    from scipy.linalg import eigvalsh_tridiagonal

    a, b = np.array(lengths), np.array(turns[: len(lengths) - 1])
    diagonal = 1 / a
    diagonal[1:] += b / a[:-1]
    return float(eigvalsh_tridiagonal(diagonal, np.sqrt(b) / a[:-1], select="i", select_range=(0, 0))[0])


def _solve(
    kept: NDArray[np.uint8],
    values: NDArray[np.float64],
    spacing: Spacing,
    periodic: bool,
    tolerance: float,
    run: Run,
) -> tuple[float, float, NDArray[np.float64], int]:
    """Return the power at a voltage of 1, its relative error, the current through each slice, the steps."""
    done: list[Any] = [0.0, "setting up the solver"]
    op = _operator(kept, values, spacing, periodic)

    def tick() -> None:
        run.progress(done[0], 1.0, done[1])

    with Crew(run.cores, tick) as crew:
        work = _Gradients(op, crew, spacing)
        bound, steps, worst = math.inf, 0, 0.0
        # Below rounding there is nothing to be gained: an empty volume is solved from the start.
        negligible = 1e-12 * work.power
        while steps < _MOST_STEPS and work.balance > negligible:
            work.step()
            steps += 1
            if len(work.lengths) < _LEAST_STEPS or work.balance <= negligible:
                continue
            bound = work.error()
            worst = max(worst, bound)
            gained = math.log(max(worst / bound, 1)) / max(math.log(worst / tolerance), 1e-9)
            done[:] = [min(gained, 1.0), f"solving for the current, error {bound:.1g}"]
            if bound <= tolerance:
                break
        if work.balance <= negligible:
            bound = 1e-12
        if bound > tolerance:
            run.note(f"the solver stopped after {steps} steps with an error of {bound:.1g}")
        work.restart()
        return work.power, bound, work.flux.copy(), steps
