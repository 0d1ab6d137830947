"""Conjugate gradients on a conduction problem, and the error that remains."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from electrodej.run import Run
from electrodej.transport.multigrid import Crew, Multigrid
from electrodej.vocabulary import Shape, Spacing

_MOST_STEPS = 500
_LEAST_STEPS = 4


class Gradients:
    """Steps on A x = b, with what they tell of the error.

    Attributes
    ----------
    x, r
        What is solved for so far, and b - A x. Whoever makes this fills both, then calls `begin`.
    gained
        By how much the steps so far brought x . A x - 2 b . x down.
    balance
        r . M r, M being one multigrid cycle.
    """

    def __init__(self, op: Any, crew: Crew, spacing: Spacing) -> None:
        self.op, self.crew = op, crew
        self.shape: Shape = op.classes.shape
        self.grid = Multigrid(op, crew, spacing)
        self.x, self.r, self._p, self._q = (np.empty(self.shape, np.float32) for _ in range(4))
        self.dots = np.empty(self.shape[0])

    def begin(self) -> None:
        """Take the first direction from the imbalance that there is."""
        self.crew.over(self.shape, lambda z0, z1: self._p[z0:z1].fill(0))
        self.gained = 0.0
        self._lengths: list[float] = []
        self._turns: list[float] = []
        self.balance = self._precondition()

    def _precondition(self) -> float:
        """Put M r into q and return r . M r."""
        from electrodej.transport.kernels.fields import dot

        self.grid.cycle(self.r, self._q)
        self.crew.over(self.shape, lambda z0, z1: dot(self.r, self._q, z0, z1, self.dots))
        return float(self.dots.sum())

    def step(self) -> None:
        """Go on by one direction."""
        from electrodej.transport.kernels.fields import advance, turn
        from electrodej.transport.kernels.operators import apply

        beta = self._turns[-1] if self._turns else 0.0
        over, shape, p, q = self.crew.over, self.shape, self._p, self._q
        over(shape, lambda z0, z1: turn(p, q, beta, z0, z1))
        over(shape, lambda z0, z1: apply(self.op, p, q, z0, z1, self.dots))
        length = self.balance / float(self.dots.sum())
        over(shape, lambda z0, z1: advance(self.x, self.r, p, q, length, z0, z1))
        self.gained += length * self.balance
        self._lengths.append(length)
        before, self.balance = self.balance, self._precondition()
        self._turns.append(self.balance / before)

    def error(self) -> float:
        """How much `gained` may still grow: r . M r over the smallest eigenvalue of M A."""
        return self.balance / _smallest_eigenvalue(self._lengths, self._turns)


def iterate(work: Gradients, value: Callable[[], float], tolerance: float, told: list[Any], run: Run) -> Any:
    """Step until the error is below a share of a value.

    Parameters
    ----------
    work
        Begun.
    value
        Returns what is wanted as it stands after the last step: its relative error counts.
    tolerance
        At which relative error to stop.
    told
        Share done and stage, kept up to date for whoever tells of progress.
    run
        Its notes say when the error was not reached.

    Returns
    -------
    bound, steps
        The relative error that remains, and how many steps were made.
    """
    bound, steps, worst = math.inf, 0, 0.0
    # Below rounding there is nothing to be gained: an empty volume is solved from the start.
    negligible = 1e-12 * (value() or work.balance)
    while steps < _MOST_STEPS and work.balance > negligible:
        work.step()
        steps += 1
        if steps < _LEAST_STEPS or work.balance <= negligible:
            continue
        bound = work.error() / value()
        worst = max(worst, bound)
        gained = math.log(max(worst / bound, 1)) / max(math.log(worst / tolerance), 1e-9)
        told[:] = [min(gained, 1.0), f"solving for the current, error {bound:.1g}"]
        if bound <= tolerance:
            break
    if work.balance <= negligible:
        bound = 1e-12
    if bound > tolerance:
        run.note(f"the solver stopped after {steps} steps with an error of {bound:.1g}")
    return bound, steps


def _smallest_eigenvalue(lengths: list[float], turns: list[float]) -> float:
    """Of M A, from the coefficients of the conjugate gradients (Golub, Meurant)."""
    from scipy.linalg import eigvalsh_tridiagonal

    a, b = np.array(lengths), np.array(turns[: len(lengths) - 1])
    diagonal = 1 / a
    diagonal[1:] += b / a[:-1]
    return float(eigvalsh_tridiagonal(diagonal, np.sqrt(b) / a[:-1], select="i", select_range=(0, 0))[0])
