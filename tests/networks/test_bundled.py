from __future__ import annotations

import json

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.export import verify_zip
from electrodej.models.bundled import bundled_models, find_model
from electrodej.models.grey import normalise

pytestmark = pytest.mark.slow

MOST_BYTES = 20 * 2**20


def test_every_bundled_model_is_whole():
    models = bundled_models()
    assert set(models) == {
        "nmc-particles", "nmc-particles-3d", "nmc-shapes", "nmc-phases", "nmc-cracks", "nmc-regions",
    }  # fmt: skip
    for name, folder in models.items():
        names = {path.name for path in folder.iterdir()}
        assert json.loads((folder / "electrodej.json").read_text())["name"] == name
        if name == "nmc-regions":
            assert {"maskrcnn.json", "pyramid.onnx", "classes.onnx", "masks.onnx", "scores.json"} <= names
            assert not any(each.endswith(".h5") for each in names)
            continue
        if name == "nmc-particles-3d":
            assert {"solid.json", "model.onnx", "look.json", "scores.json"} <= names
            assert not any(each.endswith(".h5") for each in names)
            continue
        assert {
            "electrodej.json",
            "model.zip",
            "model.json",
            "model.ijm",
            "model.rdf.yaml",
            "scores.json",
        } <= names
        assert (folder / "model.zip").stat().st_size < MOST_BYTES


@pytest.mark.parametrize("name", ["nmc-particles", "nmc-shapes", "nmc-phases", "nmc-cracks"])
def test_the_zip_of_a_bundled_model_passes_its_proof(name):
    found = verify_zip(find_model(name) / "model.zip", source=find_model(name))
    assert found.runs_in_fiji, found.findings


def test_the_mask_rcnn_finds_the_particles_of_unseen_sections(unseen, tmp_path):
    from electrodej.score import score_instances
    from electrodej.verbs import do
    from electrodej.volume import ArrayVolume, open_volume

    grey = ArrayVolume(unseen.grey[:2], spacing=unseen.config.spacing)
    do("segment particles", grey, model="nmc-regions", out=tmp_path / "found.tif")
    with open_volume(tmp_path / "found.tif") as found:
        scores = score_instances(found[0], unseen.outlines[0])
    assert scores.at(0.5).f1 > 0.8


def test_the_model_of_volumes_finds_unseen_particles_and_their_shapes(tmp_path):
    from electrodej.phantom import make_phantom
    from electrodej.score import InstanceSettings, score_instances
    from electrodej.verbs import do
    from electrodej.volume import ArrayVolume, open_volume

    phantom = make_phantom((96, 128, 128), spacing=(0.14,) * 3, seed=79)
    grey = ArrayVolume(phantom.grey, spacing=phantom.config.spacing)
    do("segment particles", grey, model="nmc-particles-3d", out=tmp_path / "found.tif")
    settings = InstanceSettings(thresholds=(0.5, 0.75), min_volume=4.2)
    with open_volume(tmp_path / "found.tif") as found:
        scores = score_instances(found, phantom.outlines, settings=settings, spacing=phantom.config.spacing)
    assert scores.at(0.5).f1 > 0.85
    assert scores.at(0.75).f1 > 0.7


@pytest.fixture(scope="module")
def unseen():
    """A part of an electrode that no model was trained on, in which binder shows beside pores."""
    from electrodej.phantom import PORE_GREY, make_phantom

    return make_phantom((8, 256, 256), spacing=(0.14,) * 3, seed=78, pore_grey=PORE_GREY["phase"])


def _classes(phantom, name):
    from electrodej.models.grey import measure_levels
    from electrodej.networks.semantic import load_model, predict_slabs
    from electrodej.volume import ArrayVolume

    model = load_model(name)
    volume = ArrayVolume(phantom.grey, spacing=phantom.config.spacing)
    levels = measure_levels([phantom.grey], model.percentiles)
    slabs = predict_slabs(volume, model, levels=levels)
    return np.concatenate([model.classes.phases(found.argmax(axis=-1)) for _, _, found in slabs])


def test_nmc_phases_tells_the_phases_of_an_unseen_electrode_apart(unseen):
    from electrodej.score import score_phases

    scores = score_phases(_classes(unseen, "nmc-phases"), unseen.phases, ignore=3)
    assert [entry.iou > least for entry, least in zip(scores.classes, (0.55, 0.65, 0.88), strict=True)] == [
        True
    ] * 3


def test_nmc_cracks_finds_the_cracks_of_an_unseen_electrode(unseen):
    from electrodej.score import score_phases

    assert score_phases(_classes(unseen, "nmc-cracks"), unseen.phases, only=3).classes[1].dice > 0.5


def test_nmc_particles_finds_the_particles_of_a_section_it_has_not_seen():
    from electrodej.networks.stardist.candidates import predict_sections
    from electrodej.networks.stardist.instances import choose, draw
    from electrodej.networks.stardist.model import load_stardist
    from electrodej.networks.stardist.patches import without_small
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


def test_nmc_shapes_makes_one_particle_of_two_halves():
    from electrodej.fusion.shapes import render
    from electrodej.networks.stardist.candidates import predict_sections
    from electrodej.networks.stardist.instances import choose, draw
    from electrodej.networks.stardist.model import load_stardist
    from electrodej.score import InstanceSettings, score_instances

    y, x = np.ogrid[:256, :256]
    truth = np.zeros((256, 256), np.uint16)
    for number in range(9):
        row, column = divmod(number, 3)
        truth[(y - 45 - 83 * row) ** 2 + (x - 45 - 83 * column) ** 2 < 24**2] = number + 1
    halves = truth.copy()
    halves[(truth == 5) & (x > 130)] = 10
    assert score_instances(halves, truth, settings=InstanceSettings(thresholds=(0.75,))).at(
        0.75
    ).f1 == pytest.approx(2 * 8 / (9 + 10))
    model = load_stardist(find_model("nmc-shapes"))
    image = normalise(render(halves), model.info.percentiles)
    offered = predict_sections(model, image[np.newaxis], threshold=model.probability_threshold)[0].candidates
    found = draw(choose(offered, overlap=model.overlap_threshold), truth.shape, factor=(1.0, 1.0))
    assert score_instances(found, truth, settings=InstanceSettings(thresholds=(0.75,))).at(0.75).f1 == 1
