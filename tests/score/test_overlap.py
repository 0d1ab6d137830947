"""Counting pairs of labels, box by box."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.progress import Progress
from electrodej.run import Run
from electrodej.score import OverlapTable, count_overlaps


def as_dict(table: OverlapTable) -> dict[tuple[int, int], int]:
    return {(int(t), int(p)): int(n) for t, p, n in zip(table.truth, table.pred, table.voxels, strict=True)}


def counted_by_numpy(pred: NDArray[Any], truth: NDArray[Any]) -> dict[tuple[int, int], int]:
    pairs = np.stack([truth.reshape(-1).astype(np.int64), pred.reshape(-1).astype(np.int64)])
    found, voxels = np.unique(pairs, axis=1, return_counts=True)
    return {(int(t), int(p)): int(n) for t, p, n in zip(*found, voxels, strict=True)}


def test_a_tiny_pair_of_images_is_counted_by_hand() -> None:
    truth = np.array([[1, 1, 0], [2, 2, 2]], np.uint8)
    pred = np.array([[7, 7, 7], [0, 9, 9]], np.uint16)
    assert as_dict(count_overlaps(pred, truth)) == {(0, 7): 1, (1, 7): 2, (2, 0): 1, (2, 9): 2}


@given(
    labels=hnp.arrays(np.uint16, st.tuples(st.just(2), *[st.integers(1, 6)] * 3), elements=st.integers(0, 4)),
    memory=st.integers(1, 400),
    jobs=st.integers(1, 3),
)
@settings(deadline=None, max_examples=60)
def test_every_voxel_is_counted_once_for_any_box_and_number_of_threads(
    labels: NDArray[np.uint16], memory: int, jobs: int
) -> None:
    pred, truth = labels
    table = count_overlaps(pred, truth, run=Run(memory=memory, jobs=jobs))
    assert as_dict(table) == counted_by_numpy(pred, truth)


def test_long_runs_of_every_length_are_counted_whole() -> None:
    lengths = np.arange(1, 120)
    truth = np.repeat(np.arange(lengths.size), lengths)[None]
    table = count_overlaps(truth.astype(np.uint16), truth.astype(np.uint8), run=Run(jobs=1))
    assert table.voxels.tolist() == lengths.tolist()


def test_pairs_of_300_by_300_labels_are_90000_and_none_wraps() -> None:
    # In 16 bits, 300 x 300 pair numbers collide: scikit-image's join_segmentations gave 65,401.
    truth, pred = np.indices((300, 300), np.uint16) + np.uint16(1)
    table = count_overlaps(pred, truth, run=Run(jobs=2))
    assert table.voxels.size == 90_000
    assert set(table.voxels.tolist()) == {1}


def test_pairs_whose_product_passes_32_bits_stay_apart() -> None:
    largest = 70_000
    truth = np.array([[1, largest, largest]], np.uint32)
    pred = np.array([[largest, 1, largest]], np.uint32)
    assert as_dict(count_overlaps(pred, truth)) == {(1, largest): 1, (largest, 1): 1, (largest, largest): 1}


def test_labels_up_to_the_largest_32_bit_number_are_kept() -> None:
    truth = np.array([[0, 2**31, 2**32 - 1]], np.uint32)
    pred = np.array([[2**32 - 1, 2**31 - 1, 0]], np.int64)
    table = count_overlaps(pred, truth)
    assert as_dict(table) == {(0, 2**32 - 1): 1, (2**31, 2**31 - 1): 1, (2**32 - 1, 0): 1}


@pytest.mark.parametrize("dtype", ["bool", "uint8", ">u2", "int16", "<i4", ">i4", "uint64", "float32", ">f8"])
def test_any_whole_number_type_counts_the_same(dtype: str) -> None:
    labels = np.array([[[0, 1, 1], [0, 0, 1]]])
    table = count_overlaps(labels.astype(dtype), labels.astype(np.uint16))
    assert as_dict(table) == {(0, 0): 3, (1, 1): 3}


def test_views_and_read_only_arrays_are_counted() -> None:
    whole = np.arange(2 * 6 * 8, dtype=np.uint16).reshape(2, 6, 8) % 5
    view = whole[:, ::2, ::-1]
    frozen = view.copy()
    frozen.flags.writeable = False
    assert as_dict(count_overlaps(view, frozen)) == counted_by_numpy(view, view)


def test_neither_image_is_changed() -> None:
    pred = np.array([[3, 1], [0, 2]], np.uint16)
    truth = pred.astype(np.float32)
    count_overlaps(pred, truth)
    assert pred.tolist() == truth.tolist() == [[3, 1], [0, 2]]


def test_an_image_without_voxels_has_no_pairs() -> None:
    empty = np.zeros((0, 4, 4), np.uint16)
    assert count_overlaps(empty, empty).voxels.size == 0


def test_border_labels_are_those_on_any_face() -> None:
    labels = np.zeros((5, 5, 5), np.uint16)
    labels[1:4, 1:4, 1:4] = 9
    faces = [(0, 2, 2), (4, 2, 2), (2, 0, 2), (2, 4, 2), (2, 2, 0), (2, 2, 4)]
    for label, face in enumerate(faces, start=1):
        labels[face] = label
    for memory in (1, 60, 10**6):
        table = count_overlaps(np.zeros_like(labels), labels, border=True, run=Run(memory=memory))
        assert table.truth_border.tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_a_single_slice_has_edges_but_no_faces() -> None:
    image = np.zeros((4, 4), np.uint16)
    image[1, 1], image[0, 2] = 5, 6
    for labels in (image, image[None]):
        assert count_overlaps(labels, labels, border=True).truth_border.tolist() == [0, 6]


class Recorder:
    """An image that remembers which boxes were read."""

    def __init__(
        self, values: NDArray[Any], *, chunks: tuple[int, ...] | None = None, path: str | None = None
    ) -> None:
        self.shape, self.dtype, self._values = values.shape, values.dtype, values
        self.boxes: list[tuple[slice, ...]] = []
        if chunks:
            self.chunks = chunks
        if path:
            self.path = path

    def __getitem__(self, key: tuple[slice, ...]) -> NDArray[Any]:
        self.boxes.append(key)
        return self._values[key]


def test_only_boxes_within_the_memory_are_read() -> None:
    values = np.arange(12 * 10 * 8, dtype=np.uint16).reshape(12, 10, 8) % 7
    pred, truth = Recorder(values), Recorder(values)
    # Two images, 2 bytes a voxel, one box at work and one waiting: 2 slices at a time.
    count_overlaps(pred, truth, run=Run(memory=2 * 2 * 2 * 80 * 2))
    assert [box[0].stop - box[0].start for box in pred.boxes] == [2] * 6
    assert pred.boxes == truth.boxes


def test_boxes_follow_the_chunks_of_the_storage() -> None:
    values = np.zeros((20, 4, 4), np.uint8)
    pred, truth = Recorder(values, chunks=(4, 4, 4)), Recorder(values)
    # Room for 7 slices: only 4 are taken, so that no chunk is read twice.
    count_overlaps(pred, truth, run=Run(memory=7 * 2 * 2 * 16))
    assert [box[0].start for box in pred.boxes] == [0, 4, 8, 12, 16]


def test_chunks_thicker_than_the_memory_are_read_whole_in_parts_of_slices() -> None:
    values = np.arange(8 * 12 * 4, dtype=np.uint8).reshape(8, 12, 4) % 5
    pred, truth = Recorder(values, chunks=(4, 4, 4)), Recorder(values)
    # Room for 2 slices, or for one row of chunks.
    table = count_overlaps(pred, truth, run=Run(memory=2 * 2 * 2 * 48))
    assert [(box[0].start, box[0].stop) for box in pred.boxes] == [(0, 4)] * 3 + [(4, 8)] * 3
    assert [(box[1].start, box[1].stop) for box in pred.boxes] == [(0, 4), (4, 8), (8, 12)] * 2
    assert as_dict(table) == counted_by_numpy(values, values)


def test_an_open_volume_is_asked_for_its_chunks() -> None:
    class Chunked(Recorder):
        def slab_thickness(self, memory: int) -> int:
            slices = memory // 16
            return slices - slices % 3

    pred = Chunked(np.zeros((12, 4, 4), np.uint8))
    count_overlaps(pred, np.zeros((12, 4, 4), np.uint8), run=Run(memory=5 * 2 * 2 * 16))
    assert [box[0].start for box in pred.boxes] == [0, 3, 6, 9]


def test_slices_larger_than_the_memory_are_read_in_parts() -> None:
    values = np.arange(2 * 30 * 8, dtype=np.uint8).reshape(2, 30, 8) % 3
    pred, truth = Recorder(values), Recorder(values)
    table = count_overlaps(pred, truth, run=Run(memory=2 * 2 * 8 * 7))
    assert max((box[1].stop - box[1].start) for box in pred.boxes) == 7
    assert as_dict(table) == counted_by_numpy(values, values)


def test_shapes_that_differ_are_named_with_both_files() -> None:
    pred = Recorder(np.zeros((2, 3, 4), np.uint8), path="a/pred.tif")
    truth = Recorder(np.zeros((2, 4, 3), np.uint8), path="truth.tif")
    with pytest.raises(InputError, match=r"a/pred\.tif has the shape 2 x 3 x 4 and truth\.tif has 2 x 4 x 3"):
        count_overlaps(pred, truth)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([[0.0, 1.5]]), "label 1.5 .* not a whole number"),
        (np.array([[0.0, np.nan]], np.float32), "label nan .* not a number"),
        (np.array([[0.0, np.inf]]), "label inf .* not a number"),
        (np.array([[0.0, 2.0**24 + 2]], np.float32), "above 16777216"),
        (np.array([[0, -3]], np.int16), "label -3"),
        (np.array([[0, 2**32]], np.uint64), "4294967296"),
        (np.array([[0, 1j]]), "complex128"),
    ],
)
def test_what_cannot_be_labels_is_refused_and_named(values: NDArray[Any], message: str) -> None:
    other = np.zeros(values.shape, np.uint8)
    with pytest.raises(InputError, match=message) as pred_error:
        count_overlaps(values, other)
    assert str(pred_error.value).startswith("pred")
    with pytest.raises(InputError, match=message) as truth_error:
        count_overlaps(other, values)
    assert str(truth_error.value).startswith("truth")


@pytest.mark.parametrize("shape", [(4,), (1, 1, 2, 2), ()])
def test_images_that_are_neither_2d_nor_3d_are_refused(shape: tuple[int, ...]) -> None:
    labels = np.zeros(shape, np.uint8)
    with pytest.raises(InputError, match=f"pred has {len(shape)} axes"):
        count_overlaps(labels, labels)


@pytest.mark.parametrize("options", [{"memory": 0}, {"jobs": 0}])
def test_senseless_resources_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(InputError, match="give"):
        Run(**options)


def test_progress_rises_to_the_number_of_voxels() -> None:
    heard: list[tuple[float, float]] = []

    def listen(done: float, total: float, stage: str) -> None:
        assert stage == "counting overlaps"
        heard.append((done, total))

    listener: Progress = listen
    labels = np.ones((6, 3, 3), np.uint8)
    count_overlaps(labels, labels, run=Run(memory=2 * 2 * 9, progress=listener))
    assert heard == [(9 * slices, 54) for slices in range(7)]


def test_a_progress_that_raises_stops_the_counting() -> None:
    class Stop(Exception):
        pass

    def stop(done: float, total: float, stage: str) -> None:  # noqa: ARG001 - the protocol's names
        if done >= 18:
            raise Stop

    image = Recorder(np.ones((100, 3, 3), np.uint8))
    with pytest.raises(Stop):
        count_overlaps(image, np.ones((100, 3, 3), np.uint8), run=Run(memory=2 * 2 * 9, progress=stop))
    assert len(image.boxes) < 10


def test_importing_the_room_loads_neither_numba_nor_scipy() -> None:
    program = (
        "import sys, electrodej.score\n"
        "print({'numba', 'scipy', 'pandas', 'skimage', 'tensorflow'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
