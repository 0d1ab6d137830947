"""What a wheel brings of the bundled models: each set of weights once, and all that was possible before."""

from __future__ import annotations

import importlib.util
import shutil
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.export import export_model
from electrodej.models import bundled_models, load_folder, load_model
from electrodej.models.zips import read_zip
from electrodej.networks.semantic import load_model as load_semantic
from electrodej.networks.stardist import load_stardist

ROOT = Path(__file__).parents[2]


def files_of_the_wheel() -> dict[str, str]:
    """Return the models' files by their place in the wheel, as the build is told them."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    told: dict[str, Any] = {"force_include": {}}
    hook = module.BundledModels(str(ROOT), {}, None, None, str(ROOT), "wheel")
    hook.initialize("editable", told)
    assert told["force_include"] == {}
    hook.initialize("standard", told)
    return {place: path for path, place in told["force_include"].items()}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The folder of the models as it lies in an installed wheel."""
    for place, path in files_of_the_wheel().items():
        target = tmp_path / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return tmp_path / "electrodej" / "models" / "weights"


def test_each_set_of_weights_is_there_once_and_the_wheel_stays_small(installed: Path):
    own = {"nmc-regions": {"pyramid.onnx", "classes.onnx"}, "nmc-particles-3d": {"model.onnx"}}
    for name in bundled_models():
        large = {path.name for path in (installed / name).iterdir() if path.stat().st_size > 600_000}
        assert large == own.get(name, {"model.zip"})
    # As a wheel packs them; all else in it is below 1.5 MB.
    assert sum(len(zlib.compress(path.read_bytes())) for path in installed.glob("*/*")) < 18_500_000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nmc-particles", "nmc-phases", "nmc-cracks"])
def test_an_installed_model_is_run_and_trained_further_with_the_same_weights(installed: Path, name: str):
    assert load_model(installed / name).engine.name == "OpenVINO"
    if name == "nmc-particles":
        found, wanted = (load_folder(each)[0] for each in (installed / name, bundled_models()[name]))
    else:
        found, wanted = (load_semantic(each).network for each in (installed / name, name))
    for one, other in zip(found.get_weights(), wanted.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "load"), [("nmc-shapes", load_stardist), ("nmc-phases", load_semantic)])
def test_where_keras_is_asked_for_it_runs_an_installed_model(installed: Path, name: str, load: Any):
    found, wanted = (load(each, engine="keras") for each in (installed / name, name))
    assert found.engine.name == wanted.engine.name == "Keras"
    assert (found.name, found.needs) == (wanted.name, wanted.needs)
    image = np.random.default_rng(0).random((1, 64, 64, 1), np.float32)
    np.testing.assert_array_equal(found.engine.run(image), wanted.engine.run(image))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nmc-shapes", "nmc-phases"])
def test_an_installed_model_is_exported_anew_as_the_zip_that_it_brought(
    installed: Path, name: str, tmp_path: Path
):
    done = export_model(installed / name, tmp_path / "model.zip", name=name, onnx=False)
    assert read_zip(done.files[0]).model == read_zip(installed / name / "model.zip").model


def test_a_zip_of_another_network_is_not_taken_for_the_weights(installed: Path):
    shutil.copy(installed / "nmc-shapes" / "model.zip", installed / "nmc-particles" / "model.zip")
    with pytest.raises(InputError, match="of another network"):
        load_folder(installed / "nmc-particles")
    # Nor is one that was exchanged run in the place of the model.
    with pytest.raises(InputError, match=r"has no model\.zip of its present weights"):
        load_model(installed / "nmc-particles", engine="openvino")
