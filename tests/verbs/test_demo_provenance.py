"""What the demo's report tells of how it was made."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

from electrodej.files import checksum
from electrodej.models.bundled import find_model
from electrodej.run import Run
from electrodej.verbs.demo.page import provenance
from electrodej.verbs.demo.plan import GREY, TRUE_PHASES, TRUTH, Models
from electrodej.verbs.run.chain import Chain, Stage

IMAGES = (GREY, TRUTH, TRUE_PHASES)


def make_chain(folder: Path) -> Chain:
    (folder / "phantom").mkdir()
    for name in IMAGES:
        (folder / name).write_bytes(name.encode())
    chain = Chain(folder, Run())
    for name, command in (("measure", "measure grey.tif"), ("score", "score particles.tif")):
        chain.stages.append(Stage(name, f"electrodej {command}", 1.0, name))
    return chain


def test_models_truth_seed_versions_and_commands_are_told(tmp_path: Path) -> None:
    models = Models("nmc-particles", "nmc-phases", "nmc-cracks")
    found = provenance(make_chain(tmp_path), models, seed=3)
    assert found["seed"] == {"electrode": 3}
    assert found["models"] == [
        {"model": name, "finds": what, "checksum": checksum(find_model(name))}
        for what, name in vars(models).items()
    ]
    assert found["truth"] == [
        {"file": name, "checksum": f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"}
        for name in (TRUTH, TRUE_PHASES)
    ]
    assert found["network versions"] == {
        name: version(name) for name in ("openvino", "tensorflow", "keras", "stardist")
    }
    assert found["commands"] == ["electrodej measure grey.tif", "electrodej score particles.tif"]


def test_without_networks_none_is_told(tmp_path: Path) -> None:
    found = provenance(make_chain(tmp_path), Models("watershed", "", ""), seed=3)
    assert found["models"] == []
    assert found["network versions"] == {}
