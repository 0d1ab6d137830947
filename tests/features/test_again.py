"""Measuring again after corrections gives, to the last bit, what measuring everything gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from electrodej.errors import Cancelled
from electrodej.features import features
from electrodej.run import Run

SPACING = (0.3, 0.2, 0.25)


def measured(grey: Any, labels: Any, kept: dict[str, Any] | None = None, **more: Any) -> Any:
    return features(grey, labels, spacing=SPACING, radius=0.5, run=Run(jobs=2, kept=kept), **more)


def assert_same(one: Any, other: Any) -> None:
    assert list(one.columns) == list(other.columns)
    for name, values in other.columns.items():
        assert_array_equal(one.columns[name], values, err_msg=name)
    for name, values in other.contacts.items():
        assert_array_equal(one.contacts[name], values, err_msg=name)
    assert one.notes == other.notes


@pytest.fixture(scope="module")
def scene(blobs: Any) -> Any:
    return blobs((36, 80, 90), 24, seed=4, spacing=SPACING, size=(0.8, 2.0))


def test_every_correction_gives_the_table_of_everything(scene: Any) -> None:
    grey, labels = scene[0].copy(), scene[1].copy()
    rng, kept = np.random.default_rng(1), {}
    assert_same(measured(grey, labels, kept), measured(grey, labels))
    for step in range(6):
        there = np.unique(labels)[1:]
        one, other = rng.choice(there, 2, replace=False)
        if step == 0:
            labels[labels == one] = other  # merge
        elif step == 1:
            labels[labels == one] = 0  # delete
        elif step == 2:
            middle = np.argwhere(labels == one)[:, 2].mean()
            labels[(labels == one) & (np.arange(labels.shape[2]) > middle)] = labels.max() + 1  # split
        elif step == 3:
            labels[20, 50:53, 60:63] = 999  # a new one, drawn with a brush
        elif step == 4:
            grey[5:9, 10:20, 10:20] += 1
        else:
            labels[labels == one] += 2000  # only its number
        assert_same(measured(grey, labels, kept), measured(grey, labels))


def test_only_what_changed_is_measured(scene: Any) -> None:
    grey, labels = scene[0], scene[1].copy()
    kept: dict[str, Any] = {}
    everything = len(measured(grey, labels, kept))
    assert kept["features"].renewed == everything
    measured(grey, labels, kept)
    assert kept["features"].renewed == 0
    labels[labels == labels[labels > 0][0]] = 0
    measured(grey, labels, kept)
    assert 0 < kept["features"].renewed < everything / 2


@pytest.mark.parametrize("more", [{"attributes": "Volume,Contact"}, {"crop": 2}])
def test_other_settings_measure_everything_anew(scene: Any, more: dict[str, Any]) -> None:
    kept: dict[str, Any] = {}
    measured(*scene, kept)
    assert_same(measured(*scene, kept, **more), measured(*scene, **more))
    assert_same(measured(*scene, kept), measured(*scene))


def test_an_image_that_was_emptied_and_filled_again(scene: Any) -> None:
    grey, labels = scene
    kept: dict[str, Any] = {}
    measured(grey, labels, kept)
    assert len(measured(grey, np.zeros_like(labels), kept)) == 0
    assert_same(measured(grey, labels, kept), measured(grey, labels))


def test_a_measurement_that_was_stopped_leaves_nothing_to_go_by(scene: Any) -> None:
    grey, labels = scene[0], scene[1].copy()
    kept: dict[str, Any] = {}
    measured(grey, labels, kept)
    labels[labels == labels.max()] = 0

    def stop(_done: float, _total: float, stage: str) -> None:
        if stage == "measuring particles":
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        features(grey, labels, spacing=SPACING, radius=0.5, run=Run(jobs=1, kept=kept, progress=stop))
    assert_same(measured(grey, labels, kept), measured(grey, labels))
