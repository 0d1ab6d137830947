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
from electrodej.jobs import demo_stages as stages
from electrodej.jobs.demo_provenance import demo_provenance
from electrodej.models.bundled import find_model
from electrodej.progress import silent

IMAGES = (stages.GREY, stages.TRUTH, stages.TRUE_PHASES)
OF_DAMAGE = {
    "parameters": {"seed": 0, "trees": 40},
    "inputs": [{"file": "particles.csv", "checksum": "sha256:ab"}],
    "versions": {"numpy": "2.0", "scikit-learn": "1.8", "shap": "0.5"},
}


def make_demo(folder: Path, **models: str) -> stages.Demo:
    (folder / "phantom").mkdir()
    for name in IMAGES:
        (folder / name).write_bytes(name.encode())
    demo = stages.Demo(
        folder,
        shape=(8, 8, 8),
        spacing=(0.1, 0.1, 0.1),
        seed=3,
        jobs=1,
        memory=None,
        force=False,
        progress=silent,
        announce=print,
        **models,
    )
    demo.run("measure", "measure grey.tif", "particles.csv", vars)
    demo.run("score", "score particles.tif", "score.json", vars)
    return demo


def findings(**more: Any) -> stages.Findings:
    provenance = {"parameters": {"radius_um": 0.7}, "versions": {"electrodej": "0.1", "numpy": "2.0"}}
    columns = {"Label": np.array([1])}
    table = FeatureTable(columns=columns, units={}, definitions={}, contacts={}, provenance=provenance)
    return stages.Findings(table, {}, **more)


def test_models_inputs_seeds_versions_and_commands_are_told(tmp_path: Path) -> None:
    models = {"model": "nmc-particles", "phase_model": "nmc-phases", "crack_model": "nmc-cracks"}
    demo = make_demo(tmp_path, **models)
    found = demo_provenance(demo, findings(damage=SimpleNamespace(provenance=OF_DAMAGE)))
    assert found["seed"] == {"electrode": 3, "damage": 0}
    assert found["parameters"] == {"radius_um": 0.7}
    assert found["models"] == [
        {"model": name, "finds": what, "checksum": checksum(find_model(name))}
        for name, what in zip(models.values(), ("particles", "phases", "cracks"), strict=True)
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
    demo = make_demo(tmp_path, model=stages.WATERSHED, phase_model="", crack_model="")
    found = demo_provenance(demo, findings())
    assert found["models"] == []
    assert found["seed"] == {"electrode": 3}
    assert set(found["versions"]) == {"electrodej", "numpy"}
    assert [entry["file"] for entry in found["inputs"]] == list(IMAGES)
