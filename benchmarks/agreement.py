"""Each measure of a real phase image beside TauFactor, PoreSpy, scikit-image and SciPy.

    ELECTRODEJ_PEERS=peers/bin/python python benchmarks/agreement.py nrel_nmc_phases.tif 0.4

The image is NREL's nmc-1-cal with a generated binder (MATBOX, Data_example): 0 pore, 1 NMC, 2 binder; the
number is the edge of its voxels in um. Measures of the whole volume are taken of it, currents and sizes of a
cube of 128 voxels in its middle, as the peers take long. See peers/timed.py for the peers' environment.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peers.timed import peers, timed

from electrodej.machine import available_cores
from electrodej.morphology import (
    PhaseImage,
    chords,
    intrusion,
    local_thickness,
    measure_connectivity,
    measure_interfaces,
    measure_phases,
    mesh_surface,
    profile,
    triple_lines,
)
from electrodej.transport import solve_conduction
from electrodej.volume import open_volume

SIDE = 128
NAMES = {0: "pore", 1: "NMC", 2: "binder"}
UNIT = (1.0, 1.0, 1.0)

_LOAD = "phases = np.load({whole!r}); cube = np.load({cube!r}) == 0"
_SCIPY = """
from scipy.ndimage import label
from skimage.measure import euler_number
labels, count = label(phases == 0)
through = np.intersect1d(labels[0], labels[-1])
through = through[through > 0]
sizes = np.bincount(labels.ravel())
result = dict(clusters=int(count), percolating=float(sizes[through].sum() / sizes[1:].sum()),
              largest=float(sizes[1:].max() / sizes[1:].sum()),
              euler=int(euler_number(phases == 0, connectivity=1)))
"""
_TAUFACTOR = """
import contextlib, io, taufactor, taufactor.metrics as metrics, torch
torch.set_num_threads({cores})
"""
_TAUFACTOR_WORK = """
with contextlib.redirect_stdout(io.StringIO()):
    surface = metrics.specific_surface_area(phases, method="marching_cubes", smoothing=False, device="cpu")
    lines = float(metrics.triple_phase_boundary(phases.astype(np.int16)))
    _, through = metrics.extract_through_feature(phases, 0, "x")
    taus = []
    for axis in range(3):
        solver = taufactor.Solver(np.moveaxis(cube, axis, 0).astype(np.uint8), device="cpu")
        solver.solve(verbose=False, conv_crit=2e-3, iter_limit=6000)
        taus.append(float(np.ravel(solver.tau)[0]))
z, y, x = phases.shape
edges = z * (y - 1) * (x - 1) + y * (z - 1) * (x - 1) + x * (z - 1) * (y - 1)
result = dict(shares=metrics.volume_fraction(phases), surface=surface, lines=lines * edges, taus=taus,
              percolating=float(through[0]))
"""
_PORESPY = """
import porespy
porespy.settings.tqdm["disable"] = True
"""
_PORESPY_WORK = """
thick = porespy.filters.local_thickness(cube)
entered = porespy.filters.porosimetry(cube, method="dt")
lines = porespy.filters.apply_chords(cube, axis=0, spacing=0, trim_edges=True, label=True)
found = porespy.simulations.tortuosity_fd(cube, axis=0, ftol=1e-3)
np.save({thick!r}, thick)
np.save({entered!r}, entered)
lengths = np.bincount(lines[lines > 0])
result = dict(chord=float(lengths[lengths > 0].mean()),
              tau=float(found.formation_factor) * float(cube.mean()),
              profile=np.asarray(porespy.metrics.porosity_profile(phases == 0, axis=0).porosity).tolist())
"""


def row(measure: str, who: str, ours: float, theirs: float) -> None:
    apart = f"{abs(ours / theirs - 1):.1e}" if theirs else "-"
    print(
        f"| {measure} | {who} | {ours:.6g} | {theirs:.6g} | {apart if ours != theirs else 'equal'} |",
        flush=True,
    )


def middle(phases: NDArray[Any]) -> NDArray[np.uint8]:
    starts = [max(0, (length - SIDE) // 2) for length in phases.shape]
    return np.ascontiguousarray(phases[tuple(slice(start, start + SIDE) for start in starts)])


def values(found: Iterable[Any]) -> dict[str, float]:
    return {each.name: each.value for each in found}


def beside_scipy(phases: NDArray[np.uint8], load: str, python: str) -> None:
    ours = values(measure_connectivity(PhaseImage(phases, spacing=UNIT, names=NAMES)))
    theirs = timed(load, _SCIPY, python)["result"]
    row("clusters of pore", "SciPy", ours["Clusters_pore"], theirs["clusters"])
    row("share of pore in the largest", "SciPy", ours["Largest_pore"], theirs["largest"])
    row("share of pore that percolates along z", "SciPy", ours["Percolating_pore_z"], theirs["percolating"])
    row("Euler number of pore", "scikit-image", ours["EulerNumber_pore"], theirs["euler"])


def beside_taufactor(phases: NDArray[np.uint8], cube: NDArray[np.bool_], load: str, python: str) -> None:
    ours = values(measure_phases(PhaseImage(phases, spacing=UNIT, names=NAMES)))
    setup = load + _TAUFACTOR.format(cores=available_cores())
    theirs = timed(setup, _TAUFACTOR_WORK, python)["result"]
    for number, name in NAMES.items():
        row(f"share of {name}", "TauFactor", ours[f"Share_{name}"], theirs["shares"][str(number)])
    for number, name in NAMES.items():
        area = mesh_surface(phases == number, spacing=UNIT) / phases.size
        row(f"surface of {name}, marching cubes", "TauFactor", area, theirs["surface"][str(number)])
    crofton = values(measure_interfaces(PhaseImage(phases[:SIDE], spacing=UNIT, names=NAMES)))
    part = mesh_surface(phases[:SIDE] == 1, spacing=UNIT) / phases[:SIDE].size
    row("surface of NMC, Crofton / marching cubes", "own", crofton["Surface_NMC"], part)
    row(
        "length of triple lines",
        "TauFactor",
        triple_lines(phases, spacing=UNIT, three=(0, 1, 2)),
        theirs["lines"],
    )
    for axis, letter in enumerate("zyx"):
        tau = solve_conduction(cube.view(np.uint8), (0, 1), spacing=UNIT, axis=axis).tortuosity
        row(f"tortuosity factor of pore along {letter}", "TauFactor", tau, theirs["taus"][axis])


def beside_porespy(
    phases: NDArray[np.uint8], cube: NDArray[np.bool_], load: str, folder: Path, python: str
) -> None:
    paths = {name: str(folder / f"{name}.npy") for name in ("thick", "entered")}
    theirs = timed(load + _PORESPY, _PORESPY_WORK.format(**paths), python)["result"]
    tau = solve_conduction(cube.view(np.uint8), (0, 1), spacing=UNIT).tortuosity
    row("tortuosity factor of pore along z", "PoreSpy", tau, theirs["tau"])
    for title, ours, name in (
        ("mean radius by local thickness of pore", local_thickness(cube, spacing=UNIT), "thick"),
        ("mean radius by intrusion", intrusion(cube, spacing=UNIT), "entered"),
    ):
        peer = np.load(paths[name])
        row(title, "PoreSpy", float(ours[cube].mean()), float(peer[cube].mean()))
        print(f"|   voxels that differ | PoreSpy | {np.count_nonzero(ours != peer)} of {ours.size} | | |")
    lengths = chords(cube, 0, spacing=UNIT)
    mean = float(((lengths.sizes[1:] + lengths.sizes[:-1]) / 2) @ lengths.shares)
    row("mean chord of pore along z", "PoreSpy", mean, theirs["chord"])
    shares = profile(phases == 0, 0, spacing=UNIT)["Share"]
    worst = float(np.abs(shares - np.array(theirs["profile"])).max())
    print(f"| profile of pore along z, largest difference | PoreSpy | {worst:.1e} | | |")


def main(arguments: list[str]) -> None:
    python = peers()
    if python is None or len(arguments) != 2:
        print("give a phase image, its voxel's edge in um, and ELECTRODEJ_PEERS", file=sys.stderr)
        return
    with open_volume(arguments[0], spacing=(float(arguments[1]),) * 3) as volume:
        phases = volume.read().astype(np.uint8)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        cube = middle(phases)
        np.save(folder / "whole.npy", phases)
        np.save(folder / "cube.npy", cube)
        load = _LOAD.format(whole=str(folder / "whole.npy"), cube=str(folder / "cube.npy"))
        print("| measure | peer | ours | theirs | apart |\n| --- | --- | --- | --- | --- |")
        beside_scipy(phases, load, python)
        beside_porespy(phases, cube == 0, load, folder, python)
        beside_taufactor(phases, cube == 0, load, python)


if __name__ == "__main__":
    main(sys.argv[1:])
