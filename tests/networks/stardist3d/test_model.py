"""The network, its ONNX file, tiles, and a volume brought to size."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.models.info import ModelInfo
from electrodej.networks.stardist3d.model import is_solid, load_solid, write_solid
from electrodej.networks.stardist3d.predict import plan_spans, predict_bodies
from electrodej.networks.stardist3d.resample import bring
from electrodej.networks.stardist3d.settings import Plan, plan_halvings
from electrodej.volume import ArrayVolume

RAYS = 16
# Long voxels, so that no axis can stand for another.
SPACING = (0.6, 0.3, 0.3)
PLAN = Plan(plan_halvings(SPACING, grid=2, depth=1), RAYS, 4)


@pytest.fixture(scope="module")
def network():
    keras = pytest.importorskip("keras")
    from electrodej.networks.stardist3d.network import build_network

    keras.utils.set_random_seed(4)
    network = build_network(PLAN.halvings, rays=RAYS, filters=PLAN.filters)
    chance = np.random.default_rng(1)
    # Normalisations that do something.
    network.set_weights(
        [
            np.abs(each) + chance.uniform(0.2, 0.6, each.shape) if each.ndim == 1 else each
            for each in network.get_weights()
        ]
    )
    # Probabilities between 0 and 1, not at either end, where all cells would be alike.
    kernel, bias = network.get_layer("prob").get_weights()
    network.get_layer("prob").set_weights([0.02 * kernel, bias])
    return network


@pytest.fixture(scope="module")
def folder(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("solid")
    info = ModelInfo(
        kind="stardist3d", channels_out=1 + RAYS, rays=RAYS, spacing=SPACING, context=24, size_divisor=4
    )
    write_solid(folder, network, info, PLAN)
    return folder


def test_the_light_engine_says_what_keras_says(folder, network):
    model = load_solid(folder)
    assert model.engine.name == "OpenVINO"
    volume = np.random.default_rng(0).random((1, 12, 24, 16, 1), dtype=np.float32)
    chance, reach = (np.asarray(each) for each in network.predict_on_batch(volume))
    found = model.engine.run(volume)
    assert found.shape == (1, 12, 12, 8, 1 + RAYS)
    assert np.abs(found[..., :1] - chance).max() < 2e-3  # weights in half precision
    assert np.abs(found[..., 1:] - reach).max() < 2e-3 * np.abs(reach).max()


def test_a_folder_without_weights_for_keras_is_trained_further_from_those_of_its_light_engine(
    folder, tmp_path
):
    from electrodej.networks.stardist3d.model import network_of

    bundled = shutil.copytree(folder, tmp_path / "bundled", ignore=shutil.ignore_patterns("*.h5"))
    network, plan = network_of(bundled)
    assert plan == PLAN
    volume = np.random.default_rng(3).random((1, 12, 24, 16, 1), dtype=np.float32)
    found = load_solid(bundled).engine.run(volume)
    chance, reach = (np.asarray(each) for each in network.predict_on_batch(volume))
    np.testing.assert_allclose(found[..., :1], chance, atol=1e-5)
    np.testing.assert_allclose(found[..., 1:], reach, atol=1e-4 * np.abs(reach).max())

    other = json.loads((bundled / "solid.json").read_text())
    (bundled / "solid.json").write_text(json.dumps(other | {"filters": 6}))
    with pytest.raises(InputError, match="is not the network"):
        network_of(bundled)


def test_tiles_give_what_the_whole_volume_gives(folder):
    model = load_solid(folder)
    grey = np.random.default_rng(2).random((76, 144, 140), dtype=np.float32)
    shape = grey.shape
    small = plan_spans(shape, model, 1_250_000)
    assert all(len(along) > 1 for along in small)
    from electrodej.networks.stardist3d import predict

    whole, count = predict_bodies(grey, model, probability=0.05)
    assert count == 1
    tiled, tiles = predict._predicted(grey, model, small, 0.05, _levels(grey, model), _run())
    assert tiles > 8
    assert len(whole) > 20
    assert {tuple(c) for c in tiled.centres} == {tuple(c) for c in whole.centres}
    order, other = (np.lexsort(each.centres.T) for each in (whole, tiled))
    assert np.allclose(tiled.distances[other], whole.distances[order], atol=1e-3)


def _levels(grey, model):
    low, high = np.percentile(grey, model.info.percentiles)
    return float(low), float(high)


def _run():
    from electrodej.run import Run

    return Run()


def test_a_volume_brought_to_size_holds_the_means_of_its_voxels():
    grey = np.random.default_rng(0).integers(0, 255, (12, 16, 20)).astype(np.uint8)
    volume = ArrayVolume(grey, spacing=(0.1, 0.1, 0.1))
    ((start, smaller),) = bring(volume, (6, 4, 5))
    assert start == 0
    means = grey.reshape(6, 2, 4, 4, 5, 4).mean((1, 3, 5))
    assert np.allclose(smaller, means, atol=1e-3)
    whole = np.concatenate([slab for _, slab in bring(volume, (5, 16, 20))])
    assert np.allclose(whole.mean((1, 2)).mean(), grey.mean(), atol=0.5)
    ramp = np.repeat(np.arange(10.0, dtype=np.float32), 4).reshape(10, 2, 2)
    ((_, larger),) = bring(ArrayVolume(ramp, spacing=(0.2, 0.1, 0.1)), (20, 2, 2))
    assert np.allclose(larger[1:-1, 0, 0], np.arange(18) * 0.5 + 0.25)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("solid.json", {"rays": 10**9}),
        ("solid.json", {"pools": [[2, 2, 2]] * 50}),
        ("solid.json", {"grid": [2, 2]}),
        ("solid.json", {"filters": "32"}),
        ("solid.json", {"more": 1}),
        ("electrodej.json", {"kind": "stardist"}),
        ("electrodej.json", {"spacing": None}),
    ],
)
def test_a_damaged_description_is_refused_in_words(folder, tmp_path, name, change):
    for each in folder.iterdir():
        (tmp_path / each.name).write_bytes(each.read_bytes())
    said = json.loads((tmp_path / name).read_text())
    (tmp_path / name).write_text(json.dumps(said | change))
    with pytest.raises(InputError):
        load_solid(tmp_path)


def test_what_takes_a_model_of_sections_says_so(folder):
    from electrodej.models import load_folder
    from electrodej.networks.stardist import load_stardist

    for load in (load_folder, load_stardist):
        with pytest.raises(InputError, match="model of volumes"):
            load(folder)


def test_onnx_of_another_model_or_with_more_than_arithmetic_is_not_run(folder, tmp_path):
    import hashlib

    import onnx

    for each in folder.iterdir():
        (tmp_path / each.name).write_bytes(each.read_bytes())
    network = onnx.load(tmp_path / "model.onnx")
    network.graph.node[-1].op_type = "Loop"
    (tmp_path / "model.onnx").write_bytes(network.SerializeToString())
    with pytest.raises(InputError, match="not the one"):
        load_solid(tmp_path)
    said = json.loads((tmp_path / "electrodej.json").read_text())
    said["onnx_sha256"] = hashlib.sha256((tmp_path / "model.onnx").read_bytes()).hexdigest()
    (tmp_path / "electrodej.json").write_text(json.dumps(said))
    with pytest.raises(InputError, match="Loop"):
        load_solid(tmp_path)
    assert is_solid(tmp_path)
    assert not is_solid(tmp_path / "nothing")
