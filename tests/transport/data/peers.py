"""Numbers of independent programs on small structures: peers.json and structures.npz beside this file.

Made once, in an environment of its own:

    pip install taufactor==1.2.1 porespy==3.2.0
    python peers.py
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter, label

HERE = Path(__file__).parent
SHAPE = (30, 28, 26)


def structure(seed: int, share: float, periodic: bool = False) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(SHAPE)
    smooth = gaussian_filter(noise, 1.5, mode="wrap" if periodic else "reflect")
    return (smooth < np.quantile(smooth, share)).astype(np.uint8)


def taus(structures: dict[str, np.ndarray]) -> dict[str, float]:
    import taufactor

    solvers = {
        "sealed": lambda image: taufactor.Solver(image, device="cpu"),
        "open": lambda image: taufactor.Solver(image, device="cpu"),
        "periodic": lambda image: taufactor.PeriodicSolver(image, device="cpu"),
        "anisotropic": lambda image: taufactor.AnisotropicSolver(image, (1.0, 2.0, 1.25), device="cpu"),
    }
    found = {}
    for name, make in solvers.items():
        solver = make(structures[name])
        solver.solve(iter_limit=20000, verbose=False, conv_crit=1e-4)
        found[name] = float(np.ravel(solver.tau)[0])
    return found


def electrode() -> np.ndarray:
    """Random pores in a solid shell, below a reservoir: TauFactor's outer faces take up current too."""
    pore = np.zeros((26, 12, 12), np.uint8)
    noise = gaussian_filter(np.random.default_rng(6).standard_normal((14, 10, 10)), 1.2)
    pore[:10, 1:-1, 1:-1] = 1
    pore[10:-2, 1:-1, 1:-1] = noise < np.quantile(noise, 0.6)
    labels, _ = label(pore)
    return (labels == labels[0, 5, 5]).astype(np.uint8)


def resistance(image: np.ndarray) -> float:
    import taufactor

    solver = taufactor.ElectrodeSolver(image, device="cpu")
    solver.solve(iter_limit=3000, verbose=False, conv_crit=0, conv_crit_2=0)
    return float(solver.z.real)


def sizes(structures: dict[str, np.ndarray]) -> dict[str, list[float]]:
    import porespy

    thick = porespy.filters.local_thickness(structures["open"] > 0)
    found = {"thickness": np.asarray(thick, float)[structures["open"] > 0]}
    radii, counts = np.unique(found["thickness"].round(4), return_counts=True)
    return {"radii": radii.tolist(), "counts": counts.tolist()}


def main() -> None:
    structures = {
        "sealed": structure(1, 0.45),
        "open": structure(2, 0.7),
        "periodic": structure(3, 0.5, periodic=True),
        "anisotropic": structure(4, 0.5),
    }
    pore = electrode()
    found = {"shape": SHAPE, "tau": taus(structures), "local_thickness": sizes(structures)}
    found["electrode"] = {"shape": pore.shape, "resistance": resistance(pore)}
    structures["electrode"] = pore
    np.savez_compressed(HERE / "structures.npz", **{k: np.packbits(v) for k, v in structures.items()})
    (HERE / "peers.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
