"""The parts of a training, each on arrays that can be counted by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.models.grey import measure_levels, shift
from electrodej.networks.semantic import LrcsConfig, UNetConfig, make_sample
from electrodej.networks.semantic.augment import NONE, Augmentation, augment
from electrodej.networks.semantic.config import config_as_dict, config_from_dict
from electrodej.networks.semantic.samples import Classes, class_weights, find_classes, hold_out

GREY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def test_images_of_different_shapes_are_refused():
    with pytest.raises(InputError, match="one size"):
        make_sample(GREY, np.zeros((2, 3, 5), np.uint8))


def test_particle_labels_are_not_taken_for_phases():
    with pytest.raises(InputError, match="particle labels"):
        make_sample(GREY, np.full(GREY.shape, 300, np.uint16))


def test_grey_values_that_are_no_numbers_are_refused():
    grey = GREY.astype(np.float32)
    grey[1, 2, 3] = np.nan
    with pytest.raises(InputError, match="z=1, y=2, x=3"):
        make_sample(grey, np.zeros(GREY.shape, np.uint8))


def test_one_class_alone_cannot_be_trained():
    with pytest.raises(InputError, match="two classes"):
        find_classes([make_sample(GREY, np.full(GREY.shape, 2, np.uint8))])
    with pytest.raises(InputError, match="label nothing"):
        find_classes([make_sample(GREY, np.full(GREY.shape, 255, np.uint8))])


def test_classes_that_are_ignored_are_not_labelled_and_the_foreground_is_one():
    phases = np.array([[0, 1, 2, 3, 255]], np.uint8)
    grey = np.zeros((1, 5), np.uint8)
    assert make_sample(grey, phases, ignore=[3]).phases[0, 0].tolist() == [0, 1, 2, 255, 255]
    assert make_sample(grey, phases, foreground=3).phases[0, 0].tolist() == [0, 0, 0, 1, 255]


def test_class_numbers_come_back_as_they_were():
    classes = Classes((2, 9), ("a", "b"))
    phases = np.array([2, 9, 9, 2], np.uint8)
    assert classes.phases(classes.channels(phases)).tolist() == phases.tolist()


def test_a_class_a_hundred_times_rarer_weighs_ten_times_as_much_up_to_four():
    assert class_weights(np.array([400, 100, 100])) == (0.5, 1.0, 1.0)
    assert class_weights(np.array([10_000, 100, 1]))[2] == 4.0


def test_the_last_labelled_slices_are_held_out_and_nothing_twice():
    phases = np.full((10, 4, 4), 255, np.uint8)
    for z in (1, 3, 5, 7, 9):
        phases[z, :2], phases[z, 2:] = 0, 1
    train, judge = hold_out([make_sample(np.zeros(phases.shape, np.uint8), phases)], 0.2)
    assert len(train[0].phases) + len(judge[0].phases) == 10
    assert (judge[0].phases != 255).any(axis=(1, 2)).sum() == 1


def test_of_one_slice_the_end_of_the_longer_side_is_held_out():
    phases = np.tile(np.array([[0], [1]], np.uint8), (4, 20))
    train, judge = hold_out([make_sample(np.zeros(phases.shape, np.uint8), phases)], 0.2)
    assert (train[0].phases.shape, judge[0].phases.shape) == ((1, 8, 16), (1, 8, 4))


def test_nothing_is_held_out_where_a_class_would_be_lost():
    phases = np.zeros((8, 20), np.uint8)
    phases[:, 17:] = 1
    train, judge = hold_out([make_sample(np.zeros(phases.shape, np.uint8), phases)], 0.2)
    assert (len(train), judge) == (1, [])
    assert train[0].phases.shape == (1, 8, 20)


def test_levels_do_not_depend_on_the_range_of_the_grey_values():
    values = np.random.default_rng(0).normal(100, 20, (4, 50, 50))
    one, other = (measure_levels([v], (1, 99)) for v in (values, values * 300 + 1000))
    assert shift(one.histogram, other.histogram) == pytest.approx(0, abs=1e-3)


def test_the_shift_of_two_single_values_is_their_distance():
    one, other = np.zeros(48), np.zeros(48)
    one[4], other[20] = 1, 1
    assert shift(tuple(one), tuple(other)) == pytest.approx(16 * 1.5 / 48)


def test_no_augmentation_changes_nothing_and_the_same_chance_the_same():
    image = np.random.default_rng(1).random((16, 16), np.float32)
    channels = (image > 0.5).astype(np.uint8)
    same, classes = augment(image, channels, NONE, np.random.default_rng(0))
    np.testing.assert_array_equal(same, image)
    np.testing.assert_array_equal(classes, channels)
    one, other = (augment(image, channels, Augmentation(), np.random.default_rng(5))[0] for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_turning_and_warping_moves_grey_and_classes_together():
    how = Augmentation(noise=0, grey=0, contrast=0, warped_share=1, warp=2)
    rows, columns = np.indices((48, 48))
    channels = ((rows - 20) ** 2 + (columns - 30) ** 2 < 100).astype(np.uint8)
    for seed in range(4):
        image, classes = augment(channels.astype(np.float32), channels, how, np.random.default_rng(seed))
        # Grey is interpolated between pixels and classes are not, and of the four pixels around a place the
        # nearest weighs a quarter at least: they differ by three quarters at most.
        assert np.abs(image - classes).max() <= 0.75 + 1e-6
        assert classes.sum() > 150


@pytest.mark.parametrize("config", [UNetConfig(n_filters=3, head="sigmoid"), LrcsConfig(middle="dense")])
def test_a_configuration_survives_json(config: Any):
    assert config_from_dict(config_as_dict(config)) == config


@pytest.mark.parametrize(
    "wrong",
    [{"n_classes": 1}, {"n_filters": 0}, {"dropout": 1.0}, {"head": "sigmoid", "n_classes": 3}],
)
def test_configurations_that_make_no_sense_are_refused(wrong: dict[str, Any]):
    for kind in (UNetConfig, LrcsConfig):
        with pytest.raises(InputError, match=next(iter(wrong))):
            kind(**wrong)


def test_an_unknown_field_is_named():
    with pytest.raises(InputError, match="'speed'"):
        config_from_dict({"kind": "unet", "speed": 3})


def test_losses_count_labelled_pixels_only():
    from electrodej.networks.semantic.losses import accuracy, make_loss

    truth = np.array([[[[0], [1], [255]]]], np.uint8)
    probability = np.array([[[[0.8, 0.2], [0.4, 0.6], [0.0, 1.0]]]], np.float32)
    plain = float(make_loss("ce")(truth, probability))
    assert plain == pytest.approx(-(math.log(0.8) + math.log(0.6)) / 2, rel=1e-5)
    weighted = float(make_loss("ce", class_weights=(1, 3))(truth, probability))
    assert weighted == pytest.approx(-(math.log(0.8) + 3 * math.log(0.6)) / 4, rel=1e-5)
    dice = 1 - (2 * 0.8 / (1 + 1.2) + 2 * 0.6 / (1 + 0.8)) / 2
    assert float(make_loss("dice")(truth, probability)) == pytest.approx(dice, rel=1e-5)
    assert float(make_loss("both")(truth, probability)) == pytest.approx(plain + dice, rel=1e-5)
    # One channel, the probability of the second class, is the same thing.
    assert float(make_loss("both")(truth, probability[..., 1:])) == pytest.approx(plain + dice, rel=1e-5)
    assert float(accuracy(truth, probability)) == 1.0


def test_a_class_that_is_not_there_does_not_count_in_dice():
    from electrodej.networks.semantic.losses import make_loss

    truth = np.zeros((1, 1, 2, 1), np.uint8)
    probability = np.array([[[[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]]], np.float32)
    assert float(make_loss("dice")(truth, probability)) == pytest.approx(0, abs=1e-6)


def test_unpooling_puts_values_back_where_the_largest_stood():
    from electrodej.models.layers import ArgmaxPooling2D, ArgmaxUnpooling2D

    image = np.array([[1, 2, 0, 0], [3, 0, 0, 0]], np.float32)[None, ..., None]
    values, places = ArgmaxPooling2D()(image)
    assert np.asarray(values)[0, ..., 0].tolist() == [[3, 0]]
    back = np.asarray(ArgmaxUnpooling2D()([np.asarray(values) + 5, places]))[0, ..., 0]
    # Of equal values the first one's place is kept.
    assert back.tolist() == [[0, 0, 5, 0], [8, 0, 0, 0]]


def test_soft_places_fall_from_one_to_nothing():
    from electrodej.models.layers import ArgmaxPooling2D

    image = np.array([[1.0, 0.95], [0.9, 0.0]], np.float32)[None, ..., None]
    _, places = ArgmaxPooling2D(softness=0.2)(image)
    np.testing.assert_allclose(np.asarray(places).ravel(), [1, 0.75, 0.5, 0], atol=1e-6)
