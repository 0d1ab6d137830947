"""The same network in ONNX, and the one file that bioimage.io reads."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.export import Export, export_model, verify_zip
from electrodej.models.engines.onnxruntime import OnnxRuntimeEngine
from electrodej.models.engines.openvino import OpenVinoEngine
from electrodej.models.engines.tensorflow_zip import TensorflowZip
from electrodej.models.safety.onnx_graph import read_onnx


@pytest.fixture(scope="module")
def packaged(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Export:
    """A StarDist model, exported with its package."""
    out = tmp_path_factory.mktemp("packaged") / "cells.zip"
    return export_model(data / "stardist-keras-2.15", out, package=True)


def _named(packaged: Export, end: str) -> Path:
    return next(path for path in packaged.files if path.name == f"cells{end}")


@pytest.mark.parametrize("size", [(64, 64), (96, 160)])
def test_onnx_gives_what_the_zip_gives_in_both_engines(packaged: Export, size: tuple[int, int]):
    content = _named(packaged, ".onnx").read_bytes()
    channels = read_onnx(content).channels
    image = np.random.default_rng(1).random((2, *size, 1), np.float32)
    with TensorflowZip(_named(packaged, ".zip")) as engine:
        wanted = engine.run(image)
    for found in (
        OpenVinoEngine(content, "onnx", channels=channels).run(image),
        OnnxRuntimeEngine(content, channels=channels).run(image),
    ):
        assert channels == wanted.shape[-1]
        np.testing.assert_allclose(found, wanted, atol=1e-4 * max(1, np.abs(wanted).max()))


def test_the_engine_gives_the_grid_alone_where_it_is_asked(packaged: Export):
    from electrodej.models import load_model

    path = _named(packaged, ".zip")
    loaded = load_model(path)
    down, right = loaded.info.grid
    assert down > 1
    image = np.random.default_rng(2).random((1, 64, 64, 1), np.float32)
    with TensorflowZip(path) as engine:
        wanted = engine.run(image)[:, ::down, ::right]
    np.testing.assert_allclose(loaded.engine.run(image), wanted, atol=1e-4)


@pytest.mark.slow
def test_the_same_model_gives_the_same_onnx(packaged: Export, data: Path, tmp_path: Path):
    again = export_model(data / "stardist-keras-2.15", tmp_path / "cells.zip", package=True)
    for end in (".onnx", ".bioimage.io.zip"):
        assert _named(again, end).read_bytes() == _named(packaged, end).read_bytes()


def test_the_package_holds_a_card_named_rdf_yaml_and_all_that_it_refers_to(packaged: Export):
    with zipfile.ZipFile(_named(packaged, ".bioimage.io.zip")) as archive:
        names = archive.namelist()
        assert names[0] == "rdf.yaml"
        assert {"cells.zip", "cells.onnx", "cells.md", "cells.test-input.npy"} <= set(names)
        assert archive.read("cells.zip") == _named(packaged, ".zip").read_bytes()
        with zipfile.ZipFile(io.BytesIO(archive.read("cells.zip"))) as inner:
            assert "saved_model.pb" in inner.namelist()


def test_the_test_images_of_the_package_are_reproduced_by_its_onnx(packaged: Export):
    with zipfile.ZipFile(_named(packaged, ".bioimage.io.zip")) as archive:
        content = archive.read("cells.onnx")
        image, wanted = (
            np.load(io.BytesIO(archive.read(f"cells.test-{which}.npy"))) for which in ("input", "output")
        )
    # As the card says: percentiles 1 and 99.8 over Y and X become 0 and 1.
    low, high = np.percentile(image, (1.0, 99.8))
    prepared = ((image - low) / (high - low + 1e-6)).astype(np.float32)
    found = OnnxRuntimeEngine(content, channels=wanted.shape[-1]).run(prepared)
    np.testing.assert_allclose(found, wanted, atol=1e-4 * max(1, np.abs(wanted).max()))


def test_onnx_runtime_prints_nothing_of_a_model_that_it_cannot_load(packaged: Export, capfd: Any):
    """Of a name that is no text it would try twice, and print that where ``--json`` answers."""
    content = _named(packaged, ".onnx").read_bytes()
    assert b"Relu" in content
    with pytest.raises(InputError, match="ONNX Runtime does not read the network"):
        OnnxRuntimeEngine(content.replace(b"Relu", b"\xfdelu"), channels=1)
    assert capfd.readouterr() == ("", "")


def test_without_a_cards_driver_the_processor_computes(packaged: Export, monkeypatch: pytest.MonkeyPatch):
    import onnxruntime

    def session(content: bytes, options: Any, *, providers: list[Any], **more: Any) -> Any:
        if providers != ["CPUExecutionProvider"]:
            raise RuntimeError("CUDA failure 35: CUDA driver version is insufficient")
        return onnxruntime.InferenceSession(content, options, providers=providers, **more)

    built_for_cards = SimpleNamespace(
        InferenceSession=session,
        SessionOptions=onnxruntime.SessionOptions,
        get_available_providers=lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"],
    )
    monkeypatch.setattr("electrodej.models.engines.onnxruntime._runtime", lambda: built_for_cards)
    engine = OnnxRuntimeEngine(_named(packaged, ".onnx").read_bytes(), channels=1)
    assert not engine.on_graphics
    assert np.isfinite(engine.run(np.zeros((1, 64, 64, 1), np.float32))).all()


# In a process of its own: what the validator leaves open is not ours to close.
_VALIDATE = """
import json, sys
from bioimageio.spec import ValidationContext, load_description
from bioimageio.spec.model.v0_5 import ModelDescr
with ValidationContext(perform_io_checks=True):
    model = load_description(sys.argv[1])
assert isinstance(model, ModelDescr), model.validation_summary.format()
weights = model.weights
print(json.dumps({
    "onnx": weights.onnx is not None,
    "tensorflow": str(weights.tensorflow_saved_model_bundle.tensorflow_version),
    "thresholds": sorted(model.config.model_dump()["stardist"]["thresholds"]),
}))
"""


@pytest.mark.slow
def test_bioimageio_validates_the_package(packaged: Export):
    words = [sys.executable, "-c", _VALIDATE, str(_named(packaged, ".bioimage.io.zip"))]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["onnx"]
    assert found["tensorflow"].startswith("1.")
    assert found["thresholds"] == ["nms", "prob"]


@pytest.mark.slow
def test_verify_proves_the_onnx_model_and_notices_another(
    packaged: Export, exported: Callable[[str], Path], tf115: Any, tmp_path: Path
):
    found = verify_zip(_named(packaged, ".zip"), tf115=tf115)
    assert found.runs_in_fiji, found.findings
    assert found.onnx_difference is not None
    assert found.onnx_difference < 1e-3
    for end in (".zip", ".json"):
        (tmp_path / f"cells{end}").write_bytes(_named(packaged, end).read_bytes())
    other = exported("stardist-keras-2.3.1").with_suffix(".onnx")
    (tmp_path / "cells.onnx").write_bytes(other.read_bytes())
    wrong = verify_zip(tmp_path / "cells.zip", tf115=tf115)
    assert wrong.runs_in_fiji is False
    assert any(finding.check == "onnx" and finding.status == "problem" for finding in wrong.findings)


class Failing:
    """An engine that gives no numbers, or that does not run."""

    name = "stand-in"

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    def run(self, images: Any) -> Any:
        if self.error is not None:
            raise self.error
        return np.full((*images.shape[:3], 7), np.nan, np.float32)


@pytest.mark.slow
@pytest.mark.parametrize(("error", "said"), [(None, "differ by nan"), (InputError("it wants 512"), "512")])
def test_verify_takes_no_nan_and_no_failure_for_fine(
    packaged: Export, tf115: Any, monkeypatch: pytest.MonkeyPatch, error: Exception | None, said: str
):
    monkeypatch.setattr("electrodej.export.verify.engine_for_onnx", lambda _path, _channels: Failing(error))
    found = verify_zip(_named(packaged, ".zip"), tf115=tf115)
    assert found.runs_in_fiji is False
    (finding,) = [each for each in found.findings if each.check == "onnx"]
    assert (finding.status, said in finding.text) == ("problem", True)
