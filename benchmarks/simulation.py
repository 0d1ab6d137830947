"""A measured electrode in PyBaMM: what its models make of the parameters, and a discharge.

    python -m venv battery && battery/bin/pip install pybamm bpx psutil
    ELECTRODEJ_PEERS=battery/bin/python python benchmarks/simulation.py

A phase image of one's own is given by its path and the names of its phases: ``simulation.py phases.tif
pore,particle,binder``. Without one, random blobs are measured.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
from peers.timed import peers, timed
from scipy.ndimage import gaussian_filter

from electrodej.morphology import PhaseImage, measure_phases, microstructure, pybamm_parameters
from electrodej.transport import TransportSettings, measure_transport
from electrodej.volume import open_volume

NAMES = "pore,particle"
_LOAD = """
import pybamm
pybamm.set_logging_level("ERROR")
measured = {measured!r}
def discharge(parameters):
    simulation = pybamm.Simulation(pybamm.lithium_ion.DFN(), parameter_values=parameters, C_rate=1)
    solution = simulation.solve([0, 3600])
    return [float(solution["Discharge capacity [A.h]"].entries[-1]),
            float(solution["Voltage [V]"](1800.0))]
"""
_SOLVE = """
usual, ours = (pybamm.ParameterValues("Chen2020") for _ in range(2))
ours.update(measured)
result = dict(usual=discharge(usual), ours=discharge(ours),
              efficiency=measured["Positive electrode porosity"]
              ** measured["Positive electrode Bruggeman coefficient (electrolyte)"])
"""


def blobs() -> np.ndarray:
    noise = gaussian_filter(np.random.default_rng(0).standard_normal((64, 64, 64), np.float32), 3)
    return (noise > np.quantile(noise, 0.335)).astype(np.uint8)


def main(arguments: list[str]) -> None:
    names = dict(enumerate((arguments[1] if len(arguments) > 1 else NAMES).split(",")))
    if arguments:
        with open_volume(arguments[0]) as volume:
            phases, spacing = volume.read(), volume.require_spacing()
    else:
        phases, spacing = blobs(), (0.4, 0.4, 0.4)
    image = PhaseImage(phases, spacing=spacing, names=names)
    settings = TransportSettings(directions=("z",), conducting=("pore",), tolerance=1e-3)
    measures = measure_phases(image) + measure_transport(image, settings=settings)
    electrode = microstructure(measures)
    values = pybamm_parameters(electrode)
    print(json.dumps(values, indent=1))
    python = peers()
    if python is None:
        print("ELECTRODEJ_PEERS names no environment with PyBaMM: nothing simulated", file=sys.stderr)
        return
    found: dict[str, Any] = timed(_LOAD.format(measured=values), _SOLVE, python)["result"]
    print(f"efficiency that PyBaMM uses / measured: {found['efficiency'] / electrode.efficiency:.6f}")
    for title, key in (("Chen2020", "usual"), ("with the measured electrode", "ours")):
        capacity, voltage = found[key]
        print(f"{title:30s} 1C discharge: {capacity:.3f} A.h, {voltage:.3f} V at half an hour")


if __name__ == "__main__":
    main(sys.argv[1:])
