"""The conduction solver beside TauFactor and PoreSpy in the same run, at the same error.

    ELECTRODEJ_PEERS=peers/bin/python python benchmarks/transport.py

See peers/timed.py for the peers' environment. Without it only our own figures are printed. Numbers are sides
of cubes for the cost of a voxel and the memory of the solver alone: ``transport.py 128 256 500``. A folder is
where TauFactor's examples lie as transport_256_phases.tif (phase 0 along z) and transport_500_pores.tif (255
is pore; along z, y and x): ``transport.py FOLDER`` holds the numbers against its notebook's and tests'.
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
# File, which number conducts, along which axis, TauFactor's value, and how far from it we may be.
REFERENCES = (
    ("transport_256_phases.tif", 0, 0, 2.0772, 1e-3),
    ("transport_500_pores.tif", 255, 0, 4.2431, 2e-3),
    ("transport_500_pores.tif", 255, 1, 1.1513, 2e-3),
    ("transport_500_pores.tif", 255, 2, 1.3905, 2e-3),
)

_LOAD = "pore = np.load({path!r})"
_OURS = """
from electrodej.transport import solve_conduction
# Compiles, or loads what was compiled: of a volume that takes steps, for without them half is not called.
rough = (np.arange(20**3).reshape(20, 20, 20) % 7 > 1).astype(np.uint8)
assert solve_conduction(rough, (0, 1), spacing=(1, 1, 1)).steps > 2
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


def print_references(folder: Path) -> None:
    """Print the tortuosity of TauFactor's examples beside what TauFactor's notebook and tests give."""
    for name, pore, axis, known, limit in REFERENCES:
        load = f"import tifffile; pore = (tifffile.imread({str(folder / name)!r}) == {pore}).astype(np.uint8)"
        solve = _SOLVE.replace("tolerance={error}", f"axis={axis}").format()
        found = timed(load + _OURS, solve)
        tau = found["result"]["tau"]
        print(
            f"{name} along {'zyx'[axis]}: tau {tau:.5f}, reference {known}, apart {abs(tau / known - 1):.1e} "
            f"(limit {limit:g}), {found['wall']:.1f} s, {found['memory'] / 2**30:.2f} GiB",
            flush=True,
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

    sides = [int(each) for each in arguments if each.isdigit()]
    folders = [Path(each) for each in arguments if not each.isdigit()]
    for place in folders:
        print_references(place)
    if sides:
        print_costs(sides)
    if arguments:
        return
    python, cores = peers(), available_cores()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        loads = {f"{side}^3": structure(folder, side) for side in (SMALL, SIDE)}
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
