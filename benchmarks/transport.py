"""The conduction solver beside TauFactor and PoreSpy in the same run, at the same error.

    ELECTRODEJ_PEERS=peers/bin/python python benchmarks/transport.py

See peers/timed.py for the peers' environment. Without it only our own figures are printed. Volumes of one's
own are added by their paths: ``transport.py pores.tif`` measures phase 0 of each along z. Numbers are sides
of cubes for the cost of a voxel and the memory of the solver alone: ``transport.py 128 256 500``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from peers.timed import peers, timed
from scipy.ndimage import gaussian_filter

SIDE, SMALL = 128, 64
ERROR = 1e-3

_LOAD = "pore = np.load({path!r})"
_OURS = """
from electrodej.transport import solve_conduction
solve_conduction(pore[:8, :8, :8] | 1, (0, 1), spacing=(1, 1, 1))  # compiles, or loads what was compiled
"""
_SOLVE = """
found = solve_conduction(pore, (0, 1), spacing=(1, 1, 1), tolerance={error})
result = dict(tau=found.tortuosity, steps=found.steps, bound=found.bound)
"""
_TAUFACTOR = """
import taufactor, torch
torch.set_num_threads({cores})
solver = taufactor.Solver(pore, device="cpu")
"""
_TAUFACTOR_SOLVE = """
solver.solve(verbose=False, conv_crit={error}, iter_limit=20000)
result = dict(tau=float(np.ravel(solver.tau)[0]), steps=int(solver.iter))
"""
_PORESPY = """
import porespy
porespy.settings.tqdm["disable"] = True
"""
_PORESPY_SOLVE = """
found = porespy.simulations.tortuosity_fd(pore > 0, axis=0, ftol={error})
result = dict(tau=float(found.formation_factor) * float((pore > 0).mean()))
"""


def structure(folder: Path, side: int) -> str:
    """Blobs with a volume share of 0.45, saved as an array; their size in voxels is the same for all."""
    noise = gaussian_filter(np.random.default_rng(0).standard_normal((side,) * 3, np.float32), 3)
    path = folder / f"pore{side}.npy"
    np.save(path, (noise < np.quantile(noise, 0.45)).astype(np.uint8))
    return _LOAD.format(path=str(path))


def ratio(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    apart = theirs["result"]["tau"] / ours["result"]["tau"] - 1
    wall, cpu = theirs["wall"] / ours["wall"], theirs["cpu"] / ours["cpu"]
    memory = ours["memory"] / max(1, theirs["memory"])
    print(
        f"{name:32s} {wall:7.1f} x as fast, {cpu:7.1f} x by CPU time, {memory:5.2f} of the memory, "
        f"tau differs by {apart:.1e}   (ours {ours['wall']:.2f} s, peer {theirs['wall']:.2f} s)"
    )


def print_costs(sides: list[int]) -> None:
    """Print what a voxel costs in cubes of growing size."""
    first = None
    for side in sides:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            found = timed(structure(Path(name), side) + _OURS, _SOLVE.format(error=ERROR))
        each = found["cpu"] / side**3
        first = first or each
        print(
            f"{side}^3: tau {found['result']['tau']:.4f}, {found['result']['steps']} steps, "
            f"{found['wall']:.1f} s, {found['memory'] / 2**30:.2f} GiB, {1e9 * each:.0f} ns of CPU a voxel, "
            f"{each / first:.2f} of {sides[0]}^3",
            flush=True,
        )


def main(arguments: list[str]) -> None:
    from electrodej.machine import available_cores

    sides, paths = ([each for each in arguments if each.isdigit() == wanted] for wanted in (True, False))
    if sides:
        print_costs([int(side) for side in sides])
        return
    python, cores = peers(), available_cores()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        loads = {f"{side}^3": structure(folder, side) for side in (SMALL, SIDE)}
        for path in paths:
            loads[Path(path).name] = (
                f"import tifffile; pore = (tifffile.imread({path!r}) == 0).astype(np.uint8)"
            )
        found = {}
        for title, load in loads.items():
            ours = found[title] = timed(load + _OURS, _SOLVE.format(error=ERROR))
            print(
                f"{title}: tau {ours['result']['tau']:.4f} +- {ours['result']['bound']:.0e}, "
                f"{ours['result']['steps']} steps, {ours['wall']:.2f} s, {ours['memory'] / 2**20:.0f} MiB"
            )
        cost = [found[f"{side}^3"]["cpu"] / side**3 for side in (SMALL, SIDE)]
        print(f"CPU time per voxel, {SIDE}^3 / {SMALL}^3: {cost[1] / cost[0]:.2f}")
        if python is None:
            print(
                "ELECTRODEJ_PEERS names no environment with TauFactor and PoreSpy: no ratio", file=sys.stderr
            )
            return
        for title, load in loads.items():
            theirs = timed(
                load + _TAUFACTOR.format(cores=cores), _TAUFACTOR_SOLVE.format(error=10 * ERROR), python
            )
            ratio(f"{title} / TauFactor on the CPU", found[title], theirs)
        side = f"{SMALL}^3"
        ratio(
            f"{side} / PoreSpy tortuosity_fd",
            found[side],
            timed(loads[side] + _PORESPY, _PORESPY_SOLVE.format(error=ERROR), python),
        )


if __name__ == "__main__":
    main(sys.argv[1:])
