"""The coarse volume of the page."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from electrodej.errors import InputError
from electrodej.report.slices import Grid, LabelCodes, choose_grid, grey_window, pack_slices, to_bytes


class Watched:
    """An array that notes how many bytes are asked for at once and which slices."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape = array, array.shape
        self.largest = 0

    def __getitem__(self, box):
        part = self.array[box]
        self.largest = max(self.largest, part.nbytes)
        return part


def unpack(pack):
    codes = np.frombuffer(zlib.decompress(pack.labels), f"<u{pack.label_bytes}").reshape(pack.grid.shape)
    greys = np.stack([np.asarray(Image.open(io.BytesIO(jpeg))) for jpeg in pack.jpegs])
    return codes, greys


def test_small_volume_is_shown_whole_with_rows_as_codes():
    labels = np.zeros((3, 4, 5), np.int64)
    labels[0, 0], labels[1, 1], labels[2, 2] = 70_000, 12, 3
    pack = pack_slices(labels, labels, spacing=(1, 1, 1), listed=np.array([12, 70_000]), most_bytes=10**6)
    codes, greys = unpack(pack)
    assert pack.grid.steps == (1, 1, 1)
    assert greys.shape == (3, 4, 5)
    assert (codes[1, 1] == 1).all()
    assert (codes[0, 0] == 2).all()
    assert (codes[2, 2] > 2).all()
    assert (codes[labels == 0] == 0).all()
    assert pack.labelled_share == 15 / 60


def test_label_codes_take_four_bytes_only_where_two_do_not_do():
    assert LabelCodes(np.arange(1, 1001)).dtype == np.dtype("<u2")
    assert LabelCodes(np.arange(1, 65_536)).dtype == np.dtype("<u4")
    wide = LabelCodes(np.arange(1, 70_001))
    assert wide.encode(np.array([[0, 1, 70_000]])).tolist() == [[0, 1, 70_000]]


def test_label_that_comes_twice_stands_for_its_first_row():
    assert LabelCodes(np.array([8, 4, 8])).encode(np.array([[8, 4]])).tolist() == [[1, 2]]


def test_touching_particles_that_the_table_lacks_stay_apart():
    codes = LabelCodes(np.array([1])).encode(np.array([[0, 2, 3, 1]]))[0]
    assert codes[1] != codes[2]
    assert min(codes[1], codes[2]) > 1


def test_grid_makes_about_cubes_of_anisotropic_voxels():
    grid = choose_grid((50, 400, 400), spacing=(0.4, 0.1, 0.1), most_voxels=600_000)
    assert grid.steps == (1, 4, 4)
    assert grid.shape == (50, 100, 100)


def test_grid_takes_the_middle_of_each_block_and_stays_inside():
    grid = Grid((10, 1, 7), (4, 1, 3))
    assert grid.shape == (3, 1, 3)
    assert grid.indices(0).tolist() == [2, 6, 9]
    assert grid.indices(2).tolist() == [1, 4, 6]


def test_slices_are_fitted_into_the_room_they_get():
    grey = np.random.default_rng(0).integers(0, 255, (40, 96, 96), dtype=np.uint8)
    pack = pack_slices(
        grey, np.zeros(grey.shape, np.uint16), spacing=(1, 1, 1), listed=np.array([], int), most_bytes=30_000
    )
    assert sum(map(len, pack.jpegs)) < 33_000
    assert pack.grid.steps[1] > 1


def test_a_long_volume_is_read_a_few_slices_at_a_time():
    shape = (400, 512, 512)
    grey = Watched(np.broadcast_to(np.arange(512, dtype=np.uint8), shape))
    labels = Watched(np.broadcast_to(np.uint32(1), shape))
    pack = pack_slices(grey, labels, spacing=(1, 1, 1), listed=np.array([1]), most_bytes=10**7)
    assert max(grey.largest, labels.largest) <= 64 * 2**20
    assert pack.labelled_share == 1


def test_grey_is_averaged_over_blocks():
    grey = np.zeros((1, 64, 64), np.float32)
    grey[:, ::2] = 100  # rows of 100 and 0 average to 50
    grey[:, :, :16], grey[:, :, 48:] = 0, 100
    shown = to_bytes(grey[0], Grid((1, 64, 64), (1, 2, 2)), (0.0, 100.0))
    assert shown.shape == (32, 32)
    assert shown[:, 12].tolist() == [128] * 32
    assert (shown[:, 4] == 0).all()
    assert (shown[:, 28] == 255).all()


def test_window_leaves_out_the_rare_extremes_and_what_is_no_number():
    grey = np.full((4, 100, 100), 50.0)
    grey[:, 50:] = 150
    grey[0, 0, :5] = 1e6
    grey[1, 1, :5] = np.nan
    assert grey_window(grey, grey.shape) == (50, 150)


@pytest.mark.parametrize("value", [7.0, np.nan])
def test_constant_or_undefined_grey_is_shown(value):
    grey = np.full((2, 8, 8), value)
    labels = np.zeros(grey.shape, np.uint8)
    pack = pack_slices(grey, labels, spacing=(1, 1, 1), listed=np.array([], int), most_bytes=10**6)
    assert unpack(pack)[1].max() == 0


def test_labels_as_imagej_keeps_many_of_them_in_32_bit_float_are_shown():
    labels = np.zeros((2, 8, 8), np.uint32)
    labels[:, 2:5, 3:6] = 70_001
    grey = np.zeros(labels.shape, np.uint8)
    packs = [
        pack_slices(grey, marks, spacing=(1, 1, 1), listed=np.array([70_001]), most_bytes=10**6)
        for marks in (labels, labels.astype(np.float32))
    ]
    assert packs[0].labels == packs[1].labels
    assert packs[1].labelled_share == pytest.approx(9 / 64)


def test_labels_with_fractions_are_refused():
    with pytest.raises(InputError, match="not a whole number"):
        pack_slices(
            np.zeros((2, 3, 4)),
            np.full((2, 3, 4), 0.5),
            spacing=(1, 1, 1),
            listed=np.array([], int),
            most_bytes=10**6,
        )


def test_progress_is_told_of_every_slice():
    told = []
    pack_slices(
        np.zeros((5, 8, 8), np.uint8),
        np.zeros((5, 8, 8), np.uint8),
        spacing=(1, 1, 1),
        listed=np.array([], int),
        most_bytes=10**6,
        progress=lambda *words: told.append(words[:2]),
    )
    assert told == [(k, 5) for k in range(1, 6)]
