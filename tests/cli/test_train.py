"""`electrodej train` and `electrodej segment` with a model, as a user calls them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def annotated(tmp_path_factory):
    """Six images of bright squares with their labels, pixel size 0.1 um."""
    folder = tmp_path_factory.mktemp("data") / "annotated images"
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    chance = np.random.default_rng(0)
    for number in range(6):
        labels = np.zeros((80, 80), np.uint16)
        for index, (y, x) in enumerate([(6, 6), (6, 46), (46, 6), (46, 46)], 1):
            y, x = y + chance.integers(6), x + chance.integers(6)
            labels[y : y + 22, x : x + 22] = index
        grey = (labels > 0) * 120 + 50 + chance.normal(0, 5, labels.shape)
        for name, image in (("images", grey.astype(np.uint8)), ("masks", labels)):
            tifffile.imwrite(
                folder / name / f"{number}.tif",
                image,
                imagej=True,
                resolution=(10, 10),
                metadata={"unit": "um"},
            )
    return folder


TINY = [
    f"--{name}={value}"
    for name, value in zip(
        ("filters", "depth", "rays", "patch", "batch", "steps", "epochs"), (4, 1, 8, 64, 2, 2, 1), strict=True
    )
]


@pytest.fixture(scope="module")
def model(annotated, program, tmp_path_factory):
    import subprocess

    folder = tmp_path_factory.mktemp("model") / "my model"
    words = [program, "train", "stardist", str(annotated), "--out", str(folder), *TINY, "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_training_writes_a_model_and_tells_of_it(model):
    folder, result = model
    assert result["epochs"] == 1
    assert result["training_images"] + result["validation_images"] == 6
    stored = json.loads((folder / "electrodej.json").read_text())
    assert stored["rays"] == 8
    assert stored["spacing"] == pytest.approx([0.1, 0.1, 0.1])


def test_a_model_folder_segments_any_view(model, electrodej, tmp_path):
    from electrodej.volume import open_volume, write_volume

    write_volume(
        tmp_path / "g.tif",
        np.random.default_rng(0).integers(0, 255, (9, 33, 40), np.uint8),
        spacing=(0.1,) * 3,
    )
    words = ("segment", "particles", "g.tif", "--model", model[0], "--view", "yz")
    done = electrodej(*words, "--out", "l.tif", "--probability", "p.tif", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sections"] == 40
    with open_volume(tmp_path / "l.tif") as labels, open_volume(tmp_path / "p.tif") as chance:
        assert labels.shape == chance.shape == (9, 33, 40)
        assert chance.dtype == np.uint8


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["train", "stardist", "DATA"], 2, "--out"),
        (["train", "stardist", "DATA", "--out", "m", "--patch", "30"], 1, "patches of 30"),
        (["train", "stardist", "DATA", "--out", "m", "--blank", "1.5"], 2, "--blank"),
        (["train", "stardist", "DATA", "--out", "m", "--rays", "2"], 2, "--rays"),
        (["train", "stardist", "DATA", "--out", "m", "--grid", "3"], 2, "--grid"),
        (["train", "stardist", "DATA", "--out", "m", "--validation", "1"], 2, "--validation"),
        (["train", "stardist", "DATA", "--out", "m", "--learning-rate", "0"], 2, "--learning-rate"),
        (["train", "stardist", "nowhere", "--out", "m"], 1, "nowhere"),
        (["train", "stardist", "DATA", "--out", "m", "--init", "nobody"], 1, "nobody"),
        (["train", "stardist", "DATA", "--out", "DATA"], 1, "DATA"),
        (
            ["segment", "particles", "g.tif", "--model", "watershed", "--view", "xz", "--out", "o.tif"],
            2,
            "--view",
        ),
        (["segment", "particles", "g.tif", "--model", "nobody", "--out", "o.tif"], 1, "nobody"),
        (["segment", "particles", "g.tif", "--probability-threshold", "0", "--out", "o.tif"], 2, "above 0"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(annotated, electrodej, tmp_path, words, code, said):
    from electrodej.volume import write_volume

    write_volume(tmp_path / "g.tif", np.zeros((4, 20, 20), np.uint8), spacing=(0.1,) * 3)
    done = electrodej(*[str(annotated) if word == "DATA" else word for word in words])
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert said.replace("DATA", str(annotated)) in done.stderr
    assert not (tmp_path / "m").exists()
    assert not (tmp_path / "o.tif").exists()
