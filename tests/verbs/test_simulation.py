"""What a phase image gives to battery models: BPX files, checked by the standard's own package; PyBaMM."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.errors import InputError, UsageError
from electrodej.morphology import Measure, Microstructure, microstructure, pybamm_parameters
from electrodej.verbs import do
from electrodej.volume import write_volume

NAMES = ("pore", "binder", "particle")
ELECTRODE = {
    "Thickness [m]": 7e-5,
    "Conductivity [S.m-1]": 0.2,
    "Minimum stoichiometry": 0.3,
    "Maximum stoichiometry": 0.9,
    "Maximum concentration [mol.m-3]": 5e4,
    "Diffusivity [m2.s-1]": "4e-15",
    "OCP [V]": "4.2 - x",
    "Reaction rate constant [mol.m-2.s-1]": 1e-5,
    "Porosity": 0.9,
    "Transport efficiency": 0.9,
    "Particle radius [m]": 1.0,
    "Surface area per unit volume [m-1]": 1.0,
}


def complete() -> dict[str, Any]:
    """A BPX document with everything, and an electrode nobody has."""
    return {
        "Header": {"BPX": "1.1.0", "Title": "test", "Model": "DFN"},
        "Parameterisation": {
            "Cell": {
                "Electrode area [m2]": 0.01,
                "Number of electrode pairs connected in parallel to make a cell": 1,
                "Lower voltage cut-off [V]": 3.0,
                "Upper voltage cut-off [V]": 3.4,
                "Nominal cell capacity [A.h]": 1.0,
            },
            "Electrolyte": {
                "Cation transference number": 0.3,
                "Diffusivity [m2.s-1]": 2e-10,
                "Conductivity [S.m-1]": 1.0,
            },
            "Negative electrode": {**ELECTRODE, "OCP [V]": "0.1 + 0.0 * x"},
            "Positive electrode": {**ELECTRODE, "OCP [V]": "3.5 - 0.1 * x"},
            "Separator": {"Thickness [m]": 2e-5, "Porosity": 0.4, "Transport efficiency": 0.25},
        },
    }


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    """Straight layers along z: a quarter pore, a quarter binder, half particle."""
    phases = np.zeros((10, 8, 12), np.uint8)
    phases[:, 2:4], phases[:, 4:] = 1, 2
    write_volume(tmp_path / "phases.tif", phases, spacing=(0.5, 0.5, 0.5), labels=True)
    return tmp_path


def written(folder: Path, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    more = {"names": NAMES, "directions": ("z",), "bpx": folder / "cell.json"} | options
    done = do("morphology", folder / "phases.tif", out=folder / "t.csv", **more)
    return json.loads((folder / "cell.json").read_text(encoding="utf-8")), dict(done.numbers)


def test_a_new_file_holds_what_an_image_tells_and_lists_the_rest(layers: Path):
    document, result = written(layers)
    part = document["Parameterisation"]["Positive electrode"]
    assert sorted(part) == sorted(list(ELECTRODE)[-4:])
    assert part["Porosity"] == pytest.approx(1 / 4)
    assert part["Transport efficiency"] == pytest.approx(1 / 4, rel=1e-4)
    # The share that models take from radius and surface is the one that was measured.
    assert part["Particle radius [m]"] * part["Surface area per unit volume [m-1]"] / 3 == pytest.approx(
        1 / 2
    )
    assert "Positive electrode: Thickness [m]" in result["bpx_open"]
    assert {"Negative electrode", "Cell", "Electrolyte", "Separator"} < set(result["bpx_open"])
    assert result["bpx_checked"]
    assert any("Thickness" in note for note in result["notes"])


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")  # what bpx uses of pyparsing
def test_a_file_made_complete_is_read_by_the_bpx_package(layers: Path):
    from bpx import parse_bpx_file

    (layers / "base.json").write_text(json.dumps(complete()), encoding="utf-8")
    document, result = written(layers, bpx_base=layers / "base.json", bpx_side="negative")
    assert result["bpx_open"] == []
    read = parse_bpx_file(layers / "cell.json").parameterisation
    assert read.negative_electrode.porosity == pytest.approx(1 / 4)
    assert read.negative_electrode.thickness == 7e-5
    assert read.positive_electrode.porosity == 0.9
    assert document["Header"]["Title"] == "test"


def test_what_the_bpx_package_refuses_is_not_written(layers: Path):
    wrong = complete()
    wrong["Parameterisation"]["Separator"]["Porosity"] = "much"
    (layers / "base.json").write_text(json.dumps(wrong), encoding="utf-8")
    with pytest.raises(InputError, match="Porosity"):
        written(layers, bpx_base=layers / "base.json")
    assert sorted(path.name for path in layers.iterdir()) == ["base.json", "phases.tif"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bpx": None, "bpx_side": "negative"}, "go with --bpx"),
        ({"bpx_phases": ("pore",)}, "names two phases"),
        ({"border": 1.0}, "of one electrode"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(layers: Path, options: dict[str, Any], words: str):
    with pytest.raises(UsageError, match=words):
        written(layers, **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"names": ("void", "binder", "particle")}, "need Share_pore"),
        ({"directions": ("y",)}, "pore does not percolate along y"),
    ],
)
def test_an_image_that_tells_too_little_is_said(layers: Path, options: dict[str, Any], words: str):
    with pytest.raises(InputError, match=words):
        written(layers, **options)


def test_a_name_that_begins_as_another_one_is_no_border_of_it():
    values = {
        "Share_pore": 0.4,
        "Share_particle": 0.5,
        "Share_particle_dust": 0.1,
        "Area_pore_particle": 0.2,
        "Area_pore_particle_dust": 7.0,
        "Area_particle_particle_dust": 0.1,
        "Keff_pore_z": 0.2,
    }
    found = microstructure([Measure(name, "", "", value) for name, value in values.items()])
    assert found.surface == pytest.approx(0.3)
    assert found.tortuosity == pytest.approx(2)


def test_pybamms_porosity_to_its_exponent_is_the_efficiency():
    found = pybamm_parameters(Microstructure(0.3, 0.6, 0.9, 0.1), side="negative")
    exponent = found["Negative electrode Bruggeman coefficient (electrolyte)"]
    assert 0.3**exponent == pytest.approx(0.1)
    assert found["Negative particle radius [m]"] == pytest.approx(2e-6)
    assert all(math.isfinite(value) for value in found.values())
