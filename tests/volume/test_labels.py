"""Label numbers are let in unchanged or not at all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.segmentation import relabel_sequential as peer

from electrodej.errors import InputError
from electrodej.volume import (
    ArrayVolume,
    Renumbering,
    cast_labels,
    check_grey,
    check_labels,
    compact_dtype,
    max_label,
    relabel_sequential,
)


@pytest.mark.parametrize(
    ("highest", "dtype"), [(0, np.uint16), (65535, np.uint16), (65536, np.uint32), (2**32 - 1, np.uint32)]
)
def test_labels_are_stored_as_small_as_they_fit(highest, dtype):
    assert compact_dtype(highest) == dtype


@pytest.mark.parametrize("highest", [-1, 2**32])
def test_a_number_that_fits_no_label_is_refused(highest):
    with pytest.raises(InputError):
        compact_dtype(highest)


@settings(deadline=None)
@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16, np.uint32, np.int8, np.int16, np.int32, np.int64, np.uint64]),
        hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=5),
    )
)
def test_integers_pass_unchanged_or_are_refused(array):
    values = [int(value) for value in array.reshape(-1)]
    if min(values) < 0 or max(values) > 2**32 - 1:
        with pytest.raises(InputError):
            check_labels(array)
    else:
        checked = check_labels(array)
        assert checked.dtype.kind == "u"
        assert checked.dtype.itemsize <= 4
        assert [int(value) for value in checked.reshape(-1)] == values


@settings(deadline=None)
@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64]),
        (2, 3),
        elements=st.one_of(
            st.integers(0, 2**24).map(float),
            st.sampled_from([0.5, -1.0, float("nan"), float("inf"), 2.0**32, 65536.0]),
        ),
    )
)
def test_floats_pass_where_they_are_whole(array):
    values = [float(value) for value in array.reshape(-1)]
    if all(value.is_integer() and 0 <= value < 2**32 for value in values):
        assert check_labels(array).reshape(-1).tolist() == values
    else:
        with pytest.raises(InputError):
            check_labels(array)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.5, "1.5 at z=11, y=0, x=1 is not a whole number"),
        (-2.0, "-2.0 at z=11, y=0, x=1 is negative"),
        (np.nan, "nan at z=11, y=0, x=1 is not a number"),
        (np.inf, "inf at z=11, y=0, x=1 is not a number"),
        (2.0**32, "at z=11, y=0, x=1 is above 4294967295"),
    ],
)
def test_the_message_names_the_file_and_the_position(value, words):
    labels = np.zeros((3, 2, 2), np.float64)
    labels[1, 0, 1] = value
    with pytest.raises(InputError) as caught:
        check_labels(labels, "labels.tif", start=10)
    assert str(caught.value).startswith("labels.tif: the label ")
    assert words in str(caught.value)


def test_a_mask_is_labels():
    checked = check_labels(np.array([[True, False]]))
    assert checked.dtype == np.uint8
    assert checked.tolist() == [[1, 0]]


@pytest.mark.parametrize("array", [np.array([["a"]]), np.array([[1j]])])
def test_other_types_are_no_labels(array):
    with pytest.raises(InputError, match="no labels"):
        check_labels(array)


def test_a_cast_that_would_wrap_is_refused():
    with pytest.raises(InputError, match="label 256 does not fit uint8"):
        cast_labels(np.array([1, 256]), np.uint8)
    assert cast_labels(np.array([1, 255]), np.uint8).dtype == np.uint8


def test_float32_holds_labels_up_to_two_to_the_24():
    assert cast_labels(np.array([2**24], np.uint32), np.float32)[0] == 2**24
    with pytest.raises(InputError, match="does not fit float32"):
        cast_labels(np.array([2**24 + 1], np.uint32), np.float32)


@settings(deadline=None)
@given(hnp.arrays(np.uint16, (3, 4), elements=st.integers(0, 12)))
def test_renumbering_agrees_with_scikit_image(labels):
    new, old = relabel_sequential(labels)
    expected, _, inverse = peer(labels)
    assert np.array_equal(new, expected)
    assert old.tolist() == [int(inverse[n]) for n in range(old.size)]


@settings(deadline=None)
@given(hnp.arrays(np.int64, (2, 5), elements=st.integers(0, 2**63 - 1)))
def test_renumbering_of_pair_ids_can_be_undone(labels):
    new, old = relabel_sequential(labels)
    assert np.array_equal(old[new], labels)
    assert sorted(set(new.reshape(-1).tolist()) - {0}) == list(range(1, old.size))


def test_ninety_thousand_pairs_stay_ninety_thousand():
    first, second = np.meshgrid(np.arange(1, 301), np.arange(1, 301))
    new, _ = relabel_sequential(first.astype(np.int64) * 301 + second)
    assert new.dtype == np.uint32
    assert np.unique(new).size == 90_000


def test_renumbering_by_slabs_is_renumbering_at_once():
    labels = np.random.default_rng(0).integers(0, 2**40, (6, 4, 4)) * (np.arange(6) % 2)[:, None, None]
    numbers = Renumbering(labels[z : z + 2] for z in range(0, 6, 2))
    assert np.array_equal(
        np.concatenate([numbers(labels[z : z + 3]) for z in (0, 3)]), relabel_sequential(labels)[0]
    )


@pytest.mark.parametrize("known", [7, 2**40])
@pytest.mark.parametrize("stranger", [3, 8, 2**41, -1])
def test_a_label_that_was_not_counted_is_refused(known, stranger):
    numbers = Renumbering([np.array([0, known])])
    with pytest.raises(InputError, match=f"label {stranger} is not among"):
        numbers(np.array([known, stranger, 0]))


def test_an_image_of_background_has_no_labels():
    new, old = relabel_sequential(np.zeros((2, 2), np.uint32))
    assert new.tolist() == [[0, 0], [0, 0]]
    assert old.tolist() == [0]


def test_the_highest_label_is_found_slab_by_slab():
    labels = np.zeros((5, 2, 2), np.uint32)
    labels[3, 1, 0] = 70_000
    assert max_label(labels) == 70_000
    assert max_label(ArrayVolume(labels, spacing=None)) == 70_000


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_grey_values_that_are_no_numbers_are_placed(value):
    grey = np.ones((2, 3, 4), np.float32)
    grey[1, 2, 0:2] = value
    with pytest.raises(InputError) as caught:
        check_grey(grey, "grey.tif", start=5)
    assert "grey.tif has grey values that are NaN or infinite" in str(caught.value)
    assert "z=6, y=2, x=0" in str(caught.value)
    with pytest.raises(InputError, match="z=1, y=2, x=7"):
        check_grey(grey, "grey.tif", start=7, axis=2)


def test_grey_values_whose_sum_overflows_are_numbers():
    grey = np.full((2, 2), np.finfo(np.float32).max, np.float32)
    assert check_grey(grey) is grey


def test_complex_values_are_no_grey_values():
    with pytest.raises(InputError, match="complex64"):
        check_grey(np.zeros((2, 2), np.complex64))
