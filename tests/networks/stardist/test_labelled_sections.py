"""Sections of a volume with what was found in it, as training pairs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from electrodej.networks.stardist.labelled_sections import LabelledSections
from electrodej.vocabulary import VIEWS
from electrodej.volume import open_volume, write_volume

AS_TRAINED = dict.fromkeys(VIEWS)
SHAPE = (20, 36, 50)
# Every section of both particles is learnt from, um^2.
ALL = np.array([np.inf, 0.0, 0.0])


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


@pytest.fixture
def seen(tmp_path):
    """What views say that see two particles with a rim, and a third that nobody has drawn."""
    view = np.zeros(SHAPE, np.uint8)
    view[3:17, 4:31, 4:46] = 30
    view[6:14, 7:18, 7:18] = 250
    view[6:14, 7:28, 32:43] = 250
    view[8:12, 33:35, 20:30] = 80
    blind = np.zeros(SHAPE, np.uint8)
    for name, what in (("sees", view), ("blind", blind)):
        write_volume(tmp_path / f"{name}.tif", what, spacing=(0.1, 0.1, 0.1))
    with open_volume(tmp_path / "sees.tif") as one, open_volume(tmp_path / "blind.tif") as other:
        yield [other, one, other]


def test_sections_of_three_views_lie_apart_with_their_own_labels(volumes, seen, perfect_model):
    one, other, grey, labels = volumes
    sections = LabelledSections(
        one, other, ALL, seen, spacing=(0.1,) * 3, model=perfect_model, scales=AS_TRAINED, count=4
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
        drawn = np.take(labels, int(number), axis)
        assert np.array_equal(np.maximum(pair.labels, 0), drawn)
        assert not (pair.labels < 0)[drawn > 0].any()
        assert pair.spacing == (0.1, 0.1)


def test_doubtful_particles_are_not_learnt_from(volumes, seen, perfect_model):
    one, other, _, labels = volumes
    least = np.array([np.inf, np.inf, 0.0])
    sections = LabelledSections(
        one, other, least, seen, spacing=(0.1,) * 3, model=perfect_model, scales=AS_TRAINED, count=1
    )
    # Of slice 10: what was drawn of the first with the rim, and the spot that was seen and not drawn.
    wanted = np.where(labels[10] == 2, 2, 0)
    wanted[4:31, 4:46][labels[10, 4:31, 4:46] != 2] = -1
    wanted[33:35, 20:30] = -1
    assert np.array_equal(sections[0].labels, wanted)


def test_the_rim_around_a_particle_is_background(volumes, seen, perfect_model):
    one, other, _, labels = volumes
    sections = LabelledSections(
        one, other, ALL, seen,
        spacing=(0.1,) * 3, model=perfect_model, scales=AS_TRAINED, count=1,
    )  # fmt: skip
    wanted = labels[10].astype(int)
    wanted[33:35, 20:30] = -1
    assert np.array_equal(sections[0].labels, wanted)
    assert sections.smallest_edge == 20


def test_a_volume_thinner_than_the_count_gives_each_section_once(volumes, seen, perfect_model):
    one, other, _, _ = volumes
    sections = LabelledSections(
        one, other, ALL, seen, spacing=(0.1,) * 3, model=perfect_model, scales=AS_TRAINED, count=30
    )
    names = [pair.name for pair in sections]
    assert len(names) == len(set(names)) == 20 + 30 + 30


def test_sections_come_as_large_as_the_network_sees_them(volumes, seen, perfect_model):
    """Slices twice as far apart as pixels, of half the size of the training's."""
    one, other, _, _ = volumes
    model = dataclasses.replace(
        perfect_model, info=dataclasses.replace(perfect_model.info, spacing=(0.2, 0.2, 0.2))
    )
    sections = LabelledSections(
        one, other, ALL, seen, spacing=(0.2, 0.1, 0.1), model=model, scales=AS_TRAINED, count=1
    )
    xy, xz, yz = sections
    assert xy.grey.shape == xy.labels.shape == (round(35 * 0.5) + 1, round(49 * 0.5) + 1)
    assert xz.grey.shape == xz.labels.shape == (20, round(49 * 0.5) + 1)
    assert yz.grey.shape == yz.labels.shape == (20, round(35 * 0.5) + 1)
    for pair in sections:
        assert pair.spacing == pytest.approx((0.2, 0.2))
        assert set(np.unique(pair.labels)) <= {-1, 0, 1, 2}


def test_sections_that_graze_their_particle_are_unknown(volumes, seen, perfect_model):
    """In slice 10, particle 1 has 225 pixels and particle 2 has 375, of 0.01 um^2."""
    one, other, _, labels = volumes
    sections = LabelledSections(
        one, other, np.array([np.inf, 2.24, 3.76]), seen,
        spacing=(0.1,) * 3, model=perfect_model, scales=AS_TRAINED, count=1,
    )  # fmt: skip
    assert (sections[0].labels[labels[10] == 1] == 1).all()
    assert (sections[0].labels[labels[10] == 2] == -1).all()


def test_a_section_that_may_be_two_particles_is_unknown(volumes, seen, perfect_model, tmp_path):
    """Two squares joined by a neck fill 0.71 of their convex hull, a square all of it."""
    one, _, _, labels = volumes
    joined = np.zeros_like(labels)
    joined[:, 2:12, 2:12] = joined[:, 12:24, 6:8] = joined[:, 24:34, 2:12] = 1
    joined[:, 5:15, 30:40] = 2
    write_volume(tmp_path / "joined.tif", joined, spacing=(0.1,) * 3, labels=True)
    with open_volume(tmp_path / "joined.tif") as other:
        sections = LabelledSections(
            one,
            other,
            ALL,
            seen,
            spacing=(0.1,) * 3,
            model=perfect_model,
            scales=AS_TRAINED,
            count=1,
        )
        found = sections[0].labels
    assert (found[joined[10] == 1] == -1).all()
    assert (found[joined[10] == 2] == 2).all()
