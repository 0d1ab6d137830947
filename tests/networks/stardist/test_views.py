from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from electrodej.errors import InputError, OutputError
from electrodej.networks.stardist.kernels.enlarge import enlarge
from electrodej.networks.stardist.views import ViewSettings, predict_view
from electrodej.run import Run
from electrodej.score import score_instances
from electrodej.volume import ArrayVolume, open_volume


@pytest.fixture(scope="module")
def balls() -> np.ndarray:
    """Balls of radius 9 apart from each other; grey value = label, of 1000."""
    truth = np.zeros((44, 60, 76), np.uint16)
    grid = np.indices(truth.shape)
    for number, centre in enumerate([(14, 14, 14), (30, 14, 40), (16, 44, 20), (28, 40, 60)], 1):
        away = sum((axis - at) ** 2 for axis, at in zip(grid, centre, strict=True))
        truth[away <= 81] = number
    # So that the brightest voxel of every section is 1000, and a section is normalised by that.
    truth[::, ::, -1] = truth[:, -1, :] = truth[-1] = 0
    return truth


def read(path) -> np.ndarray:
    with open_volume(path) as volume:
        return volume.read()


def as_grey(truth: np.ndarray) -> np.ndarray:
    grey = truth.astype(np.uint16)
    grey[-1, :, :] = grey[:, -1, :] = grey[:, :, -1] = 1000
    return grey


def sections(volume: np.ndarray, axis: int) -> list[np.ndarray]:
    return list(np.moveaxis(volume, axis, 0)[:-1])


@pytest.mark.slow
@pytest.mark.parametrize(("view", "axis"), [("xy", 0), ("xz", 1), ("yz", 2)])
def test_every_view_finds_the_sections_of_the_balls(tmp_path, perfect_model, balls, view, axis):
    grey = ArrayVolume(as_grey(balls), spacing=(0.1, 0.1, 0.1))
    result = predict_view(
        grey,
        perfect_model,
        spacing=(0.1, 0.1, 0.1),
        settings=ViewSettings(view=view),
        labels=tmp_path / "labels.tif",
        probability=tmp_path / "probability.tif",
    )
    with open_volume(tmp_path / "labels.tif") as found:
        assert found.spacing == pytest.approx((0.1, 0.1, 0.1))
    labels, probability = read(tmp_path / "labels.tif"), read(tmp_path / "probability.tif")
    assert labels.shape == probability.shape == balls.shape
    assert result.sections == balls.shape[axis]
    assert probability.dtype == np.uint8
    hits = 0
    for predicted, truth in zip(sections(labels, axis), sections(balls, axis), strict=True):
        # Caps of fewer than some pixels are no outlines.
        large = np.where(np.isin(truth, np.flatnonzero(np.bincount(truth.ravel()) > 60)), truth, 0)
        predicted = np.where(np.isin(predicted, np.unique(predicted[large > 0])), predicted, 0)
        if large.any():
            hits += score_instances(predicted, large.astype(np.uint16)).at(0.75).tp
            assert score_instances(predicted, large.astype(np.uint16)).at(0.75).fn == 0
    assert hits > 40
    inside = probability[balls > 0].mean() / 255
    outside = probability[:-1, :-1, :-1][balls[:-1, :-1, :-1] == 0].mean() / 255
    assert inside > 0.3 > 0.1 > outside


def test_no_two_sections_share_a_label(tmp_path, perfect_model, balls):
    grey = ArrayVolume(as_grey(balls), spacing=(0.1, 0.1, 0.1))
    for view, axis in (("xy", 0), ("yz", 2)):
        target = tmp_path / f"{view}.tif"
        result = predict_view(
            grey, perfect_model, spacing=(0.1,) * 3, settings=ViewSettings(view=view), labels=target
        )
        labels = np.moveaxis(read(target), axis, 0)
        seen = [set(np.unique(section)) - {0} for section in labels]
        assert sum(map(len, seen)) == len(set().union(*seen)) > 10
        assert max(set().union(*seen)) <= result.outlines


def test_flat_voxels_are_made_square_for_the_network(tmp_path, perfect_model, balls):
    """Every other slice of the balls at twice the distance: outlines in xz are as high as before."""
    thin = as_grey(balls)[::2]
    result = predict_view(
        ArrayVolume(thin, spacing=(0.2, 0.1, 0.1)),
        perfect_model,
        spacing=(0.2, 0.1, 0.1),
        settings=ViewSettings(view="xz"),
        labels=tmp_path / "labels.tif",
    )
    assert result.scale == pytest.approx((2.0, 1.0))
    found = read(tmp_path / "labels.tif")
    assert found.shape == thin.shape


@pytest.mark.parametrize(("trained_at", "scale"), [(0.1, 1.0), (0.15, 1.0), (0.2, 0.5), (0.05, 2.0)])
def test_voxels_far_from_those_of_the_training_are_brought_to_them(
    tmp_path, perfect_model, balls, trained_at, scale
):
    info = dataclasses.replace(perfect_model.info, spacing=(trained_at,) * 3)
    result = predict_view(
        ArrayVolume(as_grey(balls), spacing=(0.1,) * 3),
        dataclasses.replace(perfect_model, info=info),
        spacing=(0.1,) * 3,
        labels=tmp_path / "labels.tif",
    )
    assert result.scale == pytest.approx((scale, scale))
    found = np.isin(read(tmp_path / "labels.tif"), 0, invert=True)
    # This model reads label numbers, which scaling blurs, so its outlines grow; they still cover the balls.
    assert np.count_nonzero(found & (balls > 0)) > 0.8 * np.count_nonzero(balls)
    assert np.count_nonzero(found) < 1.6 * np.count_nonzero(balls)


def test_small_memory_gives_the_same(tmp_path, perfect_model, balls):
    grey = ArrayVolume(as_grey(balls), spacing=(0.1, 0.1, 0.1))
    for name, memory in (("a.tif", None), ("b.tif", 2**20)):
        predict_view(
            grey, perfect_model, spacing=(0.1,) * 3, labels=tmp_path / name, run=Run(memory=memory, jobs=2)
        )
    one, other = (read(tmp_path / name) for name in ("a.tif", "b.tif"))
    assert one.max() > 0
    assert np.array_equal(one, other)


def test_an_output_in_the_way_stops_it_before_the_work(tmp_path, perfect_model, balls):
    (tmp_path / "there.tif").write_bytes(b"kept")
    with pytest.raises(OutputError, match="--force"):
        predict_view(
            ArrayVolume(balls, spacing=(0.1,) * 3),
            perfect_model,
            spacing=(0.1,) * 3,
            labels=tmp_path / "there.tif",
        )
    assert (tmp_path / "there.tif").read_bytes() == b"kept"


@pytest.mark.parametrize("view", ["xy", "xz", "yz"])
def test_grey_values_that_are_no_numbers_are_refused_and_nothing_is_left(tmp_path, perfect_model, view):
    grey = np.ones((4, 32, 32), np.float32)
    grey[2, 5, 6] = np.nan
    with pytest.raises(InputError, match=r"NaN.*z=2, y=5, x=6"):
        predict_view(
            ArrayVolume(grey, spacing=(0.1,) * 3),
            perfect_model,
            spacing=(0.1,) * 3,
            settings=ViewSettings(view=view),
            labels=tmp_path / "l.tif",
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"view": "zz"},
        {"probability_threshold": 1.5},
        {"overlap_threshold": 0.0},
        {"scale": 0.0},
        {"scale": float("nan")},
    ],
)
def test_settings_that_mean_nothing_are_refused(wrong):
    with pytest.raises(InputError):
        ViewSettings(**wrong)


def test_enlarging_keeps_a_plane_a_plane():
    rows, columns = np.mgrid[:6, :7]
    coarse = (0.05 * rows + 0.08 * columns).astype(np.float32)
    fine = enlarge(coarse, 11, 13, 2.0, 2.0)
    y, x = np.mgrid[:11, :13]
    expected = np.floor((0.025 * y + 0.04 * x) * 255 + 0.5)
    assert np.abs(fine.astype(int) - expected).max() <= 1


def test_enlarging_goes_on_at_the_border_and_stays_within_the_scale():
    coarse = np.array([[-1.0, 2.0]], np.float32)
    assert enlarge(coarse, 2, 4, 2.0, 2.0).tolist() == [[0, 128, 255, 255]] * 2
