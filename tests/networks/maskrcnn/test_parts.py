"""The steps of a Mask R-CNN, each against an independent way to the same numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from electrodej.networks.maskrcnn import looking
from electrodej.networks.maskrcnn.align import cropped, level_of, pooled
from electrodej.networks.maskrcnn.boxes import chosen, deltas_between, moved
from electrodej.networks.maskrcnn.finding import _spans
from electrodej.networks.maskrcnn.instances import Instances, draw, mask_in, together
from electrodej.networks.maskrcnn.kernels.choice import choose_boxes
from electrodej.networks.maskrcnn.kernels.reading import read_boxes
from electrodej.networks.maskrcnn.patches import truth_of


def some_boxes(count: int, seed: int = 0) -> NDArray[np.float32]:
    chance = np.random.default_rng(seed)
    first = chance.uniform(0, 0.7, (count, 2))
    return np.concatenate([first, first + chance.uniform(0.05, 0.3, (count, 2))], axis=1).astype(np.float32)


def iou(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    both = float(np.prod(np.maximum(high - low, 0)))
    return both / (float(np.prod(one[2:] - one[:2])) + float(np.prod(other[2:] - other[:2])) - both)


def test_the_best_boxes_are_chosen_one_after_the_other() -> None:
    boxes = some_boxes(40)
    scores = np.random.default_rng(1).permutation(40).astype(np.float32) / 40
    kinds = (np.arange(40) % 2).astype(np.int32)
    for of_kind in (None, kinds):
        wanted: list[int] = []
        for number in np.argsort(-scores):
            rivals = [other for other in wanted if of_kind is None or of_kind[other] == of_kind[number]]
            if all(iou(boxes[number], boxes[other]) <= 0.3 for other in rivals):
                wanted.append(int(number))
        if of_kind is None:
            indices, valid = chosen(boxes[None], scores[None], count=40, overlap=0.3)
            assert np.asarray(indices)[0][np.asarray(valid)[0]].tolist() == wanted
        order = np.argsort(-scores)
        plain = np.zeros(40, np.int32) if of_kind is None else of_kind
        assert order[choose_boxes(boxes[order], plain[order], np.float32(0.3), 40)].tolist() == wanted
        assert order[choose_boxes(boxes[order], plain[order], np.float32(0.3), 3)].tolist() == wanted[:3]


def test_deltas_bring_a_box_onto_its_target() -> None:
    boxes, targets = some_boxes(20, 2), some_boxes(20, 3)
    deltas = np.asarray(deltas_between(boxes, targets))
    assert np.asarray(moved(boxes, deltas)) == pytest.approx(targets, abs=1e-5)
    assert looking.moved(boxes, deltas) == pytest.approx(targets, abs=1e-5)


def test_the_pyramid_is_read_as_tensorflow_crops_and_resizes() -> None:
    tensorflow = pytest.importorskip("tensorflow")
    chance = np.random.default_rng(4)
    image = (256, 384)
    levels = [
        chance.normal(size=(2, image[0] // step, image[1] // step, 3)).astype(np.float32)
        for step in (4, 8, 16, 32)
    ]
    boxes = np.stack([some_boxes(9, 5), some_boxes(9, 6)])
    boxes[0, 0] = -0.2, 0.3, 0.5, 1.3
    boxes[0, 1] = 0, 0, 1, 1
    boxes[0, 2], boxes[0, 3] = 0, (0.1, 0.1, 0.5, 0.5)
    level = np.asarray(level_of(boxes, *image))
    assert set(np.unique(level)) == {2, 3, 4}
    found = np.asarray(pooled(levels, boxes, 7, image))
    for picture in range(2):
        # Without Keras: the same from all levels' cells in one row.
        cells = np.concatenate([each[picture].reshape(-1, 3) for each in levels])
        without = np.zeros((9, 7, 7, 3), np.float32)
        read_boxes(cells, boxes[picture], looking.levels_of(boxes[picture], image), without)
        assert without == pytest.approx(found[picture], abs=1e-5)
    for picture, number in itertools.product(range(2), range(9)):
        wanted = tensorflow.image.crop_and_resize(
            levels[level[picture, number] - 2], boxes[picture, number][None], [picture], (7, 7)
        )
        assert found[picture, number] == pytest.approx(wanted.numpy()[0], abs=1e-5)


def test_boxes_that_are_no_numbers_are_read_as_nothing() -> None:
    boxes = np.array([[np.nan, 0, 1, 1], [-np.inf, -np.inf, np.inf, np.inf], [0, 0, 1, 1]], np.float32)
    out = np.zeros((3, 7, 7, 1), np.float32)
    cells = np.ones((16 * 16 + 8 * 8 + 4 * 4 + 2 * 2, 1), np.float32)
    with np.errstate(invalid="ignore"):
        read_boxes(cells, boxes, looking.levels_of(boxes, (64, 64)), out)
    assert not out[:2].any()
    assert (out[2] == 1).all()


def test_a_mask_is_read_in_a_box_as_it_is_drawn() -> None:
    labels = np.zeros((1, 64, 64), np.int32)
    y, x = np.mgrid[:64, :64]
    labels[0][(y - 30) ** 2 / 300 + (x - 25) ** 2 / 100 < 1] = 3
    rows, columns = np.where(labels[0] == 3)
    box = np.array([rows.min(), columns.min(), rows.max(), columns.max()], np.float32)
    mask = np.asarray(cropped(labels, np.array([[3]]), box[None, None] / 63, 28))[0, 0]
    found = Instances(box[None], np.ones(1, np.float32), mask[None])
    place, drawn = mask_in(found, 0, (64, 64))
    whole = np.zeros((64, 64), bool)
    whole[place] = drawn
    assert np.mean(whole == (labels[0] == 3)) > 0.995


def test_surer_particles_lie_on_top_and_one_seen_twice_is_drawn_once() -> None:
    full = np.ones((3, 28, 28), np.float32)
    boxes = np.array([[2, 2, 9, 9], [2, 3, 9, 10], [8, 8, 20, 40]], np.float32)
    found = together([Instances(boxes, np.array([0.6, 0.9, 0.5], np.float32), full)])
    labels, kept = draw(found, (24, 32))
    assert kept.tolist() == [0, 2]
    assert (labels[2:10, 3:11] == 1).all()
    assert labels[20, 31] == 2
    assert labels[0, 0] == 0


def test_each_place_of_an_axis_is_of_a_tile_that_sees_around_it() -> None:
    for length, tile in itertools.product((100, 512, 513, 900, 2000, 5001), (128, 512)):
        spans = _spans(length, tile, min(128, tile // 2))
        # Two tiles see the middle of one particle up to 16 pixels apart, and it is one's or both's.
        assert all(end - first == 16 for (_, _, end), (_, first, _) in itertools.pairwise(spans))
        for start, first, last in spans:
            if np.isfinite(first):
                assert first - start >= min(128, tile // 2) / 2 - 9
            if np.isfinite(last):
                assert start + tile - last >= min(128, tile // 2) / 2 - 9
        assert spans[-1][0] + tile >= length


def test_a_patch_with_too_many_particles_keeps_some_and_renumbers_them() -> None:
    labels = np.zeros((40, 40), np.int32)
    for number, (row, column) in enumerate(itertools.product(range(4), range(4))):
        labels[10 * row + 1 : 10 * row + 8, 10 * column + 1 : 10 * column + 7] = number + 5
    new, boxes, classes = truth_of(labels, 10, np.random.default_rng(0))
    assert classes.tolist() == [1] * 10
    assert np.unique(new).tolist() == list(range(11))
    rows, columns = np.where(new == 4)
    assert boxes[3] * 39 == pytest.approx([rows.min(), columns.min(), rows.max(), columns.max()], abs=1e-4)
