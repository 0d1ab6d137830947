from __future__ import annotations

import json

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.export import verify_zip
from electrodej.networks.bundled import bundled_models, find_model
from electrodej.networks.normalise import normalise

MOST_BYTES = 20 * 2**20


def test_every_bundled_model_is_whole():
    models = bundled_models()
    assert "nmc-particles" in models
    for name, folder in models.items():
        names = {path.name for path in folder.iterdir()}
        assert {
            "electrodej.json",
            "model.zip",
            "model.json",
            "model.ijm",
            "model.rdf.yaml",
            "scores.json",
        } <= names
        assert (folder / "model.zip").stat().st_size < MOST_BYTES
        assert json.loads((folder / "electrodej.json").read_text())["name"] == name


def test_the_zip_of_nmc_particles_passes_its_proof():
    found = verify_zip(find_model("nmc-particles") / "model.zip", source=find_model("nmc-particles"))
    assert found.runs_in_fiji, found.findings


def test_nmc_particles_finds_the_particles_of_a_section_it_has_not_seen():
    from electrodej.networks.stardist.instances import choose, draw
    from electrodej.networks.stardist.model import load_stardist
    from electrodej.networks.stardist.patches import without_small
    from electrodej.networks.stardist.sections import predict_sections
    from electrodej.phantom import make_slice
    from electrodej.score import score_instances

    phantom = make_slice((320, 320), spacing=(0.14, 0.14, 0.14), seed=77)
    model = load_stardist("nmc-particles")
    image = normalise(phantom.grey[0], model.info.percentiles)
    offered = predict_sections(model, image[np.newaxis], threshold=model.probability_threshold)[0].candidates
    found = draw(choose(offered, overlap=model.overlap_threshold), image.shape, factor=(1.0, 1.0))
    truth = without_small(phantom.outlines[0], 12).astype(np.uint16)
    assert score_instances(found, truth).at(0.5).f1 > 0.85


def test_a_path_comes_before_a_bundled_name(tmp_path, monkeypatch):
    (tmp_path / "nmc-particles").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_model("nmc-particles").resolve() == (tmp_path / "nmc-particles").resolve()


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(InputError, match="nmc-particles"):
        find_model("nmc-particle")


def test_values_below_the_lower_percentile_stop_at_nought():
    grey = np.array([[0, 10, 20, 30, 40]], np.uint16)
    assert normalise(grey, (25.0, 75.0)).tolist() == [[0.0, 0.0, 0.5, 1.0, 1.5]]


def test_an_image_of_one_grey_value_becomes_nought():
    assert not normalise(np.full((3, 4), 9, np.uint8), (1.0, 99.8)).any()
