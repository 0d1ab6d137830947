"""Labels drawn as grey values for a second network."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from electrodej.errors import InputError
from electrodej.fusion.shapes import DrawnLabels, render
from electrodej.volume import ArrayVolume


def test_a_pixel_is_as_bright_as_it_is_deep_in_its_own_particle():
    labels = np.zeros((21, 23), np.uint16)
    labels[2:19, 2:12] = 5
    labels[2:19, 12:22] = 9
    deepest = 255 / 8
    drawn = render(labels)
    assert drawn[10].tolist() == [0, 0] + [round(deepest * d) for d in (1, 2, 3, 4, 5, 5, 4, 3, 2, 1)] * 2 + [
        0
    ]
    # Far from a corner's sides the nearest pixel of something else lies across the corner.
    assert drawn[2, 2] == drawn[2, 11] == round(deepest)
    inside = ndimage.distance_transform_edt(labels == 5)
    assert np.array_equal(drawn[labels == 5], np.rint(np.minimum(inside, 8) * deepest)[labels == 5])


def test_numbers_make_no_difference_and_borders_are_flat_from_eight_pixels_on():
    labels = np.zeros((40, 40), np.int64)
    labels[5:35, 5:35] = 70_000
    drawn = render(labels)
    assert np.array_equal(drawn, render((labels > 0).astype(np.uint8)))
    assert (drawn[12:28, 12:28] == 255).all()
    assert drawn[11, 20] < 255


def test_the_image_edge_is_no_border_and_nothing_is_dark():
    assert (render(np.full((5, 6), 2, np.uint16)) == 255).all()
    assert not render(np.zeros((5, 6), np.uint16)).any()


def test_long_pixels_count_by_their_length():
    labels = np.zeros((9, 9), np.uint8)
    labels[3:6] = 1
    # Rows are three times as far apart as columns: the middle one is 6 columns' edges from the background.
    drawn = render(labels, spacing=(0.3, 0.1))
    assert drawn[2:7, 4].tolist() == [0, *[round(255 / 8 * d) for d in (3, 6, 3)], 0]


@pytest.mark.parametrize("labels", [np.zeros((2, 2), np.float32), np.zeros((2, 2, 2), np.uint8)])
def test_what_is_no_section_of_labels_is_refused(labels):
    with pytest.raises(InputError, match="whole numbers of a section"):
        render(labels)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_part_of_a_drawn_volume_is_that_part_of_its_drawn_sections(axis):
    random = np.random.default_rng(3)
    coarse = random.integers(0, 4, (3, 4, 5))
    labels = coarse.repeat(6, 0).repeat(5, 1).repeat(4, 2).astype(np.uint16)
    spacing = (0.1, 0.2, 0.3)
    drawn = DrawnLabels(ArrayVolume(labels, spacing=spacing), axis, spacing=spacing)
    pixel = tuple(length for n, length in enumerate(spacing) if n != axis)
    expected = np.stack(
        [render(section, spacing=pixel) for section in np.moveaxis(labels, axis, 0)], axis=axis
    )
    assert drawn.shape == labels.shape
    assert drawn.spacing == spacing
    assert np.array_equal(drawn[3:9, 2:11, 7:], expected[3:9, 2:11, 7:])
