"""What was drawn in Labkit, in both of its forms. The files are written as Labkit's own code writes them."""

import json

import numpy as np
import pytest
import tifffile

from electrodej.annotation import is_labkit, read_labkit
from electrodej.errors import InputError


def labeling(path, labels, low=(0, 0, 0), high=(4, 3, 1)):
    path.write_text(json.dumps({"interval": {"min": low, "max": high}, "labels": labels, "colors": {}}))
    return path


def test_strokes_of_a_labeling_file_become_classes(tmp_path):
    path = labeling(tmp_path / "a.labeling", {"background": [[0, 0, 0], [4, 3, 1]], "particle": [[1, 2, 0]]})
    found = read_labkit(path)
    assert is_labkit(path)
    assert found.names == ("background", "particle")
    expected = np.zeros((2, 4, 5), np.uint16)
    expected[0, 0, 0] = expected[1, 3, 4] = 1
    expected[0, 2, 1] = 2
    np.testing.assert_array_equal(found.classes, expected)
    np.testing.assert_array_equal(found.things, expected == 2)


def test_an_image_of_two_axes_becomes_one_slice_and_what_is_two_things_is_none(tmp_path):
    labels = {"a": [[0, 0], [1, 0]], "b": [[1, 0], [2, 1]]}
    found = read_labkit(labeling(tmp_path / "a.labeling", labels, (0, 0), (2, 1)))
    np.testing.assert_array_equal(found.classes, [[[1, 0, 0], [0, 0, 2]]])


def test_numbers_of_an_image_are_named_by_the_file_beside_it(tmp_path):
    image = tmp_path / "a.tif"
    tifffile.imwrite(image, np.array([[0, 1, 2], [3, 1, 0]], np.uint8))
    assert not is_labkit(image)
    (tmp_path / "a.tif.labels").write_text(
        json.dumps({"labelSets": [[], ["pore"], ["particle"], ["pore", "particle"]]})
    )
    assert is_labkit(image)
    found = read_labkit(image)
    assert found.names == ("pore", "particle")
    np.testing.assert_array_equal(found.classes, [[[0, 1, 2], [0, 1, 0]]])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"labels": {}}',
        '{"interval": {"min": [0, 0], "max": [2, 2]}, "labels": {"a": [[3, 0]]}}',
        '{"interval": {"min": [0, 0, 0], "max": [99999, 99999, 99999]}, "labels": {}}',
    ],
)
def test_a_damaged_file_is_named(tmp_path, text):
    path = tmp_path / "a.labeling"
    path.write_text(text)
    with pytest.raises(InputError, match=r"a\.labeling is no (file of Labkit|JSON)"):
        read_labkit(path)
