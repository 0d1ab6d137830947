"""Folders of images and labels as training pairs."""

import re
from pathlib import Path

import numpy as np
import pytest

from electrodej.annotation import Pairs, read_pairs
from electrodej.errors import InputError
from electrodej.volume import write_volume

SPACING = (0.2, 0.1, 0.05)


def grey_slice(seed: int = 0, shape: tuple[int, ...] = (6, 9)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, shape).astype(np.uint8)


def two_particles(shape: tuple[int, int] = (6, 9)) -> np.ndarray:
    labels = np.zeros(shape, np.uint16)
    labels[1:3, 1:4] = 1
    labels[4:, 5:] = 2
    return labels


def write(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_volume(path, array, spacing=SPACING)


@pytest.mark.parametrize("grey", ["images", "grey", "raw"])
@pytest.mark.parametrize("labels", ["masks", "labels"])
def test_two_folders_are_matched_by_name_in_natural_order(tmp_path, grey, labels):
    for number in (10, 2):
        write(tmp_path / grey / f"slice{number}.tif", grey_slice(number))
        write(tmp_path / labels / f"slice{number}.ome.tif", two_particles())
    pairs = read_pairs(tmp_path)
    assert pairs.names == ("slice2", "slice10")
    assert pairs.warnings == ()
    for pair, seed in zip(pairs, (2, 10), strict=True):
        np.testing.assert_array_equal(pair.grey, grey_slice(seed))
        np.testing.assert_array_equal(pair.labels, two_particles())
        assert (pair.grey.dtype, pair.labels.dtype) == (np.uint8, np.uint16)
        assert pair.spacing == pytest.approx(SPACING[1:])


def test_every_slice_of_a_stack_is_a_pair(tmp_path):
    stack = np.stack([two_particles(), np.zeros((6, 9), np.uint16), two_particles() * 2])
    write(tmp_path / "grey.tif", grey_slice(1, (3, 6, 9)))
    write(tmp_path / "labels.tif", stack)
    pairs = read_pairs(tmp_path)
    assert pairs.names == tuple(f"{tmp_path.name}-000{n}" for n in (1, 2, 3))
    (warning,) = pairs.warnings
    assert re.search(r"labels\.tif .*1 slice", warning)
    for z in range(3):
        np.testing.assert_array_equal(pairs[z].grey, grey_slice(1, (3, 6, 9))[z])
        np.testing.assert_array_equal(pairs[z].labels, stack[z])
    part = pairs[1:]
    assert isinstance(part, Pairs)
    assert part.names == pairs.names[1:]


def test_labels_above_65535_stay_as_they_are(tmp_path):
    labels = two_particles().astype(np.uint32)
    labels[labels == 2] = 70_000
    write(tmp_path / "grey.tif", grey_slice())
    write(tmp_path / "labels.tif", labels)
    pair = read_pairs(tmp_path)[0]
    assert pair.labels.dtype == np.int32
    np.testing.assert_array_equal(pair.labels, labels)


def test_labels_beyond_signed_numbers_stay_apart_and_above_0(tmp_path):
    labels = np.zeros((6, 9), np.uint32)
    labels[1:3, 1:4], labels[3:5, 5:8] = 2**31, 2**32 - 1
    write(tmp_path / "grey.tif", grey_slice())
    write(tmp_path / "labels.tif", labels)
    found = read_pairs(tmp_path)[0].labels
    assert np.unique(found).tolist() == [0, 1, 2]
    assert ((found > 0) == (labels > 0)).all()


def test_a_given_voxel_size_overrides_the_files(tmp_path):
    write(tmp_path / "grey.tif", grey_slice())
    write(tmp_path / "labels.tif", two_particles())
    assert read_pairs(tmp_path, spacing=(3, 4, 5))[0].spacing == (4, 5)


def test_grey_values_become_float32_where_they_are_neither_8_nor_16_bit(tmp_path):
    write(tmp_path / "grey.tif", grey_slice().astype(np.uint32) + 70_000)
    write(tmp_path / "labels.tif", two_particles())
    grey = read_pairs(tmp_path)[0].grey
    assert grey.dtype == np.float32
    np.testing.assert_array_equal(grey, grey_slice() + 70_000.0)


def test_files_are_read_when_a_pair_is_asked_for(tmp_path):
    write(tmp_path / "grey.tif", grey_slice())
    write(tmp_path / "labels.tif", two_particles())
    pairs = read_pairs(tmp_path)
    (tmp_path / "grey.tif").unlink()
    assert len(pairs) == 1
    with pytest.raises(InputError, match=r"grey\.tif"):
        pairs[0]


def test_one_particle_is_a_warning_that_names_the_file(tmp_path):
    write(tmp_path / "grey.tif", grey_slice())
    write(tmp_path / "labels.tif", (two_particles() > 0).astype(np.uint8) * 255)
    (warning,) = read_pairs(tmp_path).warnings
    assert re.search(r"labels\.tif .*one particle.*255", warning)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "holds no training data"),
        ({"images/a.tif": grey_slice()}, "images has no labels beside it"),
        ({"masks/a.tif": two_particles()}, "masks has no grey values beside it"),
        ({"images/a.tif": grey_slice(), "masks/": None}, "masks has no images in it"),
        (
            {
                "images/a.tif": grey_slice(),
                "images/b.tif": grey_slice(),
                "images/c.tif": grey_slice(),
                "masks/a.tif": two_particles(),
            },
            "b.tif has no labels in .*masks under the name b, and 1 more",
        ),
        (
            {
                "images/a.tif": grey_slice(),
                "masks/a.tif": two_particles(),
                "masks/b.tif": two_particles(),
            },
            "b.tif has no grey values in .*images under the name b;",
        ),
        ({"grey.tif": grey_slice(), "labels.tif": two_particles((9, 6))}, "9 x 6 pixels .* 6 x 9 pixels"),
        ({"grey.tif": grey_slice(), "labels.tif": np.zeros((6, 9), np.uint16)}, "labels.tif has no particle"),
        ({"grey.tif": grey_slice(), "labels.tif": two_particles().astype(np.float32)}, "float32"),
        ({"grey.tif": grey_slice(), "labels.tif": two_particles() / np.float32(4)}, "not a whole number"),
        ({"grey.tif": grey_slice(), "labels.tif": two_particles().astype(np.int16) * -1}, "negative"),
        ({"grey.tif": grey_slice(), "labels/a.tif": two_particles()}, "an image and a folder"),
        (
            {
                "grey.tif": grey_slice(),
                "raw.tif": grey_slice(),
                "labels.tif": two_particles(),
            },
            "grey.tif and raw.tif, which mean the same",
        ),
        (
            {
                "images/a.tif": grey_slice(),
                "images/a.tiff": grey_slice(),
                "masks/a.tif": two_particles(),
            },
            "a.tif and a.tiff; a name may stand for one image only",
        ),
    ],
)
def test_what_cannot_be_trained_on_is_said_with_its_file(tmp_path, files, message):
    for name, array in files.items():
        if array is None:
            (tmp_path / name).mkdir()
        else:
            write(tmp_path / name, array)
    with pytest.raises(InputError, match=message):
        read_pairs(tmp_path)


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_pairs(tmp_path / "nowhere")
