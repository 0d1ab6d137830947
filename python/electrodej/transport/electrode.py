"""The tortuosity of an electrode's pores, whose walls take up the current (blocking, or slow reaction)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.run import Run
from electrodej.transport.conduction import check_memory, make_operator
from electrodej.transport.gradients import Gradients, iterate
from electrodej.transport.multigrid import Crew
from electrodej.vocabulary import Spacing
from electrodej.volume import check_spacing


@dataclass(frozen=True)
class ElectrodeConduction:
    """What the current into the walls of a phase comes to.

    Attributes
    ----------
    resistance
        Real part of the impedance at low frequency times the conductivity of the phase, um^-1; infinite where
        no wall is reached.
    tortuosity
        Electrode tortuosity factor.
    share
        Of the phase in the volume.
    bound
        Relative error of ``resistance`` that remains.
    reached
        Share of the phase that is connected to the separator.
    steps
        Of the conjugate gradients.
    """

    resistance: float
    tortuosity: float
    share: float
    bound: float
    reached: float
    steps: int

    @property
    def macmullin(self) -> float:
        """MacMullin number of the electrode: tortuosity over share."""
        return self.tortuosity / self.share if self.share > 0 else math.inf


def solve_electrode(
    phase: NDArray[np.uint8],
    reacts: NDArray[np.uint8],
    *,
    spacing: Spacing,
    axis: int = 0,
    periodic: bool = False,
    tolerance: float = 1e-4,
    run: Run | None = None,
) -> ElectrodeConduction:
    """Solve for the current that enters a phase at the first face along an axis and leaves through its walls.

    Parameters
    ----------
    phase
        Not 0 where the phase that conducts is, shape (Z, Y, X): the pores with their electrolyte.
    reacts
        Not 0 in the voxels whose borders with the phase take up current.
    spacing
        Voxel size (z, y, x) in micrometres.
    axis
        From the separator, at the first face, to the current collector at the last one, which is sealed.
    periodic
        Whether the other faces repeat; else they are sealed.
    tolerance
        Relative error of the resistance at which to stop.
    run
        Threads, memory and progress.

    Notes
    -----
    A symmetric cell of two equal blocking electrodes (T.-T. Nguyen et al., npj Computational Materials 6,
    123, 2020): the potential obeys div(kappa grad u) = 0 and the wall with an area S takes up i omega c u.
    At low frequency every piece of wall takes up the same current, and Z = 1 / (i omega c S) + R / 3 with

        R / 3 = b . A^-1 b,

    where b is the share of the wall at each voxel and A the conductances with the separator at potential 0.
    R is the resistance of a transmission line of the length L and the area A_CC, and the electrode
    tortuosity is share * R * kappa * A_CC / L. A wall that reacts slowly, with a resistance far above R,
    has the same limit. The current reaches a wall through half a voxel. Straight channels of N voxels come
    out at 1 + 1 / (2 N^2) and what that half voxel adds.

    Examples
    --------
    >>> channel = np.zeros((20, 3, 3), np.uint8)
    >>> channel[:, 1, 1] = 1
    >>> round(float(solve_electrode(channel, 1 - channel, spacing=(1, 1, 1)).tortuosity), 3)
    1.002
    """
    run = run or Run()
    step = check_spacing(spacing)
    if phase.ndim != 3 or phase.shape != reacts.shape:
        raise InputError(
            f"what conducts and what reacts are volumes of one shape, not {phase.shape} and {reacts.shape}"
        )
    check_memory(phase.shape, run)
    order = (axis, *(other for other in range(3) if other != axis))
    turned = (step[order[0]], step[order[1]], step[order[2]])
    kept = np.array(np.moveaxis(phase != 0, axis, 0), np.uint8, order="C")
    walls = np.ascontiguousarray(np.moveaxis(reacts != 0, axis, 0)).view(np.uint8)
    share = float(kept.mean())
    reached = _reached(kept, periodic)
    value, bound, steps = math.inf, 0.0, 0
    if reached > 0:
        value, bound, steps = _solve(kept, walls, turned, periodic, tolerance, run)
    length, area = kept.shape[0] * turned[0], kept.shape[1] * turned[1] * kept.shape[2] * turned[2]
    # No times infinite is no number: of a phase without voxels nothing is reached.
    tortuosity = share * 3 * value * area / length if math.isfinite(value) else math.inf
    return ElectrodeConduction(value, tortuosity, share, bound, reached, steps)


def _reached(kept: NDArray[np.uint8], periodic: bool) -> float:
    """Clear what is not connected to the separator; return the share that remains."""
    from electrodej.morphology import find_clusters

    clusters = find_clusters(kept, wraps=(periodic, periodic))
    touching = np.asarray((clusters.touches & 1) > 0)
    clusters.clear(kept, touching)
    return float(clusters.sizes[touching].sum() / max(1, clusters.voxels))


def _solve(
    kept: NDArray[np.uint8],
    walls: NDArray[np.uint8],
    spacing: Spacing,
    periodic: bool,
    tolerance: float,
    run: Run,
) -> tuple[float, float, int]:
    """Return the resistance, its relative error and the steps; infinite where there is no wall."""
    from electrodej.transport.kernels.walls import wall_areas

    told: list[Any] = [0.0, "setting up the solver"]
    op = make_operator(kept, np.array([0.0, 1.0]), spacing, periodic, ends=(True, False))

    def tick() -> None:
        run.progress(told[0], 1.0, told[1])

    z, y, x = spacing
    areas, counts = np.array([y * x, z * x, z * y]), np.zeros(len(kept), np.int64)
    with Crew(run.cores, tick) as crew:
        work = Gradients(op, crew, spacing)
        # Fields of 32 bits hold areas in units of the largest face.
        unit = areas.max()
        crew.over(
            work.shape,
            lambda z0, z1: wall_areas(kept, walls, op.wraps, areas / unit, work.r, counts, z0, z1),
        )
        faces = int(counts.sum())
        if faces == 0:
            return math.inf, 0.0, 0
        total = float(work.r.sum(dtype=np.float64))
        crew.over(work.shape, lambda z0, z1: work.x[z0:z1].fill(0))
        work.begin()
        # The half voxel before each face of a wall, which is area * distance / 2 of it.
        walled = faces * z * y * x / 2 / unit**2

        def value() -> float:
            return work.gained + walled if work.gained else 0.0

        bound, steps = iterate(work, value, tolerance, told, run)
        return value() / total**2, bound, steps
