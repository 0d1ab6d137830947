"""Outlines to pixels, and labels to outlines."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from electrodej.annotation import Ellipse, Polygon, Region, draw, outlines_of
from electrodej.annotation.outlines import joined, trace
from electrodej.annotation.shapes import clean_ring, crossing
from electrodej.errors import InputError


def ring(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, float)


def filled(shape: Polygon | Ellipse, size: tuple[int, int] = (4, 5)) -> np.ndarray:
    return draw([Region(shape, 1)], size)


def filled_by_the_textbook(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Even-odd in exact fractions: for each pixel centre, count the edges that a ray to the left crosses."""
    corners = [(Fraction(x), Fraction(y)) for x, y in points]
    result = np.zeros(size, int)
    for i in range(size[0]):
        for j in range(size[1]):
            x, y = j + Fraction(1, 2), i + Fraction(1, 2)
            for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
                if (ay < y) != (by < y) and x > ax + (y - ay) * (bx - ax) / (by - ay):
                    result[i, j] ^= 1
    return result


def test_a_polygon_covers_the_pixels_whose_centres_are_inside():
    triangle = Polygon((ring((0, 0), (4.2, 0), (0, 4.2)),))
    expected = [[1, 1, 1, 1, 0], [1, 1, 1, 0, 0], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]]
    np.testing.assert_array_equal(filled(triangle), expected)


@pytest.mark.slow
@given(arrays(np.int64, (6, 2), elements=st.integers(-4, 24)))
def test_any_polygon_is_filled_as_the_textbook_fills_it(points):
    shape = Polygon((points / 2,))  # many centres lie on its outline
    whole = np.zeros((9, 10), int)
    box, mask = shape.mask((9, 10))
    whole[box] = mask
    np.testing.assert_array_equal(whole, filled_by_the_textbook(points / 2, (9, 10)))


@given(arrays(np.int64, (4, 2), elements=st.integers(1, 9)))
def test_polygons_with_a_common_border_share_no_pixel_and_leave_none(points):
    """The square around any polygon, less the polygon, and the polygon make the square."""
    square = ring((0, 0), (10, 0), (10, 10), (0, 10))
    inner = points + 0.5  # through the centres
    total = np.zeros((10, 10), int)
    for shape in (Polygon((inner,)), Polygon((square, inner))):
        box, mask = shape.mask((10, 10))
        total[box] += mask
    np.testing.assert_array_equal(total, 1)


def test_a_centre_on_an_outline_belongs_to_the_left_and_upper_shape():
    np.testing.assert_array_equal(
        filled(Polygon((ring((0.5, 0.5), (3.5, 0.5), (3.5, 2.5), (0.5, 2.5)),))),
        [[0, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]],
    )


@pytest.mark.parametrize(("a", "b", "angle"), [(30.0, 30.0, 0.0), (40.0, 25.0, 0.0), (42.0, 20.0, 0.7)])
def test_an_ellipse_has_its_area_and_its_direction(a, b, angle):
    labels = filled(Ellipse(50.3, 49.8, a, b, angle), (100, 100))
    # A circle of radius r covers its area within about its outline's length to the power 2/3.
    assert labels.sum() == pytest.approx(math.pi * a * b, abs=(2 * math.pi * a) ** (2 / 3))
    y, x = np.nonzero(labels)
    assert (x.mean() + 0.5, y.mean() + 0.5) == pytest.approx((50.3, 49.8), abs=0.1)
    if angle:
        long_axis = np.linalg.eigh(np.cov(x, y))[1][:, 1]
        assert math.atan2(long_axis[1], long_axis[0]) % math.pi == pytest.approx(angle, abs=0.01)


def test_the_later_of_two_shapes_wins_where_they_overlap():
    left, right = (
        Polygon((ring((0, 0), (3, 0), (3, 4), (0, 4)),)),
        Polygon((ring((2, 0), (5, 0), (5, 4), (2, 4)),)),
    )
    assert draw([Region(left, 1), Region(right, 2)], (4, 5))[0].tolist() == [1, 1, 2, 2, 2]
    assert draw([Region(right, 2), Region(left, 1)], (4, 5))[0].tolist() == [1, 1, 1, 2, 2]


def test_shapes_are_cut_at_the_image():
    np.testing.assert_array_equal(filled(Ellipse(0, 0, 2.0, 2.0)), np.pad([[1, 1], [1, 0]], ((0, 2), (0, 3))))
    assert filled(Polygon((ring((-9, -9), (99, -9), (99, 99), (-9, 99)),))).all()


@pytest.mark.parametrize(
    "shape",
    [
        Polygon((ring((6, 0), (8, 0), (8, 4)),)),
        Polygon((ring((1.1, 1.1), (1.4, 1.1), (1.4, 1.4)),)),
        Ellipse(-5, 2, 3, 3),
    ],
)
def test_a_shape_without_a_pixel_in_the_image_is_refused_by_name(shape):
    with pytest.raises(InputError, match=r"drawing 7 .*no pixel.*5 x 4"):
        draw([Region(shape, 1, "drawing 7")], (4, 5))


def test_a_shape_under_others_is_refused_by_name():
    small, large = Ellipse(2, 2, 1, 1), Ellipse(2, 2, 2, 2)
    with pytest.raises(InputError, match="the small one is wholly covered"):
        draw([Region(small, 1, "the small one"), Region(large, 2)], (4, 5))


def test_labels_above_65535_are_drawn():
    labels = draw([Region(Ellipse(2, 2, 1, 1), 70_000)], (4, 5))
    assert (labels.dtype, labels.max()) == (np.uint32, 70_000)


@pytest.mark.parametrize(
    ("points", "crossed_at"),
    [
        (((0, 0), (4, 4), (4, 0), (0, 4)), (2, 2)),
        (((0, 0), (9, 0), (9, 2), (1, 2), (1, -1)), (1, 0)),
        (((0, 0), (4, 0), (4, 4), (0, 4)), None),
        (((0, 0), (4, 0), (2, 0), (4, 4), (0, 4)), None),  # a spike back along its own edge
        (((0, 0), (2, 2), (4, 0), (4, 4), (2, 2), (0, 4)), None),  # touches itself in a point
    ],
)
def test_where_an_outline_crosses_itself_is_found(points, crossed_at):
    assert crossing(ring(*points)) == crossed_at


def test_a_crossing_is_found_among_many_edges():
    angles = np.arange(1000) * 2 * np.pi / 1000
    circle = 100 + 90 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert crossing(circle) is None
    circle[[600, 601]] = circle[[601, 600]]
    x, y = crossing(circle) or (0, 0)
    assert (x, y) == pytest.approx(tuple(circle[600:602].mean(axis=0)), abs=0.3)


@pytest.mark.parametrize("points", [((1, 1), (1, 1), (2, 2)), ((0, 0), (2, 2), (4, 4), (1, 1)), ((3, 3),)])
def test_an_outline_without_area_is_refused(points):
    with pytest.raises(ValueError, match=r"three different points|on one line"):
        clean_ring(ring(*points))


LABELS = arrays(np.uint16, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 3))


@given(LABELS)
def test_filling_the_outlines_of_labels_gives_the_labels(labels):
    regions = [Region(Polygon(tuple(o.astype(float) for o in rings)), n) for n, rings in outlines_of(labels)]
    assert [region.label for region in regions] == [n for n in (1, 2, 3) if (labels == n).any()]
    np.testing.assert_array_equal(draw(regions, labels.shape), labels)


@given(LABELS)
def test_joined_outlines_are_one_that_fills_the_same_and_does_not_cross_itself(labels):
    mask = labels > 1
    if mask.any():
        outline = clean_ring(joined(trace(mask)).astype(float))
        assert crossing(outline) is None
        np.testing.assert_array_equal(filled(Polygon((outline,)), labels.shape), mask)


def test_pixels_that_touch_at_a_corner_have_one_outline_and_a_hole_its_own():
    ((_, diagonal),) = outlines_of(np.eye(2, dtype=np.uint8))
    assert len(diagonal) == 1
    ((_, frame),) = outlines_of(np.pad(np.zeros((1, 1), np.uint8), 1, constant_values=1))
    assert sorted(len(outline) for outline in frame) == [4, 4]
