"""What the demo's report tells of how it was made."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from electrodej.features import FeatureTable
from electrodej.files.tables import checksum
from electrodej.networks.bundled import find_model
from electrodej.run import Run
from electrodej.verbs.demo.chain import GREY, TRUE_PHASES, TRUTH, Findings, Models
from electrodej.verbs.demo.page import provenance
from electrodej.verbs.demo.stages import Chain, Stage

IMAGES = (GREY, TRUTH, TRUE_PHASES)
OF_DAMAGE = {
    "parameters": {"seed": 0, "trees": 40},
    "inputs": [{"file": "particles.csv", "checksum": "sha256:ab"}],
    "versions": {"numpy": "2.0", "scikit-learn": "1.8", "shap": "0.5"},
}


def make_chain(folder: Path) -> Chain:
    (folder / "phantom").mkdir()
    for name in IMAGES:
        (folder / name).write_bytes(name.encode())
    chain = Chain(folder, Run())
    for name, command in (("measure", "measure grey.tif"), ("score", "score particles.tif")):
        chain.stages.append(Stage(name, f"electrodej {command}", 1.0, name))
    return chain


def findings(**more: Any) -> Findings:
    provenance = {"parameters": {"radius_um": 0.7}, "versions": {"electrodej": "0.1", "numpy": "2.0"}}
    columns = {"Label": np.array([1])}
    table = FeatureTable(columns=columns, units={}, definitions={}, contacts={}, provenance=provenance)
    return Findings(table, {}, **more)


def test_models_inputs_seeds_versions_and_commands_are_told(tmp_path: Path) -> None:
    models = Models("nmc-particles", "nmc-phases", "nmc-cracks")
    damage: Any = SimpleNamespace(provenance=OF_DAMAGE)
    found = provenance(make_chain(tmp_path), models, findings(damage=damage), seed=3)
    assert found["seed"] == {"electrode": 3, "damage": 0}
    assert found["parameters"] == {"radius_um": 0.7}
    assert found["models"] == [
        {"model": name, "finds": what, "checksum": checksum(find_model(name))}
        for what, name in vars(models).items()
    ]
    assert found["inputs"] == [
        *(
            {"file": name, "checksum": f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"}
            for name in IMAGES
        ),
        {"file": "particles.csv", "checksum": "sha256:ab"},
    ]
    of_networks = {name: version(name) for name in ("tensorflow", "keras", "stardist")}
    assert found["versions"] == {"electrodej": "0.1", **OF_DAMAGE["versions"], **of_networks}
    assert found["commands"] == ["electrodej measure grey.tif", "electrodej score particles.tif"]


def test_without_networks_and_damage_none_of_them_is_told(tmp_path: Path) -> None:
    found = provenance(make_chain(tmp_path), Models("watershed", "", ""), findings(), seed=3)
    assert found["models"] == []
    assert found["seed"] == {"electrode": 3}
    assert set(found["versions"]) == {"electrodej", "numpy"}
    assert [entry["file"] for entry in found["inputs"]] == list(IMAGES)
