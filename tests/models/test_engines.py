"""Which engine runs a network, and that all of them say the same."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.errors import InputError, UsageError
from electrodej.models import bundled_models, load_model
from electrodej.models.engines import choice
from electrodej.models.engines.tensorflow_zip import TensorflowZip
from electrodej.verbs import do, find
from electrodej.volume import write_volume

IMAGES = np.random.default_rng(0).random((5, 64, 96, 1), np.float32)


@pytest.fixture
def grey(tmp_path: Path) -> Path:
    path = tmp_path / "grey.tif"
    image = np.random.default_rng(1).integers(0, 255, (48, 64), np.uint8)
    write_volume(path, image[np.newaxis], spacing=(0.14,) * 3)
    return path


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A bundled zip and its JSON, as somebody would copy them."""
    for end in (".zip", ".json"):
        shutil.copy(bundled_models()["nmc-shapes"] / f"model{end}", tmp_path / f"mine{end}")
    return tmp_path / "mine.zip"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nmc-particles", "nmc-phases", "nmc-cracks"])
def test_openvino_gives_what_tensorflow_gives_for_each_cell_of_the_grid(name: str):
    model = load_model(name, engine="openvino")
    down, right = model.info.grid
    with TensorflowZip(bundled_models()[name] / "model.zip") as engine:
        wanted = engine.run(IMAGES)[:, ::down, ::right]
    found = model.engine.run(IMAGES)
    # Distances, in pixels, may be off by the last digits of single precision; probabilities by less.
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=2e-4)
    np.testing.assert_allclose(found[..., :1], wanted[..., :1], atol=1e-5)
    # One after the other, of changing sizes, they are the same as side by side.
    for image, each in zip(IMAGES[:2], found, strict=False):
        np.testing.assert_allclose(model.engine.run(image[np.newaxis])[0], each, atol=1e-5)
        assert model.engine.run(image[np.newaxis, :32]).shape[1] == 32 // down


# A network that is given up on another thread than the one that ran it first.
GIVEN_UP = """
import gc, signal, threading
import numpy as np
from electrodej.models.model import load_model
kept = [load_model("nmc-particles", engine="openvino").engine]
kept[0].run(np.zeros((1, 64, 64, 1), np.float32))
def drop():
    kept.clear()
    gc.collect()
thread = threading.Thread(target=drop)
thread.start()
thread.join()
signal.signal(signal.SIGINT, lambda *_: print("heard"))
signal.raise_signal(signal.SIGINT)
"""


@pytest.mark.slow
def test_ctrl_c_is_heard_after_a_network_was_given_up():
    done = subprocess.run([sys.executable, "-c", GIVEN_UP], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "heard\n"), done.stderr


@pytest.mark.parametrize("verb", ["segment particles", "segment phases", "fuse", "run", "demo"])
def test_every_verb_that_runs_a_network_takes_the_engine(verb: str):
    named = {option.name: option for option in find(verb).options.options()}
    assert named["engine"].default == "auto"
    with pytest.raises(ValueError, match="openvino"):
        named["engine"].kind.read("openvinno")


@pytest.mark.slow
def test_the_engine_that_is_asked_for_computes_and_is_told(grey: Path, tmp_path: Path):
    for engine, name in (("auto", "OpenVINO"), ("keras", "Keras")):
        found = do("segment particles", grey, out=tmp_path / f"{engine}.tif", engine=engine)
        assert found.numbers["engine"] == name
    found = do("segment phases", grey, model="nmc-cracks", out=tmp_path / "c.tif", engine="openvino")
    assert found.numbers["engines"] == ["OpenVINO"]


def test_an_engine_where_it_means_nothing_is_refused(grey: Path, tmp_path: Path):
    with pytest.raises(UsageError, match="watershed is none"):
        do("segment particles", grey, model="watershed", engine="keras", out=tmp_path / "o.tif")
    with pytest.raises(UsageError, match="openvino cannot drop"):
        do("segment phases", grey, model="nmc-phases", dropout=2, engine="openvino", out=tmp_path / "o.tif")
    with pytest.raises(UsageError, match="--engine is for a model"):
        do("fuse", xy=grey, xz=tmp_path / "b.tif", yz=tmp_path / "c.tif", engine="keras", out="o.tif")


def test_onnx_runtime_wants_the_model_that_was_exported_with_the_zip(exported: Path):
    with pytest.raises(InputError, match=r"mine\.onnx is missing"):
        load_model(exported, engine="onnxruntime")
    about: dict[str, Any] = json.loads(exported.with_suffix(".json").read_text())
    exported.with_suffix(".json").write_text(json.dumps({**about, "onnx_sha256": "0" * 64}))
    from onnx import TensorProto, helper

    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 4, 4, 1]) for n in ("input", "output")]
    graph = helper.make_graph(
        [helper.make_node("Relu", ["input"], ["output"])], "g", [values[0]], [values[1]]
    )
    exported.with_suffix(".onnx").write_bytes(helper.make_model(graph).SerializeToString())
    with pytest.raises(InputError, match=r"mine\.onnx is not the one that was exported with mine\.zip"):
        load_model(exported, engine="onnxruntime")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nmc-shapes", "nmc-phases", "nmc-cracks"])
def test_onnx_runtime_runs_bundled_models_though_a_wheel_holds_no_onnx(name: str):
    found = load_model(name, engine="onnxruntime").engine
    assert found.name == "ONNX Runtime"
    wanted = load_model(name, engine="openvino").engine.run(IMAGES)
    np.testing.assert_allclose(found.run(IMAGES), wanted, rtol=1e-5, atol=2e-4)


def test_an_onnx_model_made_of_another_zip_is_refused(exported: Path):
    recipe = exported.with_name("mine.onnx-recipe.json")
    shutil.copy(bundled_models()["nmc-particles"] / "model.onnx-recipe.json", recipe)
    with pytest.raises(InputError, match=r"mine\.onnx-recipe\.json does not belong to the zip"):
        load_model(exported, engine="onnxruntime")
    recipe.write_text('{"pieces": [{"constant": "nothing", "order": [0]}]}')
    with pytest.raises(InputError, match=r"mine\.onnx-recipe\.json is damaged"):
        load_model(exported, engine="onnxruntime")


@pytest.mark.slow
def test_the_bundled_way_to_onnx_is_that_of_an_export(exported: Path):
    from electrodej.export.onnx_recipe import write_recipe

    bundled = bundled_models()["nmc-shapes"] / "model.onnx-recipe.json"
    assert write_recipe(exported).read_bytes() == bundled.read_bytes()


def test_the_report_names_the_graphics_card_first_where_there_is_one(monkeypatch: pytest.MonkeyPatch):
    assert choice.engine_report()[0].startswith("openvino, on the processor")
    monkeypatch.setattr(choice, "_graphics", lambda: ("CUDA",))
    assert choice.engine_report()[0].startswith("onnxruntime, on the graphics card (CUDA)")


def test_without_openvino_a_bundled_model_runs_in_onnx_runtime_and_without_that_in_keras(
    monkeypatch: pytest.MonkeyPatch,
):
    installed = choice.has
    monkeypatch.setattr(choice, "has", lambda engine: engine != "openvino" and installed(engine))
    assert load_model("nmc-shapes").engine.name == "ONNX Runtime"
    light = ("openvino", "onnxruntime")
    monkeypatch.setattr(choice, "has", lambda engine: engine not in light and installed(engine))
    assert load_model("nmc-shapes").engine.name == "Keras"
