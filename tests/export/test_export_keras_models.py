"""Models of today's Keras: every kind of file, run in TensorFlow Java 1.15."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from electrodej.export import export_model, verify_zip
from electrodej.export.exporter import zip_bytes
from electrodej.export.sources import load_source
from electrodej.models import read_info


def plain(shape: tuple[int | None, ...] = (None, None, 1), **options: Any) -> Any:
    return keras.Sequential(
        [keras.Input(shape), keras.layers.Conv2D(2, 5, padding="same", activation="tanh", **options)]
    )


def randomised(model: Any) -> Any:
    random = np.random.default_rng(3)
    model.set_weights([random.normal(0, 0.2, weight.shape) for weight in model.get_weights()])
    return model


@pytest.mark.slow
def test_unet_with_batch_norm_gives_the_numbers_of_keras_in_tensorflow_1_15(
    unet_file: Path, tmp_path: Path, tf115: Any
) -> None:
    done = export_model(unet_file, tmp_path / "unet.zip")
    found = verify_zip(done.files[0], source=unet_file, tf115=tf115)
    assert found.runs_in_fiji is True, found.findings
    assert found.compared_with == "Keras"
    assert found.difference is not None
    assert found.difference <= 1e-5
    assert (done.info.channels_in, done.info.channels_out, done.info.size_divisor) == (2, 3, 4)


def test_a_model_for_one_size_is_exported_for_all_sizes(unet_file: Path) -> None:
    assert load_source(unet_file).model.input_shape == (None, None, None, 2)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_plain_keras_files_run_in_tensorflow_1_15(suffix: str, tmp_path: Path, tf115: Any) -> None:
    path = tmp_path / f"plain{suffix}"
    model = randomised(plain())
    model.save(path)
    done = export_model(path, tmp_path / "plain.zip")
    found = verify_zip(done.files[0], tf115=tf115)
    assert found.runs_in_fiji is True, found.findings
    image = np.random.default_rng(0).uniform(0, 1, (1, 20, 30, 1)).astype(np.float32)
    with zipfile.ZipFile(done.files[0]) as archive:
        archive.extractall(tmp_path / "unpacked")
    tf115.load(tmp_path / "unpacked")
    wanted = np.asarray(model(image))
    np.testing.assert_allclose(tf115.run(image, input="input", output="output"), wanted, rtol=0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("weights", ["weights_best.h5", "weights_best.weights.h5"])
def test_a_stardist_folder_of_today_runs_in_tensorflow_1_15(weights: str, tmp_path: Path, tf115: Any) -> None:
    from stardist.models import Config2D, StarDist2D

    config = Config2D(
        n_rays=4, grid=(2, 2), n_classes=2, unet_n_filter_base=4, unet_n_depth=1, net_conv_after_unet=6
    )
    network = StarDist2D(config, name="mine", basedir=str(tmp_path))
    # CSBDeep's own way of saving writes the old format, and warns of the new one.
    if weights.endswith(".weights.h5"):
        keras.Model.save_weights(network.keras_model, tmp_path / "mine" / weights)
    else:
        network.keras_model.save_weights(tmp_path / "mine" / weights)
    done = export_model(tmp_path / "mine", tmp_path / "mine.zip")
    found = verify_zip(done.files[0], source=tmp_path / "mine", tf115=tf115)
    assert found.runs_in_fiji is True, found.findings
    assert done.info.channels_out == 5
    assert done.info.name == "mine"


def test_a_folder_of_ours_brings_its_own_settings(tmp_path: Path, tf115: Any) -> None:
    folder = tmp_path / "phases"
    folder.mkdir()
    randomised(plain()).save(folder / "model.keras")
    settings = {
        "format": "electrodej-model",
        "version": 1,
        "kind": "unet",
        "name": "Two phases",
        "classes": ["pore", "particle"],
        "percentiles": [0.5, 99.5],
        "spacing": [0.07, 0.07, 0.07],
    }
    (folder / "electrodej.json").write_text(json.dumps(settings))
    done = export_model(folder, tmp_path / "phases.zip")
    info = read_info(tmp_path / "phases.json")
    assert info == done.info
    assert (info.name, info.classes, info.percentiles) == ("Two phases", ("pore", "particle"), (0.5, 99.5))
    assert info.channels_out == 2
    assert verify_zip(done.files[0], tf115=tf115).runs_in_fiji is True


def test_our_settings_overlay_those_of_a_stardist_folder(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(data / "stardist-keras-2.15", folder)
    own = {"format": "electrodej-model", "version": 1, "kind": "stardist", "probability_threshold": 0.7}
    (folder / "electrodej.json").write_text(json.dumps(own))
    info = load_source(folder).info
    assert (info.probability_threshold, info.overlap_threshold, info.rays) == (0.7, 0.4, 6)


def test_our_settings_overlay_those_of_a_csbdeep_folder_where_they_are_the_usual_ones_too(
    data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(data / "care-keras-2.3.1", folder)
    assert load_source(folder).info.percentiles == (3.0, 99.8)
    own = {"kind": "care", "percentiles": [1.0, 99.8], "name": "", "probability_threshold": None}
    (folder / "electrodej.json").write_text(json.dumps({"format": "electrodej-model", "version": 1, **own}))
    assert load_source(folder).info.percentiles == (1.0, 99.8)


@pytest.mark.slow
def test_the_same_model_gives_the_same_bytes_whatever_was_made_before(unet_file: Path) -> None:
    first = zip_bytes(load_source(unet_file))
    randomised(plain())
    plain()
    assert zip_bytes(load_source(unet_file)) == first


@pytest.mark.slow
def test_another_process_writes_the_same_files(
    exported: Callable[[str], Path], data: Path, tmp_path: Path
) -> None:
    here = exported("stardist-keras-2.15")
    folders = tmp_path / "one", tmp_path / "other"
    for folder in folders:
        folder.mkdir()
        command = ["export", str(data / "stardist-keras-2.15"), "--out", str(folder / here.name), "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "electrodej", *command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert len(json.loads(done.stdout)["files"]) == 8
    one, other = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert one == other
    assert one == {name: (here.parent / name).read_bytes() for name in one}


@pytest.mark.slow
def test_names_given_by_counting_are_counted_anew_and_the_authors_kept(unet_file: Path) -> None:
    from electrodej.export.graph import freeze
    from electrodej.export.rewrite import rewrite

    randomised(plain())
    graph = rewrite(freeze(load_source(unet_file).model))
    layers = {node.name.partition("/")[0] for node in graph.node}
    assert {"input", "output", "conv2d", "conv2d_1", "conv2d_2", "deepest", "batch_normalization"} <= layers
    assert "conv2d_3" not in layers
    assert not any("Mark" in node.name for node in graph.node)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
def test_upsampling_gives_the_numbers_of_keras(interpolation: str) -> None:
    from electrodej.export.sources import ready_for_fiji
    from electrodej.models.engines.tensorflow_zip import TensorflowZip
    from electrodej.models.info import ModelInfo

    image = keras.Input((12, 8, 1))
    small = keras.layers.MaxPooling2D((3, 2))(image)
    model = keras.Model(image, keras.layers.UpSampling2D((3, 2), interpolation=interpolation)(small))
    numbers = np.random.default_rng(1).uniform(0, 1, (1, 12, 8, 1)).astype(np.float32)
    source = ready_for_fiji(model, ModelInfo(kind="keras"))
    with TensorflowZip(zip_bytes(source)) as tf2:
        np.testing.assert_allclose(tf2.run(numbers), np.asarray(model(numbers)), rtol=0, atol=1e-6)
    assert source.info.size_divisor == 6


def test_an_existing_file_is_not_replaced_without_force(unet_file: Path, tmp_path: Path) -> None:
    from electrodej.errors import OutputError

    (tmp_path / "unet.json").write_text("mine")
    with pytest.raises(OutputError, match=r"unet\.json exists already"):
        export_model(unet_file, tmp_path / "unet.zip")
    assert (tmp_path / "unet.json").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["unet.json"]
