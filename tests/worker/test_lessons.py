"""What was drawn on open images becomes training data that the verbs read."""

from types import SimpleNamespace

import numpy as np
import pytest

from electrodej.annotation import read_pairs
from electrodej.errors import Enough, InputError, OutputError, VoxelSizeError
from electrodej.models.bundled import find_model
from electrodej.run import Run
from electrodej.verbs.train.semantic import find_pairs
from electrodej.volume import open_volume, write_volume
from electrodej.worker.lessons import NOT_LABELLED, Drawn, learn, until_enough, write_data

SPACING = (0.3, 0.2, 0.2)
ONE = {"voxel": [1, 1, 1], "unit": "micron"}


@pytest.fixture
def drawn():
    """A stack of three slices; something is drawn on the first and the last."""
    marks = np.zeros((3, 8, 12), np.uint16)
    marks[0, 1:4, 1:4] = 1
    marks[2, 4:7, 5:9] = 2
    grey = np.arange(3 * 8 * 12, dtype=np.uint16).reshape(marks.shape)
    return Drawn("stack", grey, marks, SPACING)


def test_slices_that_were_drawn_on_are_stardists_pairs(drawn, tmp_path):
    assert write_data(tmp_path / "data", [drawn], "stardist") == 2
    pairs = list(read_pairs(tmp_path / "data"))
    assert len(pairs) == 2
    for pair, z in zip(pairs, (0, 2), strict=True):
        np.testing.assert_array_equal(pair.grey, drawn.grey[z])
        np.testing.assert_array_equal(pair.labels, drawn.drawn[z])
        assert pair.spacing == pytest.approx(SPACING[1:])


def phases(folder):
    for _, path in find_pairs(folder):
        with open_volume(path) as volume:
            yield volume.read()[0]


def test_images_with_suffixes_in_capitals_have_their_partners(tmp_path):
    for folder in ("grey", "phases"):
        (tmp_path / folder).mkdir()
        write_volume(tmp_path / folder / "A.tif", np.ones((4, 5), np.uint8), spacing=SPACING)
        (tmp_path / folder / "A.tif").rename(tmp_path / folder / "A.TIF")
    assert find_pairs(tmp_path) == [(tmp_path / "grey" / "A.TIF", tmp_path / "phases" / "A.TIF")]


def test_for_one_thing_what_was_not_drawn_is_background(drawn, tmp_path):
    write_data(tmp_path / "data", [drawn], "unet")
    for found, z in zip(phases(tmp_path / "data"), (0, 2), strict=True):
        np.testing.assert_array_equal(found, drawn.drawn[z] > 0)


def test_for_phases_what_was_not_drawn_is_not_labelled(drawn, tmp_path):
    write_data(tmp_path / "data", [drawn], "lrcs", classes=2)
    first, second = phases(tmp_path / "data")
    np.testing.assert_array_equal(first == 0, drawn.drawn[0] == 1)
    np.testing.assert_array_equal(second == 1, drawn.drawn[2] == 2)
    assert set(np.unique(first)) == {0, NOT_LABELLED}
    with pytest.raises(InputError, match="class 2, and there are 1 names"):
        write_data(tmp_path / "data", [drawn], "lrcs", classes=1)


def test_a_single_slice_is_cut_where_half_of_what_was_drawn_lies_on_each_side(drawn, tmp_path):
    marks = np.zeros((1, 8, 12), np.uint16)
    marks[0, 2:6, 1:4] = 1
    marks[0, 2:6, 8:11] = 2
    assert write_data(tmp_path / "data", [Drawn("one", drawn.grey[:1], marks, SPACING)], "stardist") == 1
    pairs = list(read_pairs(tmp_path / "data"))
    assert [set(np.unique(pair.labels)) for pair in pairs] == [{0, 1}, {0, 2}]
    np.testing.assert_array_equal(np.concatenate([pair.grey for pair in pairs], axis=1), drawn.grey[0])


def test_data_are_written_anew_and_nobody_elses_folder_is_touched(drawn, tmp_path):
    write_data(tmp_path / "data", [drawn], "stardist")
    write_data(tmp_path / "data", [drawn], "unet")
    assert not (tmp_path / "data" / "masks").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError):
        write_data(tmp_path / "mine", [drawn], "stardist")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "mine"


def test_a_forest_learns_from_a_few_strokes_and_is_found_by_its_name(tmp_path, monkeypatch):
    from electrodej.verbs import do
    from electrodej.volume import write_volume

    monkeypatch.setenv("ELECTRODEJ_MODELS", str(tmp_path / "models"))
    noise = np.random.default_rng(1).normal(0, 6, (1, 48, 64))
    grey = (np.where(np.arange(64) < 32, 60, 180) + noise).astype(np.uint8)
    strokes = np.zeros(grey.shape, np.uint8)
    strokes[0, 10:14, 4:28], strokes[0, 30:34, 36:60] = 1, 2
    for name, array in (("grey", grey), ("strokes", strokes)):
        write_volume(tmp_path / f"{name}.tif", array, spacing=SPACING)
    sent = {"grey": {"file": str(tmp_path / "grey.tif")}, "drawn": {"file": str(tmp_path / "strokes.tif")}}
    found = learn({"network": "forest", "name": "mine", "names": "dark,bright", "images": [sent]}, Run())
    assert (found["zip"], found["command"]) == ("", 'run("ElectrodeJ Segment Phases", "model=mine");')
    do("segment phases", tmp_path / "grey.tif", model=str(find_model("mine")), out=tmp_path / "out.tif")
    with open_volume(tmp_path / "out.tif") as volume:
        phases = volume.read()[0]
    assert (phases[:, :28] == 0).all()
    assert (phases[:, 36:] == 1).all()


def taught(tmp_path, drawn, **changed):
    """Learn a forest from drawn values in 32 bit."""
    grey = np.zeros(drawn.shape, np.uint8)
    marks = {
        name: {"array": SimpleNamespace(ndarray=lambda a=a: a, shm=None), "title": name, **ONE}
        for name, a in (("grey", grey), ("marks", drawn))
    }
    sent = {"grey": marks["grey"], "drawn": marks["marks"]}
    given = {"network": "forest", "name": "mine", "folder": str(tmp_path), "images": [sent]}
    return learn({**given, **changed}, Run())


@pytest.mark.parametrize("value", [-1, 2.7, np.nan, 2.0**24 + 2])
@pytest.mark.parametrize("network", ["stardist", "forest"])
def test_what_is_no_label_is_not_cast_to_one(network, value, tmp_path):
    drawn = np.zeros((1, 4, 4), np.float32)
    drawn[0, 0, 0], drawn[0, 2, 2] = 1, value
    with pytest.raises(InputError, match="marks"):
        taught(tmp_path, drawn, network=network)


def test_a_voxel_size_that_is_none_is_told_with_its_field(tmp_path):
    with pytest.raises(InputError, match=r'^"Voxel size": '):
        taught(tmp_path, np.ones((1, 4, 4), np.float32), voxelSize="0.07,0.07")


def test_a_typed_voxel_size_counts_where_the_images_own_cannot_be_understood(tmp_path, monkeypatch):
    monkeypatch.setitem(ONE, "unit", "furlong")
    # It gets as far as what was drawn.
    with pytest.raises(InputError, match="nothing was drawn"):
        taught(tmp_path, np.zeros((1, 4, 4), np.float32), voxelSize="0.1,0.1,0.1")


def test_escape_after_the_last_epoch_is_not_the_end_of_what_was_learnt(tmp_path):
    told = []
    enough = tmp_path / "enough"
    tell = until_enough(lambda *what: told.append(what[-1]), enough)
    tell(0, 2, "training, epoch 1 of 2")
    enough.touch()
    tell(1, 9, "trying thresholds")
    with pytest.raises(Enough):
        tell(1, 2, "training, epoch 2 of 2 (last: loss 0.5)")
    # Once is enough.
    tell(1, 2, "training, epoch 2 of 2 (last: loss 0.5)")
    assert len(told) == 4


def test_escape_before_the_first_epoch_cancels(tmp_path):
    (tmp_path / "enough").touch()
    with pytest.raises(Enough):
        until_enough(lambda *_: None, tmp_path / "enough")(0, 1, "reading")


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"network": "gpt"}, InputError, "no network that learns here"),
        ({"name": "../x"}, InputError, "no name for a model"),
        ({"name": "nmc-particles"}, InputError, "ElectrodeJ's own"),
        ({"name": "there"}, OutputError, "already"),
        ({"images": []}, InputError, "nothing was drawn"),
        ({"file": "bare.tif"}, VoxelSizeError, "voxel size"),
    ],
)
def test_what_cannot_be_learnt_is_said_before_the_training(
    changed, error, words, drawn, tmp_path, monkeypatch
):
    import tifffile

    monkeypatch.setenv("ELECTRODEJ_MODELS", str(tmp_path / "models"))
    (tmp_path / "models" / "there").mkdir(parents=True)
    tifffile.imwrite(tmp_path / "bare.tif", drawn.grey, photometric="minisblack")
    file = {"file": str(tmp_path / "bare.tif")}
    given = {"network": "unet", "name": "mine", "images": [{"grey": file, "drawn": file}], **changed}
    with pytest.raises(error, match=words):
        learn(given, Run())
