"""Sections of a volume with what was found in it, as training pairs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from electrodej.networks.stardist.found import FoundSections
from electrodej.volume import open_volume, write_volume

SHAPE = (20, 36, 50)


@pytest.fixture
def volumes(tmp_path):
    """Grey values that tell their own place, and two particles."""
    z, y, x = np.indices(SHAPE)
    grey = (z + 100 * y + 10_000 * (x % 6)).astype(np.uint16)
    labels = np.zeros(SHAPE, np.uint16)
    labels[4:16, 5:20, 5:20] = 1
    labels[4:16, 5:30, 30:45] = 2
    write_volume(tmp_path / "grey.tif", grey, spacing=(0.1, 0.1, 0.1))
    write_volume(tmp_path / "labels.tif", labels, spacing=(0.1, 0.1, 0.1), labels=True)
    with open_volume(tmp_path / "grey.tif") as one, open_volume(tmp_path / "labels.tif") as other:
        yield one, other, grey, labels


def test_sections_of_three_views_lie_apart_with_their_own_labels(volumes, perfect_model):
    one, other, grey, labels = volumes
    trusted = np.array([False, True, True])
    sections = FoundSections(
        one, other, trusted, spacing=(0.1,) * 3, model=perfect_model, scale=None, count=4
    )
    assert [pair.name for pair in sections] == [
        *(f"xy-{number}" for number in (2, 7, 12, 17)),
        *(f"xz-{number}" for number in (4, 13, 22, 31)),
        *(f"yz-{number}" for number in (6, 18, 31, 43)),
    ]
    for pair in sections:
        view, number = pair.name.split("-")
        axis = ("xy", "xz", "yz").index(view)
        assert np.array_equal(pair.grey, np.take(grey, int(number), axis))
        assert np.array_equal(pair.labels, np.take(labels, int(number), axis))
        assert pair.spacing == (0.1, 0.1)


def test_doubtful_particles_are_not_learnt_from(volumes, perfect_model):
    one, other, _, labels = volumes
    trusted = np.array([False, False, True])
    sections = FoundSections(
        one, other, trusted, spacing=(0.1,) * 3, model=perfect_model, scale=None, count=1
    )
    assert np.array_equal(sections[0].labels, np.where(labels[10] == 2, 2, 0))


def test_a_volume_thinner_than_the_count_gives_each_section_once(volumes, perfect_model):
    one, other, _, _ = volumes
    trusted = np.array([False, True, True])
    sections = FoundSections(
        one, other, trusted, spacing=(0.1,) * 3, model=perfect_model, scale=None, count=30
    )
    names = [pair.name for pair in sections]
    assert len(names) == len(set(names)) == 20 + 30 + 30


def test_sections_come_as_large_as_the_network_sees_them(volumes, perfect_model):
    """Slices twice as far apart as pixels, of half the size of the training's."""
    one, other, _, _ = volumes
    model = dataclasses.replace(
        perfect_model, info=dataclasses.replace(perfect_model.info, spacing=(0.2, 0.2, 0.2))
    )
    trusted = np.array([False, True, True])
    sections = FoundSections(one, other, trusted, spacing=(0.2, 0.1, 0.1), model=model, scale=None, count=1)
    xy, xz, yz = sections
    assert xy.grey.shape == xy.labels.shape == (round(35 * 0.5) + 1, round(49 * 0.5) + 1)
    assert xz.grey.shape == xz.labels.shape == (20, round(49 * 0.5) + 1)
    assert yz.grey.shape == yz.labels.shape == (20, round(35 * 0.5) + 1)
    for pair in sections:
        assert pair.spacing == pytest.approx((0.2, 0.2))
        assert set(np.unique(pair.labels)) <= {0, 1, 2}
