"""The bioimage.io card of an exported model."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from electrodej.models import bundled_models
from electrodej.models.engines.tensorflow_zip import TensorflowZip

# In a process of its own: the library leaves files open, which is a warning, and so an error, in ours.
VALIDATE = """
import sys
from bioimageio.spec import load_description
from bioimageio.spec.model.v0_5 import ModelDescr
for path in sys.argv[1:]:
    card = load_description(path)
    fine = isinstance(card, ModelDescr) and card.validation_summary.status in ("passed", "valid-format")
    print("valid" if fine else card.validation_summary.format())
"""


@pytest.mark.slow
def test_the_library_of_bioimageio_accepts_the_cards(exported: Callable[[str], Path]) -> None:
    cards = [exported(name).with_suffix(".rdf.yaml") for name in ("stardist-keras-2.3.1", "care-keras-2.3.1")]
    bundled = (folder / "model.rdf.yaml" for folder in bundled_models().values())
    cards += [card for card in bundled if card.is_file()]
    done = subprocess.run(
        [sys.executable, "-c", VALIDATE, *map(str, cards)], capture_output=True, text=True, check=False
    )
    assert len(cards) >= 6
    assert done.stdout.split() == ["valid"] * len(cards), done.stdout + done.stderr


def test_card_names_its_files_with_their_checksums(exported: Callable[[str], Path]) -> None:
    path = exported("care-keras-2.3.1").with_suffix(".rdf.yaml")
    card = yaml.safe_load(path.read_text())
    weights = card["weights"]["tensorflow_saved_model_bundle"]
    assert (path.parent / card["documentation"]).is_file()
    files = [
        weights,
        card["inputs"][0]["test_tensor"],
        card["outputs"][0]["test_tensor"],
    ]
    for file in files:
        assert hashlib.sha256((path.parent / file["source"]).read_bytes()).hexdigest() == file["sha256"]


@pytest.mark.parametrize("name", ["stardist-keras-2.3.1", "care-keras-2.3.1"])
def test_the_card_has_what_jdll_and_deepimagej_read(exported: Callable[[str], Path], name: str) -> None:
    """What the reader of JDLL 0.6 takes: with any other kind of value it throws."""
    card = yaml.safe_load(exported(name).with_suffix(".rdf.yaml").read_text())
    texts = ("format_version", "type", "name", "id", "description", "license", "documentation")
    assert [field for field in texts if not isinstance(card.get(field), str)] == []
    assert card["format_version"].startswith("0.5")
    assert all(isinstance(tag, str) for tag in card["tags"])
    for tensor in (*card["inputs"], *card["outputs"]):
        assert isinstance(tensor["id"], str)
        assert [axis["type"] for axis in tensor["axes"]] == ["batch", "space", "space", "channel"]
    weights = card["weights"]
    assert weights["tensorflow_saved_model_bundle"]["tensorflow_version"].split(".")[0] == "1"
    assert all(isinstance(each["source"], str) for each in weights.values())


@pytest.mark.parametrize("name", ["stardist-keras-2.3.1", "care-keras-2.3.1"])
def test_the_card_states_a_halo_as_wide_as_the_network_looks(
    exported: Callable[[str], Path], name: str
) -> None:
    """Of JDLL's tiles it is cut off; the least tile leaves something, and steps stay where they are."""
    path = exported(name)
    card = yaml.safe_load(path.with_suffix(".rdf.yaml").read_text())
    info = json.loads(path.with_suffix(".json").read_text())
    (tensor,), (image,) = card["outputs"], card["inputs"]
    for axis, of in zip(tensor["axes"][1:3], image["axes"][1:3], strict=True):
        assert info["context"] <= axis["halo"] < info["context"] + info["size_divisor"]
        assert axis["halo"] % info["size_divisor"] == 0
        assert of["size"]["min"] > 2 * axis["halo"]
        assert of["size"]["step"] == info["size_divisor"]


def test_tiles_with_the_cards_halo_have_the_numbers_of_the_whole_image(
    exported: Callable[[str], Path],
) -> None:
    path = exported("stardist-keras-2.3.1")
    card = yaml.safe_load(path.with_suffix(".rdf.yaml").read_text())
    halo, size = card["outputs"][0]["axes"][1]["halo"], card["inputs"][0]["axes"][1]["size"]
    start, inner = size["min"], 3 * size["step"]
    image = np.random.default_rng(0).uniform(0, 1, (1, 2 * start + inner, 64, 1)).astype(np.float32)
    less = halo // 4 // size["step"] * size["step"]  # is too little, so that the test can fail
    with TensorflowZip(path) as engine:
        expected = engine.run(image)[:, start : start + inner]
        tiles = [engine.run(image[:, start - cut : start + inner + cut])[:, cut:-cut] for cut in (halo, less)]
    worst = [np.abs(tile - expected).max() / np.abs(expected).max() for tile in tiles]
    assert worst[0] < 1e-5 < worst[1]


def test_test_output_is_the_networks_answer_to_the_normalised_test_input(
    exported: Callable[[str], Path], tf115: Any, tmp_path: Path
) -> None:
    path = exported("stardist-keras-2.15")
    stem = path.with_suffix("")
    image = np.load(stem.with_name(stem.name + ".test-input.npy"))
    wanted = np.load(stem.with_name(stem.name + ".test-output.npy"))
    low, high = np.percentile(image, (1, 99.8))
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    tf115.load(tmp_path)
    prepared = ((image - low) / (high - low + 1e-6)).astype(np.float32)
    np.testing.assert_allclose(tf115.run(prepared, input="input", output="output"), wanted, rtol=0, atol=1e-5)
