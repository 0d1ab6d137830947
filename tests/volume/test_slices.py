"""Folders of slices, and single pictures."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from electrodej.errors import OutputError
from electrodej.volume import open_volume, write_volume

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("suffix", [".tif", ".png", ".bmp"])
def test_slices_are_in_natural_order(tmp_path, suffix):
    stack = RNG.integers(0, 255, (12, 6, 7), dtype=np.uint8)
    for z, plane in enumerate(stack):
        Image.fromarray(plane).save(tmp_path / f"slice{z + 1}{suffix}")
    with open_volume(tmp_path) as volume:
        assert np.array_equal(volume.read(), stack)
        assert np.array_equal(volume[2:11, 1:3, 4], stack[2:11, 1:3, 4])
        assert volume.spacing is None


def test_sixteen_bit_png_slices(tmp_path):
    stack = RNG.integers(0, 65535, (3, 6, 7), dtype=np.uint16)
    for z, plane in enumerate(stack):
        Image.fromarray(plane).save(tmp_path / f"{z}.png")
    with open_volume(tmp_path) as volume:
        assert volume.dtype == np.uint16
        assert np.array_equal(volume.read(), stack)


def test_what_is_no_image_is_passed_over(tmp_path):
    tifffile.imwrite(tmp_path / "a1.tif", np.zeros((3, 4), np.uint8))
    tifffile.imwrite(tmp_path / "a2.TIFF", np.ones((3, 4), np.uint8))
    for name in ("notes.txt", "Thumbs.db", ".hidden.tif", "scan.log"):
        (tmp_path / name).write_text("x")
    (tmp_path / "folder.tif").mkdir()
    with open_volume(tmp_path) as volume:
        assert volume.read().max(axis=(1, 2)).tolist() == [0, 1]


def test_the_voxel_size_of_slices_lacks_the_depth(tmp_path):
    for z in range(2):
        tifffile.imwrite(
            tmp_path / f"{z}.tif",
            np.zeros((3, 4), np.uint8),
            imagej=True,
            resolution=(10, 10),
            metadata={"unit": "um"},
        )
    with open_volume(tmp_path) as volume:
        assert (volume.voxel_size.z, volume.voxel_size.y) == (None, 0.1)
        assert volume.spacing is None


def test_one_picture_is_one_slice(tmp_path):
    plane = RNG.integers(0, 255, (6, 7), dtype=np.uint8)
    Image.fromarray(plane).save(tmp_path / "a.png")
    with open_volume(tmp_path / "a.png", spacing=(1, 2, 3)) as volume:
        assert volume.is_2d
        assert volume.require_spacing() == (1, 2, 3)
        assert np.array_equal(volume[0], plane)


def test_a_folder_with_other_things_in_it_is_not_replaced(tmp_path):
    target = tmp_path / "slices"
    write_volume(target, np.zeros((2, 3, 4), np.uint8), spacing=(1, 1, 1), format="slices")
    write_volume(target, np.ones((2, 3, 4), np.uint8), spacing=(1, 1, 1), format="slices", force=True)
    (target / "thesis.docx").touch()
    with pytest.raises(OutputError, match="something else"):
        write_volume(target, np.zeros((2, 3, 4), np.uint8), spacing=(1, 1, 1), format="slices", force=True)
    assert (target / "thesis.docx").exists()
