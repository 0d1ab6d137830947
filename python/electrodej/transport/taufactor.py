"""The same problem given to an installed TauFactor, which can use a GPU."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.run import Run
from electrodej.transport.conduction import Conduction
from electrodej.vocabulary import Spacing


def solve_with_taufactor(
    classes: NDArray[np.uint8],
    conductivities: Sequence[float],
    *,
    spacing: Spacing,
    axis: int,
    periodic: bool,
    tolerance: float,
    run: Run,
) -> Conduction:
    """Solve with TauFactor's binary solver; see `solve_conduction`.

    Raises
    ------
    InputError
        TauFactor or PyTorch is not installed, or the problem is none that this door hands on: one conducting
        phase, cubic voxels, sealed sides.
    """
    if importlib.util.find_spec("taufactor") is None or importlib.util.find_spec("torch") is None:
        raise InputError(
            "engine: TauFactor and PyTorch are not both installed; run 'pip install taufactor torch', or "
            "leave out --engine taufactor"
        )
    if len(conductivities) != 2 or periodic or max(spacing) > min(spacing) * (1 + 1e-9):
        raise InputError(
            "engine: TauFactor is given one conducting phase, cubic voxels and sealed sides here; leave out "
            "--engine taufactor for anything else"
        )
    from electrodej.morphology import find_clusters

    mask = np.ascontiguousarray(np.moveaxis(classes, axis, 0))
    clusters = find_clusters(mask)
    through = clusters.through(0)
    share = float(clusters.sizes[through].sum() / max(1, clusters.voxels))
    mean = float(mask.mean()) * conductivities[1]
    if share == 0:
        return Conduction(0.0, mean, 0.0, 0.0, np.zeros(len(mask)), 0)
    clusters.clear(mask, through)
    taufactor, torch = import_module("taufactor"), import_module("torch")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    run.note(f"TauFactor solved on the {'GPU' if device == 'cuda' else 'CPU, as there is no GPU'}")
    solver: Any = taufactor.Solver(mask, device=device)
    run.progress(0.0, 1.0, "TauFactor is solving")
    # Its criterion is the spread of the current over the slices, which is coarser than the mean's error.
    solver.solve(verbose=False, conv_crit=max(tolerance * 10, 1e-4))
    flux = np.asarray(solver.flux_1d, np.float64).reshape(-1)
    effective = float(np.ravel(solver.D_rel)[0]) * conductivities[1]
    spread = float((flux.max() - flux.min()) / flux.max())
    return Conduction(effective, mean, spread, share, flux / flux.mean(), int(solver.iter))
