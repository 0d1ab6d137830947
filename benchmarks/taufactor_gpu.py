"""The engine taufactor on a GPU beside our own on the CPU: one structure, its tortuosity factors, the times.

    python benchmarks/taufactor_gpu.py [EDGE]

Needs TauFactor and a PyTorch that sees a GPU; without one TauFactor works on the CPU, and that is said.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from electrodej.morphology import PhaseImage
from electrodej.run import Run
from electrodej.transport import TransportSettings, measure_transport

EDGE = 200


def structure(edge: int) -> PhaseImage:
    """Blobs, 45 % of them pore."""
    noise = gaussian_filter(np.random.default_rng(0).standard_normal((edge,) * 3, np.float32), 3)
    solid = (noise >= np.quantile(noise, 0.45)).astype(np.uint8)
    return PhaseImage(solid, spacing=(0.1, 0.1, 0.1), names={0: "pore", 1: "solid"})


def main(edge: int) -> None:
    image, found = structure(edge), {}
    for engine in ("own", "taufactor"):
        chosen: dict[str, Any] = {"conducting": ("pore",), "directions": ("z",), "engine": engine}
        settings, run = TransportSettings(**chosen), Run()
        small = image.part((slice(24), slice(24), slice(24)))
        measure_transport(small, settings=settings)  # compiles, and starts the GPU
        start = time.perf_counter()
        measures = measure_transport(image, settings=settings, run=run)
        seconds = time.perf_counter() - start
        found[engine] = next(each.value for each in measures if each.name == "Tau_pore_z")
        print(f"{engine}: tau {found[engine]:.5f}, {seconds:.2f} s  {'; '.join(run.notes)}", flush=True)
    apart = abs(found["taufactor"] / found["own"] - 1)
    print(f"{edge}^3: the two differ by {apart:.1e} (limit 1e-3)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EDGE)
