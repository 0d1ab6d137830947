"""A forest from the command's verb: labels of every kind, and used as a model like any other."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from electrodej.errors import InputError
from electrodej.run import Run
from electrodej.verbs import do, find
from electrodej.volume import open_volume, write_volume

SIZE = (0.1, 0.1, 0.1)
FEW = {"trees": 8, "samples": 2000, "sigmas": (0.7, 1.6)}


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """A folder with an image and some strokes of labels, and what each pixel is."""
    random = np.random.default_rng(5)
    truth = np.ones((2, 96, 120), np.uint8)
    rows, columns = np.mgrid[:96, :120]
    for y, x, radius, value in ((30, 30, 22, 2), (66, 84, 20, 2), (26, 90, 14, 0), (76, 26, 14, 0)):
        truth[:, np.hypot(rows - y, columns - x) < radius] = value
    grey = np.array([60.0, 110, 170])[truth] + random.normal(0, 10, truth.shape)
    grey = np.clip(ndimage.gaussian_filter(grey, (0, 0.8, 0.8)), 0, 255).astype(np.uint8)
    strokes = np.full(truth.shape, 255, np.uint8)
    for y, x in ((30, 30), (66, 84), (26, 90), (76, 26), (8, 60), (48, 60)):
        box = (0, slice(y - 3, y + 4), slice(x - 6, x + 7))
        strokes[box] = truth[box]
    folder = tmp_path_factory.mktemp("strokes")
    write_volume(folder / "grey.tif", grey, spacing=SIZE)
    write_volume(folder / "phases.tif", strokes, spacing=SIZE)
    return folder, truth


@pytest.fixture(scope="module")
def forest(scene, tmp_path_factory):
    """The forest's folder, and the pictures of where to label."""
    place = tmp_path_factory.mktemp("made")
    do(
        "train forest", scene[0], names=("pore", "binder", "particle"), pictures=place / "where",
        out=place / "forest", **FEW,
    )  # fmt: skip
    return place / "forest", place / "where"


def test_strokes_on_one_slice_tell_the_phases_of_all_slices(scene, forest, tmp_path: Path):
    files = {
        "probability": tmp_path / "p.tif",
        "entropy": tmp_path / "e.tif",
        "disagreement": tmp_path / "d.tif",
    }
    done = do(
        "segment phases", scene[0] / "grey.tif", model=(forest[0],), out=tmp_path / "found.tif", **files
    ).numbers
    assert [each["name"] for each in done["classes"]] == ["pore", "binder", "particle"]
    with open_volume(tmp_path / "found.tif") as found:
        assert np.mean(found.read() == scene[1]) > 0.95
    maps = []
    for name in ("p_pore", "p_binder", "p_particle"):
        with open_volume(tmp_path / f"{name}.tif") as each:
            maps.append(each.read())
    np.testing.assert_allclose(sum(maps), 1, atol=1e-4)
    with open_volume(tmp_path / "e.tif") as entropy, open_volume(tmp_path / "d.tif") as doubt:
        expected = -sum(each * np.log(np.maximum(each, 1e-12)) for each in maps) / np.log(3)
        np.testing.assert_allclose(entropy.read(), expected, atol=1e-4)
        # Trees cannot disagree about more than there is to know.
        assert (doubt.read() <= entropy.read() + 1e-5).all()


def test_pictures_show_where_another_label_would_help_and_not_where_labels_are(scene, forest):
    with (forest[1] / "where.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert [float(row["doubt"]) for row in rows] == sorted(
        (float(row["doubt"]) for row in rows), reverse=True
    )
    with open_volume(scene[0] / "phases.tif") as labels:
        strokes = labels.read()
    for row in rows:
        assert strokes[int(row["z"]), int(row["y"]), int(row["x"])] == 255
        assert row["class"] != row["or"]
    pictures = sorted(forest[1].glob("where-*.png"))
    assert {int(path.stem[-4:]) for path in pictures} == {int(row["z"]) for row in rows}
    with Image.open(pictures[0]) as picture:
        assert picture.size == (120, 96)


def test_a_forest_is_data_and_says_how_it_was_made(forest):
    assert sorted(path.name for path in forest[0].iterdir()) == [
        "forest.json",
        "forest.npz",
        "look.json",
    ]
    about = json.loads((forest[0] / "forest.json").read_text())
    assert [each["name"] for each in about["classes"]] == ["pore", "binder", "particle"]
    assert about["made"]["settings"]["trees"] == 8


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"view": "xz"}, "--view"),
        ({"dropout": 3}, "--dropout"),
        ({"mirrored": True}, "--mirrored"),
        ({"scale": 2.0}, "--scale"),
        ({"resume": True}, "--resume"),
        ({"tile": 64}, "--tile"),
    ],
)
def test_what_goes_with_networks_only_is_refused(scene, forest, tmp_path: Path, options, said):
    with pytest.raises(InputError, match=f"{said}.*forest"):
        do("segment phases", scene[0] / "grey.tif", model=(forest[0],), out=tmp_path / "o.tif", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_cluster_is_told_of_and_not_asked(scene, forest, tmp_path: Path):
    verb, run = find("segment phases"), Run(scheduler="tcp://127.0.0.1:9")
    verb.run(
        verb.make(image=scene[0] / "grey.tif", model=(forest[0],), spacing=SIZE, out=tmp_path / "o.tif"), run
    )
    assert any("the cluster is not asked" in note for note in run.notes)
    assert (tmp_path / "o.tif").is_file()


def test_an_image_unlike_what_it_learnt_from_is_warned_of(scene, forest, tmp_path: Path):
    with open_volume(scene[0] / "grey.tif") as volume:
        grey = volume.read()
    verb = find("segment phases")
    notes = {}
    for name, image in (("same", grey), ("other", np.where(grey > 120, 250, grey // 8).astype(np.uint8))):
        run = Run()
        verb.run(verb.make(image=image, model=(forest[0],), spacing=SIZE, out=tmp_path / f"{name}.tif"), run)
        notes[name] = run.notes
    assert notes["same"] == []
    assert any(note.startswith("WARNING") and "learnt from" in note for note in notes["other"])


def test_one_class_is_too_few_and_says_what_is_missing(tmp_path: Path, scene):
    with open_volume(scene[0] / "grey.tif") as volume:
        write_volume(tmp_path / "grey.tif", volume.read(), spacing=SIZE)
        write_volume(tmp_path / "phases.tif", np.ones(volume.shape, np.uint8), spacing=SIZE)
    with pytest.raises(InputError, match="two classes"):
        do("train forest", tmp_path, out=tmp_path / "forest", **FEW)
    assert not (tmp_path / "forest").exists()
