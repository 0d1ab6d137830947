"""What cannot become a zip: one clear line, nothing run from the file, nothing written."""

from __future__ import annotations

import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from electrodej.errors import InputError, OutputError
from electrodej.export import export_model

layers = keras.layers


def refused(model: Path, tmp_path: Path, message: str) -> None:
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    with pytest.raises(InputError, match=message) as caught:
        export_model(model, out / "model.zip")
    assert len(str(caught.value).splitlines()) == 1
    assert not list(out.iterdir())


def saved(model: Any, tmp_path: Path) -> Path:
    path = tmp_path / "model.keras"
    model.save(path)
    return path


def image(channels: int = 1) -> Any:
    return keras.Input((None, None, channels))


def edited(path: Path, edit: Callable[[str], str]) -> Path:
    """Change the description of the layers inside a Keras file."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["config.json"] = edit(content["config.json"].decode()).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


@pytest.fixture
def stardist_folder(data: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(data / "stardist-keras-2.15", folder)
    return folder


def change_config(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))


def test_lambda_layer_in_a_keras_file(tmp_path: Path) -> None:
    source = image()
    model = keras.Model(
        source, layers.Lambda(lambda x: x * 2, name="twice", output_shape=(None, None, 1))(source)
    )
    refused(saved(model, tmp_path), tmp_path, "'twice' is a Lambda layer")


def test_lambda_layer_in_an_h5_file(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    config = {
        "class_name": "Sequential",
        "config": {"layers": [{"class_name": "Lambda", "config": {"name": "evil"}}]},
    }
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
    refused(path, tmp_path, "'evil' is a Lambda layer")


@pytest.mark.parametrize(
    ("module", "kind"),
    [("os", "system"), ("keras.utils", "get_file"), ("keras.src.utils.file_utils", "get_file")],
)
def test_a_file_that_asks_for_other_code(module: str, kind: str, tmp_path: Path) -> None:
    path = saved(keras.Model(source := image(), layers.ReLU()(source)), tmp_path)

    def edit(text: str) -> str:
        config = json.loads(text)
        config["config"]["layers"][1]["config"]["activity_regularizer"] = {
            "module": module,
            "class_name": kind,
            "config": {},
            "registered_name": kind,
        }
        return json.dumps(config)

    refused(edited(path, edit), tmp_path, f"asks for the code of '{module}.{kind}'")


def test_a_function_named_in_the_file(tmp_path: Path) -> None:
    path = saved(keras.Model(source := image(), layers.ReLU()(source)), tmp_path)
    function = {
        "module": "builtins",
        "class_name": "function",
        "config": "print",
        "registered_name": "function",
    }

    def edit(text: str) -> str:
        config = json.loads(text)
        config["config"]["layers"][1]["config"]["activity_regularizer"] = function
        return json.dumps(config)

    refused(edited(path, edit), tmp_path, "asks for the code of")


def test_a_pickle_inside_a_keras_file(tmp_path: Path) -> None:
    path = saved(keras.Model(source := image(), layers.ReLU()(source)), tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("extra.pkl", pickle.dumps({"a": 1}))
    refused(path, tmp_path, r"holds 'extra\.pkl'")


def test_a_pickle_called_keras(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(pickle.dumps({"weights": [1, 2]}))
    refused(path, tmp_path, "Python pickle")


def test_two_inputs(tmp_path: Path) -> None:
    first, second = image(), image()
    model = keras.Model([first, second], layers.Add()([first, second]))
    refused(saved(model, tmp_path), tmp_path, "has 2 inputs")


def test_two_outputs(tmp_path: Path) -> None:
    source = image()
    model = keras.Model(source, [layers.ReLU()(source), layers.Softmax()(source)])
    refused(saved(model, tmp_path), tmp_path, "has 2 outputs")


def test_output_smaller_than_the_input(tmp_path: Path) -> None:
    model = keras.Model(source := image(), layers.MaxPooling2D(2)(source))
    refused(saved(model, tmp_path), tmp_path, "for 256x256 it is 128x128")


def test_a_classifier(tmp_path: Path) -> None:
    model = keras.Model(source := image(), layers.GlobalAveragePooling2D()(source))
    refused(saved(model, tmp_path), tmp_path, "Fiji needs an image")


def test_a_network_for_one_size_only(tmp_path: Path) -> None:
    source = keras.Input((8, 8, 1))
    model = keras.Model(source, layers.Reshape((8, 8, 1))(layers.Dense(64)(layers.Flatten()(source))))
    refused(saved(model, tmp_path), tmp_path, "build it without layers for one size")


def test_a_volume_network(tmp_path: Path) -> None:
    source = keras.Input((None, None, None, 1))
    refused(saved(keras.Model(source, layers.ReLU()(source)), tmp_path), tmp_path, "takes volumes")


def test_half_precision(tmp_path: Path) -> None:
    model = keras.Model(source := image(), layers.Conv2D(1, 1, dtype="float16")(source))
    refused(saved(model, tmp_path), tmp_path, "float16, and Fiji needs float32")


def test_weights_without_their_network(data: Path, tmp_path: Path) -> None:
    refused(data / "stardist-keras-2.15" / "weights_best.h5", tmp_path, "holds weights only")


def test_weights_of_another_network(stardist_folder: Path, tmp_path: Path) -> None:
    change_config(stardist_folder, n_rays=9)
    refused(stardist_folder, tmp_path, r"weights_best\.h5 does not fit the network")


@pytest.mark.slow
@pytest.mark.parametrize("keep", [0, 100, 20_000])
def test_a_truncated_h5_file(keep: int, stardist_folder: Path, tmp_path: Path) -> None:
    weights = stardist_folder / "weights_best.h5"
    weights.write_bytes(weights.read_bytes()[:keep])
    refused(stardist_folder, tmp_path, r"weights_best\.h5 is damaged")


def test_an_h5_file_that_refers_to_another(stardist_folder: Path, tmp_path: Path) -> None:
    with h5py.File(stardist_folder / "weights_best.h5", "a") as file:
        file["secret"] = h5py.ExternalLink("other.h5", "/data")
    refused(stardist_folder, tmp_path, "refers to another file")


def test_a_3d_stardist(stardist_folder: Path, tmp_path: Path) -> None:
    change_config(stardist_folder, axes="ZYXC", n_dim=3)
    refused(stardist_folder, tmp_path, "3D StarDist model")


def test_a_config_with_an_unknown_setting(stardist_folder: Path, tmp_path: Path) -> None:
    change_config(stardist_folder, unknown_setting=1)
    refused(stardist_folder, tmp_path, "unknown_setting")


def test_a_config_that_is_no_json(stardist_folder: Path, tmp_path: Path) -> None:
    (stardist_folder / "config.json").write_text("{")
    refused(stardist_folder, tmp_path, "not valid JSON")


def test_a_folder_without_weights(stardist_folder: Path, tmp_path: Path) -> None:
    (stardist_folder / "weights_best.h5").unlink()
    refused(stardist_folder, tmp_path, "holds no weights")


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", tmp_path, "is no model folder")


def test_nothing_there(tmp_path: Path) -> None:
    refused(tmp_path / "missing", tmp_path, "there is no such model")


def test_a_keras_zip_that_leaves_its_folder(tmp_path: Path) -> None:
    path = saved(keras.Model(source := image(), layers.ReLU()(source)), tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../outside", b"x")
    refused(path, tmp_path, "points outside it")


def test_a_layer_that_tensorflow_1_15_lacks_is_named() -> None:
    import tensorflow as tf

    from electrodej.export.exporter import zip_bytes
    from electrodej.export.sources import ready_for_fiji
    from electrodej.models.info import ModelInfo

    class Odd(layers.Layer):
        def call(self, x: Any) -> Any:
            return tf.raw_ops.ApproxTopK(input=x, k=1, is_max_k=True)[0] + x

        def compute_output_spec(self, x: Any) -> Any:
            return keras.KerasTensor(x.shape, x.dtype)

    model = keras.Model(source := image(), Odd(name="newfangled")(source))
    with pytest.raises(
        InputError, match=r"layer 'newfangled' \(ApproxTopK\): TensorFlow 1.15 has no operation"
    ):
        zip_bytes(ready_for_fiji(model, ModelInfo(kind="keras")))


def test_the_zip_must_be_called_zip(data: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"must end in \.zip"):
        export_model(data / "stardist-keras-2.15", tmp_path / "model.tar")


def test_nothing_is_executed_when_a_lambda_is_refused(tmp_path: Path) -> None:
    mark = tmp_path / "was-run"
    source = image()

    def act(x: Any) -> Any:
        np.save(mark, [1])
        return x

    model = keras.Model(source, layers.Lambda(act, output_shape=(None, None, 1))(source))
    path = saved(model, tmp_path)
    mark.with_suffix(".npy").unlink(missing_ok=True)
    refused(path, tmp_path, "Lambda layer")
    assert not mark.with_suffix(".npy").exists()


def test_an_h5_file_that_promises_more_than_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("weights", (2**20, 2**20), "f8", chunks=(1024, 1024), compression="gzip")
        file.attrs["model_config"] = "{}"
    assert path.stat().st_size < 100_000
    refused(path, tmp_path, "more than 1024 MiB")


@pytest.mark.slow
@pytest.mark.parametrize("config", [3, 2.5, [1, 2], h5py.Empty("f4"), np.bytes_(b"\xff")])
def test_an_h5_file_whose_layers_are_described_by_something_else(tmp_path: Path, config: Any) -> None:
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = config
    refused(path, tmp_path, r"model\.h5")


@pytest.mark.slow
@pytest.mark.parametrize("version", [3, None, [], "x", {"a": 1}, "9" * 400])
def test_a_keras_file_of_a_strange_version(tmp_path: Path, version: Any) -> None:
    path = saved(keras.Sequential([image(), layers.Conv2D(1, 1)]), tmp_path)
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["metadata.json"] = json.dumps({"keras_version": version}).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    said = ""
    try:
        export_model(path, tmp_path / "model.zip")
    except InputError as error:
        said = str(error)
    assert said == "" or ("model.keras" in said and len(said.splitlines()) == 1)
