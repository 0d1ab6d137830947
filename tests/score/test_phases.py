"""Scores of phases, against a plain count of NumPy's and against scores worked out by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.run import Run
from electrodej.score import score_phases

phase_pairs = hnp.arrays(
    np.uint8, st.tuples(st.just(2), *[st.integers(1, 6)] * 3), elements=st.sampled_from([0, 1, 2, 3, 7, 255])
)


@pytest.mark.slow
@given(phases=phase_pairs, memory=st.integers(1, 300), jobs=st.integers(1, 2))
@settings(deadline=None, max_examples=80)
def test_confusion_is_that_of_a_plain_count(phases: NDArray[np.uint8], memory: int, jobs: int) -> None:
    pred, truth = phases
    scores = score_phases(pred, truth, run=Run(memory=memory, jobs=jobs))
    pairs = truth[truth != 255].astype(int) * 256 + pred[truth != 255]
    counted = np.bincount(pairs, minlength=256 * 256).reshape(256, 256)
    values = [score.value for score in scores.classes]
    present = (counted.sum(axis=0) + counted.sum(axis=1)) > 0
    assert values == [value for value in np.flatnonzero(present).tolist() if value != 255]
    assert np.array(scores.confusion, int).reshape(len(values), len(values)).tolist() == (
        counted[np.ix_(values, values)].tolist()
    )
    assert list(scores.unlabelled) == counted[values, 255].tolist()
    assert scores.voxels == counted.sum()


@given(phases=phase_pairs)
@settings(deadline=None, max_examples=80)
def test_ratios_are_those_of_boolean_masks(phases: NDArray[np.uint8]) -> None:
    pred, truth = phases
    scores = score_phases(pred, truth, run=Run(jobs=1))
    known = truth != 255
    for score in scores.classes:
        in_truth, in_pred = known & (truth == score.value), known & (pred == score.value)
        shared, either = (in_truth & in_pred).sum(), (in_truth | in_pred).sum()
        assert score.iou == pytest.approx(shared / either)
        assert score.dice == pytest.approx(2 * shared / (in_truth.sum() + in_pred.sum()))
        assert score.truth_share == pytest.approx(in_truth.sum() / known.sum())
        assert score.precision == (pytest.approx(shared / in_pred.sum()) if in_pred.any() else None)
        assert score.recall == (pytest.approx(shared / in_truth.sum()) if in_truth.any() else None)
    if known.any():
        assert scores.accuracy == pytest.approx((pred == truth)[known].mean())


def test_scores_worked_out_by_hand() -> None:
    truth = np.array([[0, 0, 0, 0, 2, 2, 2, 3]], np.uint8)
    pred = np.array([[0, 0, 0, 2, 2, 2, 0, 2]], np.uint8)
    scores = score_phases(pred, truth, names={0: "pore", 2: "particle", 3: "crack"})
    assert scores.confusion == ((3, 1, 0), (1, 2, 0), (0, 1, 0))
    pore, particle, crack = scores.classes
    assert [score.name for score in scores.classes] == ["pore", "particle", "crack"]
    assert (pore.iou, pore.dice, pore.precision, pore.recall) == (3 / 5, 6 / 8, 3 / 4, 3 / 4)
    assert (particle.iou, particle.dice, particle.precision, particle.recall) == (2 / 5, 4 / 7, 2 / 4, 2 / 3)
    assert (crack.iou, crack.dice, crack.precision, crack.recall) == (0.0, 0.0, None, 0.0)
    assert scores.accuracy == 5 / 8
    assert scores.mean_iou == pytest.approx((3 / 5 + 2 / 5 + 0) / 3)
    assert scores.mean_dice == pytest.approx((6 / 8 + 4 / 7 + 0) / 3)
    assert (particle.truth_share, particle.pred_share) == (3 / 8, 4 / 8)


def test_a_class_in_neither_image_does_not_count() -> None:
    phases = np.array([[0, 2, 2]], np.uint8)
    scores = score_phases(phases, phases, names={0: "pore", 1: "binder", 2: "particle"})
    assert [score.name for score in scores.classes] == ["pore", "particle"]
    assert scores.mean_iou == 1.0


def test_a_class_that_is_predicted_only_where_the_truth_is_unknown_does_not_count() -> None:
    scores = score_phases(np.array([[0, 3]], np.uint8), np.array([[0, 255]], np.uint8))
    assert [score.value for score in scores.classes] == [0]
    assert (scores.voxels, scores.accuracy, scores.mean_iou) == (1, 1.0, 1.0)


def test_a_voxel_left_unlabelled_by_the_prediction_is_wrong() -> None:
    scores = score_phases(np.array([[0, 0, 0, 255]], np.uint8), np.zeros((1, 4), np.uint8))
    (pore,) = scores.classes
    assert (pore.iou, pore.recall, pore.precision, scores.accuracy) == (0.75, 0.75, 1.0, 0.75)
    assert scores.unlabelled == (1,)


def test_every_value_is_a_class_where_nothing_is_ignored() -> None:
    truth = np.array([[0, 255, 255]], np.uint8)
    scores = score_phases(truth, truth, ignore=None)
    assert [score.value for score in scores.classes] == [0, 255]
    assert scores.voxels == 3


def test_another_value_can_be_the_one_ignored() -> None:
    truth = np.array([[0, 9, 255]], np.uint8)
    assert [score.value for score in score_phases(truth, truth, ignore=9).classes] == [0, 255]


def test_truth_without_any_label_has_no_scores() -> None:
    unknown = np.full((2, 3), 255, np.uint8)
    scores = score_phases(np.zeros((2, 3), np.uint8), unknown)
    assert (scores.voxels, scores.classes, scores.confusion) == (0, (), ())
    assert scores.accuracy is scores.mean_iou is scores.mean_dice is None


def test_swapping_the_images_exchanges_precision_and_recall() -> None:
    pred, truth = np.random.default_rng(0).integers(0, 4, (2, 5, 6, 7), np.uint8)
    forth, back = score_phases(pred, truth), score_phases(truth, pred)
    for one, other in zip(forth.classes, back.classes, strict=True):
        assert (one.precision, one.recall, one.iou) == (other.recall, other.precision, other.iou)
    assert np.array_equal(np.transpose(forth.confusion), back.confusion)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64, np.float32])
def test_types_may_differ(dtype: Any) -> None:
    pred, truth = np.random.default_rng(1).integers(0, 4, (2, 8, 9), np.uint8)
    assert score_phases(pred.astype(dtype), truth) == score_phases(pred, truth)


def test_particle_labels_are_not_taken_for_phases() -> None:
    labels = np.arange(300, dtype=np.uint16).reshape(15, 20)
    with pytest.raises(InputError, match="without --phases"):
        score_phases(labels, labels)


def test_a_probability_map_is_not_taken_for_phases() -> None:
    with pytest.raises(InputError, match="not a whole number"):
        score_phases(np.array([[0.25, 1.0]]), np.array([[0, 1]]))


def test_results_are_ready_for_json() -> None:
    scores = score_phases(np.array([[0, 1]], np.uint8), np.array([[0, 2]], np.uint8))
    read = json.loads(json.dumps(scores.as_dict(), allow_nan=False))
    assert read["confusion"] == [[1, 0, 0], [0, 0, 0], [0, 1, 0]]
    assert [entry["precision"] for entry in read["classes"]] == [1.0, 0.0, None]


@pytest.mark.parametrize("number", [3, 1])
def test_one_class_alone_is_judged_against_all_others(number: int) -> None:
    truth = np.array([[0, 1, 2, 3, 3, 3, 255, 255]], np.uint8)
    pred = np.array([[0, 0, number, number, number, 0, number, 0]], np.uint8)
    scores = score_phases(pred, truth, only=3)
    # Of six voxels that count, two are found, one is invented and one missed.
    assert scores.confusion == ((2, 1), (1, 2))
    assert scores.classes[1].dice == pytest.approx(2 * 2 / 6)
    assert scores.voxels == 6


def test_one_class_alone_is_taken_by_its_number_among_several() -> None:
    truth = np.array([[0, 1, 2, 3]], np.uint8)
    pred = np.array([[3, 1, 2, 3]], np.uint8)
    assert score_phases(pred, truth, only=3).confusion == ((2, 1), (0, 1))
    with pytest.raises(InputError, match="no class 3, but 1, 2"):
        score_phases(np.array([[0, 1, 2, 2]], np.uint8), truth, only=3)


def test_a_voxel_that_the_prediction_leaves_unlabelled_is_wrong_for_one_class_too() -> None:
    truth, pred = np.array([[3, 3, 0]], np.uint8), np.array([[3, 255, 255]], np.uint8)
    scores = score_phases(pred, truth, only=3)
    assert scores.unlabelled == (1, 1)
    assert scores.classes[-1].iou == pytest.approx(1 / 2)
