"""train lrcs and unet, segment phases and morphology, as a user calls them."""

from __future__ import annotations

import csv
import json
import subprocess

import numpy as np
import pytest

pytestmark = pytest.mark.slow
SPACING = (0.2, 0.2, 0.2)
TINY = ["--filters", 2, "--epochs", 1, "--steps", 2, "--batch", 2, "--patch", 16]


def make_data(folder, *, classes=(0, 3), shape=(4, 24, 32)):
    """A grey image whose right half is brighter, and its phases; half of the slices are not labelled."""
    from electrodej.volume import write_volume

    folder.mkdir()
    right = np.zeros(shape, bool)
    right[..., shape[2] // 2 :] = True
    grey = np.where(right, 170, 60) + np.random.default_rng(0).normal(0, 8, shape)
    phases = np.where(right, *classes[::-1]).astype(np.uint8)
    phases[1::2] = 255
    write_volume(folder / "grey.tif", grey.astype(np.uint8), spacing=SPACING)
    write_volume(folder / "phases.tif", phases, spacing=SPACING, labels=True)


@pytest.fixture(scope="module")
def trained(program, tmp_path_factory):
    """A folder with data, and a tiny LRCS-Net trained on it."""
    folder = tmp_path_factory.mktemp("phases")
    make_data(folder / "my data")
    words = ["train", "lrcs", folder / "my data", "--names", "pore,binder,foil,solid", *TINY]
    done = subprocess.run(
        [program, *map(str, words), "--out", str(folder / "net"), "--json"],
        capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_training_says_which_classes_it_learnt_and_which_do_not_occur(trained):
    folder, told = trained
    assert told["classes"] == {"0": "pore", "3": "solid"}
    assert any("binder" in note for note in told["notes"])
    assert {path.name for path in (folder / "net").iterdir()} >= {"model.keras", "history.csv", "curves.png"}


def test_the_model_segments_says_how_sure_it_is_and_its_phases_are_measured(trained, electrodej, tmp_path):
    from electrodej.volume import open_volume

    folder, _ = trained
    words = ("segment", "phases", folder / "my data" / "grey.tif", "--model", folder / "net", "--view", "all")
    more = ("--dropout", 2, "--disagreement", "d.tif", "--entropy", "e.tif", "--spread", "s.csv")
    done = electrodej(*words, *more, "--out", "o.tif", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["networks"] == 2
    assert sum(entry["share"] for entry in told["classes"]) == pytest.approx(1)
    with open_volume(tmp_path / "o.tif") as phases:
        assert phases.shape == (4, 24, 32)
        assert set(np.unique(phases.read())) <= {0, 3}
    measured = electrodej("morphology", "o.tif", "--names", "pore,b,c,solid", "--out", "m.csv", "--json")
    assert measured.returncode == 0, measured.stderr
    with (tmp_path / "m.csv").open(newline="") as handle:
        (row,) = csv.DictReader(handle)
    for entry in told["classes"]:
        if entry["voxels"]:
            assert float(row[f"Share_{entry['name']}"]) == pytest.approx(entry["share"])


def test_grey_values_of_another_kind_are_said(trained, electrodej, tmp_path):
    from electrodej.volume import write_volume

    image = np.zeros((2, 20, 20), np.uint16)
    image[:, ::20, ::20] = 60000
    write_volume(tmp_path / "dark.tif", image, spacing=SPACING)
    done = electrodej("segment", "phases", "dark.tif", "--model", trained[0] / "net", "--out", "o.tif")
    assert done.returncode == 0, done.stderr
    assert "distributed unlike" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["train", "lrcs", "DATA"], 2, "--out"),
        (["train", "unet", "DATA", "--dense", "--out", "m"], 2, "--dense"),
        (["train", "lrcs", "nowhere", "--out", "m"], 1, "nowhere"),
        (["train", "lrcs", "shapes", "--out", "m"], 1, "one size"),
        (["train", "lrcs", "one-class", "--out", "m"], 1, "only class 3"),
        (["segment", "phases", "g.tif", "--model", "NET"], 2, "--out"),
        (["segment", "phases", "g.tif", "--model", "nobody", "--out", "o.tif"], 1, "nobody"),
        (
            ["segment", "phases", "g.tif", "--model", "nmc-particles", "--out", "o.tif"],
            1,
            "no model that tells",
        ),
        (
            ["segment", "phases", "g.tif", "--model", "NET", "--out", "o.tif", "--spread", "s.csv"],
            1,
            "--dropout",
        ),
        (["morphology", "g.tif", "--out", "t.csv", "--epochs", "3"], 2, "--grey"),
        (["morphology", "g.tif"], 2, "--out"),
        (["morphology", "g.tif", "--border", "0", "--out", "t.csv"], 2, "pixels"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(trained, electrodej, tmp_path, words, code, said):
    from electrodej.volume import write_volume

    write_volume(tmp_path / "g.tif", np.zeros((2, 20, 20), np.uint8), spacing=SPACING)
    if "shapes" in words:
        make_data(tmp_path / "shapes")
        write_volume(
            tmp_path / "shapes" / "phases.tif", np.zeros((4, 24, 31), np.uint8), spacing=SPACING, force=True
        )
    if "one-class" in words:
        make_data(tmp_path / "one-class", classes=(3, 3))
    places = {"DATA": trained[0] / "my data", "NET": trained[0] / "net"}
    done = electrodej(*[places.get(word, word) for word in words])
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not any((tmp_path / name).exists() for name in ("m", "m.run", "o.tif", "t.csv"))
