"""Models of years ago: the same numbers as the exporters of their time, in the TensorFlow of their time."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.models import read_info

TOLERANCE = 1e-5


def answer(tf115: Any, path: Path, image: np.ndarray) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
        tf115.load(folder)
        return tf115.run(image, input="input", output="output")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["stardist-keras-2.3.1", "stardist-grid41-keras-2.3.1", "care-keras-2.3.1"])
def test_zip_gives_the_numbers_of_the_original_exporter(
    name: str, exported: Callable[[str], Path], tf115: Any, data: Path
) -> None:
    with np.load(data / name / "tf1.npz") as reference:
        for size in ("32x48", "64x32"):
            ours = answer(tf115, exported(name), reference[f"input_{size}"])
            theirs = reference[f"output_{size}"]
            assert ours.shape == theirs.shape
            assert np.abs(theirs).max() > 0.1
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE * max(1, np.abs(theirs).max()))


def test_stardist_output_is_thinly_spread_probability_then_repeated_distances(
    exported: Callable[[str], Path], tf115: Any, data: Path
) -> None:
    with np.load(data / "stardist-keras-2.15" / "keras.npz") as keras_2:
        image, probability, distances = keras_2["input"], keras_2["prob"], keras_2["dist"]
    wanted = np.zeros((1, 32, 48, 7), np.float32)
    wanted[:, ::2, ::2, :1] = probability
    wanted[..., 1:] = np.repeat(np.repeat(distances, 2, axis=1), 2, axis=2)
    ours = answer(tf115, exported("stardist-keras-2.15"), image)
    np.testing.assert_allclose(ours, wanted, rtol=0, atol=TOLERANCE)


def test_optimised_thresholds_travel_beside_the_zip(exported: Callable[[str], Path]) -> None:
    info = read_info(exported("stardist-keras-2.3.1").with_suffix(".json"))
    assert (info.probability_threshold, info.overlap_threshold) == (0.625, 0.3)
    assert "'probThresh':'0.625', 'nmsThresh':'0.3'" in (
        exported("stardist-keras-2.3.1").with_suffix(".ijm").read_text()
    )


def test_without_thresholds_those_of_stardist_are_taken(exported: Callable[[str], Path]) -> None:
    info = read_info(exported("stardist-keras-2.15").with_suffix(".json"))
    assert (info.probability_threshold, info.overlap_threshold) == (0.5, 0.4)


def test_beside_the_zip_stands_what_the_plugin_cannot_read(exported: Callable[[str], Path]) -> None:
    info = read_info(exported("stardist-grid41-keras-2.3.1").with_suffix(".json"))
    assert info.kind == "stardist"
    assert info.grid == (4, 1)
    assert (info.rays, info.channels_in, info.channels_out) == (5, 1, 6)
    # One pooling by 2 in the network, two by 2 along Y on the way to the grid.
    assert info.size_divisor == 8


def test_zip_holds_the_model_and_an_empty_folder_at_its_root(exported: Callable[[str], Path]) -> None:
    with zipfile.ZipFile(exported("care-keras-2.3.1")) as archive:
        assert archive.namelist() == ["saved_model.pb", "variables/"]


def test_signature_is_the_contract(exported: Callable[[str], Path]) -> None:
    from tensorflow.core.protobuf import saved_model_pb2

    with zipfile.ZipFile(exported("stardist-keras-2.3.1")) as archive:
        model = saved_model_pb2.SavedModel.FromString(archive.read("saved_model.pb"))
    (meta,) = model.meta_graphs
    assert list(meta.meta_info_def.tags) == ["serve"]
    signature = meta.signature_def["serving_default"]
    assert {name: info.name for name, info in signature.inputs.items()} == {"input": "input:0"}
    assert {name: info.name for name, info in signature.outputs.items()} == {"output": "output:0"}
    assert [size.size for size in signature.inputs["input"].tensor_shape.dim] == [-1, -1, -1, 1]
    assert [size.size for size in signature.outputs["output"].tensor_shape.dim] == [-1, -1, -1, 7]
