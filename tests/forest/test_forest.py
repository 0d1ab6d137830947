"""A forest learns from few labels, tells classes apart, and is stored as plain arrays."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from electrodej.errors import InputError
from electrodej.forest import (
    ForestSettings,
    load_forest,
    make_labelled,
    predict_array,
    predict_slabs,
    read_labelled,
    train_forest,
    where_to_label,
    write_forest,
)
from electrodej.forest.features import box_measures, read_scaled, with_halo
from electrodej.forest.predict import bank_for
from electrodej.forest.samples import grey_levels
from electrodej.run import Run
from electrodej.volume import ArrayVolume, write_volume

SMALL = ForestSettings(sigmas=(0.7, 1.6, 4.0), trees=12, samples=3000)
SIZE = (0.1, 0.1, 0.1)


@pytest.fixture(scope="module")
def scene():
    """Bright discs in a dim, textured ground with dark holes, and what each pixel is."""
    random = np.random.default_rng(5)
    truth = np.ones((1, 160, 200), np.uint8)
    rows, columns = np.mgrid[:160, :200]
    for y, x, radius, value in ((40, 50, 26, 2), (110, 120, 30, 2), (50, 150, 20, 0), (125, 40, 18, 0)):
        truth[0][np.hypot(rows - y, columns - x) < radius] = value
    grey = np.array([60.0, 100, 170])[truth] + random.normal(0, 18, truth.shape)
    return np.clip(ndimage.gaussian_filter(grey, (0, 0.8, 0.8)), 0, 255).astype(np.uint8), truth


@pytest.fixture(scope="module")
def strokes(scene):
    """Three short strokes of labels for each class."""
    labels = np.full(scene[1].shape, 255, np.uint8)
    for y, x in ((40, 50), (110, 120), (115, 110), (50, 150), (125, 40), (10, 100), (80, 80), (140, 180)):
        box = (0, slice(y - 3, y + 4), slice(x - 9, x + 10))
        labels[box] = scene[1][box]
    return labels


@pytest.fixture(scope="module")
def forest(scene, strokes):
    return train_forest(
        [make_labelled(ArrayVolume(scene[0], spacing=SIZE), strokes)],
        settings=SMALL,
        names={0: "pore", 1: "binder", 2: "particle"},
        name="strokes",
    )


def test_few_strokes_of_labels_are_enough_where_grey_values_tell(scene, forest):
    found = predict_array(scene[0], forest).probability.argmax(-1)
    assert (np.array(forest.ids)[found] == scene[1]).mean() > 0.96


def test_probabilities_are_those_of_scikit_learn(scene, strokes):
    from sklearn.ensemble import RandomForestClassifier

    from electrodej.forest.bank import Bank
    from electrodej.forest.model import Trees
    from electrodej.forest.train import as_arrays, step_scale

    volume = ArrayVolume(scene[0], spacing=None)
    bank = Bank(SMALL.sigmas, 2)
    box = tuple(slice(0, n) for n in volume.shape)
    outer = with_halo(box, bank, volume.shape)
    found = box_measures(read_scaled(volume, outer, grey_levels(volume, (1.0, 99.8))), bank, outer, box)
    flat = found.reshape(len(found), -1)
    at = np.flatnonzero(strokes.ravel() != 255)
    low, factor = step_scale(flat[:, at].T)
    steps = Trees(None, None, None, low, factor).steps(flat)
    peer = RandomForestClassifier(15, min_samples_leaf=2, random_state=0)
    peer.fit(steps[:, at].T, strokes.ravel()[at])
    trees = as_arrays(peer.estimators_, 3, low, factor)
    trees.check(len(found), 4)
    assert np.abs(trees.ask(flat)[:, :3] - peer.predict_proba(steps.T)).max() < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("dimensions", [2, 3])
def test_little_memory_changes_no_bit(dimensions):
    random = np.random.default_rng(3)
    grey = ndimage.gaussian_filter(random.normal(size=(20, 140, 150)), 2).astype(np.float32)
    labels = np.where(random.random(grey.shape) < 0.02, grey > 0, 255).astype(np.uint8)
    volume = ArrayVolume(grey, spacing=SIZE)
    settings = ForestSettings(sigmas=(0.7, 4.0), trees=5, samples=2000, dimensions=dimensions)
    forest = train_forest([make_labelled(volume, labels)], settings=settings)
    runs = [Run(jobs=jobs, memory=memory) for jobs, memory in ((1, 2**31), (2, 2**22))]
    results = [
        np.concatenate([part.probability for part in predict_slabs(volume, forest, run=run)]) for run in runs
    ]
    assert np.array_equal(*results)


def test_a_forest_comes_back_from_its_folder_as_it_was(tmp_path, scene, forest):
    folder = write_forest(tmp_path / "forest", forest)
    again = load_forest(folder)
    assert again.names == ("pore", "binder", "particle")
    assert again.spacing == SIZE
    here, there = predict_array(scene[0], forest), predict_array(scene[0], again)
    assert np.array_equal(here.probability, there.probability)
    about = json.loads((folder / "forest.json").read_text())
    assert about["measures"][0] == "grey"
    assert about["made"]["labelled_voxels"].keys() == {"0", "1", "2"}


def test_a_forest_holds_no_objects(tmp_path, forest):
    folder = write_forest(tmp_path / "forest", forest)
    assert sorted(path.name for path in folder.iterdir()) == ["forest.json", "forest.npz"]
    with zipfile.ZipFile(folder / "forest.npz") as archive:
        assert all(name.endswith(".npy") for name in archive.namelist())
    with np.load(folder / "forest.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype.kind in "if" for name in arrays)


@pytest.mark.parametrize(("name", "value"), [("nodes", 2**60), ("nodes", 1 << 24 | 255), ("roots", -1)])
def test_arrays_that_lead_astray_are_refused_before_they_are_followed(tmp_path, forest, name, value):
    folder = write_forest(tmp_path / "forest", forest)
    with np.load(folder / "forest.npz") as arrays:
        content = dict(arrays)
    content[name][0] = value
    np.savez_compressed(folder / "forest.npz", **content)
    with pytest.raises(InputError, match="is damaged"):
        load_forest(folder)


def test_a_cut_file_and_another_folder_are_refused(tmp_path, forest):
    folder = write_forest(tmp_path / "forest", forest)
    data = (folder / "forest.npz").read_bytes()
    (folder / "forest.npz").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="is damaged"):
        load_forest(folder)
    with pytest.raises(InputError, match="is no forest"):
        load_forest(tmp_path)


def test_one_class_alone_teaches_nothing(scene, strokes):
    labels = np.where(strokes == 2, 2, 255)
    with pytest.raises(InputError, match="only class 2"):
        train_forest([make_labelled(ArrayVolume(scene[0], spacing=None), labels)], settings=SMALL)


def test_grey_values_given_as_labels_are_refused(scene):
    volume = ArrayVolume(scene[0], spacing=None)
    with pytest.raises(InputError, match="are no classes"):
        make_labelled(volume, scene[0] / 7.0)


def test_few_labelled_voxels_of_a_class_are_told(scene, strokes):
    labels = strokes.copy()
    labels[labels == 0] = 255
    labels[0, 50, 150:160] = 0
    run = Run()
    train_forest([make_labelled(ArrayVolume(scene[0], spacing=None), labels)], settings=SMALL, run=run)
    assert any("only 10 voxels of class 0" in note for note in run.notes)


def test_another_voxel_size_moves_the_scales_and_is_told(scene, forest):
    larger = ndimage.zoom(scene[0], (1, 2, 2), order=1)
    truth = scene[1].repeat(2, axis=1).repeat(2, axis=2)
    run = Run()
    volume = ArrayVolume(larger, spacing=(0.05, 0.05, 0.05))
    (found,) = predict_slabs(volume, forest, run=run)
    assert "2 times as many pixels" in run.notes[0]
    assert (np.array(forest.ids)[found.probability.argmax(-1)] == truth).mean() > 0.95


def test_in_a_volume_scales_go_by_the_finest_edge_of_both(forest):
    solid = replace(forest, dimensions=3, spacing=SIZE)
    run = Run()
    # One sigma of 4 pixels of 0.1 um: 8 voxels along z of 0.05 um, 4 of 0.1 um along y and x.
    bank = bank_for(solid, (0.05, 0.1, 0.1), run)
    along = [bank.sigmas[-1] * stretch for stretch in bank.stretch]
    assert along == pytest.approx([8.0, 4.0, 4.0])
    assert "2 times as many pixels" in run.notes[0]


def test_more_measures_than_trees_can_number_are_refused():
    with pytest.raises(InputError, match="fewer scales"):
        ForestSettings(dimensions=3, sigmas=tuple(np.linspace(0.5, 30, 40)))


def test_places_to_label_lie_apart_and_away_from_labels(scene, strokes, forest):
    found = predict_array(scene[0], forest)
    places = where_to_label(found.doubt, found.probability, labelled=strokes != 255, count=5, apart=20)
    assert len(places) == 5
    assert [place.doubt for place in places] == sorted((place.doubt for place in places), reverse=True)
    away = ndimage.distance_transform_edt(strokes == 255)
    for number, one in enumerate(places):
        assert away[one.z, one.y, one.x] > 5
        assert all(max(abs(one.y - two.y), abs(one.x - two.x)) > 20 for two in places[:number])


def test_labels_are_read_from_phase_images(tmp_path, scene, strokes):
    write_volume(tmp_path / "grey.tif", scene[0], spacing=SIZE)
    write_volume(tmp_path / "phases.tif", strokes, spacing=SIZE)
    with read_labelled([tmp_path], ignore=[1]) as (images, _):
        assert np.array_equal(images[0].classes, np.where(strokes == 1, 255, strokes))
        assert images[0].spacing == SIZE


def test_rois_and_via_regions_are_classes_by_their_names(tmp_path, scene):
    import roifile

    square = np.array([[10, 10], [20, 10], [20, 20], [10, 20]], float)
    (tmp_path / "rois").mkdir()
    write_volume(tmp_path / "rois" / "a.tif", scene[0], spacing=SIZE)
    with zipfile.ZipFile(tmp_path / "rois" / "a.zip", "w") as archive:
        for name, shift in (("Pore-1", 0), ("particle 2", 40), ("pore", 80)):
            roi = roifile.ImagejRoi.frompoints(square + np.array([shift, 0]), name=name)
            archive.writestr(f"{name}.roi", roi.tobytes())
    (tmp_path / "via").mkdir()
    write_volume(tmp_path / "via" / "a.tif", scene[0], spacing=SIZE)
    regions = [
        {
            "shape_attributes": {"name": "rect", "x": 10 + shift, "y": 10, "width": 10, "height": 10},
            "region_attributes": {"phase": word},
        }
        for word, shift in (("pore", 0), ("particle", 40), ("Pore", 80))
    ]
    entry = {"filename": "a.tif", "size": 1, "regions": regions, "file_attributes": {}}
    (tmp_path / "via" / "via.json").write_text(json.dumps({"a.tif1": entry}))
    wanted = np.full(scene[0].shape, 255, np.uint8)
    for value, shift in ((1, 0), (0, 40), (1, 80)):
        wanted[0, 10:20, 10 + shift : 20 + shift] = value
    for folder in ("rois", "via"):
        with read_labelled([tmp_path / folder]) as (images, names):
            assert names == {0: "particle", 1: "pore"}
            assert np.array_equal(images[0].classes, wanted)
