"""Segmenting a file: what comes out, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from electrodej.errors import InputError, OutputError, VoxelSizeError
from electrodej.verbs import do
from electrodej.volume import open_volume, write_volume

SPACING = (0.2, 0.2, 0.2)


def segment_particles(image, out, **options):
    return do("segment particles", image, model="watershed", out=out, **options).numbers


@pytest.fixture
def two_balls():
    """Two bright balls of radius 2 um that touch, in a dark box."""
    z, y, x = np.indices((26, 26, 46)) * 0.2
    near = (z - 2.5) ** 2 + (y - 2.5) ** 2 + (x - 2.5) ** 2 <= 2.05**2
    far = (z - 2.5) ** 2 + (y - 2.5) ** 2 + (x - 6.5) ** 2 <= 2.05**2
    return np.where(near | far, 190, 60).astype(np.uint8)


@pytest.fixture
def grey_file(tmp_path, two_balls):
    path = tmp_path / "grey.tif"
    write_volume(path, two_balls, spacing=SPACING)
    return path


def test_labels_keep_the_voxel_size_and_count_the_particles(grey_file, tmp_path):
    result = segment_particles(grey_file, tmp_path / "labels.tif")
    with open_volume(tmp_path / "labels.tif") as labels:
        assert labels.spacing == pytest.approx(SPACING)
        assert labels.dtype == np.uint16
        assert set(np.unique(labels.read())) == {0, 1, 2}
    assert result["particles"] == 2


def test_an_existing_output_is_kept_without_force(grey_file, tmp_path):
    out = tmp_path / "labels.tif"
    out.write_text("mine")
    with pytest.raises(OutputError, match="--force"):
        segment_particles(grey_file, out)
    assert out.read_text() == "mine"
    segment_particles(grey_file, out, force=True)
    assert tifffile.imread(out).max() == 2


def test_a_missing_voxel_size_names_the_option_and_writes_nothing(tmp_path, two_balls):
    tifffile.imwrite(tmp_path / "bare.tif", two_balls)
    with pytest.raises(VoxelSizeError, match="--spacing"):
        segment_particles(tmp_path / "bare.tif", tmp_path / "labels.tif")
    assert not (tmp_path / "labels.tif").exists()
    result = segment_particles(tmp_path / "bare.tif", tmp_path / "labels.tif", spacing=SPACING)
    assert (result["particles"], result["spacing_um"]) == (2, list(SPACING))


def test_too_little_memory_is_said_before_the_work(grey_file, tmp_path):
    with pytest.raises(InputError, match=r"grey\.tif: .*--memory"):
        segment_particles(grey_file, tmp_path / "labels.tif", memory=2**17)
    assert not (tmp_path / "labels.tif").exists()


def test_grey_values_that_are_not_finite_are_refused(tmp_path, two_balls):
    broken = two_balls.astype(np.float32)
    broken[3, 4, 5] = np.nan
    write_volume(tmp_path / "nan.tif", broken, spacing=SPACING)
    with pytest.raises(InputError, match="z=3, y=4, x=5"):
        segment_particles(tmp_path / "nan.tif", tmp_path / "labels.tif")
    assert not (tmp_path / "labels.tif").exists()


def test_labels_and_probabilities_are_not_put_into_one_file(grey_file, tmp_path):
    both = tmp_path / "both.tif"
    with pytest.raises(InputError, match="a file of its own"):
        do("segment particles", grey_file, model="nmc-particles", out=both, probability=both)
    assert not both.exists()


@pytest.mark.filterwarnings("error")
def test_a_watershed_that_finds_nothing_says_what_it_drops(tmp_path):
    z, y, x = np.indices((40, 48, 48)) * 0.1
    ball = (z - 2) ** 2 + (y - 2.4) ** 2 + (x - 2.4) ** 2 <= 0.9**2
    write_volume(tmp_path / "grey.tif", np.where(ball, 190, 60).astype(np.uint8), spacing=(0.1, 0.1, 0.1))
    notes: list[str] = []
    found = segment_particles(tmp_path / "grey.tif", tmp_path / "labels.tif", notes=notes)
    assert found["particles"] == 0
    assert any("less than 2 um across" in note for note in notes)


def test_watershed_parts_discs_of_a_single_slice_and_closes_their_holes(tmp_path):
    y, x = np.indices((60, 110)) * 0.2
    near = (y - 6) ** 2 + (x - 6) ** 2 <= 4.2**2
    far = (y - 6) ** 2 + (x - 14) ** 2 <= 4.2**2
    hole = (y - 6) ** 2 + (x - 6) ** 2 <= 1.5**2
    speck = (y - 2) ** 2 + (x - 20) ** 2 <= 0.6**2
    grey = np.where((near & ~hole) | far | speck, 190, 60).astype(np.uint8)
    write_volume(tmp_path / "slice.tif", grey[None], spacing=SPACING)
    result = segment_particles(tmp_path / "slice.tif", tmp_path / "labels.tif")
    # A ring would be parted into pieces around its hole; what is smaller than a disc of 1 um is dropped.
    assert result["particles"] == 2
    labels = tifffile.imread(tmp_path / "labels.tif").squeeze()
    for label, disc in ((labels[30, 15], near & ~hole), (labels[30, 80], far)):
        assert label > 0
        share = (labels == label).sum() / disc.sum()
        assert share == pytest.approx(1, abs=0.08)
    assert labels[10, 100] == 0
